"""The console's keys below its acts: signing on, dialogs, levels, commands, palette, watching."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import Floor, SaleRefused, Terminal
from manager.acts.staff import lock
from manager.dialogs import Question
from tests.support.console import console
from tests.support.staff import ANNA, BO, CLEO, PINS, operators_json


def write_operators(data_dir: Path, *, disabled: tuple[str, ...] = ()) -> None:
    directory = data_dir / "shared" / "coordination"
    directory.mkdir(parents=True, exist_ok=True)
    (directory / ".next").write_bytes(operators_json(disabled=disabled))
    (directory / ".next").rename(directory / "operators.json")


@pytest.fixture
def staffed(tmp_path: Path) -> Path:
    """A shop with a cashier, a supervisor and a manager."""
    write_operators(tmp_path)
    return tmp_path


@pytest.fixture
def sold(tmp_path: Path) -> Iterator[Path]:
    """A shop without operators, whose one till has a sale in hand."""
    with Terminal.start("TILL", tmp_path) as till:
        till.begin("S1", "EUR", "0001").add_line("TEA", 1, 250)
        yield tmp_path


async def test_nothing_is_shown_before_a_pin_and_a_cashier_has_no_console(staffed: Path) -> None:
    async with console(staffed) as desk:
        await desk.sees("Sign on to act as the manager.")
        assert not any("TILLS" in row for row in desk.rows)
        await desk.type("99", "enter")
        await desk.sees("PIN of 99:")
        await desk.type("1", "escape", "escape")
        await desk.sees("operator number (Q quits):")
        await desk.type(ANNA, "enter")
        await desk.type(PINS[ANNA], "enter")
        await desk.sees("operator 0001 is cashier; this needs a supervisor")
        await desk.type(CLEO, "enter")
        await desk.type("9999", "enter")
        await desk.sees("number and PIN do not belong together")
        await desk.type(CLEO, "enter")
        await desk.sees(f"PIN of {CLEO}:")
        await desk.type(PINS[CLEO])
        assert any("PIN of 0003: ****" in row for row in desk.rows), "a PIN is stars"
        await desk.press("enter")
        await desk.sees("TILLS")
        assert desk.app.desk.floor.manager.signed_on is not None


async def test_of_a_message_that_is_too_long_its_beginning_and_its_end_are_shown(
    sold: Path,
) -> None:
    async with console(sold, watching=True) as desk:
        desk.console.refuse(f"export: {'a/' * 100} can't be written; name a file that is not there")
        await desk.press("ctrl+l")
        rows = await desk.sees("name a file that is not there")
        assert rows[-3].startswith("export: a/a/") and rows[-2].startswith("~")
        assert rows[-2].endswith("not there") and len(rows[-2]) < 80


async def test_a_role_may_do_what_the_table_says_and_no_more(staffed: Path) -> None:
    async with console(staffed) as desk:
        await desk.type(BO, "enter")
        await desk.type(PINS[BO], "enter")
        await desk.sees("is signed on")
        await desk.press("S")
        await desk.sees("this needs a manager; signed on is a supervisor")
        await desk.press("m")
        await desk.sees("message to (till, or * for all)")


async def test_a_locked_console_shows_nothing_until_its_operator_or_another_comes(
    staffed: Path,
) -> None:
    async with console(staffed) as desk:
        await desk.type(CLEO, "enter")
        await desk.type(PINS[CLEO], "enter")
        await desk.sees("is signed on")
        await desk.press("L")
        await desk.sees("LOCKED by 0003")
        await desk.press("escape", "escape")
        assert not any("TILLS" in row for row in desk.rows), "Esc does not unlock"
        await desk.type(CLEO, "enter")
        await desk.type(PINS[CLEO], "enter")
        await desk.sees("TILLS")
        await desk.press("L")
        await desk.sees("LOCKED by 0003")
        await desk.type(BO, "enter")
        await desk.type(PINS[BO], "enter")
        await desk.sees("0002 Operator 0002")
        await desk.press("O")
        await desk.sees("Sign on to act as the manager.")


async def test_an_idle_console_locks_itself(staffed: Path) -> None:
    async with console(staffed) as desk:
        await desk.type(CLEO, "enter")
        await desk.type(PINS[CLEO], "enter")
        await desk.sees("is signed on")
        settings = desk.console.floor.manager.configuration.settings
        desk.console.touched_s -= settings.lock_after_s + 1
        await desk.sees("LOCKED by 0003")


async def test_a_console_locks_even_where_its_log_takes_no_entry_of_it(staffed: Path) -> None:
    async with console(staffed) as desk:
        await desk.type(CLEO, "enter")
        await desk.type(PINS[CLEO], "enter")
        await desk.sees("is signed on")
        desk.console.floor.manager.lock()
        await desk.press("m", "L")
        await desk.sees("message to (till, or * for all): L")
        lock(desk.console)
        assert desk.console.dialog is None, "no question stays open behind a lock"
        assert desk.console.signing.shut
        await desk.sees("this till is locked already")
        assert any("LOCKED by 0003" in row for row in desk.rows)
        desk.console.floor.manager.unlock(CLEO, PINS[CLEO])
        await desk.type(CLEO, "enter")
        await desk.type(PINS[CLEO], "enter")
        await desk.sees("TILLS")


async def test_nothing_that_was_asked_for_opens_in_front_of_a_lock(staffed: Path) -> None:
    async with console(staffed) as desk:
        await desk.type(CLEO, "enter")
        await desk.type(PINS[CLEO], "enter")
        await desk.sees("is signed on")
        desk.console.floor.configuration.change_draft("cash_rounding_minor", "5")
        desk.console.command("closeday")
        await desk.until(lambda: isinstance(desk.console.dialog, Question))
        assert isinstance(desk.console.dialog, Question)
        desk.console.dialog.yes()
        desk.console.command("publish")
        lock(desk.console)
        await desk.until(lambda: not desk.console.work.under_way())
        await desk.sees("locked by 0003: operator number")
        assert not any("Z of the store" in row or "in force when" in row for row in desk.rows)
        await desk.type(CLEO, "enter")
        await desk.type(PINS[CLEO], "enter")
        await desk.sees("TILLS")


async def test_the_first_operator_of_a_shop_ends_what_everybody_may(tmp_path: Path) -> None:
    async with console(tmp_path) as desk, console(tmp_path, watching=True) as watcher:
        await desk.sees("TILLS")
        await desk.press("m")
        write_operators(tmp_path)
        await desk.sees("Sign on to act as the manager.")
        assert not any("message to" in row for row in desk.rows)
        await desk.sees("operator number")
        await desk.type(CLEO, "enter")
        await desk.type(PINS[CLEO], "enter")
        await desk.sees("TILLS")
        await watcher.sees("TILLS")


async def test_who_is_disabled_while_signed_on_is_out_at_once(staffed: Path) -> None:
    async with console(staffed) as desk:
        await desk.type(BO, "enter")
        await desk.type(PINS[BO], "enter")
        await desk.sees("is signed on")
        desk.console.command("message * hello")
        write_operators(staffed, disabled=(BO,))
        await desk.sees("operator 0002 may act here no more")
        assert not any("TILLS" in row or "Send to" in row for row in desk.rows)
        await desk.until(lambda: desk.console.floor.manager.signed_on is None)
        await desk.type(CLEO, "enter")
        await desk.type(PINS[CLEO], "enter")
        await desk.sees("TILLS")


async def test_keys_typed_before_a_question_was_painted_never_answer_it(sold: Path) -> None:
    async with console(sold) as desk:
        await desk.sees("TILLS")
        desk.console.command("shutdown 30 end")
        before_s = desk.console.touched_s
        desk.console.feed("y", before_s)
        desk.console.feed("S", before_s)
        assert desk.console.dialog is not None and not desk.console.work.acts
        await desk.sees("Shut ALL tills down in 30 s (end)?")
        await desk.press("enter", "5", "x")
        assert not desk.console.work.acts
        await desk.press("escape")
        await desk.sees("not done")


async def test_escape_goes_back_one_level_and_digits_choose_a_screen(sold: Path) -> None:
    async with console(sold) as desk:
        await desk.sees("TILL ")
        for key, heading in (("4", "MESSAGES"), ("5", "SUSPENDED"), ("8", "CONFIGURATION")):
            await desk.press(key)
            await desk.sees(heading)
        await desk.press("enter")
        await desk.sees("in force  ")
        await desk.press("escape")
        await desk.sees("in force > drafted")
        await desk.press("escape")
        await desk.sees("TILLS")
        await desk.press("enter")
        await desk.sees("MIRROR TILL")
        await desk.press("escape")
        await desk.sees("TILLS")
        await desk.press("escape")
        await desk.sees("this is the first screen")


async def test_tab_completes_commands_and_their_arguments(sold: Path) -> None:
    async with console(sold) as desk:
        await desk.sees("TILL ")
        await desk.press(":")
        await desk.type("mess", "tab")
        await desk.sees(":message")
        await desk.press("tab", "escape", ":")
        await desk.type("settle TI", "tab")
        await desk.sees(":settle TILL")
        await desk.press("escape")
        await desk.command("nonsense")
        await desk.sees("there is no command nonsense; ? shows all")


async def test_the_palette_finds_an_action_by_any_part_of_it(sold: Path) -> None:
    async with console(sold) as desk:
        await desk.sees("TILLS")
        await desk.press("ctrl+p")
        await desk.sees("COMMANDS")
        await desk.type("suspended and")
        await desk.press("enter")
        await desk.sees("SUSPENDED 0")


async def test_who_watches_sees_the_tills_and_is_refused_every_act(sold: Path) -> None:
    async with console(sold, watching=True) as desk:
        await desk.sees("2.50")
        await desk.sees("watching")
        for key in ("m", "S", "Z", "E"):
            await desk.press(key)
            await desk.sees("this console only watches")
        with pytest.raises(SaleRefused):
            desk.console.floor.manager.stop()


async def test_who_watches_takes_over_once_the_acting_console_is_gone(sold: Path) -> None:
    async with console(sold, watching=True) as desk:
        with Floor.start(sold):
            await desk.sees("TILLS")
            await desk.press("T", "T")
            await desk.sees("MANAGER is already running")
        await desk.press("T", "T")
        await desk.sees("this console is MANAGER now")
        await desk.command("message TILL hello")
        await desk.press("y")
        await desk.sees("1 of 1 have taken it")


async def test_a_refusal_that_is_longer_than_a_row_is_told_to_its_end(sold: Path) -> None:
    async with console(sold, size=(60, 16)) as desk:
        await desk.sees("TILL ")
        await desk.command("set no_such_setting 5")
        await desk.sees("there is no setting 'no_such_setting'; see")
        assert any("schema`" in row for row in desk.rows)


async def test_takings_in_another_currency_than_the_shop_s_are_named(tmp_path: Path) -> None:
    with Terminal.start("TILL", tmp_path) as till:
        sale = till.begin("S1", "JPY", "0001")
        sale.add_line("TEA", 1, 12_345)
        sale.tender_cash(12_345)
        till.begin("S1", "EUR", "0001").add_line("TEA", 1, 250)
        async with console(tmp_path, watching=True) as desk:
            await desk.sees("2.50      1   12345 JPY")


async def test_a_screen_that_is_too_small_says_so(sold: Path) -> None:
    async with console(sold, size=(50, 12)) as desk:
        await desk.sees("too small: 60 x 16 needed")


async def test_a_setting_that_is_none_is_refused_on_the_screen_of_settings(sold: Path) -> None:
    async with console(sold) as desk:
        await desk.sees("TILLS")
        await desk.command("configuration")
        await desk.sees("CONFIGURATION version")
        await desk.command("set nosuch")
        await desk.sees("there is no setting 'nosuch'")
        assert desk.console.dialog is None


async def test_a_look_that_is_due_while_the_console_ends_is_none(sold: Path) -> None:
    async with console(sold) as desk:
        await desk.sees("TILLS")
    desk.app._look()
    assert desk.app.fault is None
