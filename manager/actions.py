"""What a manager can ask for: one table, from which help, palette, completion and key row are made.

So none of them can say something else than the keys do. An action is done by its word in `acts`,
or by the page that it belongs to. This module must never act: it is data.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from enum import StrEnum

from msgspec import Struct

from kernel import Role
from kernel import gettext as _
from kernel import marked as N_

__all__ = ["ACTIONS", "Action", "Verb", "action_of", "by_key", "help_rows", "key_name", "key_row"]


class Verb(StrEnum):
    """The value is the typed command, the same in every language."""

    TERMINALS = "terminals"
    AUDIT = "audit"
    TODAY = "today"
    MESSAGES = "messages"
    SUSPENDED = "suspended"
    INTEGRITY = "integrity"
    APPROVALS = "approvals"
    CONFIGURATION = "configuration"
    ACTS = "acts"
    HELP = "help"
    COMMAND = "command"
    FILTER = "filter"
    PALETTE = "palette"
    BACK = "back"
    REPAINT = "repaint"
    MESSAGE = "message"
    MIRROR = "mirror"
    FOLLOW = "follow"
    REPLAY = "replay"
    RECEIPT = "receipt"
    SAVE = "save"
    APPROVE = "approve"
    DECLINE = "decline"
    RELEASE = "release"
    SETTLE = "settle"
    SET = "set"
    PUBLISH = "publish"
    DISCARD = "discard"
    CHANGES = "changes"
    SHUTDOWN = "shutdown"
    CANCEL = "cancel"
    CLOSE_DAY = "closeday"
    PRINT = "print"
    VERIFY = "verify"
    CLEAN_UP = "cleanup"
    EXPORT = "export"
    TAKE_OVER = "takeover"
    LOCK = "lock"
    SIGN_OFF = "off"
    QUIT = "quit"


class Action(Struct, frozen=True):
    """`short` fits a key row; `takes` names what may be typed after the word. `role`: who may,
    and that only MANAGER can; None is anybody, watchers too. `page`: only there, or everywhere."""

    verb: Verb
    key: str
    short: str
    does: str
    takes: str = ""
    role: Role | None = None
    page: str = ""

    def fits(self, page: str) -> bool:
        return self.page in ("", page)


_SUPERVISOR, _MANAGER = Role.SUPERVISOR, Role.MANAGER

ACTIONS = (
    Action(Verb.TERMINALS, "1", N_("Tills"), N_("every till: what it is at, what it took")),
    Action(Verb.AUDIT, "2", N_("Audit"), N_("who did what, on every terminal")),
    Action(Verb.TODAY, "3", N_("Today"), N_("figures of the business date")),
    Action(Verb.MESSAGES, "4", N_("Mail"), N_("messages sent and received")),
    Action(Verb.SUSPENDED, "5", N_("Held"), N_("suspended and parked sales")),
    Action(Verb.INTEGRITY, "6", N_("Check"), N_("integrity of the whole store")),
    Action(Verb.APPROVALS, "7", N_("Asked"), N_("what tills ask the manager for")),
    Action(Verb.CONFIGURATION, "8", N_("Config"), N_("settings: look, change, publish")),
    Action(Verb.ACTS, "9", N_("Acts"), N_("what was begun here, and how far it is")),
    Action(Verb.HELP, "?", N_("Help"), N_("the keys of this screen")),
    Action(Verb.COMMAND, ":", N_("Command"), N_("type a command; Tab completes it")),
    Action(Verb.FILTER, "/", N_("Filter"), N_("show only what matches"), N_("text")),
    Action(Verb.PALETTE, "ctrl+p", N_("Palette"), N_("choose from all commands")),
    Action(Verb.BACK, "escape", N_("Back"), N_("one level back")),
    Action(
        Verb.APPROVE, "a", N_("Approve"), N_("allow what is marked"), "", _SUPERVISOR, "approvals"
    ),
    Action(
        Verb.DECLINE, "d", N_("Decline"), N_("refuse what is marked"), "", _SUPERVISOR, "approvals"
    ),
    Action(
        Verb.RELEASE,
        "r",
        N_("Release"),
        N_("let any till take up a parked sale"),
        N_("sale"),
        _SUPERVISOR,
        "suspended",
    ),
    Action(
        Verb.SETTLE,
        "u",
        N_("Unstick"),
        N_("put back what a till that is off took"),
        N_("till"),
        _SUPERVISOR,
        "suspended",
    ),
    Action(
        Verb.SET,
        "e",
        N_("Edit"),
        N_("draft one setting; null is its default"),
        N_("key value"),
        _MANAGER,
        "configuration",
    ),
    Action(
        Verb.CHANGES,
        "c",
        N_("Changes"),
        N_("only what is drafted, or all"),
        "",
        None,
        "configuration",
    ),
    Action(
        Verb.PUBLISH,
        "p",
        N_("Publish"),
        N_("make the draft the next version"),
        "[+30s +2h]",
        _MANAGER,
        "configuration",
    ),
    Action(
        Verb.DISCARD, "x", N_("Discard"), N_("drop what is drafted"), "", _MANAGER, "configuration"
    ),
    Action(Verb.FOLLOW, "f", N_("Follow"), N_("show what comes, or stand still"), page="audit"),
    Action(Verb.REPLAY, "enter", N_("Sale"), N_("the marked line's whole sale"), page="audit"),
    Action(
        Verb.SAVE,
        "s",
        N_("Save"),
        N_("write what is filtered as CSV or JSON"),
        N_("file"),
        page="audit",
    ),
    Action(Verb.VERIFY, "v", N_("Verify"), N_("check every log there is"), "", None, "integrity"),
    Action(
        Verb.CLEAN_UP,
        "k",
        N_("Clean up"),
        N_("take away what crashed processes left"),
        "",
        _MANAGER,
        "integrity",
    ),
    Action(Verb.PRINT, "p", N_("Print"), N_("print this report"), "", None, "report"),
    Action(
        Verb.MESSAGE,
        "m",
        N_("Message"),
        N_("a line of text to a till, or all (*)"),
        N_("till text"),
        _SUPERVISOR,
    ),
    Action(
        Verb.SHUTDOWN,
        "S",
        N_("Shutdown"),
        N_("let all tills finish and stop"),
        N_("seconds reason"),
        _MANAGER,
    ),
    Action(Verb.CANCEL, "C", N_("Cancel"), N_("take the shutdown back"), "", _MANAGER),
    Action(
        Verb.CLOSE_DAY,
        "Z",
        N_("Close day"),
        N_("ask each till for its Z, sum them up"),
        N_("date"),
        _MANAGER,
    ),
    Action(
        Verb.EXPORT,
        "E",
        N_("Export"),
        N_("sales of a date as CSV files"),
        N_("directory date"),
        _MANAGER,
    ),
    Action(Verb.TAKE_OVER, "T", N_("Take over"), N_("act, where no other console does")),
    Action(Verb.LOCK, "L", N_("Lock"), N_("hide the screen until a PIN is given")),
    Action(Verb.SIGN_OFF, "O", N_("Sign off"), N_("leave the console to the next operator")),
    Action(Verb.REPAINT, "ctrl+l", N_("Repaint"), N_("paint the screen anew")),
    Action(Verb.QUIT, "Q", N_("Quit"), N_("end this console; tills go on")),
)
_NAMES = {"enter": "Enter", "escape": "Esc", "ctrl+p": "^P", "ctrl+l": "^L"}


def key_name(action: Action) -> str:
    """How a person knows that key."""
    return _NAMES.get(action.key, action.key)


def by_key(key: str, page: str) -> Action | None:
    """What that key does on that page; the page's own come first."""
    found = [one for one in ACTIONS if one.key == key and one.fits(page)]
    return max(found, key=lambda one: one.page != "", default=None)


