"""Every act of the console, done by keys on tills that are processes of their own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import AuditFilter, Floor, Shop, ShopConfiguration
from tests.support.console import console, tills
from tests.support.processes import Child, python_child
from tests.support.staff import CLEO, PINS, operators_json

TILL, OTHER = "REGISTER_01", "REGISTER_02"


class Running:
    """A shop with two tills that sell."""

    def __init__(self, data_dir: Path, child: Child) -> None:
        self.data_dir = data_dir
        self._child = child

    def does(self, command: str) -> str:
        """Have the tills' process do that; what it said."""
        self._child.say(command)
        return self._child.wait_for_line("did ").removeprefix("did ")

    def logged(self) -> list[str]:
        """The events of MANAGER's own log, as the audit trail has them."""
        with Floor.watch(self.data_dir) as floor:
            floor.audit.bring_up_to_date()
            lines = floor.audit.newest(AuditFilter(terminal="MANAGER"), 1_000)
        said = [json.loads(line.text) for line in lines]
        return [f"{one['event']} {one.get('what', '')} {one.get('operator', '')}" for one in said]


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    data_dir = tmp_path_factory.mktemp("shop")
    with tills(data_dir, TILL, OTHER) as child:
        yield Running(data_dir, child)


@pytest.fixture
def staffed(tmp_path: Path) -> Iterator[Running]:
    """A shop of one till with operators."""
    directory = tmp_path / "shared" / "coordination"
    directory.mkdir(parents=True)
    (directory / "operators.json").write_bytes(operators_json())
    with tills(tmp_path, TILL) as child:
        yield Running(tmp_path, child)


async def test_tills_are_shown_with_their_sale_and_takings_as_they_sell(shop: Running) -> None:
    shop.does(f"sell {TILL}")
    shop.does(f"pay {TILL}")
    shop.does(f"sell {TILL}")
    async with console(shop.data_dir) as desk:
        # Both come by themselves: who runs once a second, the figures when the day is told.
        figures = ("selling", "3.99      1        3.99")
        await desk.until(lambda: any(all(one in row for one in figures) for row in desk.rows))
        row = next(row for row in desk.rows if TILL in row)
        assert row.split()[:6] == [">", TILL, "selling", "0001", "3.99", "1"]
        shop.does(f"pay {TILL}")
        await desk.sees("7.98")
        await desk.until(lambda: any(OTHER in row and "idle" in row for row in desk.rows))


async def test_a_message_is_sent_after_a_yes_and_its_answers_are_shown(shop: Running) -> None:
    async with console(shop.data_dir) as desk:
        await desk.sees(TILL)
        await desk.command(f"message {TILL} come to the office")
        await desk.sees(f"Send to {TILL}: come to the office")
        await desk.press("enter", "1")
        assert not desk.console.work.acts, "neither Enter nor a digit is a yes"
        await desk.press("y")
        await desk.sees("1 of 1 have taken it")
        await desk.press("4")
        await desk.sees("1 taken     come to the office")
        await desk.press("enter")
        await desk.sees(f"{TILL:<20} taken")
    assert "message_sent notice " in shop.logged()


async def test_what_a_till_writes_arrives_and_a_new_console_shows_the_same(shop: Running) -> None:
    async with console(shop.data_dir) as desk:
        await desk.sees(TILL)
        shop.does(f"write {OTHER} out of change")
        await desk.sees("1 NEW: 4")
        await desk.press("4")
        await desk.sees("out of change")
        assert not any("NEW: 4" in row for row in desk.rows)
    async with console(shop.data_dir) as desk:
        await desk.press("4")
        await desk.sees("from REGISTER_02")
        await desk.sees("out of change")


