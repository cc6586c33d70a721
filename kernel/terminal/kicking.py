"""The outbox of the cash drawer: when a till owes its opening, and how it hands that over.

That a drawer is to open stands in the write that moves the cash, as an `intent`; once the kick
lies in the drawer's spool, an `outcome` says so. A crash between the two leaves open whether it
opened. A receipt can be printed again as a copy; a drawer must not open by itself at a start, when
perhaps nobody stands there. So what an earlier process owed is never handed over: it is settled as
`unknown`, and the till says so to whoever signs on, who opens it by No sale. Nor does a drawer open
late: what nobody served for `KICK_LIFE_S` is `expired`, whoever finds it first, and stays closed.
This module must never move cash.
"""

from __future__ import annotations

import re
from contextlib import suppress

from msgspec import Struct

from kernel.disk.layout import TerminalPaths
from kernel.disk.spool import Spool
from kernel.errors import SaleRefused
from kernel.model.decisions import name_of
from kernel.model.entries import Act, Tender, TenderKind, TenderVoided
from kernel.model.ledger import DRAWER, Ledger
from kernel.model.till_entries import CashMovement, Intent, Outcome
from kernel.model.transaction import Transaction
from kernel.terminal.host import Host
from kernel.terminal.journal import Journal
from kernel.words import gettext as _

__all__ = ["KICK_LIFE_S", "DrawerKicks", "Kick", "kick_is_late"]

KICK_LIFE_S = 10
"""A drawer that opens later opens for nobody, or for somebody else."""
_WAITING_LIMIT = 3
_ASKED = "open, asked for at {} ms\n"
_SAYS_WHEN = re.compile(r"open, asked for at ([0-9]{1,15}) ms\n")
_NUMBERED = re.compile(r"([0-9]{9})-open-.*")


class Kick(Struct, frozen=True):
    """Opening `number` of this terminal's drawer, for `sale`, or none for cash beside the sales."""

    number: int
    sale: str | None


def kick_is_late(text: str, now_ms: int) -> bool:
    """Whether it is too late, at that time of UTC, to open the drawer for what the file says.

    So it is where the clock has stepped, and where the file does not say when it was asked for.
    """
    asked = _SAYS_WHEN.fullmatch(text)
    return asked is None or abs(now_ms - int(asked[1])) > KICK_LIFE_S * 1000


class DrawerKicks:
    """The drawer of one running till; it is not opened until `start` was called."""

    def __init__(self, terminal: str, host: Host, paths: TerminalPaths, journal: Journal) -> None:
        self._terminal = terminal
        self._journal = journal
        self._clock = host.clock
        self._on = False
        self._asked_ms: dict[int, int] = {}
        """Opening -> when the cash moved; of those that are not handed over."""
        self._take_by_s: dict[str, float] = {}
        """File -> until when somebody must have taken it."""
        self.spool = Spool(host.disk, paths.drawer_spool)

    def start(self) -> tuple[Kick, ...]:
        """From now on cash that moves owes an opening. Raises `OSError`.

        What an earlier process owed and did not hand over, so that nobody knows whether the
        drawer opened; each is said once.
        """
        self.spool.make()
        unknown: list[Kick] = []
        for kick in self.due():
            there = any(name.startswith(self._file(kick)) for name in self.spool.waiting())
            self._settle(kick.number, "spooled" if there else "unknown")
            unknown += [] if there else [kick]
        now_s = self._clock.monotonic_s()
        for name, text in self.spool.untaken():
            late = kick_is_late(text, self._clock.wall_ms())
            self._take_by_s[name] = now_s if late else now_s + KICK_LIFE_S
        self.expire()
        self._on = True
        return tuple(unknown)

    def with_kick(self, ledger: Ledger, acts: tuple[Act, ...]) -> tuple[Act, ...]:
        """`acts`, with the opening asked for right before the one that moves cash."""
        last = acts[-1] if acts else None
        if not self._on or last is None or not _moves_cash(ledger, last):
            return acts
        intent = Intent(
            tx=last.tx,
            operator=last.operator,
            device=DRAWER,
            what="open",
            number=ledger.next_kick,
        )
        self._asked_ms[intent.number] = self._clock.wall_ms()
        return (*acts[:-1], intent, last)

    def due(self) -> tuple[Kick, ...]:
        """What is owed now, the oldest first."""
        owed = self._journal.read(lambda ledger: dict(ledger.kicks))
        return tuple(
            Kick(number, name_of(self._terminal, owed[number]) if owed[number] else None)
            for number in sorted(owed)
        )

    def put(self, kick: Kick) -> None:
        """Hand it over. Raises `SaleRefused` where too many wait already or it is too late,
        `DiskFull`, `OSError`; then it is not due any more, and a No sale opens the drawer."""
        now_ms = self._clock.wall_ms()
        text = _ASKED.format(self._asked_ms.pop(kick.number, now_ms))
        if kick_is_late(text, now_ms):
            self._settle(kick.number, "expired")
            raise SaleRefused(_("it is too late for that one; /28 opens it"))
        try:
            waiting = len(self.spool.waiting())
            if waiting >= _WAITING_LIMIT:
                raise SaleRefused(
                    _("{} openings wait for the drawer; see that it is served: {}").format(
                        waiting, self.spool.directory
                    )
                )
            self.spool.put(self._file(kick), text, limit=_WAITING_LIMIT)
        except (SaleRefused, OSError):
            self._settle(kick.number, "refused")
            raise
        self._take_by_s[self._file(kick)] = self._clock.monotonic_s() + KICK_LIFE_S
        self._settle(kick.number, "spooled")

    @property
    def overdue(self) -> bool:
        """Whether `expire` may find something. Any thread may ask: it reads no disk."""
        now_s = self._clock.monotonic_s()
        return any(until_s <= now_s for until_s in tuple(self._take_by_s.values()))

    def expire(self) -> int:
        """Take back what nobody took in time; how many openings have expired since the last call.

        Each is said once, and stands in the log. Raises `DiskFull`, `OSError`.
        """
        now_s = self._clock.monotonic_s()
        for name, until_s in list(self._take_by_s.items()):
            if until_s <= now_s:
                self.spool.take_back(name)
                del self._take_by_s[name]
        ours = list(filter(None, map(_NUMBERED.fullmatch, self.spool.expired())))
        for one in ours:
            # Logged first: what is forgotten before it is noted would be noted by nobody.
            self._settle(int(one[1]), "expired")
            with suppress(FileNotFoundError):
                self.spool.forget(one[0])
        return len(ours)

    # --- how -----------------------------------------------------------------------------

    def _settle(self, number: int, result: str) -> None:
        outcome = Outcome(device=DRAWER, number=number, result=result)
        self._journal.record(lambda ledger: (outcome,))

    def _file(self, kick: Kick) -> str:
        return f"{kick.number:09d}-open-{kick.sale or self._terminal}.txt"


def _moves_cash(ledger: Ledger, act: Act) -> bool:
    """Whether the drawer has to be open for it; nothing that is trained touches it."""
    if act.tx is not None and act.tx < 0:
        return False
    match act:
        case Tender():
            return act.how is TenderKind.CASH and act.amount_minor != 0
        case TenderVoided():
            return act.tx is not None and _was_cash(ledger.sales.get(act.tx), act.of)
        case _:
            return isinstance(act, CashMovement)


def _was_cash(sale: Transaction | None, tender: int) -> bool:
    return sale is not None and sale.tenders[tender - 1].how is TenderKind.CASH