def action_of(word: str, page: str) -> Action | None:
    """The action of a typed command: its whole word, or a beginning that no other has."""
    found = [one for one in ACTIONS if one.verb.value.startswith(word.casefold())] if word else []
    exact = [one for one in found if one.verb.value == word.casefold()]
    here = [one for one in exact if one.fits(page)]
    if here or exact:
        return (here or exact)[0]
    return found[0] if len(found) == 1 else None


def help_rows(page: str, own_keys: Iterable[tuple[str, str]] = ()) -> Iterator[str]:
    """Each action, one a row: key, command, what it takes and does; those of the page first.
    `own_keys` are what the page takes besides, and what they do there."""
    yield _("key  command                   S: for supervisors, M: for managers")
    for key, does in own_keys:
        yield f"{_(key):<33}{_(does)}"
    own = [one for one in ACTIONS if one.page == page and page]
    for one in (*own, *(one for one in ACTIONS if not one.page)):
        yield _row(one)
    others = [one for one in ACTIONS if one.page not in ("", page)]
    if others:
        yield ""
        yield _("On other screens, or from here as a command:")
        yield from map(_row, others)


def key_row(page: str, width: int) -> str:
    """As many actions as fit, those of the page first; never cut in the middle of one."""
    own = [one for one in ACTIONS if one.page == page and page]
    digits = [one for one in ACTIONS if one.key.isdigit()]
    row = f"?{_('Help')}"
    for one in (*own, *digits):
        longer = f"{row} {key_name(one)}{_(one.short)}"
        if len(longer) >= width:
            break
        row = longer
    return row


def _row(action: Action) -> str:
    typed = f":{action.verb} {_(action.takes)}"
    rank = "" if action.role is None else action.role.value[0].upper()
    return f"{key_name(action):<4} {typed:<25} {rank:<2}{_(action.does)}"