async def test_a_setting_is_drafted_compared_published_and_acknowledged(shop: Running) -> None:
    async with console(shop.data_dir) as desk:
        await desk.press("8")
        await desk.sees("in force > drafted")
        await desk.command("set cash_rounding_minor 7000")
        await desk.sees("cash_rounding_minor")
        assert not ShopConfiguration(shop.data_dir).draft(), "a bad value is refused"
        await desk.command("set cash_rounding_minor 5")
        await desk.press("c")
        await desk.sees("1 > 5")
        await desk.press("p")
        await desk.sees("in force when?")
        await desk.press("enter")
        await desk.sees("Publish the draft (1 changed) to all tills, in force at once?")
        await desk.press("p")
        await desk.sees("2 of 2 running tills go by it")
    assert ShopConfiguration(shop.data_dir).in_force().settings.cash_rounding_minor == 5


async def test_a_configuration_for_later_is_asked_about_by_its_time_and_shown_when_it_comes(
    shop: Running,
) -> None:
    async with console(shop.data_dir) as desk:
        await desk.press("8")
        await desk.command("set alert_no_sales 7")
        await desk.sees("1 drafted")
        version = ShopConfiguration(shop.data_dir).in_force().version
        for past in ("2020-01-01T06:00", "+0s"):
            await desk.command(f"publish {past}")
            await desk.sees(f"{past} is no time to come")
            assert desk.console.dialog is None
        await desk.command("publish +1d")
        await desk.sees("Publish the draft (1 changed) to all tills, in force from 2")
        await desk.press("escape")
        await desk.sees("not done")
        await desk.command("publish now")
        rows = await desk.sees("to all tills, in force at once?")
        assert rows[-2] == "Y: yes   Esc: no", "what answers it is not cut in two"
        await desk.press("escape")
        await desk.sees("not done")
        await desk.command("publish +2s")
        await desk.press("y")
        await desk.sees("2 of 2 running tills know it, in force from")
        await desk.sees(f"CONFIGURATION version {version + 1}")
        await desk.press("9", "enter")
        await desk.sees("2 of 2 running tills go by it")


async def test_a_sale_that_was_suspended_is_listed_with_ticket_and_amount(shop: Running) -> None:
    shop.does(f"sell {OTHER}")
    ticket = shop.does(f"hold {OTHER}")
    async with console(shop.data_dir) as desk:
        await desk.press("5")
        await desk.sees("3.99 EUR")
        assert any(ticket in row and "waits" in row for row in desk.rows)
        await desk.press("/")
        await desk.type("nothing like it", "enter")
        await desk.sees("no such sale waits; Esc shows all again")
        await desk.press("escape")
        await desk.sees(ticket)


async def test_a_parked_sale_of_a_till_that_is_gone_is_released_to_any_till(tmp_path: Path) -> None:
    with tills(tmp_path, TILL) as child:
        child.say(f"sell {TILL}")
        child.wait_for_line("did ")
        child.kill()
    async with console(tmp_path) as desk:
        await desk.until(lambda: any(TILL in row and "PARKED" in row for row in desk.rows))
        await desk.press("5")
        await desk.sees(f"{TILL}-1")
        await desk.press("r", "r")
        await desk.sees("any till can recall it by ticket")
        await desk.sees("SUSPENDED 1  PARKED 0")


async def test_what_a_till_that_is_gone_was_recalling_is_put_back(tmp_path: Path) -> None:
    with tills(tmp_path, OTHER) as child:
        for said in (f"sell {OTHER}", f"hold {OTHER}"):
            child.say(said)
            child.wait_for_line("did ")
        with python_child("-m", "tests.support.floor_child", tmp_path, TILL, "1", "stands") as gone:
            gone.wait_for_line("claimed")
        async with console(tmp_path) as desk:
            await desk.press("5")
            await desk.sees(f"taken by {TILL}")
            await desk.press("u")
            await desk.sees(f"Put back what {TILL} was suspending or recalling?")
            await desk.press("u")
            await desk.sees("1 tickets are on the floor again")
            await desk.sees("waits")


async def test_the_store_is_checked_and_cleaned_and_both_are_noted(shop: Running) -> None:
    async with console(shop.data_dir) as desk:
        await desk.press("6", "v")
        await desk.sees("all is sound, checked at")
        await desk.sees("audit log            sound")
        await desk.press("k", "y")
        await desk.sees("scratch files taken away")
    logged = shop.logged()
    assert "noted store_verified system" in logged and "noted cleaned_up system" in logged


