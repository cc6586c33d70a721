"""Every path named once, below the data directory, with the modes that users need."""

from __future__ import annotations

import stat
from collections.abc import Callable
from pathlib import Path

import pytest
from msgspec.structs import fields

from kernel import (
    AuditTrail,
    BadInput,
    Floor,
    Shop,
    ShopConfiguration,
    Terminal,
    shop_status,
    verify_shop,
)
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout, TerminalPaths, segment_first_lsn, segment_name
from tests.support.memory_disk import MemoryDisk
from tests.support.volume import Volume


def properties(value: object) -> dict[str, str]:
    names = [name for name, kind in vars(type(value)).items() if isinstance(kind, property)]
    found = {name: getattr(value, name) for name in names}
    return {name: path for name, path in found.items() if isinstance(path, str)}


def test_the_tree_is_the_design_cards(tmp_path: Path) -> None:
    layout = Layout(str(tmp_path / "pos_kernel_data"))
    layout.make(RealDisk())
    layout.make_terminal(RealDisk(), "REGISTER_01")
    made = sorted(str(path.relative_to(layout.root)) for path in Path(layout.root).rglob("*"))
    assert made == [
        "shared",
        "shared/coordination",
        "shared/cross_terminal_messages",
        "shared/cross_terminal_messages/broadcast",
        "shared/cross_terminal_messages/terminal_inbox",
        "shared/returns",
        "shared/suspended",
        "temp",
        "temp/cleanup",
        "temp/coordination_locks",
        "terminals",
        "terminals/REGISTER_01",
    ]
    # Sticky where the directories of several users lie side by side.
    modes = {
        layout.root: 0o3770,
        layout.terminals: 0o3770,
        layout.shared: 0o3770,
        layout.terminal("REGISTER_01").directory: 0o2750,
    }
    for path in (Path(layout.root), *Path(layout.root).rglob("*")):
        mode = stat.S_IMODE(path.stat().st_mode)
        assert mode & 0o007 == 0, f"{path} is open to the world"
        assert mode == modes.get(str(path), 0o2770)
    layout.make(RealDisk())


def test_no_two_files_share_a_path_and_all_lie_below_the_root() -> None:
    layout = Layout("/shop")
    terminal = layout.terminal("TILL")
    named = [*properties(layout).values(), *properties(terminal).values(), terminal.segment(1)]
    named.append(layout.operation_lock("registry"))
    assert len(set(named)) == len(named)
    assert all(path.startswith("/shop/") for path in named)
    assert [field.name for field in fields(TerminalPaths)] == ["directory"]


def test_the_names_of_the_log_are_those_of_the_card() -> None:
    paths = TerminalPaths("/d")
    assert paths.wal == "/d/transaction.wal"
    assert paths.segment(42) == "/d/transaction.wal.000000000042"
    assert (paths.lock, paths.session_data) == ("/d/terminal.lock", "/d/session_data.json")
    assert (paths.local_config, paths.durable) == ("/d/local_config.json", "/d/durable")


@pytest.mark.parametrize("lsn", [1, 42, 10**12 - 1, 10**12, 10**15])
def test_a_segment_is_found_by_its_name(lsn: int) -> None:
    assert segment_first_lsn(segment_name(lsn)) == lsn


@pytest.mark.parametrize(
    "name",
    [
        *("transaction.wal", "transaction.wal.", "transaction.wal.1", "durable", ""),
        *("transaction.wal.00000000000x", "transaction.wal.-00000000001", ".transaction.wal.next"),
        *("transaction.wal.٠٠٠٠٠٠٠٠٠٠٠١", "transaction.wal.000000000001.bak"),
        "transaction.wal.000000000001~",
    ],
)
def test_no_other_file_is_taken_for_a_segment(name: str) -> None:
    assert segment_first_lsn(name) is None


def test_every_directory_that_was_made_is_durable_when_it_is_used() -> None:
    disk = MemoryDisk()
    layout = Layout("/shop")
    layout.make(disk)
    paths = layout.make_terminal(disk, "TILL")
    kept = MemoryDisk.started_from(_after_power_cut(disk), 2)
    for path in (paths.directory, layout.cleanup, layout.coordination, layout.operation_locks):
        assert kept.listdir(path) == []


def _after_power_cut(disk: MemoryDisk) -> Volume:
    volume = disk.volume.copy()
    volume.nodes = dict(volume.durable)
    volume.unsynced_names.clear()
    return volume


def test_an_empty_name_of_a_data_directory_is_not_the_current_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    takes: tuple[Callable[[], object], ...] = (
        lambda: Terminal.start("T1", ""),
        lambda: Shop(""),
        lambda: Floor.watch(""),
        lambda: Floor.start(""),
        lambda: AuditTrail(""),
        lambda: ShopConfiguration(""),
        lambda: shop_status(""),
        lambda: verify_shop(""),
    )
    for open_it in takes:
        with pytest.raises(BadInput, match="name is empty"):
            open_it()
    assert list(tmp_path.iterdir()) == []


def test_a_data_directory_with_a_nul_in_its_name_is_refused_by_everything_that_takes_one() -> None:
    named = "/tmp/no\0where"
    for open_it in (lambda: Terminal.start("T1", named), lambda: Shop(named)):
        with pytest.raises(BadInput, match="NUL"):
            open_it()
