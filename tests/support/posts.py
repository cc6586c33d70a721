"""Two tills on one machine in memory that write to each other, each in a process of its own."""

from __future__ import annotations

import os
from collections.abc import Callable
from random import Random

from kernel import Host, Terminal
from kernel.codec.messages import Message
from kernel.disk.files import Disk
from kernel.disk.history import read_log
from kernel.disk.layout import Layout
from kernel.model.entries import Act
from kernel.model.ledger import Ledger
from kernel.model.till_entries import Event
from kernel.terminal.delivery import Decided, Handler
from tests.support.memory_disk import MemoryDisk
from tests.support.tills import SteppingClock

__all__ = ["ROOT", "Shop", "acts_of", "applied_notes", "deliver_all", "events", "note"]

ROOT = "/shop"
LAYOUT = Layout(ROOT)


def note(message: Message, ledger: Ledger) -> Decided:
    """A message whose effect is to stand in the log."""
    return Decided((Event(what="note", detail=bytes(message.body).decode()),))


class Shop:
    """One machine with a clock and dice of its own, and any number of tills."""

    def __init__(self, disk: MemoryDisk | None = None, *, seed: int = 1) -> None:
        self.disk = disk or MemoryDisk()
        self.clock = SteppingClock()
        self.layout = LAYOUT
        self._dice = Random(seed)

    def start(
        self, terminal: str, *, disk: Disk | None = None, handlers: dict[str, Handler] | None = None
    ) -> Terminal:
        """A till in a process of its own that takes notes."""
        host = Host(
            disk=disk if disk is not None else self.disk.process(),
            clock=self.clock,
            random_bytes=self._dice.randbytes,
            boot_id=self.disk.boot_id,
        )
        return Terminal.start(
            terminal,
            ROOT,
            host=host,
            allow_unsound_locks=True,
            handlers={"note": note} if handlers is None else handlers,
        )

    @property
    def host_dice(self) -> Callable[[int], bytes]:
        """Chance, for a host that a test makes itself."""
        return self._dice.randbytes

    def put(self, path: str, data: bytes, *, uid: int | None = None) -> None:
        """A file that somebody else left there."""
        disk = self.disk.process(uid)
        descriptor = disk.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        disk.pwrite(descriptor, data, 0)
        disk.close(descriptor)

    def files(self, directory: str) -> list[str]:
        return sorted(self.disk.listdir(directory))

    @property
    def inbox(self) -> list[str]:
        return self.files(LAYOUT.terminal_inbox)

    @property
    def broadcasts(self) -> list[str]:
        return self.files(LAYOUT.broadcast)

    @property
    def cleanup(self) -> list[str]:
        return self.files(LAYOUT.cleanup)


def deliver_all(*tills: Terminal) -> None:
    """Rounds of all of them until there is nothing left to do for any."""
    for _ in range(8):
        for till in tills:
            while till.postman.deliver():
                pass


def acts_of(disk: Disk, terminal: str) -> list[Act]:
    """All entries of a till's log."""
    reader = disk.process() if isinstance(disk, MemoryDisk) else disk
    paths = LAYOUT.terminal(terminal)
    return [entry.act for entry in read_log(reader, paths, terminal_is_free=True)]


def applied_notes(disk: Disk, terminal: str) -> list[str]:
    """The notes that a till's log holds, in order."""
    return [
        act.detail or ""
        for act in acts_of(disk, terminal)
        if isinstance(act, Event) and act.what == "note"
    ]


def events(shop: Shop, terminal: str) -> list[Event]:
    """What that terminal's log says of messages that had no effect."""
    found = [act for act in acts_of(shop.disk, terminal) if isinstance(act, Event)]
    return [act for act in found if act.what == "message_set_aside"]
