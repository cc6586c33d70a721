"""Random calls of the front door against a model that is a few lists and sums.

The model says beforehand whether a call is refused. A refused call must leave the log as it was,
to the byte; an accepted one must leave what the model has. Stops, kills and power cuts come at
any point and must change nothing that was acknowledged.
"""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
)

from kernel import (
    CardResult,
    LineKind,
    Report,
    ReturnedPart,
    SaleRefused,
)
from tests.support.clerk import Asked, Expected, Given, Posted, ShopOnPaper

CENTS = st.integers(0, 2_000)
QUANTITIES = st.one_of(
    st.integers(-3, 4).filter(bool),
    st.decimals(Decimal("-2.5"), Decimal("2.5"), places=3).filter(bool),
)
PLACES = st.integers(0, 6)
REFERENCES = st.one_of(st.none(), st.sampled_from(["A", "B", "C", "D"]))


def short_of(amount: int, balance: int) -> bool:
    return amount < balance if balance > 0 else amount > balance


def acceptable(amount: int, balance: int) -> bool:
    if balance == 0:
        return amount == 0
    return amount > 0 if balance > 0 else balance <= amount < 0


class FrontDoor(ShopOnPaper):
    """Every call of the front door, allowed or not."""

    @rule(reference=REFERENCES)
    def begin(self, reference: str | None) -> None:
        if reference in self.known:
            assert reference is not None
            before = self.machine.log()
            sale = self.till.begin("S1", "EUR", "0001", reference)
            assert sale.number == self.known[reference].number
            for store, currency in (("S2", "EUR"), ("S1", "JPY")):
                try:
                    self.till.begin(store, currency, "0001", reference)
                except SaleRefused:
                    continue
                raise AssertionError("the reference names another sale now")
            assert self.machine.log() == before
            return
        sale = self.till.begin("S1", "EUR", "0001", reference)
        self.period_open = True
        assert sale.number == len(self.sales) + 1, "transaction numbers have no gap"
        self.sales.append(Expected(sale.number, reference))
        if reference is not None:
            self.known[reference] = self.sales[-1]

    @rule(units=st.lists(CENTS, min_size=1, max_size=3))
    def sell(self, units: list[int]) -> None:
        """A whole sale, so that there are receipts to give something back on."""
        self.begin(None)
        sale = self.sales[-1]
        for unit in units:
            self.handle(sale).add_line("X", 2, unit)
            sale.lines.append(Posted(2 * unit, LineKind.ITEM, thousandths=2_000, unit=unit))
        self.handle(sale).tender_cash(sale.total)
        sale.tenders.append(Given("cash", sale.total))
        self.commit(sale, 0)

    @precondition(lambda self: self.sales)
    @rule(place=PLACES, quantity=QUANTITIES, unit=CENTS)
    def add_line(self, place: int, quantity: int | Decimal, unit: int) -> None:
        sale = self.pick(place)
        if sale is None:
            return
        exact = Decimal(quantity) * unit
        amount = int(exact.quantize(Decimal(1), rounding=ROUND_HALF_UP))
        allowed = sale.open and sale.allows(amount)
        if self.call(lambda: self.handle(sale).add_line("X", quantity, unit), allowed=allowed):
            thousandths = int(Decimal(quantity) * 1000)
            sale.lines.append(Posted(amount, LineKind.ITEM, thousandths=thousandths, unit=unit))

    @precondition(lambda self: self.receipts)
    @rule(
        place=PLACES,
        origin=st.integers(0, 9),
        line=st.integers(0, 4),
        many=st.lists(st.sampled_from([500, 700, 1_500]), min_size=1, max_size=2),
        adjustment=st.integers(-20, 20),
    )
    def give_back(
        self, place: int, origin: int, line: int, many: list[int], adjustment: int
    ) -> None:
        if not any(sale.open for sale in self.sales):
            self.begin(None)
        sale = self.pick(place)
        closed = [one for one in self.sales if one.receipt is not None]
        assert sale is not None
        receipt = closed[origin % len(closed)]
        posted = receipt.lines[line - 1] if 1 <= line <= len(receipt.lines) else None
        amounts = [self.half_up(-one * posted.unit) if posted else 0 for one in many]
        steps = [amounts[0], adjustment, *amounts[1:]] if adjustment else amounts
        held = sale.total
        fits = sale.open
        for one in steps:
            fits = fits and sale.allows(held - sale.total + one)
            held += one
        allowed = (
            fits
            and posted is not None
            and posted.kind is LineKind.ITEM
            and not posted.void
            and posted.thousandths > 0
            and posted.came_back + sum(many) <= posted.thousandths
        )
        parts = [ReturnedPart(line, one) for one in many]
        parts[0] = parts[0]._replace(adjustment_minor=adjustment)
        named = f"TILL-{receipt.number}"
        if self.call(lambda: self.handle(sale).give_back(named, parts), allowed=allowed):
            assert posted is not None
            posted.came_back += sum(many)
            back = [
                Posted(amount, LineKind.ITEM, thousandths=-one, origin=posted)
                for one, amount in zip(many, amounts, strict=True)
            ]
            if adjustment:
                back.insert(1, Posted(adjustment, LineKind.ADJUSTMENT))
            sale.lines += back

    @staticmethod
    def half_up(thousandfold: int) -> int:
        return int((Decimal(thousandfold) / 1000).quantize(Decimal(1), rounding=ROUND_HALF_UP))

    @rule(
        prices=st.lists(CENTS, max_size=3),
        reference=REFERENCES,
        parked=st.booleans(),
        end=st.sampled_from(["stop", "kill", "power"]),
    )
    def train(self, prices: list[int], reference: str | None, parked: bool, end: str) -> None:
        """All that is trained leaves nothing behind but a series of its own."""
        allowed = not any(sale.open for sale in self.sales)
        if allowed and prices:
            self.sell(prices)  # a real period, which rests meanwhile
        before = self.till.x_report()
        if not self.call(lambda: self.till.begin_training("0001"), allowed=allowed):
            return
        for price in prices:
            sale = self.till.begin("S1", "EUR", "0001", reference)
            self.trained += 1
            assert sale.number == -self.trained
            sale.add_line("X", 1, price)
            if price:
                sale.discount(price)
            sale.tender_cash(0)
        if parked:
            self.till.begin("S1", "EUR", "0001").add_line("X", 1, 1)
            self.trained += 1
            self.end(end)
            self.call(lambda: self.till.end_training("0001"), allowed=False)
            self.till.open_sales[0].abort("done")
        x = self.till.x_report()
        assert x.training and (x.perpetual_minor, x.open) == (before.perpetual_minor, ())
        assert sum(one.sales for one in x.totals.values()) == len(prices)
        assert sum(one.total_minor for one in x.totals.values()) == 0
        self.till.end_training("0001")
        assert self.till.x_report() == before

    @precondition(lambda self: self.sales)
    @rule(place=PLACES, line=st.integers(0, 8))
    def void_line(self, place: int, line: int) -> None:
        sale = self.pick(place)
        if sale is None:
            return
        posted = sale.lines[line - 1] if 1 <= line <= len(sale.lines) else None
        allowed = (
            posted is not None
            and sale.open
            and not posted.void
            and posted.kind not in (LineKind.VOID, LineKind.ROUNDING)
            and sale.allows(-posted.amount)
            and (posted.kind is not LineKind.ITEM or posted.amount <= sale.goods_less_discounts)
        )
        if self.call(lambda: self.handle(sale).void_line(line), allowed=allowed):
            assert posted is not None
            sale.let_go([posted])
            posted.void = True
            sale.lines.append(Posted(-posted.amount, LineKind.VOID))

    @precondition(lambda self: self.sales)
    @rule(place=PLACES, amount=st.integers(-1, 500))
    def discount(self, place: int, amount: int) -> None:
        sale = self.pick(place)
        if sale is None:
            return
        allowed = sale.open and 0 < amount <= sale.goods_less_discounts and sale.allows(-amount)
        if self.call(lambda: self.handle(sale).discount(amount), allowed=allowed):
            sale.lines.append(Posted(-amount, LineKind.DISCOUNT))

    @precondition(lambda self: self.sales)
    @rule(
        place=PLACES,
        how=st.sampled_from(["cash", "voucher"]),
        aim=st.sampled_from(["exact", "over", "part", "free"]),
        free=st.integers(-300, 300),
        rounding=st.sampled_from([0, 0, 0, 1, -2]),
    )
    def tender(self, place: int, how: str, aim: str, free: int, rounding: int) -> None:
        sale = self.pick(place)
        if sale is None:
            return
        rounding = rounding if how == "cash" else 0
        balance = sale.total + rounding - sale.tendered + sale.change
        amount = {
            "exact": balance,
            "over": balance + abs(free),
            "part": balance // 2,
            "free": free,
        }[aim]
        partial = short_of(amount, balance)
        allowed = (
            sale.open
            and bool(sale.lines)
            and not sale.waits
            and acceptable(amount, balance)
            and not (rounding and partial)
            and balance * (balance - rounding) >= 0
            and (how == "cash" or abs(amount) <= abs(balance))
        )

        def act() -> None:
            if how == "cash":
                self.handle(sale).tender_cash(amount, rounding_minor=rounding)
            else:
                self.handle(sale).tender_voucher(amount, "V1")

        if self.call(act, allowed=allowed):
            if rounding:
                sale.lines.append(Posted(rounding, LineKind.ROUNDING))
            sale.tenders.append(Given(how, amount))
            self.period_open = True
            if not partial:
                self.commit(sale, amount - balance)

    @precondition(lambda self: self.sales)
    @rule(place=PLACES, aim=st.sampled_from(["all", "part", "free"]), free=st.integers(-300, 300))
    def request_card(self, place: int, aim: str, free: int) -> None:
        sale = self.pick(place)
        if sale is None:
            return
        balance = sale.total - sale.tendered + sale.change
        amount = {"all": balance, "part": balance // 2, "free": free}[aim]
        allowed = (
            sale.open
            and bool(sale.lines)
            and not sale.waits
            and amount * balance > 0
            and abs(amount) <= abs(balance)
        )
        if self.call(lambda: self.handle(sale).request_card(amount), allowed=allowed):
            sale.cards.append(Asked(amount))

    @precondition(lambda self: self.sales)
    @rule(place=PLACES, last=st.booleans(), result=st.sampled_from(list(CardResult)))
    def answer_card(self, place: int, last: bool, result: CardResult) -> None:
        sale = self.pick(place)
        if sale is None:
            return
        number = len(sale.cards) if last else 1
        asked = sale.cards[number - 1] if 1 <= number <= len(sale.cards) else None
        allowed = asked is not None and sale.open and asked.open and asked.result is not result

        def act() -> None:
            handle = self.handle(sale)
            match result:
                case CardResult.SETTLED:
                    handle.settle_card(number, last_four="4242")
                case CardResult.DECLINED:
                    handle.decline_card(number)
                case _:
                    handle.card_unknown(number)

        if self.call(act, allowed=allowed):
            assert asked is not None
            asked.result = result
            self.period_open = True
            if result is CardResult.SETTLED:
                balance = sale.total - sale.tendered
                sale.tenders.append(Given("card", asked.amount))
                if asked.amount == balance:
                    self.commit(sale, 0)

    @precondition(lambda self: self.sales)
    @rule(place=PLACES, tender=st.integers(0, 3))
    def void_tender(self, place: int, tender: int) -> None:
        sale = self.pick(place)
        if sale is None:
            return
        given = sale.tenders[tender - 1] if 1 <= tender <= len(sale.tenders) else None
        allowed = sale.open and given is not None and not given.void
        if self.call(lambda: self.handle(sale).void_tender(tender), allowed=allowed):
            assert given is not None
            given.void = True

    @precondition(lambda self: self.sales)
    @rule(place=PLACES)
    def abort(self, place: int) -> None:
        sale = self.pick(place)
        if sale is None:
            return
        allowed = sale.open and not sale.paid and not sale.waits
        if self.call(lambda: self.handle(sale).abort("changed mind"), allowed=allowed):
            sale.let_go(sale.lines)
            sale.aborted = True
            self.aborts += self.period_open
            if sale.reference is not None:
                del self.known[sale.reference]

    @rule()
    def close_the_period(self) -> None:
        before = self.till.x_report()
        closed: list[Report] = []
        if self.call(lambda: closed.append(self.till.z_report("0009")), allowed=self.period_open):
            self.z_numbers += 1
            z = closed[0]
            assert (z.kind, z.z_number) == ("Z", self.z_numbers), "Z numbers have no gap"
            assert z.totals == before.totals
            assert (z.perpetual_minor, z.open) == (before.perpetual_minor, before.open)
            self.period, self.aborts, self.period_open = [], 0, False
            assert self.till.x_report().totals == {}


FrontDoor.TestCase.settings = settings(max_examples=40, stateful_step_count=40)
TestFrontDoor = FrontDoor.TestCase
