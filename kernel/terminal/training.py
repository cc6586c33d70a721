"""Training on a till: begun by whoever is signed on, ended by the sign-off.

The part of a `Terminal` for people who learn. What they sell is marked in every entry. No drawer,
no card, no approval and no suspended sale has a part in it.
"""

from __future__ import annotations

from kernel.coordination.till_configuration import TillConfiguration
from kernel.model.entries import Act
from kernel.model.identity import OPERATOR_LIMIT, short_text
from kernel.model.ledger import Ledger
from kernel.model.till_entries import PeriodOpened
from kernel.model.training import decide_training, decide_training_end
from kernel.terminal.journal import Journal

__all__ = ["Training"]


class Training:
    """`training` holds over a restart of the till, until somebody ends it."""

    journal: Journal
    _configuration: TillConfiguration

    @property
    def training(self) -> bool:
        return self.journal.read(lambda ledger: ledger.training is not None)

    def begin_training(self, operator: str) -> None:
        """Raises `SaleRefused` with a sale open, or where the shop does not allow it here."""
        short_text(operator, "operator", OPERATOR_LIMIT)
        allowed = self._configuration.now.settings.training_allowed

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            return (decide_training(ledger, self.opening(ledger, operator), allowed=allowed),)

        self.journal.record(decide)

    def end_training(self, operator: str | None = None) -> None:
        """Where nobody signs off, because the shop has no operators. Does nothing outside one."""
        self.journal.record(lambda ledger: decide_training_end(ledger, operator))

    def opening(self, ledger: Ledger, operator: str | None) -> PeriodOpened:
        """A period of today on this till's drawer."""
        raise NotImplementedError
