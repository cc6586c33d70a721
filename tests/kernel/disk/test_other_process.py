"""How the process that runs a terminal is doing, as the operating system says."""

from __future__ import annotations

from msgspec.structs import replace

from kernel.codec.documents import ProcessIdentity
from kernel.disk.other_process import health_of
from kernel.disk.process import boot_id, this_process

BOOT = boot_id()


def me() -> ProcessIdentity:
    return this_process("TILL", version="1", boot=BOOT, incarnation="0" * 32, started_ms=0)


def test_a_process_that_runs_is_not_stopped_and_holds_memory() -> None:
    health = health_of(me(), BOOT)
    assert health is not None and not health.stopped
    assert 1 << 20 < health.memory_bytes < 1 << 34


def test_of_another_boot_or_another_process_under_that_id_nothing_is_known() -> None:
    assert health_of(me(), "another boot") is None
    assert health_of(replace(me(), start_ticks=me().start_ticks + 1), BOOT) is None
    assert health_of(replace(me(), pid=2**22 + 1), BOOT) is None
