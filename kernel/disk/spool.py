"""What waits for a terminal's printer: one text file a receipt, in the order of their names.

The till puts files in, a printer process takes them out, and neither waits for the other. A file
is whole before it has its name, and durable before the till logs that it is there. A name that
does not end in `.txt` or `.txt.taken` is nobody's receipt; `.txt.expired` is what came too late to
be served, until the till has noted that. This module must never read a log.
"""

from __future__ import annotations

from contextlib import suppress
from errno import EDQUOT, ENOSPC

from msgspec import Struct

from kernel.disk.files import Disk, directory_of, read_file, replace_file
from kernel.errors import BadInput, DiskFull, SaleRefused
from kernel.words import gettext as _

__all__ = ["Spool", "Spooled"]

_DIRECTORY_MODE = 0o2770
"""A printer process of the shop's group takes files out, whichever user it has."""
_ENDING = ".txt"
_TAKEN = ".txt.taken"
_EXPIRED = ".txt.expired"
_SCRATCH = ".next"
_LIMIT_BYTES = 1 << 20


class Spooled(Struct, frozen=True):
    """A receipt for the printer. `again`: an earlier try was broken off, so it is a copy now."""

    name: str
    text: str
    again: bool


class Spool:
    """The spool of one terminal in `directory`, which need not be there yet."""

    def __init__(self, disk: Disk, directory: str) -> None:
        self._disk = disk
        self.directory = directory

    def make(self) -> None:
        """Make the directory, its name durable. Raises `OSError`."""
        self._disk.make_directory(self.directory, _DIRECTORY_MODE)
        self._disk.sync_directory(directory_of(self.directory))

    def waiting(self) -> list[str]:
        """Names of what is to be printed, the oldest first; what was taken and not finished too.

        Raises `OSError`.
        """
        return self._named(_ENDING, _TAKEN)

    def put(self, name: str, text: str, *, limit: int) -> None:
        """Put it in, durably, unless it is there. Raises `SaleRefused` where `limit` wait
        already, `DiskFull`, `OSError`."""
        waiting = self.waiting()
        if name in waiting or f"{name}.taken" in waiting:
            return
        if len(waiting) >= limit:
            raise SaleRefused(
                _("{} receipts wait for the printer; see that it prints: {}").format(
                    len(waiting), self.directory
                )
            )
        scratch = f"{self.directory}/{_SCRATCH}"
        try:
            if not waiting:
                self._disk.make_directory(self.directory, _DIRECTORY_MODE)  # somebody tidied up
            replace_file(self._disk, f"{self.directory}/{name}", text.encode(), scratch=scratch)
        except OSError as fault:
            with suppress(OSError):
                self._disk.unlink(scratch)
            if fault.errno in (ENOSPC, EDQUOT):
                raise DiskFull(_("the disk is full; free space")) from fault
            raise

    def untaken(self) -> list[tuple[str, str]]:
        """Name and text of what nobody has taken yet, the oldest first. Raises `OSError`."""
        paths = [(name, f"{self.directory}/{name}") for name in self._named(_ENDING)]
        found = [(name, read_file(self._disk, path, _LIMIT_BYTES)) for name, path in paths]
        return [(name, data.decode(errors="replace")) for name, data in found if data is not None]

    def read(self, name: str) -> str:
        """The text of one that waits. Raises `BadInput` where there is none."""
        path = f"{self.directory}/{name}"
        data = read_file(self._disk, path, _LIMIT_BYTES) if name in self.waiting() else None
        if data is None:
            raise BadInput(_("no receipt {!r:.80} waits; list them without a name").format(name))
        return data.decode()

    def take(self) -> Spooled | None:
        """The next one for the printer, until `done` says that it is printed.

        One that was taken before and never done comes first, and says `again`.
        """
        for name in self._order():
            taken = name.endswith(_TAKEN)
            held = name if taken else f"{name}.taken"
            if not taken:
                # Renamed first: whatever ends the printer now, the next try knows of this one.
                try:
                    self._rename(name, held)
                except FileNotFoundError:
                    continue  # the till took it back
                self._disk.sync_directory(self.directory)
            return Spooled(held, self.read(held), taken)
        return None

    def expire(self, spooled: Spooled) -> None:
        """It was taken too late to be served; the till notes that."""
        self._rename(spooled.name, spooled.name.removesuffix(_TAKEN) + _EXPIRED)

    def take_back(self, name: str) -> None:
        """Expire one that nobody has taken: of till and printer one gets there."""
        with suppress(FileNotFoundError):
            self._rename(name, name.removesuffix(_ENDING) + _EXPIRED)

    def expired(self) -> list[str]:
        """The names, as they were put in, of what came too late and is not forgotten yet."""
        return [name.removesuffix(_EXPIRED) + _ENDING for name in self._named(_EXPIRED)]

    def forget(self, name: str) -> None:
        """Remove what expired under that name."""
        self._disk.unlink(f"{self.directory}/{name.removesuffix(_ENDING)}{_EXPIRED}")

    def done(self, spooled: Spooled) -> None:
        """It is on paper."""
        self._disk.unlink(f"{self.directory}/{spooled.name}")

    def _rename(self, old: str, new: str) -> None:
        self._disk.rename(f"{self.directory}/{old}", f"{self.directory}/{new}")

    def _named(self, *endings: str) -> list[str]:
        try:
            names = self._disk.listdir(self.directory)
        except FileNotFoundError:
            return []
        return sorted(name for name in names if name.endswith(endings))

    def _order(self) -> list[str]:
        return sorted(self.waiting(), key=lambda name: (not name.endswith(_TAKEN), name))
