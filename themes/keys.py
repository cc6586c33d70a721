"""Bytes from the line to keys, by rules that never guess and never fail.

ESC followed by anything but `[` or `O` is Escape and then that byte, at once: a Clear in front of
a scan costs the scan nothing. Whether a lone ESC begins a sequence only time can tell; the caller
waits and calls `pause`. No byte ends the app: what is no key is the key `unknown`. This module
must never read a clock or a descriptor.
"""

from __future__ import annotations

from codecs import getincrementaldecoder

__all__ = ["KeyDecoder"]

_ESC = "\x1b"
_SEQUENCE_LIMIT = 32
_CONTROL = {"\r": "enter", "\n": "ctrl+j", "\t": "tab", "\x7f": "backspace", "\x08": "backspace"}
_AS_TYPED = "\x1d"  # GS stands inside a GS1 scan
_CURSOR = {"A": "up", "B": "down", "C": "right", "D": "left", "F": "end", "H": "home"}
_SS3 = {
    **_CURSOR,
    **{letter: f"f{number}" for number, letter in enumerate("PQRS", 1)},
    **{letter: str(digit) for digit, letter in enumerate("pqrstuvwxy")},
    **dict(zip("jklmno", "*+,-./", strict=True)),
    "M": "enter",
}
_NUMBERED = {
    **dict(zip((1, 2, 3, 4, 5, 6), "home insert delete end pageup pagedown".split(), strict=True)),
    **{code: f"f{number}" for number, code in enumerate((11, 12, 13, 14, 15), 1)},
    **{code: f"f{number}" for number, code in enumerate((17, 18, 19, 20, 21), 6)},
    23: "f11",
    24: "f12",
}


class KeyDecoder:
    """`feed` bytes, get keys: single characters, or names such as `f1` and `ctrl+u`."""

    def __init__(self) -> None:
        self._text = getincrementaldecoder("utf-8")(errors="replace")
        self._sequence = ""

    @property
    def waiting(self) -> bool:
        """Whether an ESC waits for what follows it."""
        return bool(self._sequence)

    def feed(self, data: bytes) -> list[str]:
        return [key for character in self._text.decode(data) for key in self._take(character)]

    def pause(self) -> list[str]:
        """Nothing came for as long as a sequence may take: an ESC was the key."""
        began, self._sequence = self._sequence, ""
        return ["escape", *(_key(one) for one in began[1:])] if began else []

    def _take(self, character: str) -> list[str]:
        if not self._sequence:
            if character == _ESC:
                self._sequence = _ESC
                return []
            return [_key(character)]
        if self._sequence == _ESC:
            if character in "[O":
                self._sequence += character
                return []
            self._sequence = _ESC if character == _ESC else ""
            return ["escape"] if character == _ESC else ["escape", _key(character)]
        if character < " " or character > "~":
            # No sequence holds it: what began so is dropped, the byte is a key of its own.
            self._sequence = ""
            return ["unknown", *self._take(character)]
        self._sequence += character
        return self._ended(character)

    def _ended(self, character: str) -> list[str]:
        sequence = self._sequence
        if sequence[1] == "O":
            self._sequence = ""
            return [_SS3.get(character, "unknown")]
        if sequence == "\x1b[[":
            return []  # F1 to F5 of the Linux console: one letter more
        if sequence.startswith("\x1b[["):
            self._sequence = ""
            return [f"f{'ABCDE'.index(character) + 1}" if character in "ABCDE" else "unknown"]
        if "@" <= character <= "~" or len(sequence) >= _SEQUENCE_LIMIT:
            self._sequence = ""
            return [_csi(sequence[2:])]
        return []


def _csi(body: str) -> str:
    parameters, final = body[:-1], body[-1]
    if final == "~" and parameters.isdigit() and len(parameters) < 4:
        return _NUMBERED.get(int(parameters), "unknown")
    if not parameters:
        return _CURSOR.get(final, _SS3.get(final, "unknown") if final in "PQRS" else "unknown")
    return "unknown"


def _key(character: str) -> str:
    if character in _CONTROL:
        return _CONTROL[character]
    if character == _ESC:
        return "escape"
    if character < " " and character != _AS_TYPED:
        letter = chr(ord(character) + 64).lower()
        return f"ctrl+{letter}"
    return character
