"""A cashier who presses anything at any time, for thousands of keys, on real tills of a real shop.

The till is killed and started again in the middle of whatever it does. Whatever was pressed: no
key fails, no scan is lost in silence, a locked till shows and does nothing, nobody does what his
role may not, no PIN and no card number is written down, and the money in the log is the money of
its lines.
"""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from kernel import Terminal
from kernel.codec.operators import OperatorRecord, encode_operators
from kernel.model.operators import Role
from posterm.catalog import Item
from posterm.keymap import FUNCTIONS, KEYMAPS, Verb
from posterm.keypad import Mode
from posterm.painting import body_rows, message_rows, total_rows
from posterm.register.gate import WAITED
from posterm.register.session import Session
from tests.support.register_shop import (
    BEER,
    COFFEE,
    GIFT,
    HAM,
    MILK,
    TILL,
    gtin,
    make_shop,
)
from tests.support.staff import ANNA, BO, CLEO, cheap_hash
from tests.support.walk_judge import judge

ENTER, CLEAR = "enter", "escape"
SCANS = 4
UNKNOWN = gtin(9_999)
CARD = "4111111111111111"
PINS = {ANNA: "739105826417", BO: "582067314928", CLEO: "915473086251"}
"""Long enough to be found in a log by nobody's chance."""
WINE = "WINE"
SHOPS: dict[str, dict[str, object]] = {
    "cashier alone": {"receipt_spool_limit": 3},
    "coins of 0.05, tax on top": {
        "cash_rounding_minor": 5,
        "tax_mode": "exclusive",
        "tax_codes": ["S=GST 5, QST+ 9.975", "R=GST 5"],
        "card_fields": ["last_four", "authorisation", "token"],
        "discount_reasons": ["STAFF", "DAMAGED"],
        "cash_ceiling_minor": 5000,
    },
    "cashiers may much": {
        "tax_rounding": "line",
        "role_price_override": "cashier",
        "role_discount": "cashier",
        "role_void_sale": "cashier",
        "role_return": "supervisor",
        "drawer_limit_minor": 10_000,
    },
}
SIZES = ((20, 5), (60, 16), (80, 24), (132, 43))
KEYS = (
    *(f"f{number}" for number in range(1, 13)),
    *("up", "down", "left", "tab", "backspace", "ctrl+l", "ctrl+j", "unknown", CLEAR, ENTER),
    *"+-*/0123456789.,:yYnNuUpPmM",
)


ARGUMENTS = (
    *("", "", "", "1", "2", "3 1", "1.50", "10%", "20.00", "0.500", "*", "mil", COFFEE, BEER),
    *(UNKNOWN, CARD, "5.00 V123456", "99999999999999", f"{TILL}-1", f"{TILL}-T1"),
)


ANSWERS = ("1", "1", "2", "2*1", "*", "3*50.00", "1.00", "1234", "A1B2C3", "y", "m", "")
"""Of what is typed where a value is asked for."""
FITTING: dict[Verb, tuple[str, ...]] = {
    Verb.DISCOUNT: ("10%", "0.50", "100%", "5% DAMAGED"),
    Verb.OVERRIDE: ("1.00", "0.01", "20.00"),
    Verb.TAKE_BACK: (COFFEE, MILK, BEER, WINE),
    Verb.REFUND: ("1", "2", f"{TILL}-1", f"{TILL}-2", f"{TILL} 3"),
    Verb.QUANTITY: ("2", "3 1", "0.500 2", "30"),
    Verb.EMPTIES: (BEER, "BOTTLE", COFFEE),
    Verb.VOID_LINE: ("", "1", "2", "3"),
    Verb.VOUCHER: ("1.00 V1", "", "99.00 V2"),
    Verb.PAY_IN: ("20.00",),
    Verb.PAY_OUT: ("3.00",),
    Verb.PICKUP: ("10.00",),
    Verb.FLOAT: ("100.00",),
    Verb.NOT_ON_FILE: (UNKNOWN, "", COFFEE),
}
OFTEN = tuple(FITTING)


