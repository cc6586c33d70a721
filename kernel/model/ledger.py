"""The ledger: what a log says, as a pure fold of its entries.

`Ledger.apply` is the only way it changes, so the same entries give the same ledger on the
till, in a checkpoint, in `verify` and in an outsider's program. It must never refuse: an entry
in the log has happened. What contradicts itself there is damage, and `verify` says so.
"""

from __future__ import annotations

from itertools import islice

from msgspec import Struct, field
from msgspec.structs import replace

from kernel.model.entries import (
    Act,
    CardOutcome,
    CardRequest,
    Line,
    SaleAborted,
    SaleBegun,
    SaleRecalled,
    SaleSuspended,
    Stamp,
    Tender,
    TenderVoided,
)
from kernel.model.mail import Mail
from kernel.model.postal import apply_mail, apply_message
from kernel.model.staff import Staff
from kernel.model.suspension import LastTicket, recalled, with_suspension
from kernel.model.till_entries import (
    Approval,
    ApprovalUsed,
    CashMovement,
    ConfigurationApplied,
    Counted,
    Event,
    Intent,
    OperatorChange,
    Outcome,
    PeriodClosed,
    PeriodOpened,
    Started,
    Stopped,
    TrainingEnded,
)
from kernel.model.totals import TaxTotal, Totals
from kernel.model.transaction import (
    Transaction,
    begun,
    with_abort,
    with_card_outcome,
    with_card_request,
    with_line,
    with_tender,
    with_tender_voided,
)

__all__ = ["DRAWER", "PRINTER", "REFERENCES_KEPT", "Ledger", "Period"]

PRINTER = "printer"
"""The device of the intents whose receipts are owed until their outcome is logged."""
DRAWER = "drawer"
"""That of the intents to open the cash drawer, in the same way."""

REFERENCES_KEPT = 32_768
"""References are known for at least that many sales back; older ones may be used again."""
_FORGOTTEN_AT_ONCE = 1_024
"""One a sale would be dear: the oldest stands behind the gaps that all before it have left."""


class Period(Struct, omit_defaults=True):
    """A till period: from its opening to its Z."""

    number: int
    date: int
    drawer: str
    opened_ms: int
    training: bool = False
    totals: dict[str, Totals] = field(default_factory=dict)
    first_receipt: int | None = None
    last_receipt: int | None = None
    no_sales: int = 0
    suspended: dict[str, int] = field(default_factory=dict)
    """Ticket -> transaction: put on the floor here in this period, and not taken up here again."""
    counted: dict[str, int] = field(default_factory=dict)
    """Currency -> what was counted in the drawer last."""

    def totals_of(self, currency: str) -> Totals:
        totals = self.totals.get(currency)
        if totals is None:
            totals = self.totals[currency] = Totals()
        return totals

    def book(self, sale: Transaction) -> None:
        """Add a committed sale."""
        assert sale.receipt_number is not None
        if self.first_receipt is None:
            self.first_receipt = sale.receipt_number
        self.last_receipt = sale.receipt_number
        _book(self.totals_of(sale.currency), sale)

    def move_cash(self, act: CashMovement) -> None:
        totals = self.totals_of(act.currency)
        match act.how:
            case "pay_in":
                totals.pay_ins += 1
                totals.pay_ins_minor += act.amount_minor
            case "pay_out":
                totals.pay_outs += 1
                totals.pay_outs_minor += act.amount_minor
            case "pickup":
                totals.pickups += 1
                totals.pickups_minor += act.amount_minor
            case _:
                self.no_sales += 1


