"""Items by code, by price, by search: from what was typed to a posted line.

What must be asked first (age, an unlikely quantity) is asked one thing after the other. This
module must never post by itself: the counter does.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from gettext import gettext as _
from typing import TYPE_CHECKING

from kernel import SaleRefused, format_minor
from posterm.catalog import Found
from posterm.keymap import Verb
from posterm.keypad import Command
from posterm.pricing import ask_amount, ask_quantity
from posterm.register.dialogs import Prompt, Question, Search
from posterm.register.rows import item_row

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = ["answer", "item", "look_up", "move", "price", "repeat", "search", "void_line"]

_FOUND_LIMIT = 14
_NUMBER = re.compile("[0-9]{1,8}")
_SCAN_DIGITS = 12
_SCANNED = re.compile(r"(?:^|[^0-9])([0-9]{8}|[0-9]{12,14})$")
_AGE_CHECKED = "age checked"


def item(session: Session, command: Command) -> None:
    session.page, session.search, session.message = None, None, ""
    if session.price_only:
        price(session, command)
        return
    found = session.counter.find(command.text)
    thousandths = session.counter.thousandths(found, command.quantity)
    unit_minor = found.amount_minor if found.amount_minor is not None else found.item.price_minor
    if unit_minor is None:
        _prompt_price(session, found, thousandths)
    else:
        _check_item(session, found, thousandths, unit_minor)


def _prompt_price(session: Session, found: Found, thousandths: int) -> None:
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
        _check_item(session, found, thousandths, unit_minor, priced=True)

    session.prompt(Prompt(_("price of {}, Enter").format(found.item.description), take))


def _check_item(
    session: Session, found: Found, thousandths: int, unit_minor: int, priced: bool = False
) -> None:
    """Ask what must be asked, one thing after the other, then sell."""
    item = found.item
    sell = partial(_sell, session, found, thousandths, unit_minor)
    amount = ask_amount(unit_minor) if priced else None
    asked = ask_quantity(thousandths, item.max_quantity)
    if item.min_age and not _age_is_checked(session):
        words = _("Is the customer {} or older?  Y yes   Clear no").format(item.min_age)
        session.ask(Question(words, {"y": partial(sell, reason=_AGE_CHECKED)}))
    elif asked is not None:
        words = _("{} x {}?  Y yes   Clear no").format(thousandths // 1000, item.description)
        session.ask(Question(words, {"y": sell}))
    elif amount is not None:
        shown = format_minor(unit_minor, session.counter.currency)
        session.ask(Question(_("price {}?  Y yes   Clear no").format(shown), {"y": sell}))
    else:
        sell()


def _age_is_checked(session: Session) -> bool:
    return any(line.reason == _AGE_CHECKED for line in session.counter.lines)


def _sell(
    session: Session, found: Found, thousandths: int, unit_minor: int, *, reason: str = ""
) -> None:
    session.totalled = False
    session.counter.sell(found, thousandths, unit_minor=unit_minor, by="code", reason=reason)


def price(session: Session, command: Command) -> None:
    if not command.text:
        session.price_only = True
        session.message = _("PRICE CHECK  scan or type a code")
        return
    session.price_only = False
    item = session.counter.find(command.text).item
    session.message = _("price of {}").format(item_row(item, session.counter.currency))


def void_line(session: Session, command: Command) -> None:
    session.counter.require("void_line", _("void"))
    if command.text and not _NUMBER.fullmatch(command.text):
        raise SaleRefused(_("type the number of a line, then Void"))
    session.counter.void(int(command.text) if command.text else None)
    session.totalled = False


def repeat(session: Session, command: Command) -> None:
    line = session.counter.last_item()
    if line is None or line.code is None:
        raise SaleRefused(_("there is no item to sell again"))
    found = session.counter.find(line.code)
    _sell(session, found, line.quantity, line.unit_minor)


def search(session: Session, command: Command) -> None:
    session.keypad.text = command.text
    session.search = Search()
    look_up(session)


def look_up(session: Session) -> None:
    """The items that what is typed finds."""
    assert session.search is not None
    words = session.keypad.text
    found = session.counter.shelf.search(words, _FOUND_LIMIT) if words.strip() else ()
    session.search = replace(session.search, found=found, marked=0, moved=False)
    session.page = tuple(item_row(item, session.counter.currency) for item in found) or (
        (_("nothing found") if words.strip() else _("type letters of a description")),
    )


def answer(session: Session, command: Command) -> None:
    """Enter in a search: a scan, the row that an arrow chose, or the only one."""
    search, scanned = session.search, _SCANNED.search(command.text)
    if scanned is not None:
        try:
            item(session, Command(Verb.ITEM, scanned[1]))
        except SaleRefused as refused:
            session.refuse_scan(str(refused))
        return
    if search is None or not search.found:
        raise SaleRefused(_("nothing is found; type other letters"))
    if not search.moved and len(search.found) > 1:
        session.keypad.text = command.text
        raise SaleRefused(_("choose one with an arrow, then Enter"))
    item(session, Command(Verb.ITEM, search.found[search.marked].sku))


def move(by: int, session: Session, command: Command) -> None:
    search = session.search
    if search is not None and search.found:
        marked = (search.marked + by) % len(search.found) if search.moved or by < 0 else 0
        session.search = replace(search, marked=marked, moved=True)
