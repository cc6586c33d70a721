"""Audit, Today, mirror and replay on a screen, over a real shop and its feed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import AuditTrail, Terminal
from tests.support.audited_day import Cashier
from tests.support.console import Desk, console

TILL = "REGISTER_01"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A till that sold, and has a sale in hand."""
    data_dir = tmp_path_factory.mktemp("shop")
    with Terminal.start(TILL, data_dir) as till:
        cashier = Cashier(till)
        for number in (0, 1, 2, 4, 7, 0, 1, 1, 9, 0, 17, 2, 13, 0, 1, 2, 1):
            cashier.do(number)
    AuditTrail(data_dir).bring_up_to_date()
    yield data_dir


def body(desk: Desk) -> list[str]:
    return desk.rows[2:-3]


async def test_today_has_figures_hours_tills_and_operators(shop: Path) -> None:
    async with console(shop, watching=True) as desk:
        await desk.press("3")
        await desk.sees("takings 7.50 EUR   sales 2")
        rows = await desk.sees("drawer opened 1")
        assert any("##" in row or "\u2588\u2588" in row for row in rows)
        assert any(TILL in row and "7.50" in row for row in rows)
        await desk.press("o")
        rows = await desk.sees("operator ")
        assert any(row.split()[-6:-4] == ["0000", "7.50"] for row in rows), rows


async def test_the_audit_log_is_paged_searched_and_left_by_escape(shop: Path) -> None:
    async with console(shop, watching=True) as desk:
        await desk.press("2")
        rows = await desk.sees("terminal stopped")
        assert "AUDIT following" in rows[1]
        await desk.press("up")
        await desk.sees("AUDIT PAUSED")
        await desk.press("/")
        await desk.type("kind=sale_closed min=3", "enter")
        await desk.sees("1 found")
        assert sum("sale closed" in row for row in body(desk)) == 1
        await desk.press("/")
        await desk.press("ctrl+u")
        await desk.type("mni=3", "enter")
        await desk.sees("there is no filter mni=")
        await desk.press("escape")
        await desk.sees("terminal stopped")


async def test_a_line_leads_to_its_sale_step_by_step_with_the_receipt(shop: Path) -> None:
    async with console(shop, watching=True) as desk:
        await desk.press("2")
        await desk.sees("terminal stopped")
        await desk.press("/")
        await desk.type("kind=discount_given", "enter")
        await desk.sees("0 found")
        await desk.press("enter")
        await desk.sees("belongs to no sale")
        await desk.press("/", "ctrl+u")
        await desk.type("kind=line_voided", "enter")
        await desk.sees("1 found")
        await desk.press("enter")
        rows = await desk.sees(f"SALE {TILL}-1   step 4 of 5")
        assert any(row.startswith(">") and "void of line 2" in row for row in rows)
        await desk.press("end")
        rows = await desk.sees(f"SALE {TILL}-1   step 5 of 5")
        assert any("CHANGE" in row.upper() and "3.00" in row for row in rows)
        assert any(row.startswith(">") and "receipt 1" in row for row in rows)
        await desk.press("home", "down", "down")
        rows = await desk.sees("step 3 of 5")
        assert any("TOTAL EUR" in row and "6.48" in row for row in rows)
        assert any(row.startswith(">") and "CUP 3.98" in row for row in rows)
        await desk.press("escape")
        await desk.sees("AUDIT")


async def test_a_mirror_shows_the_sale_in_hand_and_leads_to_its_replay(shop: Path) -> None:
    async with console(shop, watching=True) as desk:
        await desk.sees(TILL)
        await desk.press("enter")
        rows = await desk.sees("TOTAL EUR")
        assert any(row.startswith(">   3 TEA") for row in rows)
        assert any("2 x 1.99" in row and "3.98" in row for row in rows)
        assert any("TOTAL EUR" in row and "8.98" in row for row in rows)
        await desk.press("enter")
        await desk.sees("step 4 of 4")


async def test_what_is_filtered_is_written_to_a_file(
    shop: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    async with console(shop, watching=True) as desk:
        await desk.press("2")
        await desk.sees("terminal stopped")
        await desk.press("/")
        await desk.type("kind=sale_closed", "enter")
        await desk.sees("2 found")
        await desk.press("s")
        await desk.type("closed.csv", "enter")
        rows = await desk.sees("2 lines written")
        place = str(tmp_path / "closed.csv")
        assert place[-40:] in "".join(row.lstrip("~") for row in rows), "it says where"
        await desk.press("/")
        await desk.press("ctrl+u")
        await desk.type(f"kind=sale_closed from=00:00 to=23:59 till={TILL} min=0 max=9999", "enter")
        rows = await desk.sees("~: 2 found")
        assert len(rows[1]) < 80
    assert len((tmp_path / "closed.csv").read_text().splitlines()) == 3


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (132, 43)])
async def test_every_row_is_used_once_at_any_size(shop: Path, size: tuple[int, int]) -> None:
    async with console(shop, watching=True, size=size) as desk:
        for key, word in (("3", "takings"), ("2", "terminal stopped")):
            await desk.press(key)
            rows = await desk.sees(word)
            assert len(rows) == size[1] and all(len(row) <= size[0] for row in rows)


async def test_at_sixty_columns_a_waiting_sale_keeps_its_state(shop: Path) -> None:
    async with console(shop, watching=True, size=(60, 16)) as desk:
        await desk.press("5")
        rows = await desk.sees("parked, till off")
        assert rows[2].endswith("state")
        await desk.press("2")
        rows = await desk.sees("terminal stopped")
        assert rows[2].endswith("what")


async def test_a_filter_that_nothing_matches_is_no_shop_without_tills(shop: Path) -> None:
    async with console(shop, watching=True) as desk:
        await desk.sees(TILL)
        await desk.press("/")
        await desk.type("nobody", "enter")
        await desk.sees("no till is like that; Esc shows all again")
        await desk.press("escape")
        await desk.sees(TILL)
        await desk.press("5", "/")
        await desk.type("nobody", "enter")
        await desk.sees("no such sale waits; Esc shows all again")


async def test_the_audit_filter_says_what_it_takes_and_tab_is_named_where_it_helps(
    shop: Path,
) -> None:
    async with console(shop, watching=True) as desk:
        await desk.press("2", "/")
        rows = await desk.sees("till= op= kind= min= max= from= to= date= text=")
        assert not any("Tab" in row for row in rows), "there is nothing to complete"
        await desk.press("escape", ":")
        await desk.sees("Tab: complete")


async def test_a_watcher_does_not_claim_that_no_till_asks(shop: Path) -> None:
    async with console(shop, watching=True) as desk:
        await desk.press("7")
        await desk.sees("what tills ask comes to the console that acts")


async def test_the_help_of_a_screen_names_the_keys_that_it_takes_itself(shop: Path) -> None:
    async with console(shop, watching=True) as desk:
        await desk.press("3", "?")
        await desk.sees("operators in their place, or tills")


async def test_a_palette_that_finds_nothing_says_so_and_the_way_back(shop: Path) -> None:
    async with console(shop, watching=True) as desk:
        await desk.press("ctrl+p")
        await desk.type("zzz")
        await desk.sees("no command is like that; Esc shows all again")
        await desk.press("escape")
        await desk.sees("every till: what it is at")
