"""The outsider's verifier and posterm's own come to the same verdict, whatever is done to a log.

Two programs that share no line: where both agree over hundreds of damages, what they check is
what FORMAT.md says and not what one of them happens to do.
"""

from __future__ import annotations

import importlib.util
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from types import ModuleType

import pytest

from kernel import Host, ReturnedPart, Terminal, verify_shop
from tests.support.damages import DAMAGES
from tests.support.processes import CHECKOUT

SCRIPT = CHECKOUT / "docs" / "verify_log.py"
ROUNDS = 30
"""Seeded damages of each way, each on a restarted machine and on one that was not."""
DAMAGED = 74


@pytest.fixture(scope="module")
def outsider() -> ModuleType:
    spec = importlib.util.spec_from_file_location("verify_log", SCRIPT)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Several small segments, two starts, a Z, and an open sale at the end."""
    root = tmp_path_factory.mktemp("outsider") / "shop"
    with Terminal.start("TILL", root, segment_bytes=1_500) as till:
        for _ in range(12):
            sell(till)
        till.z_report()
        sell(till)
    with Terminal.start("TILL", root, segment_bytes=1_500) as till:
        sale = till.begin("STORE_001", "EUR", "0001")
        sale.add_line("COFFEE_001", 2, 399)
    return root


def sell(till: Terminal) -> None:
    sale = till.begin("STORE_001", "EUR", "0001")
    sale.add_line("COFFEE_001", 1, 399, description="Coffee, “fair”")
    sale.tender_cash(500)


def verdicts(outsider: ModuleType, shop: Path, boot: str) -> tuple[bool, bool, str]:
    """(posterm finds it sound, the outsider does, what both said)."""
    (ours,) = verify_shop(shop, host=Host(boot_id=boot))
    try:
        theirs, sound = outsider.verify_terminal(shop / "terminals" / "TILL", boot), True
    except outsider.Damaged as damaged:
        theirs, sound = str(damaged.args), False
        places = [(one.path, one.offset, one.lsn) for one in ours.damages]
        assert damaged.args[:3] in places, f"{places}\n{damaged.args}"
    return ours.sound, sound, f"{ours}\n{theirs}"


def boots(shop: Path) -> tuple[str, str]:
    """This machine as it was when the log was written, and after a restart."""
    log = (shop / "terminals" / "TILL" / "transaction.wal.000000000001").read_bytes()
    same = re.search(rb'"boot":"([^"]+)"', log)
    assert same is not None
    return same[1].decode(), "another boot"


def damaged_copies(shop: Path, way: str, where: Path) -> Iterator[tuple[Path, str]]:
    for seed in range(ROUNDS):
        copy = where / f"{way}-{seed}"
        shutil.copytree(shop, copy)
        did = DAMAGES[way](copy / "terminals" / "TILL", Random(seed))
        yield copy, f"seed {seed}: {did}"
        shutil.rmtree(copy)


def test_both_find_a_sound_log_sound_and_end_at_the_same_entry(
    outsider: ModuleType, shop: Path
) -> None:
    (ours,) = verify_shop(shop, ledger=True)
    line = outsider.verify_terminal(shop / "terminals" / "TILL", "any")
    assert ours.sound and ours.segments > 3
    assert line == f"TILL: sound to LSN {ours.last_lsn}, chain {ours.last_chain}"


def test_both_accept_what_was_trained_printed_given_back_and_counted(
    outsider: ModuleType, tmp_path: Path
) -> None:
    root = tmp_path / "shop"
    with Terminal.start("TILL", root, segment_bytes=1_500) as till:
        till.printer.start()
        sell(till)
        for job in till.printer.due():
            till.printer.put(job, "receipt", limit=9, receipt=1)
        till.begin_training("0001")
        sell(till)
        sell(till)
        till.end_training("0001")
        back = till.begin("STORE_001", "EUR", "0001")
        parts = [ReturnedPart(1, 500, adjustment_minor=3), ReturnedPart(1, 500)]
        back.give_back("TILL-1", parts)
        back.tender_cash(back.balance_minor)
        till.count_drawer(100, "EUR", "0001")
        sell(till)
        till.z_report("0001")
        till.begin_training("0001")
        sell(till)
    (ours,) = verify_shop(root, ledger=True)
    line = outsider.verify_terminal(root / "terminals" / "TILL", "any")
    assert ours.sound and ours.segments > 3, ours
    assert line == f"TILL: sound to LSN {ours.last_lsn}, chain {ours.last_chain}"


@pytest.mark.parametrize("way", DAMAGES)
def test_both_come_to_the_same_verdict(
    outsider: ModuleType, shop: Path, tmp_path: Path, way: str
) -> None:
    found = 0
    for copy, did in damaged_copies(shop, way, tmp_path):
        for boot in boots(shop):
            ours, theirs, said = verdicts(outsider, copy, boot)
            assert ours == theirs, f"{did}\n{said}"
            found += not ours
    assert found, f"no {way} was ever found"


def test_both_take_a_torn_tail_for_one_and_a_running_till_for_one(
    outsider: ModuleType, tmp_path: Path
) -> None:
    root = tmp_path / "shop"
    with Terminal.start("TILL", root) as till:
        sell(till)
        running = verdicts(outsider, root, "any")
    wal = root / "terminals" / "TILL" / "transaction.wal"
    wal.write_bytes(wal.read_bytes() + b"0123")
    torn = verdicts(outsider, root, "any")
    assert running[:2] == torn[:2] == (True, True)
    assert running[2].endswith(", running") and "4 bytes torn" in torn[2]


def test_both_find_what_only_the_place_of_a_later_entry_proves_to_have_been_durable(
    outsider: ModuleType, tmp_path: Path
) -> None:
    with Terminal.start("TILL", tmp_path) as till:
        sell(till)
    (tmp_path / "terminals" / "TILL" / "durable").unlink()
    wal = tmp_path / "terminals" / "TILL" / "transaction.wal"
    *before, bad, last = wal.read_bytes().splitlines(keepends=True)
    assert b'"e":' not in last, "all before it was durable when it was written"
    bad = bad.replace(b'"k"', b'"K"')
    wal.write_bytes(b"".join([*before, bad, last]))
    ours, theirs, said = verdicts(outsider, tmp_path, "another boot")
    assert not ours and not theirs, said
    wal.write_bytes(b"".join([*before, bad]))
    ours, theirs, said = verdicts(outsider, tmp_path, "another boot")
    assert ours and theirs, f"nothing proves it, so it is torn off: {said}"


def test_the_program_itself_needs_nothing_but_python(shop: Path, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(shop, copy)
    sound = run(copy)
    DAMAGES["edit"](copy / "terminals" / "TILL", Random(1))
    damaged = run(copy)
    assert (sound.returncode, damaged.returncode) == (0, DAMAGED)
    assert sound.stdout.count("\n") == damaged.stdout.count("\n") == 1
    assert "TILL: DAMAGED" in damaged.stdout


def run(shop: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", str(SCRIPT), str(shop)]
    return subprocess.run(command, capture_output=True, text=True, timeout=60)


def test_the_outsider_imports_the_standard_library_only() -> None:
    source = SCRIPT.read_text()
    imported = {name.split(".")[0] for name in re.findall(r"^(?:from|import) (\S+)", source, re.M)}
    assert imported <= sys.stdlib_module_names
    assert len(source.splitlines()) <= 250
