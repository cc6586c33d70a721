"""`active_terminals.json`: which terminals of the shop run, written at their start and stop.

The file is a hint for people and for the manager; the lock of each terminal is the truth. An
entry whose lock is free is that of a crashed process: a stopping one takes its entry out before
it gives its lock back. So nothing here may keep a till from starting because of what the file
says, and whatever can't be read is set aside and rebuilt from the locks.

Every change is read, change, replace, and must stand in the operation lock: of two starts that
read the same file, the second would write the first one's entry away.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from contextlib import suppress
from enum import Enum

from msgspec import Struct

from kernel.clock import Clock
from kernel.codec.documents import (
    REGISTRY_LIMIT_BYTES,
    ProcessIdentity,
    decode_registry,
    encode_registry,
)
from kernel.coordination.suspended import sharing
from kernel.coordination.unwritable import LET_IN, unwritable
from kernel.disk.files import SHARED_FILE_MODE, Disk, read_file, replace_file
from kernel.disk.layout import Layout
from kernel.disk.lock import Holder, OperationLock, probe
from kernel.disk.seen import Seen
from kernel.errors import BadConfiguration, BadInput
from kernel.model.identity import terminal_id

__all__ = ["Registry", "TerminalState", "TerminalStatus"]

_OPERATION = "registry"

Entries = tuple[ProcessIdentity, ...]


class TerminalState(Enum):
    RUNNING = "running"
    CRASHED = "crashed"


class TerminalStatus(Struct, frozen=True):
    """One terminal by its lock. `identity` is None where a running process can't be named."""

    terminal: str
    state: TerminalState
    identity: ProcessIdentity | None
    registered: bool


class Registry:
    """The registry of one shop. Every call reads the file anew; who only watches may bring what he
    has `seen` of it before."""

    def __init__(
        self,
        disk: Disk,
        layout: Layout,
        *,
        clock: Clock,
        pause: Callable[[float], None] = time.sleep,
        seen: Seen | None = None,
    ) -> None:
        self._disk = disk
        self._layout = layout
        self._clock = clock
        self._pause = pause
        self._seen = seen

    def register(self, identity: ProcessIdentity) -> None:
        """Enter a terminal whose lock is held here; durable when it returns.

        An older entry of the same terminal goes. Raises `Contention` when others keep the
        registry locked, `DiskFull`, `BadConfiguration`.
        """
        self._change(lambda entries: (*_without(entries, identity.terminal), identity))

    def unregister(self, identity: ProcessIdentity) -> None:
        """Take out the entry of this process, before its lock is given back."""
        self._change(lambda entries: tuple(entry for entry in entries if entry != identity))

    def forget_crashed(self) -> Entries:
        """Take out the entries of crashed processes and return them."""
        crashed: Entries = ()

        def without_crashed(entries: Entries) -> Entries:
            nonlocal crashed
            crashed = tuple(entry for entry in entries if not self._holder(entry.terminal))
            return tuple(entry for entry in entries if entry not in crashed)

        self._change(without_crashed)
        return crashed

    def read(self) -> Entries:
        """The entries as they stand; where the file can't be read, what the locks say."""
        entries = self._load()
        return self._named_by_locks() if entries is None else entries

    def status(self) -> tuple[TerminalStatus, ...]:
        """Every terminal that runs or has crashed, sorted by id. Changes nothing.

        Raises `BadConfiguration` where nobody can say which terminals there are.
        """
        entries = {entry.terminal: entry for entry in self._load() or ()}
        holders = {
            terminal: self._holder(terminal)
            for terminal in sorted(entries.keys() | self._terminals())
        }
        # Read again: who stopped since the first time has taken its entry out, and is no crash.
        still_entered = self._load() or ()
        found = []
        for terminal, holder in holders.items():
            entry = entries.get(terminal)
            if holder is not None:
                identity = holder.identity or entry
                running = TerminalState.RUNNING
                found.append(TerminalStatus(terminal, running, identity, entry is not None))
            elif entry in still_entered:
                found.append(TerminalStatus(terminal, TerminalState.CRASHED, entry, True))
        return tuple(found)

    def _change(self, change: Callable[[Entries], Entries]) -> None:
        path = self._layout.active_terminals
        lock = self._layout.operation_lock(_OPERATION)
        with OperationLock(self._disk, lock, clock=self._clock, pause=self._pause):
            entries = self._load()
            if entries is None:
                self._set_aside()
                entries = self._named_by_locks()
            data = encode_registry(change(entries))
            try:
                replace_file(self._disk, path, data, scratch=_scratch(path), mode=SHARED_FILE_MODE)
            except OSError as fault:
                raise unwritable(path, fault, LET_IN) from fault

    def _load(self) -> Entries | None:
        """None where there is no file, or none that can be used."""
        if self._seen is None:
            return self._read()
        try:
            return self._seen.read(self._layout.active_terminals, self._read)
        except OSError:
            return None

    def _read(self) -> Entries | None:
        try:
            data = read_file(self._disk, self._layout.active_terminals, REGISTRY_LIMIT_BYTES)
            return None if data is None else decode_registry(data)
        except (OSError, BadInput):
            return None

    def _set_aside(self) -> None:
        name = os.path.basename(self._layout.active_terminals)
        target = os.path.join(self._layout.cleanup, f"{name}.{self._clock.wall_ms()}")
        # Where there is nothing to move, good; what can't be moved is written over.
        with suppress(OSError):
            self._disk.rename(self._layout.active_terminals, target)

    def _named_by_locks(self) -> Entries:
        """The running terminals, as far as the texts in their locks name them."""
        holders = [(terminal, self._holder(terminal)) for terminal in sorted(self._terminals())]
        return tuple(
            holder.identity
            for terminal, holder in holders
            if holder and holder.identity and holder.identity.terminal == terminal
        )

    def _holder(self, terminal: str) -> Holder | None:
        path = self._layout.terminal(terminal).lock
        try:
            return probe(self._disk, path) if self._seen is None else self._seen.holder(path)
        except BadConfiguration:
            # What can't be asked is not called crashed.
            return Holder(None)

    def _terminals(self) -> set[str]:
        """Every terminal that has a directory."""
        try:
            with sharing(self._layout.terminals):
                names = self._disk.listdir(self._layout.terminals)
        except FileNotFoundError:
            return set()
        return {name for name in names if _is_terminal(name)}


def _without(entries: Entries, terminal: str) -> Entries:
    return tuple(entry for entry in entries if entry.terminal != terminal)


def _is_terminal(name: str) -> bool:
    try:
        terminal_id(name)
    except BadInput:
        return False
    return True


def _scratch(path: str) -> str:
    """Beside the file, so that the rename stays on one file system."""
    directory, name = os.path.split(path)
    return os.path.join(directory, f".{name}.next")
