"""In front of the keypad: what came too early, or while the disk was waited for, is refused.

A key that came before a question was seen must not answer it. A scan that came while the till
waited for its disk is refused whole, its head and its end too, so that no two scans are joined and
what was sold and what was refused are all that was sent. This module must never time a key: it is
told when one came.
"""

from __future__ import annotations

from kernel import gettext as _
from posterm.keymap import Verb
from posterm.keypad import Command, Keypad, Mode

__all__ = ["WAITED", "Gate"]

WAITED = -2
"""As the view that a key was typed at: while the till waited for its disk."""


class Gate:
    """Of one keypad."""

    def __init__(self, keypad: Keypad) -> None:
        self._keypad = keypad
        self._cut = False
        """Part of a code came while the disk was waited for; the rest is refused with it."""

    def feed(self, token: str, mode: Mode, *, early: bool, waited: bool) -> Command | None:
        """The command that this key completes, or the refusal."""
        typed, held = bool(self._keypad.text), waited or self._cut
        command = self._keypad.feed(token, Mode.HELD if early or held else mode)
        self._cut = held and command is None
        if command is None:
            return None
        if command.verb is Verb.CLEAR and (early or waited):
            command = Command(Verb.REFUSED, scans=command.scans)
        if command.verb is not Verb.REFUSED or not held:
            return command
        self._keypad.reset()
        words = _("the till waited for its disk; scan or type that again")
        return Command(
            Verb.REFUSED, words, scans=max(command.scans, int(typed and token == "enter"))
        )
