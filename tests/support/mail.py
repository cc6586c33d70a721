"""A shop's mail on a disk in memory: letters are put there, and looked for."""

from __future__ import annotations

import os
from collections.abc import Callable

from msgspec import Raw

from kernel.clock import Clock
from kernel.codec.messages import FORMAT, FileName, Message, encode_message
from kernel.coordination.letters import Letters, Signer
from kernel.coordination.mailbox import Found, Mailbox
from kernel.disk.files import Disk
from kernel.disk.layout import Layout
from kernel.model.mail import message_id
from tests.support.clock import ManualClock
from tests.support.memory_disk import Machine, MemoryDisk

__all__ = [
    "CLOCK",
    "LAYOUT",
    "NOW_MS",
    "RacingDisk",
    "StaleListings",
    "mailbox",
    "message",
    "orders",
    "put",
    "put_all",
    "reasons",
    "shop",
]

LAYOUT = Layout("/shop")
CLOCK = ManualClock()


NOW_MS = CLOCK.wall_ms()


class RacingDisk(MemoryDisk):
    """A directory that changes while it is read: `during` happens inside the next listing, which
    shows of the new names only those that `shows` picks."""

    during: Callable[[], None] | None = None
    shows: Callable[[str], bool] = staticmethod(lambda name: True)

    def __init__(self, machine: Machine | None = None, *, uid: int = 0) -> None:
        super().__init__(machine, uid=uid)

    def listdir(self, path: str) -> list[str]:
        before = super().listdir(path)
        if self.during is None or path != LAYOUT.terminal_inbox:
            return before
        happens, self.during = self.during, None
        happens()
        return [name for name in super().listdir(path) if name in before or self.shows(name)]


class StaleListings(RacingDisk):
    """A control: the second listing of a look shows what the first one did."""

    _kept: dict[str, list[str]]

    def listdir(self, path: str) -> list[str]:
        kept = self.__dict__.setdefault("_kept", {})
        if path not in kept:
            kept[path] = super().listdir(path)
            return kept[path]
        return kept.pop(path)


def shop(disk: MemoryDisk) -> MemoryDisk:
    LAYOUT.make(disk)
    for terminal in ("A", "B", "A_B"):
        LAYOUT.make_terminal(disk, terminal)
    return disk


def mailbox(
    disk: Disk,
    terminal: str = "B",
    *applied: str,
    layout: Layout = LAYOUT,
    clock: Clock = CLOCK,
    signer: Signer | None = None,
    signed: frozenset[str] = frozenset(),
) -> Mailbox:
    letters = Letters(disk, layout, terminal, clock=clock, applied=applied.__contains__)
    letters.signer, letters.signed_kinds = signer, signed
    return Mailbox(disk, layout, terminal, clock=clock, letters=letters)


def message(
    order: int, *, sender: str = "A", to: str = "B", kind: str = "note", **more: object
) -> Message:
    made_ms = NOW_MS - 1000 + order
    fields: dict[str, object] = {
        "created_ms": made_ms,
        "expires_ms": made_ms + 60_000,
        "body": Raw(b"{}"),
        **more,
    }
    chance = f"{sender:5}{order:5}".encode()
    return Message(
        format=FORMAT,
        id=message_id(int(str(fields["created_ms"])), chance[:10]),
        sender=sender,
        to=to,
        order=order,
        kind=kind,
        **fields,  # type: ignore[arg-type]
    )


def put(disk: MemoryDisk, one: Message, *, name: str = "", data: bytes | None = None) -> str:
    directory = LAYOUT.broadcast if one.to == "*" else LAYOUT.terminal_inbox
    path = os.path.join(directory, name or str(FileName.of(one)))
    descriptor = disk.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    disk.pwrite(descriptor, encode_message(one) if data is None else data, 0)
    disk.close(descriptor)
    return path


def put_all(disk: MemoryDisk, *numbers: int) -> None:
    for order in numbers:
        put(disk, message(order))


def orders(found: Found) -> list[tuple[str, int]]:
    return [(waiting.sender, waiting.order) for waiting in found.messages]


def reasons(found: Found) -> str:
    return "; ".join(complaint.reason for complaint in found.complaints)
