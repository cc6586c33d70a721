"""Which key does what: the functions of the register, and the keymaps that reach them.

Help, the row of keys and the menu are made from this table, so that none of them can say
something else than the keys do. This module must never act: it is data.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum

from msgspec import Struct

from kernel import gettext as _
from kernel import marked as N_

__all__ = [
    "COUNTED",
    "FUNCTIONS",
    "KEYMAPS",
    "Function",
    "Keymap",
    "Verb",
    "function_of",
    "help_rows",
]


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
    RECEIPT = "receipt"
    REPRINT = "copy"
    CLOSE = "close"
    WITHDRAW = "withdraw"
    MESSAGES = "messages"
    NOT_ON_FILE = "notonfile"
    QUANTITY = "qty"
    EMPTIES = "empties"
    VOUCHER = "voucher"
    VOID_TENDER = "untender"
    REFUND = "refund"
    COUNT = "count"
    TRAIN = "train"
    FLOAT = "float"
    ITEM = "item"
    TOTAL = "total"
    CLEAR = "clear"
    ANSWER = "answer"
    UP = "up"
    DOWN = "down"
    REPAINT = "repaint"
    REFUSED = "refused"


class Function(Struct, frozen=True):
    """`number` is n of `/n`; `takes` names what may be typed before it, `short` fits a key row."""

    number: int
    verb: Verb
    short: str
    does: str
    takes: str = ""


FUNCTIONS = (
    Function(1, Verb.HELP, N_("Help"), N_("show the keys")),
    Function(2, Verb.PRICE, N_("Price"), N_("price of an item, sells nothing"), N_("code")),
    Function(3, Verb.SEARCH, N_("Find"), N_("search items by words"), N_("words")),
    Function(4, Verb.LOCK, N_("Lock"), N_("hide the sale until a PIN is given")),
    Function(5, Verb.VOID_LINE, N_("Void"), N_("void that line, or the last"), N_("line")),
    Function(6, Verb.REPEAT, N_("Again"), N_("sell the last item again")),
    Function(7, Verb.SUSPEND, N_("Hold"), N_("suspend the sale; gives a ticket")),
    Function(8, Verb.RECALL, N_("Recall"), N_("take up a suspended sale"), N_("ticket")),
    Function(9, Verb.CASH, N_("Cash"), N_("cash given; alone: exact"), N_("amount")),
    Function(10, Verb.CARD, N_("Card"), N_("card payment; alone: all"), N_("amount")),
    Function(
        11, Verb.DISCOUNT, N_("Disc"), N_("off the last line; after Total off all"), "10% 1.50"
    ),
    Function(12, Verb.MENU, N_("Menu"), N_("reports, void sale, sign off")),
    Function(21, Verb.X_REPORT, N_("X"), N_("X report: the period so far")),
    Function(22, Verb.Z_REPORT, N_("Z"), N_("Z report: close the period")),
    Function(23, Verb.VOID_SALE, N_("Void sale"), N_("end this sale without a receipt")),
    Function(24, Verb.SIGN_OFF, N_("Sign off"), N_("leave the till to the next operator")),
    Function(26, Verb.OVERRIDE, N_("Reprice"), N_("the last item at that price"), N_("amount")),
    Function(27, Verb.TAKE_BACK, N_("Return"), N_("take back without its receipt"), N_("code")),
    Function(28, Verb.NO_SALE, N_("No sale"), N_("open the drawer")),
    Function(29, Verb.PAY_IN, N_("Pay in"), N_("cash into the drawer"), N_("amount")),
    Function(30, Verb.PAY_OUT, N_("Pay out"), N_("cash out of the drawer"), N_("amount")),
    Function(31, Verb.PICKUP, N_("Pickup"), N_("cash to the safe"), N_("amount")),
    Function(40, Verb.WITHDRAW, N_("Withdraw"), N_("await the manager's answer no longer")),
    Function(41, Verb.MESSAGES, N_("Messages"), N_("show what was sent to this till")),
    Function(42, Verb.NOT_ON_FILE, N_("No file"), N_("sell what is not on file"), N_("code")),
    Function(43, Verb.QUANTITY, N_("Qty"), N_("another quantity of a line"), N_("qty line")),
    Function(44, Verb.EMPTIES, N_("Empties"), N_("pay a deposit back"), N_("code")),
    Function(50, Verb.VOUCHER, N_("Voucher"), N_("take a voucher"), N_("amount")),
    Function(51, Verb.VOID_TENDER, N_("Untender"), N_("give the last tender back"), N_("tender")),
    Function(52, Verb.REFUND, N_("Refund"), N_("take back against a receipt"), N_("receipt")),
    Function(53, Verb.COUNT, N_("Count"), N_("count the drawer")),
    Function(54, Verb.TRAIN, N_("Train"), N_("train: nothing is real; ends at sign-off")),
    Function(55, Verb.FLOAT, N_("Float"), N_("open the period with that cash"), N_("amount")),
    Function(70, Verb.RECEIPT, N_("Receipt"), N_("show the last receipt, or one"), N_("number")),
    Function(71, Verb.REPRINT, N_("Copy"), N_("print a copy of it, marked COPY"), N_("number")),
    Function(25, Verb.CLOSE, N_("Close"), N_("end the register, when nobody is signed on")),
)
COUNTED = frozenset({Verb.TAKE_BACK, Verb.NOT_ON_FILE, Verb.EMPTIES})
"""Functions that take a quantity before their code: `/27 3*CODE`."""
_MENU_FROM = 20


class Keymap(Struct, frozen=True):
    """`keys`: name of a key -> verb. `says`: how a person knows those keys, `characters`: keys
    that type something."""

    name: str
    keys: Mapping[str, Verb]
    says: Mapping[Verb, str]
    characters: Mapping[str, str]

    def key_rows(self, width: int, height: int = 1) -> list[str]:
        """As many functions as fit; never cut in the middle of one. A second row has the menu's."""
        keys = [one for one in FUNCTIONS if one.number < _MENU_FROM]
        menu = [one for one in FUNCTIONS if one.number > _MENU_FROM]
        return [_fitting(keys, width), _fitting(menu, width)][:height]


