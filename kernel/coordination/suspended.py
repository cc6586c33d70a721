"""`shared/suspended/`: a sale on its way from till to till, as one file that only changes its name.

The name says where the sale is, and a rename moves it, so that no crash and no race can put it
into two places. Names are `<ticket>.<state>`, with the till at work where there is one:

    ticket.pending.TILL   being suspended: the sale is TILL's until TILL's log says otherwise
    ticket.ready          on the floor: whoever renames it first has it
    ticket.claim.TILL     being recalled: on the floor again unless TILL's log says otherwise

An empty `<transaction>.released.<ticket>.<till>` says that the sale was released out of a till that
was off, whose next start has yet to log that it is gone. kernel/FORMAT.md argues each crash. This
module must never decide by anything but names and a log: a process that does not move is not dead.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import Enum

from msgspec import Struct

from kernel.codec.tickets import TICKET_LIMIT_BYTES, Ticket, decode_ticket, encode_ticket
from kernel.disk.files import Disk, create_file, read_file
from kernel.disk.layout import Layout
from kernel.errors import BadConfiguration, BadInput, DiskFull
from kernel.model.identity import TransactionId
from kernel.model.suspension import LastTicket
from kernel.words import gettext as _

__all__ = ["RELEASED", "Place", "Release", "SuspendedSales", "TicketFile", "sharing"]

RELEASED = "released"
"""`what` of the event that tells of a release, and the reason of the sale that was released."""

_TILL = "[A-Z0-9][A-Z0-9_-]{0,31}"
_TICKET = "[1-9][0-9]{8}"
_FILE = rf"(?P<ticket>{_TICKET})\.(?P<place>pending|ready|claim)(?:\.(?P<till>{_TILL}))?"
_RELEASE = (
    rf"(?P<origin>{_TILL}-[1-9][0-9]{{0,14}})\.released\.(?P<ticket>{_TICKET})\.(?P<till>{_TILL})"
)


class Place(Enum):
    PENDING = "pending"
    READY = "ready"
    CLAIM = "claim"


class TicketFile(Struct, frozen=True):
    """A suspended sale by the name of its file; `till` is who works on it."""

    ticket: str
    place: Place
    till: str | None = None

    def __str__(self) -> str:
        return f"{self.ticket}.{self.place.value}" + (f".{self.till}" if self.till else "")

    @classmethod
    def parse(cls, name: str) -> TicketFile | None:
        """None for a file that is none of these."""
        match = re.fullmatch(_FILE, name)
        if match is None or (match["till"] is None) != (match["place"] == Place.READY.value):
            return None
        return cls(match["ticket"], Place(match["place"]), match["till"])


class Release(Struct, frozen=True):
    """That `origin` left its till, which was off, as `ticket`; `till` did it."""

    origin: str
    ticket: str
    till: str

    def __str__(self) -> str:
        return f"{self.origin}.released.{self.ticket}.{self.till}"

    @classmethod
    def parse(cls, name: str) -> Release | None:
        match = re.fullmatch(_RELEASE, name)
        return None if match is None else cls(match["origin"], match["ticket"], match["till"])


class SuspendedSales:
    """The suspended sales of one shop. Every call reads the directory anew.

    All calls raise `DiskFull` and `BadConfiguration` where the directory can't be used.
    """

    def __init__(self, disk: Disk, layout: Layout) -> None:
        self._disk = disk
        self._directory = layout.suspended

    def files(self) -> list[TicketFile]:
        """Sorted by name. What another till renames at this moment may be missing."""
        found = map(TicketFile.parse, self._names())
        return [file for file in found if file is not None]

    def releases(self) -> list[Release]:
        """All that no start has logged yet; these are never renamed, so none is missing."""
        found = map(Release.parse, self._names())
        return [release for release in found if release is not None]

    def read(self, file: TicketFile) -> Ticket:
        """Raises `BadInput` for one that is damaged, `FileNotFoundError` where it is gone."""
        path = self._path(file)
        with sharing(path):
            data = read_file(self._disk, path, TICKET_LIMIT_BYTES)
        if data is None:
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        ticket = decode_ticket(data)
        if ticket.ticket != file.ticket:
            raise BadInput(_("{} holds ticket {}; somebody renamed it").format(path, ticket.ticket))
        return ticket

    def put(self, ticket: Ticket, till: str) -> TicketFile | None:
        """The sale as pending, whole and durable before its name is; None if the id is taken.

        Raises `BadInput` for a sale that is too large.
        """
        file = TicketFile(ticket.ticket, Place.PENDING, till)
        data, path = encode_ticket(ticket), self._path(file)
        with sharing(path):
            try:
                create_file(self._disk, path, data)
            except FileExistsError:
                return None
            except OSError:
                self._discard(file)
                raise
        # Looked for after ours has its name: of two tills that drew the same ticket at the same
        # moment at least the second sees the first, and both may draw again.
        if any(other.ticket == file.ticket and other != file for other in self.files()):
            self._discard(file)
            return None
        return file

    def move(self, file: TicketFile, place: Place, till: str | None = None) -> TicketFile:
        """Put the sale somewhere else, durably.

        Raises `FileNotFoundError` where another till was faster.
        """
        target = TicketFile(file.ticket, place, till)
        with sharing(self._path(file)):
            self._disk.rename(self._path(file), self._path(target))
            self._disk.sync_directory(self._directory)
        return target

    def remove(self, file: TicketFile | Release) -> None:
        """Take the file away, durably."""
        with sharing(self._path(file)):
            self._disk.unlink(self._path(file))
            self._disk.sync_directory(self._directory)

    def release(self, release: Release) -> None:
        """The moment in which the sale leaves its till; the caller holds that till's lock."""
        path = self._path(release)
        with sharing(path):
            create_file(self._disk, path)

    def settle(self, till: str, last: LastTicket | None) -> None:
        """Finish or undo what `till` was at when it ended. `last` is what its log, durable to the
        end and held so, says last about a ticket.

        The caller is that till, or holds its lock.
        """
        released = {release.ticket for release in self.releases() if release.till == till}
        if released:
            with sharing(self._directory):
                # It may have died before its sync: a power cut could take the release and leave
                # the sale on the floor, while it is open on the till that it left.
                self._disk.sync_directory(self._directory)
        for file in self.files():
            if file.till != till:
                continue
            with suppress(FileNotFoundError):  # a start that logs its release was faster
                if file.place is Place.CLAIM:
                    if last == LastTicket(file.ticket, self._origin(file, last)):
                        self.remove(file)
                    else:
                        self.move(file, Place.READY)
                elif last == LastTicket(file.ticket) or file.ticket in released:
                    self.move(file, Place.READY)
                else:
                    self.remove(file)

    def released_from(self, till: str) -> list[Release]:
        """What was released out of `till` while it was off, durable before it is built upon.

        The caller is that till: nothing more is released while it holds its lock.
        """
        found = [
            release
            for release in self.releases()
            if TransactionId.parse(release.origin).terminal == till
        ]
        if found:
            with sharing(self._directory):
                # Whoever made it may have died before its sync, and a log is about to say it.
                self._disk.sync_directory(self._directory)
        return found

    def acknowledge(self, release: Release) -> None:
        """The till's log says that the sale is gone: the release goes.

        First the sale is seen to be on the floor: who released it may have died in between.
        """
        with suppress(FileNotFoundError):
            self.move(TicketFile(release.ticket, Place.PENDING, release.till), Place.READY)
        self.remove(release)

    def _origin(self, file: TicketFile, last: LastTicket | None) -> str | None:
        """Where the sale comes from. A file that rotted since is as good as what the log says."""
        try:
            return self.read(file).origin
        except BadInput:
            return last.origin if last is not None else None

    def _names(self) -> list[str]:
        with sharing(self._directory):
            return sorted(self._disk.listdir(self._directory))

    def _discard(self, file: TicketFile) -> None:
        """As well as it goes: should it stay or come back, the next settling removes it."""
        with suppress(OSError):
            self._disk.unlink(self._path(file))

    def _path(self, file: TicketFile | Release) -> str:
        return os.path.join(self._directory, str(file))


@contextmanager
def sharing(path: str) -> Iterator[None]:
    """`OSError` of a shared file as what the reader can do about it; a missing one stays that."""
    try:
        yield
    except (FileNotFoundError, FileExistsError):
        raise
    except OSError as fault:
        if fault.errno in (errno.ENOSPC, errno.EDQUOT):
            raise DiskFull(
                _("{}: the disk is full; make room and try again").format(path)
            ) from fault
        raise BadConfiguration(
            _("{} can't be used: {}; let this user write in its directory").format(
                path, fault.strerror
            )
        ) from fault