class Walk:
    """One till, a source of chance, and what must hold after each step."""

    def __init__(self, data_dir: Path, seed: int) -> None:
        self.data_dir = data_dir
        self.chance = random.Random(seed)
        self.pressed: list[str] = []
        self.tickets: list[str] = []
        self.session = self._started()

    # --- steps ---------------------------------------------------------------------------

    def step(self) -> None:
        steps = (
            (self._scan, 9),
            (self._sell, 14),
            (self._act, 40),
            (self._answer, 7),
            (self._key, 6),
            (self._pay, 12),
            (self._sign, 3),
            (self._clear, 8),
            (self._pause, 2),
            (self._restart, 0.3),
            (self._kill, 0.5),
        )
        ways, weights = zip(*steps, strict=True)
        self.chance.choices(ways, weights)[0]()
        self._look()

    def _scan(self) -> None:
        """A code in one packet, whatever is up. It must not vanish."""
        session, code = self.session, gtin(self.chance.randrange(SCANS + 1))
        half_typed = bool(session.keypad.text or session.keypad.quantity)
        before = self._told()
        self._press(*code, ENTER, packet=self.chance.random() < 0.5)
        assert half_typed or self._told() != before, f"the scan of {code} left no trace"

    def _told(self) -> object:
        """What tells that a scan was taken: sold, refused, or asked about."""
        session = self.session
        view = session.view
        lines = len(session.counter.lines)
        return (lines, view.beeps, view.serial, view.message, view.page, view.mode)

    def _make_ready(self) -> None:
        """Mostly: a walk that stays in one dialog meets no other."""
        if self.chance.random() < 0.25:
            return
        for _try in range(3):
            if self.session.mode is Mode.ASK:
                self._press(self.chance.choice("ynu"))
            self._press(CLEAR)
        if not self.session.signed_on:
            self._press(*ANNA, ENTER, *PINS[ANNA], ENTER, CLEAR, CLEAR)

    def _sell(self) -> None:
        self._make_ready()
        code = self.chance.choice([COFFEE, MILK, BEER, GIFT, HAM, WINE, "BOTTLE", UNKNOWN, CARD])
        many = self.chance.choice(["", "", "2*", "0.250*", "30*", "0*"])
        self._press(*many, *code, ENTER)

    def _act(self) -> None:
        self._make_ready()
        if not self.session.counter.lines and self.chance.random() < 0.6:
            self._press(*self.chance.choice([COFFEE, WINE, MILK]), ENTER)
        verb = self.chance.choice([*OFTEN, *(one.verb for one in FUNCTIONS)])
        fitting = FITTING.get(verb) if self.chance.random() < 0.8 else None
        if verb is Verb.RECALL and self.chance.random() < 0.8:
            fitting = tuple(self.tickets[-2:]) or None
        argument = self.chance.choice(fitting or ARGUMENTS)
        prefix = self.chance.choice(["", "", "", "", "", "", "2*"])
        named = f":{verb} {argument}".rstrip()
        self._press(*prefix, *named, ENTER)
        while self.session.mode in (Mode.ASK, Mode.PROMPT) and self.chance.random() < 0.7:
            self._answer()

    def _answer(self) -> None:
        """Of a question, or what might be meant for a prompt."""
        question = self.session.question
        if question is not None and self.chance.random() < 0.9:
            answer = self.chance.choice([*question.answers])
            self._press(*([answer] if len(answer) == 1 else [f":{answer}", ENTER]))
            if answer == "p":
                self._word()
            return
        self._press(*self.chance.choice(ANSWERS), ENTER)

    def _word(self) -> None:
        """A supervisor's, mostly."""
        number = self.chance.choice([BO, BO, CLEO, ANNA, "77"])
        pin = PINS.get(number, "1234") if self.chance.random() < 0.95 else PINS[CLEO]
        self._press(*number, ENTER, *pin, ENTER)

    def _key(self) -> None:
        self._press(*self.chance.choices(KEYS, k=self.chance.randrange(1, 5)))

    def _pay(self) -> None:
        how = self.chance.choice(["f9", "f9", "f9", "f10", "+"])
        self._make_ready()
        self._press(ENTER, *self.chance.choice(["", "", "100", "5000"]), how)

    def _sign(self) -> None:
        self._press(CLEAR, CLEAR, CLEAR)
        if self.session.signed_on:
            self._press(*self.chance.choice(["/4", "/24"]), ENTER)
        else:
            number = self.chance.choice([ANNA, ANNA, BO, CLEO])
            self._press(*number, ENTER, *PINS[number], ENTER)

    def _clear(self) -> None:
        self._press(*[CLEAR] * self.chance.randrange(1, 4))

    def _pause(self) -> None:
        """Nobody presses anything for a while."""
        if self.chance.random() < 0.3:
            self.session.auto_lock()
        self.session.look()

    def _restart(self) -> None:
        self.pressed.append("[restart]")
        self.session.stop("test")
        self.session = self._started()

    def _kill(self) -> None:
        """The store as it lies there, under a till that never came to stop."""
        self.pressed.append("[kill]")
        there = self.data_dir.with_name(f"{self.data_dir.name}x")
        pipes = shutil.ignore_patterns("doorbell")
        for part in ("shared", "temp", "terminals"):  # the audit before the logs that it follows
            shutil.copytree(
                self.data_dir / part,
                there / part,
                symlinks=True,
                ignore=pipes,
                copy_function=_copied,
            )
        before = self._open_sale()
        self.session.stop("killed")
        shutil.rmtree(self.data_dir)
        there.rename(self.data_dir)
        self.session = self._started()
        assert self._open_sale() == before, "the sale did not come back as it was"

    # --- how -----------------------------------------------------------------------------

    def _started(self) -> Session:
        till = Terminal.start(TILL, self.data_dir)
        return Session(till, str(self.data_dir), KEYMAPS["pc"])

    def _press(self, *tokens: str, packet: bool = False) -> None:
        seen = self.session.view.serial
        late = self.chance.random() < 0.01
        for token in tokens:
            self.pressed.append(token)
            shown = seen if packet else self.session.view.serial
            self.session.feed(token, WAITED if late else shown)
            self._check()
        if self.session.owes_receipts and self.chance.random() < 0.9:
            self.session.print_receipts()

    def _open_sale(self) -> tuple[str, int, int] | None:
        sale = self.session.counter.sale
        return None if sale is None else (sale.id, len(sale.lines), sale.balance_minor)

    def _look(self) -> None:
        view = self.session.view
        for width, height in SIZES:
            rows = [*message_rows(view, width), *total_rows(view, width)]
            rows += body_rows(view, max(height - 8, 1), width)
            assert all(isinstance(row.text, str) for row in rows)
        sale = self.session.counter.last
        if sale is not None and sale.ticket and sale.ticket not in self.tickets:
            self.tickets.append(sale.ticket)

    def _check(self) -> None:
        session = self.session
        selling = session.mode in (Mode.SELL, Mode.TOTAL, Mode.SEARCH)
        assert session.signed_on or not selling, "a till that nobody is signed on at sells"
        assert session.signed_on or session.view.sale is None, "a locked till shows its sale"
        assert not session.totalled or session.counter.sale is not None

    def tail(self) -> str:
        return " ".join(self.pressed[-120:])


