"""What stands in each panel: at every width, in English and in a language 40 % longer.

A key row holds whole functions, an amount all of its digits, a question all of its answers.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from kernel import Line, LineKind
from posterm.keymap import KEYMAPS
from posterm.painting import body_rows, message_rows, total_rows
from posterm.pricing import TAX_ROUNDING
from posterm.register.rows import line_row
from posterm.register.session import Session
from posterm.register.view import View
from tests.support.register_shop import make_shop, open_session
from themes.formats import amount_text
from themes.language import PSEUDO, use_language

WIDTHS = (60, 80, 132)
NAMES = {"ENTER": "enter", "CLEAR": "escape"}
# Keys -> words that must stand whole on the screen then.
STORIES: dict[str, tuple[str, ...]] = {
    "sign on": (),
    "empty": ("0001", "ENTER"),
    "lines": ("0001", "ENTER", "COFFEE", "ENTER", "12*MILK", "ENTER", "0.250*HAM", "ENTER"),
    "void": ("0001", "ENTER", "COFFEE", "ENTER", "MILK", "ENTER", "-"),
    "total": ("0001", "ENTER", "20*COFFEE", "ENTER", "ENTER"),
    "change": ("0001", "ENTER", "20*COFFEE", "ENTER", "ENTER", "0", "+"),
    "error": ("0001", "ENTER", "NOTHING", "ENTER"),
    "age": ("0001", "ENTER", "BEER", "ENTER"),
    "price": ("0001", "ENTER", "GIFT", "ENTER"),
    "card": ("0001", "ENTER", "20*COFFEE", "ENTER", "ENTER", "/10", "ENTER"),
    "help": ("0001", "ENTER", "/1", "ENTER"),
    "menu": ("0001", "ENTER", "/12", "ENTER"),
    "search": ("0001", "ENTER", "/3", "ENTER", "mil"),
    "suspend": ("0001", "ENTER", "COFFEE", "ENTER", "/7", "ENTER"),
    "recall": ("0001", "ENTER", "COFFEE", "ENTER", "/7", "ENTER", "/8", "ENTER"),
    "report": ("0001", "ENTER", "COFFEE", "ENTER", "ENTER", "0", "+", "/21", "ENTER"),
    "void sale": ("0001", "ENTER", "COFFEE", "ENTER", "/23", "ENTER"),
    "long error": ("0001", "ENTER", "9" * 60, "ENTER"),
}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data_dir = tmp_path_factory.mktemp("shop") / "data"
    make_shop(data_dir)
    return data_dir


@pytest.fixture(params=["", PSEUDO])
def language(request: pytest.FixtureRequest) -> Iterator[str]:
    use_language(request.param)
    yield request.param
    use_language("")


def view_after(shop: Path, keys: tuple[str, ...]) -> tuple[View, Session]:
    session = open_session(shop)
    try:
        for key in keys:
            for token in [NAMES[key]] if key in NAMES else key:
                session.feed(token, session.view.serial)
        return session.view, session
    finally:
        _empty(session)
        session.stop("test")


def _empty(session: Session) -> None:
    """The next story starts without this one's sale."""
    for sale in session.till.open_sales:
        for number, card in enumerate(sale.cards, 1):
            if card.open:
                sale.decline_card(number)
        sale.abort("test")


@pytest.mark.parametrize("story", STORIES)
def test_every_screen_fits_every_width(shop: Path, language: str, story: str) -> None:
    view, _session = view_after(shop, STORIES[story])
    for width in WIDTHS:
        message = message_rows(view, width)
        rows = [*body_rows(view, 16, width), *total_rows(view, width), *message]
        assert all(len(row.text) <= width for row in rows), (story, width)
        shown = " ".join(row.text.strip() for row in message)
        assert shown.split() == view.message.split(), "a message is wrapped, never cut"
        assert len(message) <= 3


@pytest.mark.parametrize("story", ["lines", "void", "total", "change"])
def test_no_amount_loses_a_digit(shop: Path, language: str, story: str) -> None:
    view, _session = view_after(shop, STORIES[story])
    assert view.sale is not None
    for width in WIDTHS:
        shown = [row.text for row in body_rows(view, 16, width)]
        for number in range(1, len(view.sale.lines) + 1):
            amount = amount_text(view.sale.lines.line(number).total_minor, "EUR")
            assert shown[number - 1].rstrip().endswith(f" {amount}")


@pytest.mark.parametrize("keymap", ["pc", "vt"])
def test_a_key_row_holds_whole_functions_help_and_menu_among_them(
    language: str, keymap: str
) -> None:
    for width in (*WIDTHS, 40):
        row, menu = KEYMAPS[keymap].key_rows(width, 2)
        assert len(row) < width and len(menu) < width
        assert row.startswith("1") and "12" in row.split()[-1] and menu.startswith("21")
        assert not language or row.endswith("]")


def test_a_page_longer_than_the_screen_says_so_and_the_arrows_show_its_end(shop: Path) -> None:
    session = open_session(shop)
    for token in ("0", "0", "0", "1", "enter", "/", "1", "2", "enter"):
        session.feed(token, session.view.serial)
    first = [row.text for row in body_rows(session.view, 8, 80)]
    for _press in range(20):
        session.feed("down", session.view.serial)
    last = [row.text for row in body_rows(session.view, 8, 80)]
    for _press in range(20):
        session.feed("up", session.view.serial)
    again = [row.text for row in body_rows(session.view, 8, 80)]
    session.stop("test")
    assert "MENU" in first[0] and "arrow" in first[-1]
    assert again == first != last


def test_tax_that_is_posted_at_the_end_stands_there_in_words() -> None:
    line = Line(
        tx=1,
        kind=LineKind.ADJUSTMENT,
        code=TAX_ROUNDING,
        quantity=1000,
        unit_minor=0,
        total_minor=0,
    )
    assert "  1 Tax rounding  " in line_row(line, 1, "EUR", 80, newest=False)
