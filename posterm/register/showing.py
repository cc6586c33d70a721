"""What a session shows: its `View`, with the words for the header and the message line.

It reads the session and changes nothing of it. This module must never show a sale, or what was
typed of a PIN, where nobody is signed on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kernel import gettext as _
from posterm.keymap import Verb
from posterm.register.view import View

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = ["view_of"]


def view_of(session: Session) -> View:
    keypad, search, prompt = session.keypad, session.search, session.asked
    hidden = prompt is not None and prompt.secret
    quantity = f"{keypad.quantity} * " if keypad.quantity is not None else ""
    return View(
        serial=session.serial,
        mode=session.mode,
        header=_header(session),
        message=_words(session),
        entry=quantity + ("*" * len(keypad.text) if hidden else keypad.text),
        totalled=session.totalled,
        sale=session.counter.shown if session.signed_on else None,
        page=session.page,
        first=session.first,
        marked=search.marked if search is not None and search.found else None,
        beeps=session.beeps,
        ended=session.ended,
        coach=session.coach.rows() if session.coach is not None else (),
        notice=_notice(session),
        awaiting=session.approving.lines,
    )


def _words(session: Session) -> str:
    if session.error is not None:
        refused = _("  ({} refused)").format(session.refused) if session.refused else ""
        clear = session.keypad.keymap.says[Verb.CLEAR]
        return _("ERROR {}{}  -  {}").format(session.error, refused, clear)
    if session.question is not None:
        hint = _("  (that was no answer)") if session.no_answer else ""
        return session.question.words + hint
    if session.asked is not None:
        return f"{session.message}  {session.asked.words}".strip()
    if session.search is not None:
        return _("FIND  letters, arrows, Enter sells the marked one")
    return session.message


def _notice(session: Session) -> str:
    said = [_("*** TRAINING ***")] if session.till.training else []
    return "  ".join(filter(None, (*said, session.notices.words())))


def _header(session: Session) -> str:
    who = session.counter.operator or "-"
    sale = session.counter.sale
    shown = sale.id if sale is not None and not session.locked else ""
    return _("{}   operator {}   {}").format(session.till.id, who, shown)