class Ledger(Struct, omit_defaults=True):
    """Everything a terminal needs to go on: its size depends on what is open, not on history."""

    epoch: int = 0
    boot: str = ""
    stopped: bool = True
    """The last process left by a `stop` entry."""
    next_transaction: int = 1
    next_training: int = 1
    next_receipt: int = 1
    next_training_receipt: int = 1
    next_period: int = 1
    next_z: int = 1
    period: Period | None = None
    next_training_period: int = 1
    training: Period | None = None
    """Open beside `period`, which rests meanwhile: nothing that is trained is booked there."""
    perpetual: dict[str, int] = field(default_factory=dict)
    sales: dict[int, Transaction] = field(default_factory=dict)
    """The open sales by number."""
    references: dict[str, int] = field(default_factory=dict)
    """Reference -> number of its sale, open or committed; oldest first. None of training: what
    was only trained is still to be sold."""
    last_ticket: LastTicket | None = None
    """What this log says last about a suspended sale; of older ones no file is left."""
    mail: Mail = field(default_factory=Mail)
    staff: Staff = field(default_factory=Staff)
    configuration: int = 0
    """Version of the shop's configuration that was taken note of last; 0 is none."""
    configuration_sha256: str = ""
    next_print: int = 1
    prints: dict[int, int] = field(default_factory=dict)
    """Print job -> sale: receipts that are owed to the printer."""
    next_kick: int = 1
    kicks: dict[int, int] = field(default_factory=dict)
    """Opening of the drawer that is owed -> sale, 0 for cash beside the sales."""

    def apply(  # noqa: PLR0911  # one a kind
        self, act: Act, stamp: Stamp, made: Transaction | None = None
    ) -> Transaction | None:
        """Fold one entry in; the sale it changed, if it changed one.

        `made` is that sale as a ledger in the same state has made it of this entry already: for
        the entries that come most often it is taken over, and not made a second time.
        Raises `KeyError`, `IndexError` or `AssertionError` where the entry contradicts those
        before it: a bug in the writer or damage in the log.
        """
        if act.applied is not None:
            apply_message(self.mail, act, stamp)
        match act:
            case Line():
                return self._kept(made or with_line(self._sale(act), act))
            case SaleBegun():
                return self._begun(made or begun(act, stamp))
            case Tender():
                return self._kept(made or with_tender(self._sale(act), act, stamp))
            case TenderVoided():
                return self._kept(with_tender_voided(self._sale(act), act.of))
            case CardRequest():
                return self._kept(with_card_request(self._sale(act), act))
            case CardOutcome():
                return self._kept(with_card_outcome(self._sale(act), act, stamp))
            case SaleAborted():
                return self._aborted(with_abort(self._sale(act), act.reason, stamp))
            case SaleSuspended():
                return self._suspended(act, stamp)
            case SaleRecalled():
                return self._recalled(act)
            case _:
                self._apply_to_till(act, stamp)
                return None

    def fork(self) -> Ledger:
        """A ledger of its own in the same state, at a cost of what is open."""
        return replace(
            self,
            period=_forked_period(self.period),
            training=_forked_period(self.training),
            perpetual=dict(self.perpetual),
            sales=dict(self.sales),
            references=dict(self.references),
            mail=self.mail.fork(),
            staff=self.staff.fork(),
            prints=dict(self.prints),
            kicks=dict(self.kicks),
        )

    def _apply_to_till(self, act: Act, stamp: Stamp) -> None:
        match act:
            case Started():
                self.epoch, self.boot, self.stopped = act.epoch, act.boot, False
                self.staff.apply(act, stamp)
            case Stopped():
                self.stopped = True
            case OperatorChange() | Approval() | ApprovalUsed() | Event():
                self.staff.apply(act, stamp)
            case Intent() if act.device == PRINTER:
                assert act.tx is not None, "a receipt is of a sale"
                self.prints[act.number] = act.tx
                self.next_print = act.number + 1
            case Outcome() if act.device == PRINTER:
                self.prints.pop(act.number, None)
            case Intent() if act.device == DRAWER:
                self.kicks[act.number] = act.tx or 0
                self.next_kick = act.number + 1
            case Outcome() if act.device == DRAWER:
                self.kicks.pop(act.number, None)
            case ConfigurationApplied():
                self.configuration, self.configuration_sha256 = act.version, act.sha256
            case _:
                self._apply_to_period(act, stamp)
                apply_mail(self.mail, act, stamp)

    def _apply_to_period(self, act: Act, stamp: Stamp) -> None:
        match act:
            case PeriodOpened(training=True):
                assert self.training is None, "a training period is open"
                self.training = Period(act.number, act.date, act.drawer, stamp.wall_ms, True)
                self.next_training_period = act.number + 1
            case TrainingEnded():
                assert self.training is not None and self.training.number == act.number
                self.training = None
            case PeriodOpened():
                assert self.period is None, "a period is open"
                self.period = Period(act.number, act.date, act.drawer, stamp.wall_ms, act.training)
                self.next_period = act.number + 1
                if act.currency is not None:
                    self.period.totals_of(act.currency).float_minor = act.float_minor
            case PeriodClosed():
                assert self.period is not None and self.period.number == act.period
                self.period = None
                self.next_z = act.number + 1
            case CashMovement():
                assert self.period is not None, "no period is open"
                self.period.move_cash(act)
            case Counted() if self.period is not None:
                self.period.counted[act.currency] = act.amount_minor
            case _:
                pass

    def _sale(self, act: Act) -> Transaction:
        assert act.tx is not None, "the entry names no sale"
        return self.sales[act.tx]

    def _begun(self, sale: Transaction) -> Transaction:
        if sale.training:
            self.next_training = 1 - sale.number
        else:
            self.next_transaction = sale.number + 1
        self.sales[sale.number] = sale
        if sale.reference is not None and not sale.training:
            self.references.pop(sale.reference, None)
            self.references[sale.reference] = sale.number
            if len(self.references) >= REFERENCES_KEPT + _FORGOTTEN_AT_ONCE:
                for oldest in list(islice(self.references, _FORGOTTEN_AT_ONCE)):
                    del self.references[oldest]
        return sale

    def _suspended(self, act: SaleSuspended, stamp: Stamp) -> Transaction:
        self.last_ticket = LastTicket(act.ticket)
        sale = with_suspension(self._sale(act), act, stamp)
        del self.sales[sale.number]
        if self.period is not None:
            self.period.suspended[act.ticket] = sale.number
        return sale

    def _recalled(self, act: SaleRecalled) -> Transaction:
        self.last_ticket = LastTicket(act.ticket, act.origin)
        if self.period is not None:
            self.period.suspended.pop(act.ticket, None)
        return self._begun(recalled(act))

    def _aborted(self, sale: Transaction) -> Transaction:
        del self.sales[sale.number]
        if sale.reference is not None and self.references.get(sale.reference) == sale.number:
            del self.references[sale.reference]
        period = self.training if sale.training else self.period
        if period is not None:
            totals = period.totals_of(sale.currency)
            totals.aborted += 1
            totals.aborted_minor += sale.total_minor
        return sale

    def _kept(self, sale: Transaction) -> Transaction:
        """Put the sale back, or book it into the period when it is committed."""
        if sale.receipt_number is None:
            self.sales[sale.number] = sale
            return sale
        del self.sales[sale.number]
        if sale.training:
            self.next_training_receipt = sale.receipt_number + 1
            if self.training is not None:
                self.training.book(sale)
            return sale
        assert self.period is not None, "no period is open"
        self.next_receipt = sale.receipt_number + 1
        self.period.book(sale)
        before = self.perpetual.get(sale.currency, 0)
        self.perpetual[sale.currency] = before + sale.total_minor
        return sale


