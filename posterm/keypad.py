"""The grammar of the entry line: number, then verb. Keys go in one by one, commands come out.

A key is a token: one character, or the name of a key such as `f9`, `enter` or `escape`. What a
key means depends on where the register stands (`Mode`), which its caller says with each key. So
a packet of ten scans is ten commands in order, and a scan into an error is one refusal. This
module must never time keys, look anything up or act.
"""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

from kernel import gettext as _
from posterm.completion import completed, is_command, nearest
from posterm.keymap import COUNTED, Keymap, Verb, function_of

__all__ = ["ENTRY_LIMIT", "Command", "Keypad", "Mode"]

ENTRY_LIMIT = 128
"""Characters of an entry: the longest GS1 element string has fewer."""
_QUANTITY = re.compile(r"[0-9]{1,7}([.,][0-9]{1,3})?")
_AMOUNT = re.compile(r"[0-9]{1,15}([.,][0-9]{0,3})?")
_GTIN_DIGITS = (8, 12, 13, 14)
_SCAN_ON_ENTRY = re.compile(r".+\][A-Za-z][0-9].{3}", re.DOTALL)
_GROUP_SEPARATOR = "\x1d"
_CURSOR = frozenset(
    {"up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete"}
)
"""What a numeric keypad sends without NumLock."""
_COMPLETE = ("tab", "right")
"""They complete a command that is being typed."""


class Mode(Enum):
    """Where the register stands when a key arrives."""

    SELL = "sell"
    TOTAL = "total"
    HELD = "held"
    """An error is up: everything but Clear is refused."""
    ASK = "ask"
    """A question is up: its own letters answer it, nothing else does."""
    PROMPT = "prompt"
    """A value is asked for: a price, an operator's number, a PIN."""
    SEARCH = "search"


class Command(Struct, frozen=True):
    """A verb and what was typed before it. `scans` of a refusal: how many codes were refused."""

    verb: Verb
    text: str = ""
    quantity: str | None = None
    scans: int = 0