def walk(data_dir: Path, shop: str, seed: int, steps: int) -> None:
    make_shop(data_dir, SCANS, settings=SHOPS[shop], more=[_wine()])
    directory = data_dir / "shared" / "coordination"
    directory.joinpath("operators.json").write_bytes(_operators())
    walker = Walk(data_dir, seed)
    try:
        for _step in range(steps):
            walker.step()
    except BaseException:
        print(f"{shop}, seed {seed}:", walker.tail())
        raise
    finally:
        walker.session.stop("test")
    secrets = [CARD.encode(), *(pin.encode() for pin in PINS.values())]
    judge(data_dir, SHOPS[shop], secrets)


@pytest.mark.parametrize("shop", SHOPS)
def test_whatever_is_pressed_the_money_is_right(shop: str, data_dir: Path) -> None:
    walk(data_dir, shop, seed=20_261_123, steps=250)


@pytest.mark.torture
@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("shop", SHOPS)
def test_whatever_is_pressed_for_hours_the_money_is_right(
    shop: str, seed: int, data_dir: Path
) -> None:
    walk(data_dir, shop, seed, steps=2_500)


def _wine() -> Item:
    return Item(
        WINE, (WINE,), "WINE 0.75 L", "DRINKS", 799, "S", linked_sku="BOTTLE", returnable=False
    )


def _operators() -> bytes:
    roles = {ANNA: Role.CASHIER, BO: Role.SUPERVISOR, CLEO: Role.MANAGER}
    return encode_operators(
        tuple(
            OperatorRecord(
                number=number, name=number, role=roles[number], pin=cheap_hash(pin), active=True
            )
            for number, pin in PINS.items()
        )
    )


def _copied(source: str, target: str) -> None:
    """A scratch file may get its name while it is copied: it is there under that name, too."""
    try:
        shutil.copy2(source, target)
    except FileNotFoundError:
        assert source.endswith(".next"), source
