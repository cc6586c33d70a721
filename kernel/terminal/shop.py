"""A shop's logs as outsiders read them: sales, one sale's entries, an X of any terminal.

For the command line, the console and scripts. It takes no terminal's lock and changes no log,
so that it works beside a till that sells, and never shows more than what is durable. What only
a running terminal may do, a Z for one, is `Terminal`'s.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import partial

from msgspec import Struct

from kernel.coordination.operators import operators_of
from kernel.disk.files import SHARED_FILE_MODE, replace_file
from kernel.disk.history import LoggedEntry, exists, read_log, read_near
from kernel.disk.layout import Layout, TerminalPaths
from kernel.disk.lock import probe
from kernel.disk.mounts import require_sound_locks
from kernel.disk.spool import Spool
from kernel.errors import LogDamaged, SaleRefused
from kernel.model.decisions import name_of
from kernel.model.entries import (
    Act,
    CardOutcome,
    SaleAborted,
    SaleBegun,
    SaleRecalled,
    SaleSuspended,
    Tender,
)
from kernel.model.identity import TransactionId, terminal_id
from kernel.model.ledger import Ledger
from kernel.model.operators import Operator
from kernel.model.reports import Report, x_report
from kernel.model.till_entries import Started
from kernel.model.transaction import State, Transaction
from kernel.terminal.host import Host
from kernel.terminal.usable import usable
from kernel.words import gettext as _

__all__ = ["CommittedSale", "LoggedEntry", "LoggedSale", "Shop"]


class CommittedSale(Struct, frozen=True):
    """A sale as its log committed it."""

    terminal: str
    sale: Transaction

    @property
    def id(self) -> str:
        return name_of(self.terminal, self.sale.number)


class LoggedSale(Struct, frozen=True):
    """A sale, whatever became of it, and every entry that made it."""

    terminal: str
    sale: Transaction
    entries: tuple[LoggedEntry, ...]
    resumed: bool = False
    """Its till was started anew while it was open."""

    @property
    def id(self) -> str:
        return name_of(self.terminal, self.sale.number)


class Shop:
    """The data directory of a shop; one that does not exist yet is a shop without sales."""

    def __init__(self, data_dir: str | os.PathLike[str], host: Host | None = None) -> None:
        self._host = host or Host()
        self._layout = Layout.at(data_dir)

    @property
    def root(self) -> str:
        """The data directory as an absolute path."""
        return self._layout.root

    def make(self) -> bool:
        """Make what is missing of the data directory; True if it is new.

        Raises `BadConfiguration`, `DiskFull`.
        """
        disk = self._host.disk
        with usable(self.root):
            try:
                new = "terminals" not in disk.listdir(self.root)
            except FileNotFoundError:
                new = True
            self._layout.make(disk)
            require_sound_locks(self.root, allow_unsound=False)
            return new

    def terminals(self) -> list[str]:
        """Every terminal that ever had a log, sorted. Raises `BadConfiguration`."""
        disk = self._host.disk
        with usable(self.root):
            try:
                names = disk.listdir(self._layout.terminals)
            except FileNotFoundError:
                return []
            return sorted(name for name in names if exists(disk, self._layout.terminal(name)))

    def known(self, terminal: str) -> str:
        """Its id. Raises `SaleRefused` for a terminal that never had a log, `BadInput` (the id)."""
        terminal = terminal_id(terminal)
        with usable(self.root):
            if exists(self._host.disk, self._layout.terminal(terminal)):
                return terminal
        raise SaleRefused(
            _("there is no terminal {}; `posterm status` names those of this shop").format(terminal)
        )

    def sales(
        self, terminal: str | None = None, business_date: int | None = None
    ) -> Iterator[CommittedSale]:
        """The committed sales, oldest first, terminal by terminal; training is none of them.

        With a `business_date` (YYYYMMDD) only those that were committed on it.

        Raises `BadInput` (the id), `LogDamaged`, `BadConfiguration`.
        """
        named = self.terminals() if terminal is None else [terminal_id(terminal)]
        for one in named:
            for entry, sale in self._folded(one, Ledger()):
                if sale is None or sale.state is not State.COMMITTED or sale.training:
                    continue
                if business_date in (None, entry.stamp.business_date):
                    yield CommittedSale(one, sale)

    def sale(self, transaction: str, *, near_lsn: int | None = None) -> LoggedSale:
        """The sale of that id, open or closed. Raises `SaleRefused` if there is none.

        `near_lsn` is that of one of its entries, which an audit line says: then only those
        segments are read that it was rung in, and not a log of years.
        """
        parsed = TransactionId.parse(transaction)
        number = parsed.logged
        if near_lsn is not None:
            near = self._sale_near(parsed.terminal, number, near_lsn)
            if near is not None:
                return near
        found: Transaction | None = None
        entries: list[LoggedEntry] = []
        ledger, resumed = Ledger(), False
        for entry, sale in self._folded(parsed.terminal, ledger):
            resumed |= isinstance(entry.act, Started) and number in ledger.sales
            if entry.act.tx == number:
                entries.append(entry)
                found = sale or found
        if found is None:
            raise SaleRefused(_("there is no sale {}; see `posterm sales`").format(transaction))
        return LoggedSale(parsed.terminal, found, tuple(entries), resumed)

    def _sale_near(self, terminal: str, number: int, lsn: int) -> LoggedSale | None:
        """None where no such sale began at that LSN or before it."""
        from kernel.codec.audit_acts import ToldAct
        from kernel.terminal.retold import RetoldTerminal  # tells a log from its middle on

        paths = self._layout.terminal(terminal)
        with usable(self.root):
            if not exists(self._host.disk, paths):
                return None
            free = probe(self._host.disk, paths.lock) is None
            read = read_near(
                self._host.disk, paths, lsn, partial(_begins, number), partial(_ends, number),
                terminal_is_free=free,
            )  # fmt: skip
        told, found = RetoldTerminal(terminal), None
        entries: list[LoggedEntry] = []
        resumed = False
        for entry in read:
            what = told.take_act(ToldAct(terminal, 0, "", entry.act, entry.stamp))
            resumed |= isinstance(entry.act, Started) and number in told.sales
            if entry.act.tx == number:
                entries.append(entry)
                found = (what.sale if what is not None else None) or found
        return LoggedSale(terminal, found, tuple(entries), resumed) if found is not None else None

    def x_report(self, terminal: str) -> Report:
        """What the terminal's open period holds, whether it runs or not."""
        terminal = terminal_id(terminal)
        ledger = Ledger()
        for _entry in self._folded(terminal, ledger):
            pass
        return x_report(ledger, terminal)

    def entries(self, terminal: str) -> Iterator[LoggedEntry]:
        """Every durable entry of the terminal, oldest first."""
        with usable(self.root):
            yield from self._entries(self._layout.terminal(terminal_id(terminal)))

    def spool(self, terminal: str) -> Spool:
        """The receipts that wait for that terminal's printer."""
        return Spool(self._host.disk, self._layout.terminal(terminal_id(terminal)).spool)

    def drawer_spool(self, terminal: str) -> Spool:
        """The openings that wait for that terminal's cash drawer."""
        return Spool(self._host.disk, self._layout.terminal(terminal_id(terminal)).drawer_spool)

    def operators(self) -> tuple[Operator, ...]:
        """Who may work here, by number. Raises `BadConfiguration`."""
        with usable(self.root):
            return operators_of(self._host.disk, self._layout)

    def keep_fault(self, text: str) -> str:
        """Keep the traceback of an unknown fault under `temp`; the path of its file."""
        disk = self._host.disk
        self.make()
        name = f"fault-{self._host.clock.wall_ms()}-{self._host.random_bytes(4).hex()}.txt"
        path = os.path.join(self._layout.temp, name)
        with usable(self.root):
            data = text.encode(errors="replace")
            replace_file(
                disk, path, data, scratch=f"{path}.next", mode=SHARED_FILE_MODE, durable=False
            )
        return path

    def _folded(
        self, terminal: str, ledger: Ledger
    ) -> Iterator[tuple[LoggedEntry, Transaction | None]]:
        """Each durable entry and the sale that it changed, folded into `ledger`."""
        paths = self._layout.terminal(terminal)
        with usable(self.root):
            for entry in self._entries(paths):
                try:
                    sale = ledger.apply(entry.act, entry.stamp)
                except (AssertionError, IndexError, KeyError) as fault:
                    raise LogDamaged(
                        paths.directory,
                        0,
                        entry.stamp.lsn,
                        _("it contradicts the entries before it"),
                    ) from fault
                yield entry, sale

    def _entries(self, paths: TerminalPaths) -> Iterator[LoggedEntry]:
        disk = self._host.disk
        if not exists(disk, paths):
            return iter(())
        free = probe(disk, paths.lock) is None
        return read_log(disk, paths, terminal_is_free=free)


def _begins(number: int, act: Act) -> bool:
    return act.tx == number and isinstance(act, SaleBegun | SaleRecalled)


def _ends(number: int, act: Act) -> bool:
    if act.tx != number:
        return False
    closes = isinstance(act, Tender | CardOutcome) and act.commit is not None
    return closes or isinstance(act, SaleAborted | SaleSuspended)
