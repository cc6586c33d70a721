"""`verify` between the tills: do the files in `shared/` and the logs say the same?

Every suspended sale is in one place, and every return on a receipt is counted once and was sold.
What a crash may leave, and the next start of a till settles, is a note; what no crash can leave is
damage, and neither is ever touched. FORMAT.md says which is which. Tills go on meanwhile: names are
read before logs, and what looks like damage is looked at again, because a step that was between the
two is over by then. This module must never change a name nor keep a lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial

from kernel.coordination.returns import Booking, BookingState
from kernel.coordination.suspended import Release, SuspendedSales, TicketFile
from kernel.coordination.told_shared import GivenBack, Told, receipts, told_by
from kernel.coordination.verify_suspended import SuspendedCheck
from kernel.disk.files import Disk
from kernel.disk.layout import Layout
from kernel.disk.lock import probe
from kernel.disk.receipts import sale_in_log
from kernel.disk.verdict import Finding
from kernel.errors import BadInput, LogDamaged
from kernel.model.entries import LineKind
from kernel.model.identity import TransactionId, terminal_id
from kernel.model.transaction import State, Transaction
from kernel.words import gettext as _

__all__ = ["SharedVerdict", "check_shared"]

LOOKS = 3
_SOLD = (LineKind.ITEM, LineKind.DEPOSIT)


@dataclass(frozen=True, slots=True)
class SharedVerdict:
    """What was found of `suspended` sales that wait and of returns that are `booked`."""

    suspended: int = 0
    booked: int = 0
    damages: tuple[Finding, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def sound(self) -> bool:
        return not self.damages


def check_shared(disk: Disk, layout: Layout) -> SharedVerdict:
    """Raises `OSError`, `BadConfiguration`."""
    found = _look(disk, layout)
    for _look_again in range(LOOKS - 1):
        if found.sound:
            break
        again = _look(disk, layout)
        stay = tuple(one for one in again.damages if one in found.damages)
        found = replace(again, damages=stay)
    return found


def _look(disk: Disk, layout: Layout) -> SharedVerdict:
    names = _names(disk, layout.suspended), _names(disk, layout.returns)
    terminals = {
        name: probe(disk, layout.terminal(name).lock) is not None
        for name in _terminals(disk, layout)
    }
    files, releases, notes = _sorted_names(layout, names[0])
    bookings, strange = _bookings(layout, names[1])
    notes += strange
    try:
        told = told_by(disk, layout, terminals)
        sold = receipts(disk, layout, terminals, _origins(told, bookings))
        suspended = SuspendedCheck(
            files,
            releases,
            told,
            running=frozenset(name for name, runs in terminals.items() if runs),
            directory=layout.suspended,
            read=SuspendedSales(disk, layout).read,
            sale=partial(_sale, disk, layout, terminals),
        )
        damages = [*suspended.damages()]
        returned = _Returns(layout.returns, bookings, told, terminals)
        damages += [*returned.damages(), *_beyond(layout.returns, bookings, told, sold)]
    except LogDamaged as fault:
        notes.append(_("{}: not compared with the logs: {}").format(layout.shared, fault))
        return SharedVerdict(len(files), len(bookings), (), tuple(notes))
    notes += [*suspended.notes, *returned.notes]
    return SharedVerdict(len(files), len(bookings), tuple(damages), tuple(notes))


def _names(disk: Disk, directory: str) -> list[str]:
    try:
        return sorted(disk.listdir(directory))
    except FileNotFoundError:
        return []


def _terminals(disk: Disk, layout: Layout) -> Iterator[str]:
    for name in _names(disk, layout.terminals):
        with suppress(BadInput, NotADirectoryError):
            disk.listdir(layout.terminal(terminal_id(name)).directory)
            yield name


def _sorted_names(
    layout: Layout, names: list[str]
) -> tuple[list[TicketFile], list[Release], list[str]]:
    files, releases, notes = [], [], []
    for name in names:
        file, release = TicketFile.parse(name), Release.parse(name)
        if file is not None:
            files.append(file)
        elif release is not None:
            releases.append(release)
        else:
            notes.append(_("{}/{}: no suspended sale has this name").format(layout.suspended, name))
    return files, releases, notes


def _bookings(layout: Layout, names: list[str]) -> tuple[list[Booking], list[str]]:
    found = {name: Booking.parse(name) for name in names}
    strange = [name for name, booking in found.items() if booking is None]
    return (
        [booking for booking in found.values() if booking is not None],
        [_("{}/{}: no booking has this name").format(layout.returns, name) for name in strange],
    )


def _sale(
    disk: Disk, layout: Layout, terminals: dict[str, bool], transaction: str
) -> Transaction | None:
    parsed = TransactionId.parse(transaction)
    if parsed.terminal not in terminals:
        return None
    return sale_in_log(disk, layout.terminal(parsed.terminal), parsed.logged)


# --- returns ----------------------------------------------------------------------------------


class _Returns:
    """Each booking against the line that it is for, and each line against its booking."""

    def __init__(
        self, directory: str, bookings: list[Booking], told: Told, terminals: dict[str, bool]
    ) -> None:
        self._directory = directory
        self._bookings = bookings
        self._told = told
        self._terminals = terminals
        self.notes: list[str] = []

    def damages(self) -> Iterator[Finding]:
        counted: set[str] = set()
        for booking in self._bookings:
            if booking.id in counted:
                yield self._finding(
                    booking, _("another file has the same booking; it counts twice")
                )
            counted.add(booking.id)
            yield from self._of_file(booking)
        for one in self._told.returns:
            standing = self._told.standing(one)
            for given in standing[1:]:
                others = _("{} gives back under it too").format(standing[0].transaction)
                yield Finding(
                    *given.at, _("booking {} stands in two sales: {}").format(one, others)
                )
            if standing and one not in counted:
                yield Finding(
                    *standing[0].at, _uncounted(standing[0], _("booking {} is gone").format(one))
                )
        for given in self._told.unbooked:
            yield Finding(*given.at, _uncounted(given, _("it names no booking")))

    def _of_file(self, booking: Booking) -> Iterator[Finding]:
        given = self._told.returns.get(booking.id, [])
        standing = self._told.standing(booking.id)
        for one in standing[:1]:
            if (one.origin, one.line, one.quantity) != _said_by(booking):
                said = _("line {} of {}, {}").format(one.line, one.origin, _plain(one.quantity))
                yield self._finding(
                    booking, _("the log of {} gives back {}").format(one.transaction, said)
                )
        if booking.state is BookingState.READY or booking.holder is None:
            if not standing:
                why = _("is void") if given else _("is in no log")
                yield self._finding(booking, _("the return that it counts {}").format(why))
            return
        if booking.state is BookingState.RELEASE and not given:
            yield self._finding(booking, _("the return that it counts is in no log"))
        till = TransactionId.parse(booking.holder).terminal
        if not self._terminals.get(till, False):
            fate = _("counts it") if standing else _("takes it away")
            self.notes.append(
                _("{}/{}: {} ended on the way; its next start {}").format(
                    self._directory, booking, till, fate
                )
            )

    def _finding(self, booking: Booking, meaning: str) -> Finding:
        return Finding(f"{self._directory}/{booking}", 0, 0, meaning)


def _said_by(booking: Booking) -> tuple[str, int, int]:
    return booking.origin, booking.line, booking.quantity


def _uncounted(given: GivenBack, fact: str) -> str:
    what = _("{} of line {} of {}").format(_plain(given.quantity), given.line, given.origin)
    return _("{} gives back {}, and {}: it could be given back again").format(
        given.transaction, what, fact
    )


def _origins(told: Told, bookings: list[Booking]) -> set[str]:
    found = {booking.origin for booking in bookings}
    found.update(given.origin for one in told.returns.values() for given in one)
    return {origin for origin in found if _is_transaction(origin)}


def _is_transaction(text: str) -> bool:
    try:
        return not TransactionId.parse(text).training
    except BadInput:
        return False


def _beyond(
    directory: str, bookings: list[Booking], told: Told, sold: dict[str, Transaction]
) -> Iterator[Finding]:
    """What was given back beyond what a receipt says was sold."""
    taken: dict[tuple[str, int], dict[str, int]] = {}
    places: dict[tuple[str, int], Finding] = {}
    for booking in bookings:
        key = booking.origin, booking.line
        taken.setdefault(key, {})[booking.id] = booking.quantity
        places.setdefault(key, Finding(f"{directory}/{booking}", 0, 0, ""))
    for one in told.returns:
        for given in told.standing(one):
            key = given.origin, given.line
            taken.setdefault(key, {})[one] = given.quantity
            places.setdefault(key, Finding(*given.at, ""))
    for key, quantities in taken.items():
        fault = _fault(sold.get(key[0]), key[0], key[1], sum(quantities.values()))
        if fault is not None:
            yield replace(places[key], meaning=fault)


def _fault(receipt: Transaction | None, origin: str, number: int, taken: int) -> str | None:
    if receipt is None or receipt.state is not State.COMMITTED:
        return _("no log has a receipt {}").format(origin)
    if not 1 <= number <= len(receipt.lines):
        return _("receipt {} has no line {}; it has {}").format(origin, number, len(receipt.lines))
    line = receipt.lines.line(number)
    if line.kind not in _SOLD or line.quantity <= 0:
        return _("line {} of {} is no sold item").format(number, origin)
    if receipt.lines.reversal_of(number) is not None:
        return _("line {} of {} was void; it was never paid").format(number, origin)
    if taken > line.quantity:
        return _("of line {} of {}, {} were sold and {} given back").format(
            number, origin, _plain(line.quantity), _plain(taken)
        )
    return None


def _plain(thousandths: int) -> str:
    whole, rest = divmod(thousandths, 1000)
    return f"{whole}.{rest:03d}".rstrip("0").rstrip(".") if rest else str(whole)
