"""Acts on the whole shop: shutdown, the end of the day, export, check and clean-up."""

from __future__ import annotations

import os
from functools import partial
from typing import TYPE_CHECKING

from kernel import BadInput, CancelShutdown, CleanUp, CloseDay, ShutDown, StoreReport
from kernel import gettext as _
from manager.actions import Verb
from manager.dialogs import Prompt, Question
from manager.times import business_date, date_of, date_text

if TYPE_CHECKING:
    from manager.console import Console

__all__ = ["cancel", "clean_up", "close_day", "export", "shutdown", "verify"]

_DAY_S = 1800.0
"""A drawer is counted in minutes; closing the day again asks only who is left."""
_GRACE_S = 30


def shutdown(console: Console, text: str) -> None:
    seconds, _space, reason = text.partition(" ")
    if not seconds:
        words = _("seconds for open sales to be finished")
        console.ask(Prompt(words, lambda said: shutdown(console, said), default=str(_GRACE_S)))
    elif not seconds.isdecimal():
        console.refuse(_("{} is no number of seconds; give one such as 30").format(seconds))
    elif not reason.strip():
        words = _("reason, for the cashiers to read")
        console.ask(
            Prompt(
                words,
                lambda said: shutdown(console, f"{seconds} {said}"),
                default=_("closing time"),
            )
        )
    else:
        order = ShutDown(grace_s=int(seconds), reason=reason.strip(), wait=True)
        begin = partial(console.begin, _("shutdown"), lambda go_on: console.floor.act(order, go_on))
        words = _("Shut ALL tills down in {} s ({})?").format(seconds, order.reason)
        console.ask(Question(words, begin, key="S"))


def cancel(console: Console, text: str) -> None:
    begin = partial(
        console.begin,
        _("cancel shutdown"),
        lambda go_on: console.floor.act(CancelShutdown()),
    )
    console.ask(Question(_("Take the shutdown back?"), begin, key="C"))


def close_day(console: Console, text: str) -> None:
    """The date that is asked about is the one that is closed, whatever the clock says by then."""
    if not text:
        console.say(_("looking which day is to be closed ..."))
        console.aside(console.floor.day_due, lambda date: _close(console, date))
        return
    try:
        date = date_of(text)
    except BadInput as fault:
        console.refuse(str(fault))
        return
    _close(console, date)


def _close(console: Console, date: int) -> None:
    if not console.free:
        return  # whoever has gone on to something else, or has locked, is not asked now

    def show(result: object) -> None:
        if isinstance(result, StoreReport) and console.free:
            from manager.results import report_rows  # not needed by a console that only stands

            console.face.show_text(_("Z of the store"), report_rows(result))

    order = CloseDay(wait_s=_DAY_S, business_date=date)
    begin = partial(
        console.begin, _("close the day"), lambda go_on: console.floor.act(order, go_on), show
    )
    day, today = date_text(date), console.clock.business_date()
    if date != today:
        day = _("{} (today is {})").format(day, date_text(today))
    words = _("Close the day {}: ask every till for count and Z?").format(day)
    console.ask(Question(words, begin, key="Z"))


def export(console: Console, text: str) -> None:
    directory, date = _path_and_date(text.strip())
    if not directory:
        words = _("directory for the CSV files")
        console.ask(Prompt(words, lambda said: export(console, said), default=os.getcwd()))
        return
    try:
        wanted = business_date(date.strip(), console.clock.business_date())
    except BadInput as fault:
        console.refuse(str(fault))
        return
    begin = partial(
        console.begin,
        _("export"),
        lambda go_on: console.floor.export(os.path.expanduser(directory), wanted),
    )
    words = _("Export the sales of {} to {}?").format(wanted, directory)
    console.ask(Question(words, begin, key="E"))


def _path_and_date(text: str) -> tuple[str, str]:
    """A path may hold blanks; a date is what stands last and begins with a digit."""
    path, _space, last = text.rpartition(" ")
    return (path.strip(), last) if path and last[:1].isdigit() else (text, "")


def verify(console: Console, text: str) -> None:
    console.face.show_page("integrity")
    console.face.page.act(Verb.VERIFY, text)


def clean_up(console: Console, text: str) -> None:
    begin = partial(console.begin, _("clean up"), lambda go_on: console.floor.act(CleanUp()))
    words = _("Take away what crashed processes left (entries, old messages, scratch)?")
    console.ask(Question(words, begin, key="k"))
