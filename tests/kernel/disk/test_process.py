"""A process says who it is as the system knows it."""

from __future__ import annotations

import os
from datetime import UTC, datetime

import psutil

from kernel.codec.documents import decode_identity, encode_identity
from kernel.disk.process import boot_id, this_process


def test_identity_is_that_of_this_process() -> None:
    identity = this_process(
        "TILL", version="1.0", boot="b7", incarnation="ab", started_ms=1_767_258_000_999
    )
    assert identity.terminal == "TILL"
    assert identity.boot_id == "b7"
    assert identity.pid == os.getpid()
    assert identity.started_at == datetime(2026, 1, 1, 9, 0, tzinfo=UTC)
    since_boot_s = psutil.Process().create_time() - psutil.boot_time()
    assert abs(identity.start_ticks / os.sysconf("SC_CLK_TCK") - since_boot_s) < 2


def test_identity_can_be_written_and_read() -> None:
    identity = this_process("TILL", version="1.0", boot=boot_id(), incarnation="ab", started_ms=0)
    assert decode_identity(encode_identity(identity)) == identity


def test_boot_id_stays_the_same_until_the_next_boot() -> None:
    assert boot_id() == boot_id() != ""
