"""Which key does what: the functions of the register, and the keymaps that reach them.

Help, the row of keys and the menu are made from this table, so that none of them can say
something else than the keys do. This module must never act: it is data.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from gettext import gettext as _

__all__ = ["FUNCTIONS", "KEYMAPS", "Function", "Keymap", "Verb", "function_of", "help_rows"]


class Verb(StrEnum):
    """What a cashier can ask for; the value is its typed command, the same in every language."""

    HELP = "help"
    PRICE = "price"
    SEARCH = "find"
    LOCK = "lock"
    VOID_LINE = "void"
    REPEAT = "repeat"
    SUSPEND = "suspend"
    RECALL = "recall"
    CASH = "cash"
    CARD = "card"
    DISCOUNT = "discount"
    MENU = "menu"
    X_REPORT = "x"
    Z_REPORT = "z"
    VOID_SALE = "abort"
    SIGN_OFF = "off"
    OVERRIDE = "reprice"
    TAKE_BACK = "return"
    NO_SALE = "nosale"
    PAY_IN = "payin"
    PAY_OUT = "payout"
    PICKUP = "pickup"
    CLOSE = "close"
    ITEM = "item"
    TOTAL = "total"
    CLEAR = "clear"
    ANSWER = "answer"
    UP = "up"
    DOWN = "down"
    REPAINT = "repaint"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Function:
    """`number` is n of `/n`; `takes` names what may be typed before it, `short` fits a key row."""

    number: int
    verb: Verb
    short: str
    does: str
    takes: str = ""


FUNCTIONS = (
    Function(1, Verb.HELP, _("Help"), _("show the keys")),
    Function(2, Verb.PRICE, _("Price"), _("price of an item, sells nothing"), _("code")),
    Function(3, Verb.SEARCH, _("Find"), _("search items by words"), _("words")),
    Function(4, Verb.LOCK, _("Lock"), _("hide the sale until a PIN is given")),
    Function(5, Verb.VOID_LINE, _("Void"), _("void that line, or the last"), _("line")),
    Function(6, Verb.REPEAT, _("Again"), _("sell the last item again")),
    Function(7, Verb.SUSPEND, _("Hold"), _("suspend the sale; gives a ticket")),
    Function(8, Verb.RECALL, _("Recall"), _("take up a suspended sale"), _("ticket")),
    Function(9, Verb.CASH, _("Cash"), _("cash given; alone: exact"), _("amount")),
    Function(10, Verb.CARD, _("Card"), _("card payment; alone: all"), _("amount")),
    Function(11, Verb.DISCOUNT, _("Disc"), _("off the last line; after Total off all"), "10% 1.50"),
    Function(12, Verb.MENU, _("Menu"), _("reports, void sale, sign off")),
    Function(21, Verb.X_REPORT, _("X"), _("X report: the period so far")),
    Function(22, Verb.Z_REPORT, _("Z"), _("Z report: close the period")),
    Function(23, Verb.VOID_SALE, _("Void sale"), _("end this sale without a receipt")),
    Function(24, Verb.SIGN_OFF, _("Sign off"), _("leave the till to the next operator")),
    Function(26, Verb.OVERRIDE, _("Reprice"), _("the last item at that price"), _("amount")),
    Function(27, Verb.TAKE_BACK, _("Return"), _("take one back without its receipt"), _("code")),
    Function(28, Verb.NO_SALE, _("No sale"), _("open the drawer")),
    Function(29, Verb.PAY_IN, _("Pay in"), _("cash into the drawer"), _("amount")),
    Function(30, Verb.PAY_OUT, _("Pay out"), _("cash out of the drawer"), _("amount")),
    Function(31, Verb.PICKUP, _("Pickup"), _("cash to the safe"), _("amount")),
    Function(25, Verb.CLOSE, _("Close"), _("end the register, when nobody is signed on")),
)
_MENU_FROM = 20


@dataclass(frozen=True, slots=True)
class Keymap:
    """`keys`: name of a key -> verb. `says`: how a person knows those keys, `characters`: keys
    that type something."""

    name: str
    keys: Mapping[str, Verb]
    says: Mapping[Verb, str]
    characters: Mapping[str, str]

    def key_row(self, width: int) -> str:
        """As many functions as fit; never cut in the middle of one."""
        row = ""
        for one in FUNCTIONS:
            named = f"{one.number}{one.short}"
            if one.number < _MENU_FROM and len(row) + 1 + len(named) < width:
                row = f"{row} {named}" if row else named
        return row


_ALWAYS = {"escape": Verb.CLEAR, "ctrl+u": Verb.CLEAR, "ctrl+l": Verb.REPAINT}
_MOVES = {"up": Verb.UP, "down": Verb.DOWN}
_F_KEYS = {f"f{one.number}": one.verb for one in FUNCTIONS if one.number < _MENU_FROM}

KEYMAPS: Mapping[str, Keymap] = {
    "pc": Keymap(
        "pc",
        {**_F_KEYS, **_ALWAYS, **_MOVES},
        {one.verb: f"F{one.number}" for one in FUNCTIONS if one.number < _MENU_FROM}
        | {Verb.CLEAR: _("Esc or Ctrl+U")},
        {},
    ),
    # A vt100 has PF1 to PF4 and sends for them what others send for F1 to F4.
    "vt": Keymap(
        "vt",
        {
            **{key: verb for key, verb in _F_KEYS.items() if int(key[1:]) > 4},
            **_ALWAYS,
            **_MOVES,
            "f1": Verb.TOTAL,
            "f3": Verb.CLEAR,
            "f4": Verb.CASH,
        },
        {Verb.TOTAL: "PF1", Verb.CLEAR: _("PF3 or Ctrl+U"), Verb.CASH: "PF4"}
        | {one.verb: f"F{one.number}" for one in FUNCTIONS if 4 < one.number < _MENU_FROM}
        | {Verb.CASH: "PF4"},
        {"f2": "*"},
    ),
}


def function_of(word: str) -> Function | None:
    """The function of that number or typed command."""
    for one in FUNCTIONS:
        if word.casefold() in (str(one.number), one.verb.value):
            return one
    return None


def help_rows(keymap: Keymap, *, menu: bool = False) -> tuple[str, ...]:
    """The functions, one a row: their key, `/n`, typed command and what they do."""
    rows = [
        f"{keymap.says.get(one.verb, ''):<4} {'/' + str(one.number):<4} :{one.verb.value:<9} "
        f"{one.takes:<9} {one.does}"
        for one in FUNCTIONS
        if menu == (one.number > _MENU_FROM)
    ]
    if menu:
        return (
            _("MENU   type /n and Enter, or :word; an amount or code after it: /29 20.00"),
            "",
            *rows,
        )
    total = f"{keymap.says[Verb.TOTAL]}, " if Verb.TOTAL in keymap.says else ""
    multiply = " / PF2" if keymap.characters else ""
    return (
        _("code Enter sells    3*{} code: three of it    0.250* code: by weight").format(multiply),
        _("{}+ or Enter: Total, then amount and Cash; Cash alone: exact").format(total),
        _("{}: Clear what is typed, or an error").format(keymap.says[Verb.CLEAR]),
        *rows,
    )