async def test_damage_is_named_with_file_and_offset(tmp_path: Path) -> None:
    with tills(tmp_path, TILL) as child:
        child.say(f"sell {TILL}")
        child.wait_for_line("did ")
        child.say("end")
        child.wait_for_line("did end")
    log = tmp_path / "terminals" / TILL / "transaction.wal"
    log.write_bytes(log.read_bytes().replace(b"COFFEE", b"COFFEF"))
    async with console(tmp_path) as desk:
        await desk.press("6", "v")
        await desk.sees("DAMAGED")
        await desk.sees("transaction.wal: offset")


async def test_the_sales_of_a_date_are_exported(shop: Running, tmp_path: Path) -> None:
    async with console(shop.data_dir) as desk:
        await desk.command(f"export {tmp_path}")
        await desk.sees("Export the sales of")
        await desk.press("E")
        await desk.sees("sales, ")
    assert {one.suffix for one in tmp_path.iterdir()} == {".csv"}


async def test_the_day_is_closed_and_the_unclosed_are_named(shop: Running, tmp_path: Path) -> None:
    shop.does(f"sell {TILL}")
    async with console(shop.data_dir) as desk:
        await desk.press("Z")
        await desk.sees("Close the day")
        await desk.press("Z")
        await desk.sees("Z of the store for")
        await desk.sees(f"NOT CLOSED {TILL}: open: {TILL}-")
        shop.does(f"pay {TILL}")
        await desk.press("Z")
        await desk.sees("Close the day")
        await desk.press("y")
        await desk.sees("0 not closed")
        await desk.sees("TOTAL EUR")
        await desk.press("p")
        await desk.type(str(tmp_path / "z.txt"), "enter")
        await desk.sees("it stands in")
    assert "TOTAL EUR" in (tmp_path / "z.txt").read_text()
    assert "noted day_closed system" in shop.logged()


async def test_an_approval_waits_in_the_header_and_is_answered_when_called(
    staffed: Running,
) -> None:
    async with console(staffed.data_dir) as desk:
        await desk.sees("operator number")
        await desk.type(CLEO, "enter")
        await desk.type(PINS[CLEO], "enter")
        await desk.sees("is signed on")
        staffed.does(f"sell {TILL}")
        staffed.does(f"ask {TILL}")
        await desk.sees("1 ASKED: 7")
        assert desk.app.page.page_name == "terminals", "it never comes to the front by itself"
        await desk.press("7")
        await desk.sees("3.99 > 0.00")
        await desk.press("a")
        await desk.sees("Approve void line on REGISTER_01, line 1, 3.99 > 0.00?")
        await desk.press("y")
        await desk.sees("the till has the answer")
        assert staffed.does(f"outcome {TILL}") == "GRANTED"
        staffed.does(f"ask {TILL}")
        await desk.sees("ASKED 1")
        await desk.press("d", "d")
        assert staffed.does(f"outcome {TILL}") == "DECLINED"


async def test_a_shutdown_counts_down_names_the_stragglers_and_can_be_taken_back(
    tmp_path: Path,
) -> None:
    with tills(tmp_path, TILL, OTHER) as child:
        running = Running(tmp_path, child)
        running.does(f"sell {TILL}")
        async with console(tmp_path) as desk:
            await desk.sees(OTHER)
            await desk.command("shutdown 600 stocktaking")
            await desk.sees("Shut ALL tills down in 600 s (stocktaking)?")
            await desk.press("S")
            await desk.sees(f"s left; waiting for {TILL}")
            await desk.press("C", "C")
            await desk.sees("shutdown: cancelled (stocktaking)")
            await desk.command("shutdown 600 stocktaking")
            await desk.press("y")
            running.does(f"pay {TILL}")
            await desk.sees("shutdown: 2 of 2 tills are out")
        assert Shop(tmp_path).terminals() == ["MANAGER", TILL, OTHER]
