"""Items by code, by price, by search: from what was typed to a posted line.

What must be asked first (age, an unlikely quantity) is asked one thing after the other. This
module must never post by itself: the counter does.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from msgspec.structs import replace

from kernel import SaleRefused, extend
from kernel import gettext as _
from posterm.catalog import Found
from posterm.keymap import Verb
from posterm.keypad import Command
from posterm.pricing import ask_amount, ask_quantity
from posterm.register.counter import OVERRIDE
from posterm.register.dialogs import Prompt, Question, Search
from posterm.register.rows import item_row
from posterm.register.shelf import UnknownCode
from themes.formats import amount_text

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = [
    "NOT_ON_FILE",
    "answer",
    "ask_price",
    "item",
    "look_up",
    "move",
    "price",
    "repeat",
    "search",
    "typed_price",
    "void_line",
]

_FOUND_LIMIT = 14
_PAGED = 8
"""Rows that an arrow moves a long page."""
_NUMBER = re.compile("[0-9]{1,8}")
_SCAN_DIGITS = 12
_SCANNED = re.compile(r"(?:^|[^0-9])([0-9]{8}|[0-9]{12,14})$")
_AGE_CHECKED = "age checked"
NOT_ON_FILE = "not_on_file"
"""Origin of the price of an item that the catalogue lacks."""


def item(session: Session, command: Command) -> None:
    session.page, session.search, session.message = None, None, ""
    if session.instead is not None:
        instead, session.instead = session.instead, None
        instead(session, command)
        return
    found = _known(session, command)
    thousandths = session.counter.thousandths(found, command.quantity)
    unit_minor = found.amount_minor if found.amount_minor is not None else found.item.price_minor
    if unit_minor is None:
        ask_price(session, found, thousandths)
    else:
        _check_item(session, found, thousandths, unit_minor)


def _known(session: Session, command: Command) -> Found:
    try:
        return session.counter.find(command.text)
    except UnknownCode as unknown:
        session.unlisted = Command(Verb.ITEM, unknown.code, command.quantity)
        raise SaleRefused(_("{}; /42 sells it").format(unknown)) from unknown


def ask_price(
    session: Session, found: Found, thousandths: int, *, price_origin: str | None = None
) -> None:
    """Sell it at the price that is typed now."""
    sell = partial(_check_item, session, found, thousandths, priced=price_origin or "typed")
    typed_price(session, found, sell)


def typed_price(session: Session, found: Found, use: Callable[[int], None]) -> None:
    """Ask for the price of it; `use` gets it in minor units."""

    def take(text: str) -> None:
        try:
            unit_minor = session.counter.amount(text)
        except SaleRefused as refused:
            session.refuse_scan(str(refused))
            return
        if len(text) >= _SCAN_DIGITS:
            session.refuse_scan(_("a price is asked for; the scan was refused"))
            return
        session.prompt(None)
        use(unit_minor)

    session.prompt(Prompt(_("price of {}, Enter").format(found.item.description), take))


def _check_item(
    session: Session, found: Found, thousandths: int, unit_minor: int, priced: str = ""
) -> None:
    """Ask what must be asked, one thing after the other, then sell. `priced`: who says the price,
    if it is not the catalogue."""
    item = found.item
    origin = NOT_ON_FILE if priced == NOT_ON_FILE else None
    sell = partial(_sell, session, found, thousandths, unit_minor, price_origin=origin)
    amount = ask_amount(unit_minor) if priced else None
    asked = ask_quantity(thousandths, item.max_quantity)
    if item.min_age and not _age_is_checked(session):
        words = _("Is the customer {} or older?  Y yes   Clear no").format(item.min_age)
        session.ask(Question(words, {"y": partial(sell, reason=_AGE_CHECKED)}))
    elif asked is not None:
        words = _("{} x {}?  Y yes   Clear no").format(thousandths // 1000, item.description)
        session.ask(Question(words, {"y": sell}))
    elif amount is not None:
        shown = amount_text(unit_minor, session.counter.currency)
        session.ask(Question(_("price {}?  Y yes   Clear no").format(shown), {"y": sell}))
    else:
        sell()


def _age_is_checked(session: Session) -> bool:
    return any(line.reason == _AGE_CHECKED for line in session.counter.lines)


def _sell(
    session: Session,
    found: Found,
    thousandths: int,
    unit_minor: int,
    *,
    reason: str = "",
    price_origin: str | None = None,
) -> None:
    counter = session.counter

    def post() -> None:
        approval = None
        if price_origin == NOT_ON_FILE:
            new = extend(unit_minor, thousandths)
            named = _("an item not on file")
            approval = counter.require("item_not_on_file", named, new=new)
        session.totalled = False
        counter.sell(
            found,
            thousandths,
            unit_minor=unit_minor,
            by="code",
            reason=reason,
            price_origin=price_origin,
            approval=approval,
        )

    session.attempt(post)


def price(session: Session, command: Command) -> None:
    if not command.text:
        session.instead = price
        session.message = _("PRICE CHECK  scan or type a code")
        return
    item = session.counter.find(command.text).item
    session.message = _("price of {}").format(item_row(item, session.counter.currency))


def void_line(session: Session, command: Command) -> None:
    if command.text and not _NUMBER.fullmatch(command.text):
        raise SaleRefused(_("type the number of a line, then Void"))
    counter = session.counter
    number = counter.standing_line(int(command.text) if command.text else None)

    def post() -> None:
        counter.standing_line(number)
        named = _("void of line {}").format(number)
        counter.void(number, counter.require("void_line", named, line=number))
        session.totalled = False

    session.attempt(post)


def repeat(session: Session, command: Command) -> None:
    line = session.counter.last_item()
    if line is None or line.code is None or line.quantity < 0:
        raise SaleRefused(_("there is no item to sell again"))
    found = session.counter.find(line.code)
    unit_minor = line.unit_minor
    if line.price_origin == OVERRIDE and found.item.price_minor is not None:
        unit_minor = found.item.price_minor  # another price is allowed for one line only
    _sell(session, found, line.quantity, unit_minor)


def search(session: Session, command: Command) -> None:
    session.keypad.text = command.text
    session.search = Search()
    look_up(session)


def look_up(session: Session) -> None:
    """The items that what is typed finds."""
    assert session.search is not None
    words = session.keypad.text
    found = session.counter.shelf.search(words, _FOUND_LIMIT) if words.strip() else ()
    session.search = replace(session.search, words=words, found=found, marked=0, moved=False)
    session.page = tuple(item_row(item, session.counter.currency) for item in found) or (
        (_("nothing found") if words.strip() else _("type letters of a description")),
    )


def answer(session: Session, command: Command) -> None:
    """Enter in a search: a scan, the row that an arrow chose, or the only one."""
    search, scanned = session.search, _scanned(session, command.text)
    if scanned is not None:
        try:
            item(session, Command(Verb.ITEM, scanned))
        except SaleRefused as refused:
            session.refuse_scan(str(refused))
        return
    if search is None or not search.found:
        raise SaleRefused(_("nothing is found; type other letters"))
    if not search.moved and len(search.found) > 1:
        session.keypad.text = command.text
        raise SaleRefused(_("choose one with an arrow, then Enter"))
    item(session, Command(Verb.ITEM, search.found[search.marked].sku))


def _scanned(session: Session, text: str) -> str | None:
    """The code at its end, if a scanner may have sent it: digits of an article number, or letters
    and digits that are an item's code as they stand."""
    digits = _SCANNED.search(text)
    if digits is not None:
        return digits[1]
    mixed = any(map(str.isdigit, text)) and any(map(str.isalpha, text))
    return text if mixed and session.counter.shelf.holds(text) else None


def move(by: int, session: Session, command: Command) -> None:
    search = session.search
    if search is not None and search.found:
        marked = (search.marked + by) % len(search.found) if search.moved or by < 0 else 0
        session.search = replace(search, marked=marked, moved=True)
    elif session.page is not None:
        session.first = min(max(session.first + by * _PAGED, 0), len(session.page) - 1)
    elif search is None:
        raise SaleRefused(_("that is a cursor key; if it was to be a digit, switch NumLock on"))
