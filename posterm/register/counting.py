"""The float of a period, and the drawer counted: blind, by denomination, over or short shown after.

Who counts is not told what should be there until it is counted and logged. This module must never
book the difference away: what was counted stands beside what the drawer should hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from kernel import SaleRefused
from kernel import gettext as _
from posterm.register.denominations import DENOMINATIONS
from posterm.register.dialogs import Prompt, Question
from themes.formats import amount_text

if TYPE_CHECKING:
    from posterm.keypad import Command
    from posterm.register.session import Session

__all__ = ["ask_float", "count", "count_drawer", "open_with_float"]

_SCAN_DIGITS = 8
_PIECES = re.compile(r"([0-9]{1,6})\*(.+)")
_COLUMN = 36


class _Count(Struct, frozen=True):
    """`pieces`: denomination -> how many; `amounts_minor`: what was not counted by pieces."""

    currency: str
    pieces: Mapping[int, int] = {}
    amounts_minor: int = 0

    @property
    def total_minor(self) -> int:
        return sum(piece * many for piece, many in self.pieces.items()) + self.amounts_minor


# --- float -----------------------------------------------------------------------------------


def ask_float(session: Session) -> None:
    """At the first sign-on of a period; Clear leaves it to the first sale, with none."""
    till = session.till
    if till.training or till.period_is_open or session.counter.sale is not None:
        return
    words = _("float in the drawer: amount Enter, Enter alone for none")
    session.prompt(Prompt(words, partial(_open, session)))


def open_with_float(session: Session, command: Command) -> None:
    """The function: `/55 100.00`."""
    if not command.text:
        raise SaleRefused(_("give what is in the drawer: /55 100.00"))
    _open(session, command.text)


def _open(session: Session, text: str) -> None:
    counter = session.counter
    if text.isdecimal() and len(text) >= _SCAN_DIGITS:
        session.refuse_scan(_("the float is asked for; the scan was refused"))
        return
    amount_minor = counter.amount(text) if text else 0
    session.till.open_period(counter.operator or "", amount_minor, counter.currency)
    session.prompt(None)
    shown = amount_text(amount_minor, counter.currency)
    session.message = _("period opened with {} in the drawer").format(shown)


# --- count -----------------------------------------------------------------------------------


def count(session: Session, command: Command) -> None:
    count_drawer(session)


def count_drawer(session: Session, then: Callable[[], None] | None = None) -> None:
    """Count it, then go on with `then`."""
    if session.till.training:
        raise SaleRefused(_("this is training: the drawer is not counted"))
    if not session.till.period_is_open:
        raise SaleRefused(_("no period is open; there is nothing to count"))
    _ask(session, _Count(session.counter.currency), then)


def _ask(
    session: Session, counted: _Count, then: Callable[[], None] | None, *, ahead: bool = False
) -> None:
    """One entry after the other; from the second on nobody waits for the screen."""
    session.page, session.message = tuple(_rows(counted)), ""
    words = _("3*50.00 pieces, or an amount; Enter alone ends the count")
    session.prompt(Prompt(words, partial(_take, session, counted, then), ahead=ahead))


def _take(session: Session, counted: _Count, then: Callable[[], None] | None, text: str) -> None:
    if text:
        if text.isdecimal() and len(text) >= _SCAN_DIGITS:
            session.refuse_scan(_("the drawer is being counted; the scan was refused"))
            return
        _ask(session, _with(session, counted, text), then, ahead=True)
        return
    shown = amount_text(counted.total_minor, counted.currency)
    words = _("{} {} counted in all?  Y yes   Clear no").format(shown, counted.currency)
    session.ask(Question(words, {"y": partial(_log, session, counted, then)}))


def _with(session: Session, counted: _Count, text: str) -> _Count:
    """With so many pieces in place of what was said of them before, or with an amount more."""
    match = _PIECES.fullmatch(text)
    if match is None:
        amounts = counted.amounts_minor + session.counter.amount(text)
        return replace(counted, amounts_minor=amounts)
    piece = session.counter.amount(match[2])
    if piece not in DENOMINATIONS.get(counted.currency, ()):
        shown = amount_text(piece, counted.currency)
        raise SaleRefused(
            _("{} has no note or coin of {}; type its amount alone").format(counted.currency, shown)
        )
    return replace(counted, pieces={**counted.pieces, piece: int(match[1])})


def _log(session: Session, counted: _Count, then: Callable[[], None] | None) -> None:
    currency, counter = counted.currency, session.counter
    pieces = {str(piece): many for piece, many in counted.pieces.items()}
    session.till.count_drawer(
        counted.total_minor, currency, counter.operator or "", pieces=pieces or None
    )
    session.prompt(None)
    report = session.till.x_report()
    over_minor = report.over_minor.get(currency, 0)
    session.page = (
        _("DRAWER COUNTED"),
        "",
        _sum(_("Counted"), report.counted_minor.get(currency, 0), currency),
        _sum(_("Should hold"), report.expected_drawer_minor.get(currency, 0), currency),
        _sum(_("Short") if over_minor < 0 else _("Over"), abs(over_minor), currency),
    )
    if then is not None:
        then()


def _rows(counted: _Count) -> list[str]:
    """The denominations in two columns, what was counted so far below."""
    pieces = DENOMINATIONS.get(counted.currency, ())
    cells = [_cell(counted, piece) for piece in pieces]
    half = -(-len(cells) // 2)
    right = [*cells[half:], ""]
    beside = [f"{left:<{_COLUMN}}{right[at]}".rstrip() for at, left in enumerate(cells[:half])]
    return [
        _("COUNT THE DRAWER   {}").format(counted.currency),
        "",
        *beside,
        "",
        _sum(_("Amounts"), counted.amounts_minor, counted.currency),
        _sum(_("Counted so far"), counted.total_minor, counted.currency),
    ]


def _cell(counted: _Count, piece: int) -> str:
    many = counted.pieces.get(piece)
    amount = amount_text(piece * many, counted.currency) if many is not None else "-"
    shown = "" if many is None else str(many)
    return f"{amount_text(piece, counted.currency):>9} x {shown:<6}{amount:>12}"


def _sum(name: str, amount_minor: int, currency: str) -> str:
    return f"{name:<24}{amount_text(amount_minor, currency):>14} {currency}"