class Keypad:
    """What is typed and not sent yet: `text`, and the `quantity` before it."""

    def __init__(self, keymap: Keymap) -> None:
        self.keymap = keymap
        self.text = ""
        self.quantity: str | None = None
        self.answers: frozenset[str] = frozenset()
        """Letters and verbs that answer the question that is up."""
        self._swallowed = False
        self._after_return = False

    def reset(self) -> None:
        self.text, self.quantity, self._swallowed = "", None, False

    def feed(self, token: str, mode: Mode) -> Command | None:
        """The command that this key completes, if it does."""
        token = {"ctrl+m": "enter"}.get(token, token)
        after_return, self._after_return = self._after_return, token == "enter"
        if token == "ctrl+j":
            if after_return:
                return None  # the LF of a scanner that ends with CR and LF
            token = "enter"
        token = self.keymap.characters.get(token, token)
        verb = self.keymap.keys.get(token)
        if verb is Verb.CLEAR:
            return self._clear(mode)
        if verb is Verb.REPAINT:
            return Command(Verb.REPAINT)
        if mode in (Mode.HELD, Mode.ASK) or self._swallowed:
            return self._refuse_held(token, verb, mode)
        if mode in (Mode.PROMPT, Mode.SEARCH):
            return self._feed_field(token, verb, mode)
        return self._feed_entry(token, verb, mode)

    # --- an error or a question is up ----------------------------------------------------

    def _refuse_held(self, token: str, verb: Verb | None, mode: Mode) -> Command | None:
        named = verb.value if verb is not None else token.casefold()
        if mode is Mode.ASK and not self._swallowed and named in self.answers:
            return Command(Verb.ANSWER, named)
        if token == "enter":
            scans, self._swallowed = int(self._swallowed), False
            return Command(Verb.REFUSED, scans=scans)
        if len(token) == 1:
            # Of a scan: one refusal at its end, not one a digit.
            self._swallowed = True
            return None
        return Command(Verb.REFUSED)

    # --- a value or words are asked for --------------------------------------------------

    def _feed_field(self, token: str, verb: Verb | None, mode: Mode) -> Command | None:
        if token == "enter":
            return self._sent(Verb.ANSWER)
        if verb in (Verb.UP, Verb.DOWN) and mode is Mode.SEARCH:
            return Command(verb)
        if self._types(token):
            return self._typed(token)
        if mode is Mode.PROMPT and verb in (Verb.MENU, Verb.HELP, Verb.UP, Verb.DOWN):
            return Command(verb)
        return Command(Verb.REFUSED, self._why(token, mode))

    # --- selling -------------------------------------------------------------------------

    def _feed_entry(self, token: str, verb: Verb | None, mode: Mode) -> Command | None:
        if verb is not None:
            return self._function(verb)
        if token == "enter":
            return self._entered(mode)
        command = self._at_its_place(token, mode)
        if command is not None:
            return command
        if token == "*" and self.quantity is None and _QUANTITY.fullmatch(self.text):
            self.quantity, self.text = self.text, ""
        elif self._types(token):
            return self._typed(token)
        elif token in _COMPLETE and is_command(self.text):
            self.text = completed(self.text)
        else:
            return Command(Verb.REFUSED, self._why(token, mode))
        return None

    def _why(self, token: str, mode: Mode) -> str:
        """Why that key does nothing here."""
        if token in _CURSOR:
            return _("that is a cursor key; if it was to be a digit, switch NumLock on")
        if mode is Mode.SEARCH:
            return _("a search is open: letters, arrows, Enter; Clear leaves it")
        if mode is Mode.PROMPT:
            return _("a value is asked for: type it and press Enter; Clear leaves it")
        return _("that key does nothing; F1 shows what the keys do")

    def _at_its_place(self, token: str, mode: Mode) -> Command | None:
        """`+` and `-` where they are verbs; elsewhere they belong to the code."""
        empty = not self.text and self.quantity is None
        if token == "-" and empty:
            return Command(Verb.VOID_LINE)
        if token != "+":
            return None
        if empty and mode is Mode.SELL:
            return Command(Verb.TOTAL)
        if mode is Mode.TOTAL and self.quantity is None and _AMOUNT.fullmatch(self.text):
            self.text = "" if self.text == "0" else self.text
            return self._sent(Verb.CASH)
        return None

    def _function(self, verb: Verb) -> Command:
        if verb in (Verb.UP, Verb.DOWN, Verb.HELP, Verb.MENU):
            return Command(verb)  # what is typed stays
        if self.quantity is not None and verb not in COUNTED:
            return self._refused(_("a quantity needs a code after it"))
        return self._sent(verb)

    def _entered(self, mode: Mode) -> Command | None:
        text = self.text
        if not text and self.quantity is None:
            return Command(Verb.TOTAL) if mode is Mode.SELL else None
        if text == "/":
            return self._clear(mode)
        if text and text[0] in "/:":
            return self._named(text)
        return self._code(text, mode)

    def _code(self, text: str, mode: Mode) -> Command:
        if not text:
            return self._refused(_("a quantity needs a code after it"))
        if _SCAN_ON_ENTRY.match(text):
            return self._refused(_("a scan came on a half-typed entry; scan again"), 1)
        number = self.quantity is None and _AMOUNT.fullmatch(text)
        if mode is Mode.TOTAL and number and len(text) not in _GTIN_DIGITS:
            return self._refused(_("press Cash or Card after an amount"))
        return self._sent(Verb.ITEM)

    def _named(self, text: str) -> Command:
        """`/9`, `/9 2000` or `:cash 20.00`; `/27 3*CODE`, or `3*` and then `/27 CODE`."""
        word, _blank, argument = text[1:].partition(" ")
        function = function_of(word)
        by_number = text[0] == "/"
        if function is None or word.isdigit() is not by_number:
            if text[0] == ":" and word == Verb.TOTAL:
                self.reset()
                return Command(Verb.TOTAL)
            near = None if by_number else nearest(text)
            if near is not None:
                return self._refused(_("{} is no command; :{} is").format(text[:20], near))
            return self._refused(_("{} is no function; F1 or /1 shows them").format(text[:20]))
        quantity, argument = self.quantity, argument.strip()
        if quantity is not None and function.verb not in COUNTED:
            return self._refused(_("{} takes no quantity").format(text[:20]))
        number, star, code = argument.partition("*")
        if quantity is None and star and function.verb in COUNTED and _QUANTITY.fullmatch(number):
            quantity, argument = number, code
        self.reset()
        return Command(function.verb, argument, quantity)

    # --- what is typed -------------------------------------------------------------------

    def _types(self, token: str) -> bool:
        printable = len(token) == 1 and (token.isprintable() or token == _GROUP_SEPARATOR)
        return printable or token == "backspace"

    def _typed(self, token: str) -> Command | None:
        if token == "backspace":
            if not self.text and self.quantity is not None:
                self.text, self.quantity = self.quantity, None
            else:
                self.text = self.text[:-1]
        elif len(self.text) >= ENTRY_LIMIT:
            return self._refused(_("that is too long for a code; scan again"), 1)
        else:
            self.text += token
        return None

    def _clear(self, mode: Mode) -> Command | None:
        typed = bool(self.text or self.quantity is not None) and mode in (
            Mode.SELL,
            Mode.TOTAL,
            Mode.PROMPT,
        )
        swallowed = self._swallowed
        self.reset()
        return None if typed else Command(Verb.CLEAR, scans=int(swallowed))

    def _sent(self, verb: Verb) -> Command:
        command = Command(verb, self.text, self.quantity)
        self.reset()
        return command

    def _refused(self, why: str, scans: int = 0) -> Command:
        self.reset()
        return Command(Verb.REFUSED, why, scans=scans)
