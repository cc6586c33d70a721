"""What each action does: ask for what is missing, have it confirmed, begin it.

One function an action. Each takes what was typed after the command, so that a key and a typed
command differ in nothing but in what is asked first. Nothing here waits: the kernel's part runs
on a thread. This package must never act without a yes.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from kernel import gettext as _
from kernel import setting_facts
from manager.actions import Action, Verb
from manager.acts import mail, sales, settings, staff, store
from manager.acts.named import parked, terminals
from manager.dialogs import Prompt

if TYPE_CHECKING:
    from manager.console import Console

__all__ = ["arguments", "do"]

Do = Callable[["Console", str], None]


def do(console: Console, action: Action, text: str) -> None:
    """Do it; one that stands in no function here is a page's own."""
    found = _DOES.get(action.verb)
    if found is not None:
        found(console, text)
    elif action.fits(console.face.page.page_name):
        console.face.page.act(action.verb, text)
    else:
        console.refuse(_("{} works on the screen {}").format(action.verb, action.page))


def arguments(console: Console, verb: Verb) -> Sequence[str]:
    """What may stand after that word."""
    match verb:
        case Verb.MESSAGE:
            return mail.receivers(console)
        case Verb.SETTLE | Verb.MIRROR:
            return terminals(console)
        case Verb.RELEASE:
            return parked(console)
        case Verb.SET:
            return [one.key for one in setting_facts()]
        case _:
            return ()


def _command(console: Console, text: str) -> None:
    console.ask(Prompt(":", console.command, ahead=True, complete=console.commands))


def _filter(console: Console, text: str) -> None:
    page = console.face.page
    if text:
        page.filter(text)
    else:
        console.ask(Prompt(_("show only"), page.filter, page.filter_text, ahead=True))
        console.say(_(page.filter_words) if page.filter_words else "")


def _back(console: Console, text: str) -> None:
    if not console.face.page.clear() and not console.face.back():
        console.say(_("this is the first screen; Q ends the console"))


def _shows(verb: Verb) -> Do:
    """The screen that bears the verb's name."""
    return lambda console, text: console.face.show_page(verb.value)


_DOES: Mapping[Verb, Do] = {
    **{
        verb: _shows(verb)
        for verb in (
            Verb.TERMINALS,
            Verb.AUDIT,
            Verb.TODAY,
            Verb.MESSAGES,
            Verb.SUSPENDED,
            Verb.INTEGRITY,
            Verb.APPROVALS,
            Verb.CONFIGURATION,
            Verb.ACTS,
        )
    },
    Verb.HELP: lambda console, text: console.face.show_help(),
    Verb.PALETTE: lambda console, text: console.face.show_palette(),
    Verb.COMMAND: _command,
    Verb.FILTER: _filter,
    Verb.BACK: _back,
    Verb.REPAINT: lambda console, text: console.face.repaint(),
    Verb.MESSAGE: mail.message,
    Verb.RELEASE: sales.release,
    Verb.SETTLE: sales.settle,
    Verb.SET: settings.set_value,
    Verb.PUBLISH: settings.publish,
    Verb.DISCARD: settings.discard,
    Verb.SHUTDOWN: store.shutdown,
    Verb.CANCEL: store.cancel,
    Verb.CLOSE_DAY: store.close_day,
    Verb.EXPORT: store.export,
    Verb.VERIFY: store.verify,
    Verb.CLEAN_UP: store.clean_up,
    Verb.TAKE_OVER: staff.take_over,
    Verb.LOCK: lambda console, text: staff.lock(console),
    Verb.SIGN_OFF: staff.sign_off,
    Verb.QUIT: staff.leave,
}
