"""A shop seen from outside its tills: what is durable, nothing else, and without a lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel import BadConfiguration, LogDamaged, SaleRefused, Shop, State, Terminal
from kernel.errors import BadInput


def sell(till: Terminal, reference: str | None = None, amount_minor: int = 100) -> str:
    sale = till.begin("STORE_001", "EUR", "0001", reference=reference)
    sale.add_line("TEA", 1, amount_minor)
    sale.tender_cash(amount_minor)
    return sale.id


def test_a_shop_that_is_not_there_is_empty_and_stays_so(data_dir: Path) -> None:
    shop = Shop(data_dir)
    assert (shop.terminals(), list(shop.sales())) == ([], [])
    assert shop.x_report("R1").period is None
    assert not data_dir.exists()


def test_a_terminal_is_known_once_it_had_a_log(data_dir: Path) -> None:
    shop = Shop(data_dir)
    with pytest.raises(SaleRefused, match="there is no terminal R1; `posterm status` names"):
        shop.known("R1")
    with pytest.raises(BadInput):
        shop.known("../x")
    Terminal.start("R1", data_dir).stop()
    assert shop.known("R1") == "R1"


def test_only_terminals_that_ever_had_a_log_are_named(data_dir: Path) -> None:
    shop = Shop(data_dir)
    assert shop.make() and not shop.make()
    (data_dir / "terminals" / "R9").mkdir()
    for terminal in ("R2", "R1"):
        Terminal.start(terminal, data_dir).stop()
    assert shop.terminals() == ["R1", "R2"]


def test_sales_come_terminal_by_terminal_in_the_order_of_their_commits(data_dir: Path) -> None:
    with Terminal.start("R2", data_dir) as other, Terminal.start("R1", data_dir) as till:
        first = till.begin("STORE_001", "EUR", "0001")
        sold = [sell(till), sell(other), sell(till)]
        first.add_line("TEA", 1, 5)
        first.tender_cash(5)
        shop = Shop(data_dir)
        assert [logged.id for logged in shop.sales()] == [sold[0], sold[2], first.id, sold[1]]
        assert [logged.id for logged in shop.sales("R2")] == [sold[1]]


def test_sales_are_read_across_segments(data_dir: Path) -> None:
    with Terminal.start("R1", data_dir, segment_bytes=2_000) as till:
        sold = [sell(till) for _ in range(40)]
        assert len(list((data_dir / "terminals/R1").glob("transaction.wal.0*"))) > 2
        assert [logged.id for logged in Shop(data_dir).sales()] == sold
        assert Shop(data_dir).x_report("R1") == till.x_report()


def test_nobody_is_shown_what_a_running_till_has_not_made_durable(data_dir: Path) -> None:
    mark = data_dir / "terminals" / "R1" / "durable"
    with Terminal.start("R1", data_dir) as till:
        first = sell(till)
        before = mark.read_bytes()
        second = sell(till)
        after = mark.read_bytes()
        mark.write_bytes(before)
        assert [logged.id for logged in Shop(data_dir).sales()] == [first]
        mark.write_bytes(after)
    assert [logged.id for logged in Shop(data_dir).sales()] == [first, second]


def test_one_sale_comes_with_its_entries_whatever_became_of_it(data_dir: Path) -> None:
    with Terminal.start("R1", data_dir) as till:
        aborted = till.begin("STORE_001", "EUR", "0001")
        sell(till)
        aborted.add_line("TEA", 1, 5)
        aborted.abort("changed mind")
    logged = Shop(data_dir).sale(aborted.id)
    assert (logged.id, logged.sale.state) == (aborted.id, State.ABORTED)
    assert [entry.act.tx for entry in logged.entries] == [1, 1, 1]


@pytest.mark.parametrize("name", ["R1-2", "R2-1", "R1-T1"])
def test_a_sale_that_never_was_is_refused(data_dir: Path, name: str) -> None:
    with Terminal.start("R1", data_dir) as till:
        sell(till)
    with pytest.raises(SaleRefused, match=f"there is no sale {name}"):
        Shop(data_dir).sale(name)


def test_no_id_leads_out_of_the_shop(data_dir: Path) -> None:
    with pytest.raises(BadInput):
        list(Shop(data_dir).sales("../R1"))
    with pytest.raises(BadInput):
        Shop(data_dir).x_report("../R1")


def test_an_x_from_outside_is_that_of_the_till(data_dir: Path) -> None:
    with Terminal.start("R1", data_dir) as till:
        sell(till, amount_minor=700)
        till.move_cash("pay_in", 50, "EUR", "0001")
        till.z_report()
        sell(till, amount_minor=300)
        till.begin("STORE_001", "EUR", "0001").add_line("TEA", 2, 10)
        assert Shop(data_dir).x_report("R1") == till.x_report()
        shown = till.x_report()
    assert Shop(data_dir).x_report("R1") == shown


def test_damage_is_said_not_skipped(data_dir: Path) -> None:
    with Terminal.start("R1", data_dir) as till:
        sell(till)
        till.z_report()
        sell(till)
    (sealed,) = (data_dir / "terminals/R1").glob("transaction.wal.0*")
    data = bytearray(sealed.read_bytes())
    data[len(data) // 2] ^= 1
    sealed.write_bytes(data)
    with pytest.raises(LogDamaged):
        list(Shop(data_dir).sales())


def test_a_data_directory_that_is_a_file_is_bad_configuration(tmp_path: Path) -> None:
    place = tmp_path / "file"
    place.touch()
    with pytest.raises(BadConfiguration, match="can't be used"):
        Shop(place).terminals()
    with pytest.raises(BadConfiguration):
        Shop(place).make()


def test_a_kept_fault_is_for_the_shop_only(data_dir: Path) -> None:
    path = Path(Shop(data_dir).keep_fault("Traceback: é"))
    assert path.read_text() == "Traceback: é"
    assert path.parent == data_dir / "temp"
    assert path.stat().st_mode & 0o777 == 0o660
