"""The outbox of receipts: what a till owes its printer, and how it comes to hand it over.

That a receipt is due stands in the write that closes the sale, as an `intent`; once its text lies
in the spool, an `outcome` says so. So no crash between the two loses a receipt in silence: the
next start finds the intent without an outcome, and prints a COPY, because nobody can know whether
the original came out. This module must never decide what a receipt says.
"""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from kernel.disk.layout import TerminalPaths
from kernel.disk.receipts import LoggedReceipt, receipt_in_log, sale_of_receipt
from kernel.disk.spool import Spool
from kernel.errors import BadInput, SaleRefused
from kernel.model.decisions import name_of
from kernel.model.entries import Act, CardOutcome, Tender
from kernel.model.identity import TransactionId
from kernel.model.ledger import PRINTER, Ledger
from kernel.model.till_entries import CopyPrinted, Intent, Outcome
from kernel.terminal.host import Host
from kernel.terminal.journal import Journal
from kernel.words import gettext as _

__all__ = ["PrintJob", "Printer"]

_RECEIPT = "receipt"
_COPY = "copy"
_DIGITS = 15


class PrintJob(Struct, frozen=True):
    """Job `number` of this terminal prints the receipt of `sale`."""

    number: int
    sale: int
    transaction: str
    copy: bool


class Printer:
    """The receipts of one running till; nothing is printed until `start` was called."""

    def __init__(self, terminal: str, host: Host, paths: TerminalPaths, journal: Journal) -> None:
        self._terminal = terminal
        self._disk = host.disk
        self._paths = paths
        self._journal = journal
        self._on = False
        self._copies: set[int] = set()
        self.spool = Spool(host.disk, paths.spool)

    def start(self) -> None:
        """From now on each sale that is closed here owes its receipt. Raises `OSError`.

        What an earlier process owed is due as a copy.
        """
        self.spool.make()
        self._copies = set(self._owed())
        self._on = True

    def with_receipt(self, ledger: Ledger, acts: tuple[Act, ...]) -> tuple[Act, ...]:
        """`acts`, with the receipt asked for right before the one that closes a sale."""
        last = acts[-1] if acts else None
        closes = isinstance(last, Tender | CardOutcome) and last.commit is not None
        if not (self._on and closes and last is not None):
            return acts
        return (*acts[:-1], self._intent(ledger, last.tx, last.operator, _RECEIPT), last)

    def ask_copy(self, sale: int, operator: str | None) -> None:
        """A copy of the receipt of sale `sale` is due. Raises `SaleRefused`, `DiskFull`."""
        numbers: list[int] = []

        def decide(ledger: Ledger) -> tuple[Act, ...]:
            numbers.append(ledger.next_print)
            return (self._intent(ledger, sale, operator, _COPY),)

        self._journal.record(decide)
        self._copies.add(numbers[-1])

    def due(self) -> tuple[PrintJob, ...]:
        """What is owed now, the oldest first."""
        owed = self._owed()
        return tuple(
            PrintJob(one, owed[one], name_of(self._terminal, owed[one]), one in self._copies)
            for one in sorted(owed)
        )

    def put(self, job: PrintJob, text: str, *, limit: int, receipt: int) -> None:
        """Hand the text over. Nothing is lost where that fails: the log has the sale, and says
        that its receipt was not printed.

        Raises `SaleRefused` where `limit` receipts wait for the printer, `DiskFull`, `OSError`;
        then it is not due any more, and a copy can be asked for.
        """
        try:
            self.spool.put(self._file(job), text, limit=limit)
        except (SaleRefused, OSError):
            self._settle(job, "refused")
            raise
        copied = CopyPrinted(tx=job.sale, number=receipt)
        self._settle(job, "spooled", *([copied] if job.copy else []))

    def drop(self, job: PrintJob) -> None:
        """Its sale was never closed: the cut came between the intent and the tender."""
        self._settle(job, "dropped")

    def in_spool(self, job: PrintJob) -> bool:
        """Whether the original of a repeated job lies there: then the cut came after it was put,
        and it need not be repeated."""
        name = self._file(replace(job, copy=False))
        return any(one.startswith(name) for one in self.spool.waiting())

    def settle(self, job: PrintJob) -> None:
        """It lies in the spool already."""
        self._settle(job, "spooled")

    def find(self, named: str) -> LoggedReceipt | None:
        """The sale of that receipt number or transaction, whatever its age; of the last receipt
        where nothing is named; None if there is none. Raises `BadInput`, `LogDamaged`."""
        if named and not (named.isascii() and named.isdigit()):
            sale = self._number_of(named)
            return receipt_in_log(self._disk, self._paths, sale)
        last = self._journal.read(lambda ledger: ledger.next_receipt) - 1
        wanted = int(named[:_DIGITS]) if named else last
        found = sale_of_receipt(self._disk, self._paths, wanted)
        return receipt_in_log(self._disk, self._paths, found) if found is not None else None

    def resumed(self, sale: int) -> bool:
        """Whether the till was started anew while that sale was open."""
        found = receipt_in_log(self._disk, self._paths, sale)
        return found is not None and found.resumed

    # --- how -----------------------------------------------------------------------------

    def _owed(self) -> Mapping[int, int]:
        return self._journal.read(lambda ledger: dict(ledger.prints))

    def _number_of(self, transaction: str) -> int:
        parsed = TransactionId.parse(transaction)
        if parsed.terminal != self._terminal:
            raise BadInput(
                _("sale {} is of {}; its receipt is printed there").format(
                    transaction, parsed.terminal
                )
            )
        return parsed.logged

    def _intent(self, ledger: Ledger, sale: int | None, operator: str | None, what: str) -> Intent:
        return Intent(
            tx=sale, operator=operator, device=PRINTER, what=what, number=ledger.next_print
        )

    def _settle(self, job: PrintJob, result: str, *before: Act) -> None:
        outcome = Outcome(tx=job.sale, device=PRINTER, number=job.number, result=result)
        self._journal.record(lambda ledger: (*before, outcome))
        self._copies.discard(job.number)

    def _file(self, job: PrintJob) -> str:
        return f"{job.number:09d}-{_COPY if job.copy else _RECEIPT}-{job.transaction}.txt"