def _fitting(functions: Sequence[Function], width: int) -> str:
    """Help and the menu lead to all others, so they are the last to go."""
    texts = {one.number: f"{one.number}{_(one.short)}" for one in functions}
    leading = [one.number for one in functions if one.verb in (Verb.HELP, Verb.MENU)]
    shown: set[int] = set()
    room = width - 1
    for number in (*leading, *(number for number in texts if number not in leading)):
        needed = len(texts[number]) + bool(shown)
        if needed <= room:
            shown.add(number)
            room -= needed
    row = [texts[number] for number in sorted(shown)]
    roomy = "  ".join(row)
    return roomy if len(roomy) < width else " ".join(row)


_ALWAYS = {"escape": Verb.CLEAR, "ctrl+u": Verb.CLEAR, "ctrl+l": Verb.REPAINT}
_MOVES = {"up": Verb.UP, "down": Verb.DOWN}
_F_KEYS = {f"f{one.number}": one.verb for one in FUNCTIONS if one.number < _MENU_FROM}

KEYMAPS: Mapping[str, Keymap] = {
    "pc": Keymap(
        "pc",
        {**_F_KEYS, **_ALWAYS, **_MOVES},
        {one.verb: f"F{one.number}" for one in FUNCTIONS if one.number < _MENU_FROM}
        | {Verb.CLEAR: "Esc / Ctrl+U"},
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
        {Verb.TOTAL: "PF1", Verb.CLEAR: "PF3 / Ctrl+U", Verb.CASH: "PF4"}
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
        f"{_(one.takes):<9} {_(one.does)}"
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
        _(": and letters show the commands that begin so; Tab completes the first"),
        *rows,
    )
