"""Typed commands while they are typed: which ones match, what a key completes, what was meant.

The names are the same in every language; only what they do is translated. Made from the table of
functions, so that none can be missing. Pure: it must never act.
"""

from __future__ import annotations

from kernel import gettext as _
from kernel import marked as N_
from posterm.keymap import FUNCTIONS, Function, Verb

__all__ = ["completed", "hint_row", "is_command", "nearest"]

_TOTAL = Function(0, Verb.TOTAL, N_("Total"), N_("what is due; + does the same"))
_COMMANDS = tuple(sorted((*FUNCTIONS, _TOTAL), key=lambda one: one.verb.value))
_ALIKE = 0.5


def is_command(text: str) -> bool:
    return text.startswith(":")


def completed(text: str) -> str:
    """`text` with its command's name whole, and a blank where something may follow.

    Of several the first is taken, as `hint_row` shows them. What is complete stays as it is.
    """
    found = _matching(text)
    if not is_command(text) or " " in text or not found:
        return text
    return f":{found[0].verb.value}" + (" " if found[0].takes else "")


def hint_row(text: str, width: int) -> str:
    """What can be meant, never cut in the middle of a name; of a single one what it does."""
    found = _matching(text)
    if not found:
        near = nearest(text)
        known = _("no such command; near is :{}").format(near) if near else _("no such command")
        return known[:width]
    if len(found) == 1 or " " in text:
        one = found[0]
        takes = f" {_(one.takes)}" if one.takes else ""
        return f":{one.verb.value}{takes}   {_(one.does)}"[:width]
    tab = _("Tab completes")
    row = ""
    for one in found:
        named = f":{one.verb.value}"
        if len(row) + 2 + len(named) + 3 + len(tab) > width:
            break
        row = f"{row}  {named}" if row else named
    return f"{row}   {tab}"


def nearest(text: str) -> str | None:
    """The command that was perhaps meant by one that there is not."""
    from difflib import get_close_matches  # only a mistake needs it

    word = text.lstrip(":/").partition(" ")[0].casefold()
    names = [one.verb.value for one in _COMMANDS]
    near = get_close_matches(word, names, 1, _ALIKE)
    return near[0] if near else None


def _matching(text: str) -> tuple[Function, ...]:
    """Those whose name begins so, an exact one alone; with a blank after it only that one."""
    word, blank, _argument = text[1:].partition(" ")
    word = word.casefold()
    exact = [one for one in _COMMANDS if one.verb.value == word]
    if blank:
        return tuple(exact)
    begun = [one for one in _COMMANDS if one.verb.value.startswith(word)]
    return tuple(exact + [one for one in begun if one not in exact])