def _forked_period(period: Period | None) -> Period | None:
    if period is None:
        return None
    return replace(
        period,
        totals={name: _forked(totals) for name, totals in period.totals.items()},
        suspended=dict(period.suspended),
        counted=dict(period.counted),
    )


def _forked(totals: Totals) -> Totals:
    return replace(
        totals,
        tenders=dict(totals.tenders),
        tender_counts=dict(totals.tender_counts),
        taxes=dict(totals.taxes),
    )


def _book(totals: Totals, sale: Transaction) -> None:
    sums = sale.sums
    totals.sales += 1
    totals.lines += sums.lines
    totals.items_minor += sums.items_minor
    totals.returns += sums.returns
    totals.returns_minor += sums.returns_minor
    totals.discounts += sums.discounts
    totals.discounts_minor += sums.discounts_minor
    totals.adjustments_minor += sums.adjustments_minor
    totals.non_revenue_minor += sums.non_revenue_minor
    totals.tax_lines_minor += sums.tax_lines_minor
    totals.rounding_minor += sums.rounding_minor
    totals.voids += sums.voids
    totals.voids_minor += sums.voids_minor
    totals.total_minor += sale.total_minor
    totals.change_minor += sale.change_minor
    for tender in sale.tenders:
        if not tender.voided:
            how = tender.how.value
            totals.tenders[how] = totals.tenders.get(how, 0) + tender.amount_minor
            totals.tender_counts[how] = totals.tender_counts.get(how, 0) + 1
    for tax in sums.taxes:
        key = f"{tax.code}@{tax.rate_milli_percent}"
        before = totals.taxes.get(key)
        net, amount = (before.net_minor, before.tax_minor) if before is not None else (0, 0)
        totals.taxes[key] = TaxTotal(
            tax.code, tax.rate_milli_percent, net + tax.net_minor, amount + tax.tax_minor
        )
