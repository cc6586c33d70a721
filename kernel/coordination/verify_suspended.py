"""Suspended sales held against the logs: is each in one place, and as it was written down?

The rule of settling, read the other way round: a name that a till's next start would settle to
what the logs say is a note; one that it would settle to anything else, or that no step of the
protocol leaves, is damage. Pure but for the reading of files that the caller hands in.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from kernel.codec.tickets import Ticket
from kernel.coordination.suspended import Place, Release, TicketFile
from kernel.coordination.told_shared import Moved, Told, digest_of
from kernel.disk.verdict import Finding
from kernel.errors import BadInput
from kernel.model.identity import TransactionId
from kernel.model.suspension import LastTicket
from kernel.model.transaction import State, Transaction
from kernel.words import gettext as _

__all__ = ["SuspendedCheck"]


class SuspendedCheck:
    """One look; `notes` is filled by `damages`."""

    def __init__(
        self,
        files: list[TicketFile],
        releases: list[Release],
        told: Told,
        *,
        running: frozenset[str],
        directory: str,
        read: Callable[[TicketFile], Ticket],
        sale: Callable[[str], Transaction | None],
    ) -> None:
        self._files = files
        self._releases = releases
        self._released = {(one.origin, one.ticket) for one in releases}
        self._told = told
        self._running = running
        self._directory = directory
        self._read = read
        self._sale = sale
        self._places: dict[str, list[TicketFile]] = {}
        """Transaction that was suspended -> the files that say it waits."""
        self.notes: list[str] = []

    def damages(self) -> Iterator[Finding]:
        for file in self._files:
            try:
                ticket = self._read(file)
            except FileNotFoundError:
                continue  # moved meanwhile; the next look finds it
            except BadInput as fault:
                yield from self._unreadable(file, fault)
            else:
                yield from self._of_file(file, ticket)
        for origin, files in self._places.items():
            if len(files) > 1:
                names = " and ".join(map(str, files))
                yield self._finding(files[1], _("sale {} is there twice: {}").format(origin, names))
        yield from self._nowhere()
        for origin, recalls in self._told.recalled.items():
            yield from self._of_recalls(origin, recalls)
        for release in self._releases:
            yield from self._of_release(release)

    # --- files -------------------------------------------------------------------------------

    def _of_file(self, file: TicketFile, ticket: Ticket) -> Iterator[Finding]:
        origin = ticket.origin
        left = self._told.suspended.get(origin)
        if left is not None and left.ticket != file.ticket:
            left = None
        recalls = self._told.recalled.get(origin, [])
        waits = left is not None or (origin, file.ticket) in self._released
        if file.place is Place.PENDING and not self._decided(file):
            if waits or recalls:
                self._places.setdefault(origin, []).append(file)
                yield self._finding(
                    file, _("{} went on without it, and would remove it").format(file.till)
                )
            else:
                self._note(file, _("still has the sale; its next start removes this file"))
            return
        last = self._told.last.get(file.till or "")
        if file.place is Place.CLAIM and last == LastTicket(file.ticket, origin):
            self._note(file, _("has recalled it; its next start removes this file"))
            return
        self._places.setdefault(origin, []).append(file)
        if recalls:
            where = ", ".join(one.transaction for one in recalls)
            yield self._finding(
                file, _("sale {} was recalled as {} and could be again").format(origin, where)
            )
        elif not waits:
            meaning = _("no log says that sale {} was suspended as ticket {}").format(
                origin, file.ticket
            )
            yield self._finding(file, meaning)
        elif left is not None and not _same(left, ticket):
            meaning = _("it is not the sale that {} was suspended with").format(origin)
            yield Finding(self._path(file), 0, left.at.lsn, meaning)
        elif file.place is not Place.READY:
            self._note(file, _("ended on the way; its next start puts the sale on the floor"))

    def _unreadable(self, file: TicketFile, fault: BadInput) -> Iterator[Finding]:
        """A file that was cut short while it was made is nobody's sale, nor is one that the log
        has taken over."""
        if file.place is Place.PENDING and not self._decided(file):
            self._note(file, _("was writing it; its next start removes this file"))
            return
        last = self._told.last.get(file.till or "")
        recalled = last is not None and last.ticket == file.ticket and last.origin is not None
        if file.place is Place.CLAIM and recalled:
            self._note(file, _("has recalled it; its next start removes this file"))
            return
        for origin, left in self._told.suspended.items():
            if left.ticket == file.ticket and origin not in self._told.recalled:
                self._places.setdefault(origin, []).append(file)
        yield self._finding(file, str(fault))

    def _decided(self, file: TicketFile) -> bool:
        """Whether a pending file's till has logged that its sale is gone."""
        assert file.till is not None
        return self._told.last.get(file.till) == LastTicket(file.ticket) or any(
            one.ticket == file.ticket and one.till == file.till for one in self._releases
        )

    # --- entries -----------------------------------------------------------------------------

    def _nowhere(self) -> Iterator[Finding]:
        """What was suspended or released, not recalled, and has no file."""
        for origin, left in self._told.suspended.items():
            if origin not in self._places and origin not in self._told.recalled:
                yield Finding(*left.at, _lost(origin, left.ticket))
        for release in self._releases:
            known = self._told.suspended.keys() | self._places.keys() | self._told.recalled.keys()
            if release.origin not in known:
                yield Finding(
                    f"{self._directory}/{release}", 0, 0, _lost(release.origin, release.ticket)
                )

    def _of_recalls(self, origin: str, recalls: list[Moved]) -> Iterator[Finding]:
        for again in recalls[1:]:
            first = recalls[0].transaction
            meaning = _("sale {} is recalled as {}; {} has it already").format(
                origin, again.transaction, first
            )
            yield Finding(*again.at, meaning)
        left = self._told.suspended.get(origin)
        for one in recalls:
            if left is None or left.ticket != one.ticket:
                if (origin, one.ticket) not in self._released:
                    meaning = _("no log says that sale {} was suspended as {}").format(
                        origin, one.ticket
                    )
                    yield Finding(*one.at, meaning)
            elif left.digest != one.digest:
                meaning = _("it is not the sale that {} was suspended with").format(origin)
                yield Finding(*one.at, meaning)

    def _of_release(self, release: Release) -> Iterator[Finding]:
        path = f"{self._directory}/{release}"
        if (release.origin, release.ticket, release.till) not in self._told.released:
            yield Finding(
                path, 0, 0, _("the log of {} tells of no such release").format(release.till)
            )
        sale = self._sale(release.origin)
        if sale is None or (
            sale.state is not State.OPEN
            and (sale.state is not State.SUSPENDED or sale.ticket != release.ticket)
        ):
            state = _(sale.state.value) if sale is not None else _("in no log")
            yield Finding(
                path, 0, 0, _("sale {} was released, and is {}").format(release.origin, state)
            )
        till = TransactionId.parse(release.origin).terminal
        if till not in self._running:
            self.notes.append(
                _("{}: the next start of {} logs that the sale is gone").format(path, till)
            )

    # --- saying it ---------------------------------------------------------------------------

    def _note(self, file: TicketFile, fact: str) -> None:
        """A till that runs is in the middle of it."""
        if file.till not in self._running:
            self.notes.append(f"{self._path(file)}: {file.till} {fact}")

    def _finding(self, file: TicketFile, meaning: str) -> Finding:
        return Finding(self._path(file), 0, 0, meaning)

    def _path(self, file: TicketFile) -> str:
        return f"{self._directory}/{file}"


def _same(left: Moved, ticket: Ticket) -> bool:
    """A release is logged without its expiry: by then its file may be another till's."""
    expires = not left.expires_ms or left.expires_ms == ticket.expires_ms
    return expires and left.digest == digest_of(ticket.sale)


def _lost(origin: str, ticket: str) -> str:
    return _("sale {} was suspended as ticket {} and is in no place: no file, no recall").format(
        origin, ticket
    )
