"""What a till must hold, as a clerk would keep it on paper: a few lists and sums.

This module must never ask the till what to write down.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
)

from kernel import (
    CardResult,
    KernelError,
    LineKind,
    Sale,
    SaleRefused,
    State,
)
from kernel.disk.history import closed_sales
from tests.support.tills import TillMachine

__all__ = ["Asked", "Expected", "Given", "Posted", "ShopOnPaper"]


@dataclass
class Posted:
    amount: int
    kind: LineKind
    void: bool = False
    thousandths: int = 0
    unit: int = 0
    came_back: int = 0
    """Of what was sold here, in thousandths, and still stands in whatever sale took it back."""
    origin: Posted | None = None


@dataclass
class Given:
    how: str
    amount: int
    void: bool = False


@dataclass
class Asked:
    amount: int
    result: CardResult | None = None

    @property
    def open(self) -> bool:
        return self.result in (None, CardResult.UNKNOWN)


@dataclass
class Expected:
    """A sale as a clerk would keep it on paper."""

    number: int
    reference: str | None
    lines: list[Posted] = field(default_factory=list)
    tenders: list[Given] = field(default_factory=list)
    cards: list[Asked] = field(default_factory=list)
    change: int = 0
    receipt: int | None = None
    aborted: bool = False

    @property
    def total(self) -> int:
        return sum(line.amount for line in self.lines)

    @property
    def goods_less_discounts(self) -> int:
        """What still may be taken off."""
        stands = [line for line in self.lines if not line.void]
        goods = sum(line.amount for line in stands if line.kind is LineKind.ITEM)
        back = sum(min(line.amount, 0) for line in stands if line.kind is LineKind.ITEM)
        return goods - back + sum(line.amount for line in stands if line.kind is LineKind.DISCOUNT)

    def let_go(self, lines: list[Posted]) -> None:
        """Those are void: their receipts can be used again."""
        for line in lines:
            if line.origin is not None and not line.void:
                line.origin.came_back += line.thousandths

    @property
    def tendered(self) -> int:
        return sum(tender.amount for tender in self.tenders if not tender.void)

    @property
    def asked(self) -> int:
        return sum(card.amount for card in self.cards if card.open)

    @property
    def waits(self) -> bool:
        return any(card.open for card in self.cards)

    @property
    def paid(self) -> bool:
        return any(not tender.void for tender in self.tenders)

    @property
    def open(self) -> bool:
        return self.receipt is None and not self.aborted

    def allows(self, amount: int) -> bool:
        """Money in hand is never worth more than the goods."""
        held, total = self.tendered + self.asked, self.total + amount
        return (held <= 0 or total >= held) and (held >= 0 or total <= held)


class ShopOnPaper(RuleBasedStateMachine):
    """A till, and beside it what a clerk has written down of it: both must say the same.

    It ends in any way at any moment. The rules of what is done there are its heirs'.
    """

    def __init__(self) -> None:
        super().__init__()
        self.machine = TillMachine()
        self.sales: list[Expected] = []
        self.known: dict[str, Expected] = {}
        self.receipts = 0
        self.period: list[Expected] = []
        self.perpetual = 0
        self.aborts = 0
        self.period_open = False
        self.z_numbers = 0
        self.trained = 0

    @initialize(segment_bytes=st.sampled_from([1 << 11, 1 << 14, 4 << 20]))
    def start(self, segment_bytes: int) -> None:
        self.segment_bytes = segment_bytes
        self.till = self.machine.start(segment_bytes=segment_bytes)

    def handle(self, expected: Expected) -> Sale:
        return self.till.sale(f"TILL-{expected.number}")

    def pick(self, place: int) -> Expected | None:
        """An open sale rather than a closed one, but now and then a closed one."""
        if not self.sales:
            return None
        living = [sale for sale in self.sales if sale.open]
        return living[place % len(living)] if living and place else self.sales[-1]

    def call(self, act: object, *, allowed: bool) -> bool:
        """Do it; True if it was done. It must be refused exactly where the model says so."""
        before = self.machine.log()
        try:
            act()  # type: ignore[operator]
        except SaleRefused:
            assert not allowed, "refused what the model allows"
            assert self.machine.log() == before, "a refused call left a trace"
            return False
        assert allowed, "did what the model refuses"
        assert self.machine.log() != before, "an accepted call left no trace"
        return True

    @rule(end=st.sampled_from(["stop", "kill", "power"]))
    def restart(self, end: str) -> None:
        before = self.till.x_report()
        self.end(end)
        assert self.till.x_report() == before

    def end(self, end: str) -> None:
        if end == "stop":
            self.till.stop()
            self.machine.kill()
        elif end == "kill":
            self.machine.kill()
        else:
            self.machine.cut_power()
        self.till = self.machine.start(segment_bytes=self.segment_bytes)
        assert self.till.recovery.crashed == (end != "stop")
        assert self.till.recovery.torn_bytes == 0

    def commit(self, sale: Expected, change: int) -> None:
        self.receipts += 1
        sale.change, sale.receipt = change, self.receipts
        self.period.append(sale)
        self.perpetual += sale.total

    @invariant()
    def open_sales_are_the_models(self) -> None:
        if not hasattr(self, "till"):
            return
        living = [sale for sale in self.sales if sale.open]
        handles = self.till.open_sales
        assert [handle.number for handle in handles] == [sale.number for sale in living]
        last = self.sales[-1:] if self.sales and not self.sales[-1].open else []
        for expected in (*living, *last):
            sale = self.handle(expected)
            assert [line.total_minor for line in sale.lines] == [
                line.amount for line in expected.lines
            ]
            assert sale.total_minor == expected.total
            assert sale.tendered_minor == expected.tendered
            assert sale.change_minor == expected.change
            assert sale.receipt_number == expected.receipt
            state = State.TENDERED if expected.paid else State.OPEN
            if expected.receipt is not None:
                state = State.COMMITTED
                assert expected.tendered - expected.change == expected.total
                assert sale.balance_minor == 0
            assert sale.state is (State.ABORTED if expected.aborted else state)

    @invariant()
    def x_is_an_independent_sum(self) -> None:
        if not hasattr(self, "till"):
            return
        x = self.till.x_report()
        assert x.perpetual_minor.get("EUR", 0) == self.perpetual
        assert (x.period is not None) == self.period_open
        totals = x.totals.get("EUR")
        if totals is None:
            assert not self.period
            assert not self.aborts
            return
        by_kind: Counter[str] = Counter()
        counts: Counter[str] = Counter()
        for sale in self.period:
            for tender in sale.tenders:
                if not tender.void:
                    by_kind[tender.how] += tender.amount
                    counts[tender.how] += 1
        change = sum(sale.change for sale in self.period)
        assert totals.sales == len(self.period)
        assert totals.total_minor == sum(sale.total for sale in self.period)
        assert totals.change_minor == change
        assert (totals.tenders, totals.tender_counts) == (dict(by_kind), dict(counts))
        assert totals.total_minor == sum(totals.tenders.values()) - totals.change_minor
        assert x.expected_drawer_minor["EUR"] == by_kind["cash"] - change
        assert totals.aborted == self.aborts
        assert totals.total_minor == (
            totals.items_minor
            + totals.returns_minor
            + totals.discounts_minor
            + totals.adjustments_minor
            + totals.rounding_minor
        )
        voids = [line for sale in self.period for line in sale.lines if line.kind is LineKind.VOID]
        assert totals.voids == len(voids)
        assert totals.voids_minor == -sum(line.amount for line in voids)

    def teardown(self) -> None:
        if not hasattr(self, "till"):
            return
        self.till.stop()
        entries = self.machine.entries()
        assert [entry.stamp.lsn for entry in entries] == list(range(1, len(entries) + 1))
        closed = [sale for sale in closed_sales(iter(entries)) if not sale.training]
        assert [sale.receipt_number for sale in closed] == list(range(1, self.receipts + 1))
        try:
            self.till.begin("S1", "EUR", "0001")
        except KernelError:
            return
        raise AssertionError("a stopped till began a sale")
