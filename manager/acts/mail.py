"""Messages to tills, and the manager's word on what tills ask."""

from __future__ import annotations

import re
from functools import partial
from typing import TYPE_CHECKING

from kernel import OpenRequest, SendNotice
from kernel import gettext as _
from manager.acts.named import beginning, terminals
from manager.audit_rows import amount_text
from manager.dialogs import Prompt, Question

if TYPE_CHECKING:
    from manager.console import Console

__all__ = ["ANSWERS_S", "EVERYBODY", "answer", "change_text", "message", "receivers"]

EVERYBODY = "*"
ANSWERS_S = 60.0
"""So long the tills' answers are waited for; one that is off answers when it starts."""
_MINOR = re.compile(r"(-?\d+)(?: ([A-Z]{3}))?")


def receivers(console: Console) -> list[str]:
    """Who can be written to."""
    return [EVERYBODY, *terminals(console)]


def message(console: Console, text: str) -> None:
    to, _space, words = text.partition(" ")
    if not to:
        subject = console.face.page.subject()
        known = subject if subject in terminals(console) else ""
        console.ask(
            Prompt(
                _("message to (till, or * for all)"),
                lambda name: message(console, name) if name else console.close(_("not sent")),
                default=known,
                complete=lambda so_far: beginning(so_far, receivers(console)),
            )
        )
        return
    name = to if to == EVERYBODY else to.upper()
    if not words.strip():
        asked = _("text for all tills") if name == EVERYBODY else _("text for {}").format(name)
        console.ask(Prompt(asked, lambda said: message(console, f"{name} {said}")))
        return
    order = SendNotice(to=name, text=words.strip(), wait_s=ANSWERS_S)
    title = _("message to all") if name == EVERYBODY else _("message to {}").format(name)
    send = partial(console.begin, title, lambda go_on: console.floor.act(order, go_on))
    who = _("all tills") if name == EVERYBODY else name
    console.ask(Question(_("Send to {}: {}").format(who, order.text), send, key="m"))


def change_text(console: Console, request: OpenRequest) -> str:
    """`6.60 > 0.66`: what is asked for is worth before and after, in the currency of its sale."""
    asked, board = request.request, console.board
    if asked.old is None and asked.new is None:
        return ""
    if asked.what.value == "take_over":
        return f"{asked.old or '-'} > {asked.new or '-'}"
    sale = board.mirror(request.terminal)
    shop = board.configuration.settings.currency if board.configuration is not None else ""
    currency = sale.currency if sale is not None and sale.transaction == asked.transaction else shop
    return f"{_worth(asked.old, currency)} > {_worth(asked.new, currency)}"


def _worth(text: str | None, currency: str) -> str:
    """An amount comes as minor units, and names its currency where no sale does."""
    found = _MINOR.fullmatch(text or "")
    if found is None:
        return text or "-"
    return amount_text(int(found[1]), found[2] or currency)


def answer(console: Console, request: OpenRequest, *, allow: bool) -> None:
    """The manager's word on what a till asked for."""
    asked = request.request
    what = _("{} on {}").format(asked.what.value.replace("_", " "), request.terminal)
    change = change_text(console, request)
    line = _("line {}").format(asked.line) if asked.line is not None else ""
    title = _("approve {}").format(what) if allow else _("decline {}").format(what)
    approvals = console.floor.manager.approvals

    def act(go_on: object) -> str:
        approvals.answer(asked.token, allow=allow)
        return _("the till has the answer")

    key = "a" if allow else "d"
    named = ", ".join(filter(None, (what, line, change)))
    words = _("Approve {}?").format(named) if allow else _("Decline {}?").format(named)
    console.ask(Question(words, partial(console.begin, title, act), key=key))
