"""Codes as they are keyed and scanned: check digits, the key they are looked up by, AIM, GS1.

Pure. The check digit is computed here and not by python-stdnum, whose import loads `ssl` and
would cost a till a tenth of its memory for one line of arithmetic; a test compares the two.
This module must never repair a code: a digit that is wrong is the cashier's to key again.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from msgspec import Struct

from kernel import BadInput
from kernel import gettext as _

__all__ = ["Scan", "check_digit", "fold_words", "is_gtin", "key_of", "looks_like_gtin", "read_scan"]

_GTIN_LENGTHS = (8, 12, 13, 14)
_GROUP_SEPARATOR = "\x1d"

# ISO/IEC 15424: "]", the symbology, a modifier. These carry GS1 element strings.
_AIM = re.compile(r"\]([A-Za-z][0-9A-Za-z])")
_GS1_SYMBOLOGIES = frozenset({"C1", "e0", "e1", "e2", "d2", "Q3", "J1"})
_EAN_WITH_ADDON = "E3"

# Application identifiers whose elements end by their length (GS1 General Specifications 7.8.5):
# first two digits -> characters of the identifier and its data. All others end at a separator.
_ELEMENT_LENGTHS = (
    {"00": 20, "01": 16, "02": 16, "03": 16, "04": 18, "20": 4, "41": 16}
    | {str(number): 8 for number in range(11, 20)}
    | {str(number): 10 for number in range(31, 37)}
)


class Scan(Struct, frozen=True):
    """A code without its wrapping. `elements` are the other parts of a GS1 element string."""

    code: str
    elements: tuple[str, ...] = ()


def check_digit(payload: str) -> str:
    """The last digit of a GTIN whose other digits are `payload` (GS1 General Specs 7.9.1)."""
    total = 3 * sum(map(int, payload[::-2])) + sum(map(int, payload[-2::-2]))
    return str(-total % 10)


def looks_like_gtin(code: str) -> bool:
    """As many digits as a GTIN has, whether the last of them is right or not."""
    return len(code) in _GTIN_LENGTHS and code.isascii() and code.isdigit()


def is_gtin(code: str) -> bool:
    """A GTIN-8, -12, -13 or -14 with the right check digit."""
    return looks_like_gtin(code) and check_digit(code[:-1]) == code[-1]


def key_of(code: str) -> str:
    """What two codes that mean one item have in common: a GTIN's 14 digits, else the letters."""
    return code.zfill(14) if is_gtin(code) else code.casefold()


def fold_words(text: str) -> str:
    """Text as it is searched: words of letters and digits, without case and accents."""
    plain = unicodedata.normalize("NFKD", text.casefold())
    kept = "".join(one for one in plain if not unicodedata.combining(one))
    return " ".join("".join(one if one.isalnum() else " " for one in kept).split())


def read_scan(text: str) -> Scan:
    """What a scanner sent, with or without an AIM identifier before it.

    Raises `BadInput` for a GS1 element string that names no trade item.
    """
    aim = _AIM.match(text)
    if aim is None:
        return Scan(text)
    data = text[aim.end() :]
    if aim[1] == _EAN_WITH_ADDON:
        return Scan(data[:13])
    if aim[1] not in _GS1_SYMBOLOGIES:
        return Scan(data)
    elements = tuple(_elements(data))
    for element in elements:
        if element.startswith("01") and len(element) == 16 and is_gtin(element[2:]):
            return Scan(element[2:], elements)
    raise BadInput(_("the GS1 code names no trade item (01); scan the code with the item's number"))


def _elements(data: str) -> Iterator[str]:
    while data := data.removeprefix(_GROUP_SEPARATOR):
        length = _ELEMENT_LENGTHS.get(data[:2])
        if length is None:
            element, _, data = data.partition(_GROUP_SEPARATOR)
        else:
            element, data = data[:length], data[length:]
        yield element
