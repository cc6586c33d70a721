"""The rows around every screen: who is where at the top; hint, message or prompt, and keys below.

Pure but for the widgets that it is given. Nothing here blinks, and no clock ticks.
"""

from __future__ import annotations

from textwrap import wrap
from typing import TYPE_CHECKING

from kernel import gettext as _
from kernel import marked as N_
from manager.actions import key_row
from manager.dialogs import Prompt, Question
from manager.page import Page
from manager.widgets.panel import Row

if TYPE_CHECKING:
    from manager.console import Console

__all__ = ["header_text", "paint_frame", "state_word"]

_STATES = {
    "selling": N_("selling"),
    "idle": N_("idle"),
    "locked": N_("locked"),
    "stopping": N_("stopping"),
    "silent": N_("SILENT"),
    "parked": N_("PARKED"),
    "crashed": N_("CRASHED"),
    "off": N_("off"),
    "running": N_("running"),
}


def state_word(activity: str) -> str:
    """What a terminal is at; what wants the manager is in capitals."""
    return _(_STATES.get(activity, activity))


def header_text(console: Console, width: int) -> str:
    """The shop in a row; what wants the manager comes first and is never cut."""
    parts = []
    if not console.signing.shut and not console.watching:
        waiting = len(console.floor.manager.approvals.requests.all())
        parts += [_("{} ASKED: 7").format(waiting)] if waiting else []
    if not console.signing.shut:
        unread, alerts = console.unread, len(console.board.alerts)
        parts += [_("{} NEW: 4").format(unread)] if unread else []
        parts += [_("{} ALERTS: 3").format(alerts)] if alerts else []
    if console.status is not None and not console.signing.shut:
        counted = console.board.activities
        parts += [f"{count} {state_word(name)}" for name, count in counted.items()]
    busy = [one.title for one in console.work.under_way()]
    parts += [_("under way: {}").format(", ".join(busy))] if busy else []
    who = _("watching") if console.watching else console.signing.name()
    left, room = _("posterm manager"), width - len(who) - 3
    for part in parts:
        longer = f"{left}  {part}"
        left = longer if len(longer) <= room else left
    return f"{left[:room]:<{room + 1}} {who}"


def paint_frame(page: Page, console: Console, header: str, *, thrifty: bool = False) -> None:
    """All rows but the screen's own. `thrifty`: leave the keys as they are under a dialog, which
    says its own; a row of them is a tenth of a second on a slow line."""
    width = page.app.size.width
    page.panel("header").show([Row(header[: width - 1], "quiet")])
    hint, message = _lines(console, width)
    page.panel("hint").show([_cut(hint, width)])
    page.panel("message").show([_cut(message, width)])
    keys = key_row(page.page_name, width) if thrifty else _keys(page, console, width)
    page.panel("keys").show([Row(keys, "quiet")])


def _lines(console: Console, width: int) -> tuple[Row, Row]:
    match console.dialog:
        case Question() as question:
            said = _("{}   Y: yes   Esc: no").format(question.words)
            if console.message.text:
                return console.message, Row(said, "strong")
            if len(question.words) < width <= len(said):
                # What answers it stands together below, and not half of it in each row.
                answers = said.removeprefix(question.words).strip()
                return Row(question.words, "strong"), Row(answers, "strong")
            return _in_two(Row(said, "strong"), width, Row(""))
        case Prompt() as prompt:
            shown = "*" * len(console.entry) if prompt.secret else console.entry
            words = _words(prompt)
            hint = console.message
            if not hint.text and console.entry:
                hint = Row("  ".join(prompt.complete(console.entry)), "quiet")
            room = max(width - len(words) - 2, 1)
            # The end of what is longer than the line is what is being typed.
            return hint, Row(words + shown[-room:], "strong")
        case _:
            fault = console.board.fault
            above = Row(fault, "error") if fault else Row(_progress(console), "quiet")
            return _in_two(console.message, width, above)


def _in_two(row: Row, width: int, above: Row) -> tuple[Row, Row]:
    """What is too long for the message's row begins in the row above. Of what is too long for
    both the middle goes: its beginning says what it is about, its end what to do."""
    first, *rest = wrap(row.text, width - 1) or [""]
    if not rest:
        return above, row
    last = " ".join(rest)
    if len(last) >= width:
        last = f"~{last[2 - width :]}"
    return Row(first, row.role), Row(last, row.role)


def _progress(console: Console) -> str:
    """How far the acts under way are: a countdown is seen from every screen."""
    under_way = [one for one in console.work.under_way() if one.so_far is not None]
    if not under_way:
        return ""
    from manager.results import short_of  # no first screen waits for what acts bring

    now_ms = console.clock.wall_ms()
    said = [f"{one.title}: {short_of(one.so_far, now_ms)}" for one in under_way]
    return "   ".join(said)


def _words(prompt: Prompt) -> str:
    default = f" [{prompt.default}]" if prompt.default else ""
    return prompt.words if prompt.words == ":" else f"{prompt.words}{default}: "


def _cut(row: Row, width: int) -> Row:
    return row if len(row.text) < width else Row(row.text[: width - 2] + "~", row.role)


def _keys(page: Page, console: Console, width: int) -> str:
    if isinstance(console.dialog, Question):
        return _("Y or {}: yes   Esc: no").format(console.dialog.key)
    if isinstance(console.dialog, Prompt):
        complete = _("   Tab: complete") if console.dialog.completes else ""
        leave = "" if console.dialog.must else _("   Esc: leave")
        return _("Enter: take it") + complete + leave
    return key_row(page.page_name, width)
