"""What a shop wants typed of a card that has paid: last four digits, authorisation code, token.

The request stays open until all of it is typed: a power cut in between asks again. This module
must never take a card's number: the kernel refuses what looks like one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from kernel import SaleRefused
from kernel import gettext as _
from kernel import marked as N_
from posterm.register.dialogs import Prompt
from posterm.register.fields import refuse_item_code

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = ["ask_details"]

_ASKED: Mapping[str, str] = {
    "last_four": N_("the last four digits of the card, Enter"),
    "authorisation": N_("authorisation code of the card terminal, Enter"),
    "token": N_("token of the card terminal, Enter"),
}
_FOUR = 4


def ask_details(session: Session, settle: Callable[[Mapping[str, str]], None]) -> None:
    """`settle` with each field that the shop asks for; at once where it asks for none."""
    _next(session, {}, settle)


def _next(
    session: Session, known: Mapping[str, str], settle: Callable[[Mapping[str, str]], None]
) -> None:
    wanted = [one for one in session.till.configuration.settings.card_fields if one not in known]
    if not wanted:
        session.prompt(None)
        settle(known)
        return
    take = partial(_take, session, known, settle, wanted[0])
    session.prompt(Prompt(_(_ASKED[wanted[0]]), take))


def _take(
    session: Session,
    known: Mapping[str, str],
    settle: Callable[[Mapping[str, str]], None],
    field: str,
    text: str,
) -> None:
    if not text:
        raise SaleRefused(_("the shop wants it typed; it stands on the slip of the card terminal"))
    if field == "last_four" and not (len(text) == _FOUR and text.isdecimal() and text.isascii()):
        raise SaleRefused(_("type the last four digits of the card and no others"))
    if not refuse_item_code(session, text):
        _next(session, {**known, field: text}, settle)
