"""The day's messages: what was sent with who has taken it, and what tills sent here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from textual.widget import Widget

from kernel import gettext as _
from kernel import marked as N_
from manager.audit_rows import local_time
from manager.fitting import fitted
from manager.letters import Letter
from manager.page import Page
from manager.screens.text import TextPage
from manager.widgets.panel import Listing, Row

if TYPE_CHECKING:
    from manager.board import Board

__all__ = ["MessagesPage", "letter_row", "letter_rows"]


class MessagesPage(Page):
    """The newest first; Enter shows who has taken it, till by till."""

    page_name = "messages"
    own_keys = ((N_("arrows"), N_("another message")), ("Enter", N_("who has taken it")))

    def content(self) -> Iterable[Widget]:
        yield Listing(id="body")

    def show(self, board: Board) -> None:
        found = self.console.letters.all
        self.console.read_messages()
        self.set_heading(_("MESSAGES {}   m writes one").format(len(found)))
        nothing = [Row(_(" nothing was sent or received today"), "quiet")]
        self.query_one(Listing).show_items([letter_row(one) for one in found] or nothing)

    def feed(self, key: str) -> bool:
        listing = self.query_one(Listing)
        letters = self.console.letters
        if key == "enter" and letters.all:
            message = letters.all[listing.marked].message
            self.console.face.push(
                TextPage(self.console, _("MESSAGE"), lambda: letter_rows(letters.get(message)))
            )
            return True
        return listing.feed(key)

    def subject(self) -> str:
        """Whom an answer would go to."""
        found = self.console.letters.all
        marked = self.query_one(Listing).marked
        return found[marked].sender if found else ""


def letter_row(letter: Letter) -> Row:
    """In the list: when, with whom, how far, what."""
    if letter.came:
        who, state = _("from {}").format(letter.sender), ""
    else:
        to = _("all") if letter.to == "*" else letter.to
        who, state = _("to {}").format(to), _("{} taken").format(letter.taken)
        state = _("{} REFUSED").format(len(letter.refused)) if letter.refused else state
    role = "error" if letter.refused else ""
    at = local_time(letter.at)[:5]
    return Row(f"{at} {fitted(who, 20):<20} {fitted(state, 11):<11} {letter.text}", role)


def letter_rows(letter: Letter | None) -> list[str]:
    """The whole of it, and who has taken it."""
    if letter is None:
        return [_("this message is no longer kept here; the audit log has it")]
    at, to = local_time(letter.at), _("all") if letter.to == "*" else letter.to
    rows = [letter.text, "", _("{} from {} to {}").format(at, letter.sender, to)]
    for ack in sorted(letter.acks.values(), key=lambda one: one.terminal):
        said = _("taken") if ack.result == "applied" else _("REFUSED: {}").format(ack.reason)
        rows.append(f"{ack.terminal:<20} {said}")
    if not letter.acks:
        rows.append(_("nobody has answered yet"))
    return rows
