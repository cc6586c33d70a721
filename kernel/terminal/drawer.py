"""The till period of a terminal and the cash in its drawer: float, movements, count, X and Z.

The part of a `Terminal` that knows money beside the sales. A sale that is committed books itself
into the open period; whoever sells without opening one gets one for today with float 0.
"""

from __future__ import annotations

from kernel.coordination.till_configuration import TillConfiguration
from kernel.errors import SaleRefused
from kernel.model.approvals import approved
from kernel.model.entries import Act
from kernel.model.identity import OPERATOR_LIMIT, STORE_LIMIT, optional_text, short_text
from kernel.model.ledger import Ledger
from kernel.model.money import check_minor, exponent
from kernel.model.operators import MANAGER_TERMINAL
from kernel.model.reports import Report, close_of, x_report, z_report
from kernel.model.till_entries import CashMovement, Counted, PeriodClosed, PeriodOpened
from kernel.model.training import refuse_in_training
from kernel.terminal.day import EndOfDay
from kernel.terminal.host import Host
from kernel.terminal.journal import Journal
from kernel.terminal.kicking import DrawerKicks
from kernel.terminal.line_facts import TEXT_LIMIT
from kernel.words import gettext as _

__all__ = ["Drawer"]

_CASH_WAYS = ("pay_in", "pay_out", "pickup", "no_sale")


class Drawer:
    """What a terminal does with its period and its cash. Amounts are minor units."""

    id: str
    journal: Journal
    day: EndOfDay
    kicks: DrawerKicks
    _host: Host
    _configuration: TillConfiguration

    def with_period(self, ledger: Ledger, act: Act, operator: str | None) -> tuple[Act, ...]:
        """`act`, after the opening of a till period where none is open; training needs none."""
        there = ledger.period is not None or (act.tx is not None and act.tx < 0)
        return (act,) if there else (self.opening(ledger, operator), act)

    def opening(self, ledger: Ledger, operator: str | None) -> PeriodOpened:
        """The period that is opened by itself where none is: today, float 0.

        Raises `SaleRefused` at MANAGER's terminal, where no period is ever opened.
        """
        if self.id == MANAGER_TERMINAL:
            raise SaleRefused(_("MANAGER sells nothing; start a till under another id"))
        return PeriodOpened(
            operator=operator,
            number=ledger.next_period,
            date=self._host.clock.business_date(),
            drawer=self._configuration.now.settings.drawer or self.id,
        )

    def open_period(
        self, operator: str, float_minor: int, currency: str, *, drawer: str | None = None
    ) -> None:
        """Open a till period with that much cash in the drawer."""
        exponent(currency)
        if check_minor(float_minor, "float") < 0:
            raise SaleRefused(
                _("float {} is below zero; count the drawer again").format(float_minor)
            )
        short_text(operator, "operator", OPERATOR_LIMIT)
        named = optional_text(drawer, "drawer", STORE_LIMIT)

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            refuse_in_training(ledger, "opening a till period")
            if ledger.period is not None:
                raise SaleRefused(
                    _("till period {} of {} is open; close it with a Z first").format(
                        ledger.period.number, ledger.period.date
                    )
                )
            opening = self.opening(ledger, operator)
            return (
                PeriodOpened(
                    operator=operator,
                    number=opening.number,
                    date=opening.date,
                    drawer=named or opening.drawer,
                    float_minor=float_minor,
                    currency=currency,
                ),
            )

        self.journal.record(decide)

    def move_cash(
        self,
        how: str,
        amount_minor: int,
        currency: str,
        operator: str,
        *,
        reason: str | None = None,
        approver: str | None = None,
        approval: str | None = None,
    ) -> None:
        """A `pay_in`, `pay_out`, `pickup` or `no_sale` (amount 0) of the open drawer.

        `approval` is the token of one that says so, with `"<amount> <currency>"` as its new value.
        """
        exponent(currency)
        amount = check_minor(amount_minor, how)
        if how not in _CASH_WAYS or (amount <= 0) == (how != "no_sale") or amount < 0:
            raise SaleRefused(
                _("{!r:.20} of {} is no cash movement; see the help").format(how, amount)
            )
        act = CashMovement(
            how=how,
            currency=currency,
            amount_minor=amount,
            reason=optional_text(reason, "reason", TEXT_LIMIT),
            approver=optional_text(approver, "approver", OPERATOR_LIMIT),
            operator=short_text(operator, "operator", OPERATOR_LIMIT),
        )

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            refuse_in_training(ledger, "the drawer")
            acts = self.kicks.with_kick(ledger, self.with_period(ledger, act, operator))
            return approved(ledger, approval, acts)

        self.journal.record(decide)

    def count_drawer(
        self,
        amount_minor: int,
        currency: str,
        operator: str,
        *,
        pieces: dict[str, int] | None = None,
    ) -> None:
        """Log what was counted in the drawer; over or short is for the Z's reader to see."""
        exponent(currency)
        act = Counted(
            operator=short_text(operator, "operator", OPERATOR_LIMIT),
            currency=currency,
            amount_minor=check_minor(amount_minor, "count"),
            pieces=pieces,
        )

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            refuse_in_training(ledger, "counting the drawer")
            return (act,)

        self.journal.record(decide)

    @property
    def period_is_open(self) -> bool:
        """Whether a till period is, beside any training."""
        return self.journal.read(lambda ledger: ledger.period is not None)

    def x_report(self) -> Report:
        """What the open period holds so far, in training that of the training; changes nothing."""
        return self.journal.read(
            lambda ledger: x_report(ledger, self.id, training=ledger.training is not None)
        )

    def z_report(self, operator: str = "system", *, approval: str | None = None) -> Report:
        """Close the period, under the token of an `approval` where one was needed.

        Raises `SaleRefused` where none is open.
        """
        short_text(operator, "operator", OPERATOR_LIMIT)
        closed: list[tuple[PeriodClosed, Report]] = []

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            refuse_in_training(ledger, "closing the period")
            if ledger.period is None:
                raise SaleRefused(
                    _("{} has no open till period; there is nothing to close").format(self.id)
                )
            act = self.day.closing(close_of(ledger, operator))
            closed.append((act, x_report(ledger, self.id)))
            return approved(ledger, approval, (act,))

        self.journal.record(decide)
        self.day.closed(closed[-1][0])
        return z_report(*closed[-1])
