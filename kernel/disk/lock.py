"""Locks between processes: one that says who runs a terminal, one for the length of an operation.

Both are `flock`: the operating system gives it up when its holder dies, however it dies, so a
file that nobody has locked is free, whatever text is in it. That text is for people. This module
must never break a lock by a process id: ids are reused, hidden by namespaces, and EPERM is no
proof of death.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing, suppress
from errno import EDQUOT, ENOSPC
from functools import partial
from types import TracebackType

from msgspec import Struct

from kernel.clock import Clock
from kernel.codec.documents import ProcessIdentity, decode_identity, encode_identity
from kernel.disk.files import FILE_MODE, SHARED, SHARED_FILE_MODE, Disk, write_all
from kernel.disk.locked_file import LockedFile, open_to_probe, take
from kernel.errors import BadConfiguration, BadInput, Contention, TerminalInUse
from kernel.words import gettext as _

__all__ = ["Holder", "OperationLock", "ProcessLock", "cannot_lock", "holder_in", "probe"]

_PAUSE_S = 0.005


class Holder(Struct, frozen=True):
    """Whose text is in a lock file; `identity` is None where it can't be read."""

    identity: ProcessIdentity | None

    def __str__(self) -> str:
        who = self.identity
        if who is None:
            return _("an unknown process")
        return _("process {} on {} since {:%Y-%m-%d %H:%M}").format(
            who.pid, who.host, who.started_at.astimezone()
        )


class ProcessLock:
    """The proof that this process alone runs a terminal; taken with `acquire`, kept until exit.

    `stale` is whose lock was found free but not taken away: that process crashed.
    """

    def __init__(self, locked: LockedFile, stale: Holder | None) -> None:
        self._locked = locked
        self.stale = stale

    @classmethod
    def acquire(
        cls,
        disk: Disk,
        path: str,
        identity: ProcessIdentity,
        *,
        clock: Clock,
        retry_s: float = 0.3,
        pause: Callable[[float], None] = time.sleep,
    ) -> ProcessLock:
        """Lock the file at `path`, made if it is missing, and write `identity` into it.

        It tries for `retry_s`, because a probe too holds the lock for an instant. Raises
        `TerminalInUse` with the holder's name, `BadConfiguration` where nothing can be locked.
        """
        try:
            locked = _wait(disk, path, FILE_MODE, clock=clock, timeout_s=retry_s, pause=pause)
            if locked is None:
                raise TerminalInUse(
                    _(
                        "{} is already running as {}; close it there, or start this till "
                        "under another id"
                    ).format(identity.terminal, _named_at(disk, path))
                )
            text = _sign(locked, identity)
        except OSError as fault:
            raise cannot_lock(path, fault) from fault
        return cls(locked, holder_in(text) if text else None)

    def still_ours(self) -> bool:
        """Whether the path still names the file that is locked here; False after `release`.

        Where it doesn't, another process can start on this terminal: write no more.
        """
        return self._locked.stands_at_its_path()

    def release(self) -> None:
        """Take the file away and free the lock; doing it again does nothing."""
        if self._locked.stands_at_its_path():
            # Unlinked while held: once the lock is free, the name may be another process's file.
            # Should it fail, the next start reports this process as gone without a goodbye.
            with suppress(OSError):
                self._locked.disk.unlink(self._locked.path)
        self._locked.close()


class OperationLock:
    """One short operation on shared files at a time, in all processes and threads of the shop.

    The file is never unlinked. Entering waits for up to `timeout_s`, then raises `Contention`.
    Use each once: `with OperationLock(disk, path, clock=clock): ...`
    """

    def __init__(
        self,
        disk: Disk,
        path: str,
        *,
        clock: Clock,
        timeout_s: float = 5.0,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._path = path
        self._timeout_s = timeout_s
        self._take = partial(
            _wait, disk, path, SHARED_FILE_MODE, clock=clock, timeout_s=timeout_s, pause=pause
        )
        self._locked: LockedFile | None = None

    def __enter__(self) -> None:
        assert self._locked is None, "an operation lock is not entered twice"
        try:
            self._locked = self._take()
        except OSError as fault:
            raise cannot_lock(self._path, fault) from fault
        if self._locked is None:
            raise Contention(
                _(
                    "{} has been locked by another process for {:g} s; try again, and if "
                    "it stays so, end the process that hangs"
                ).format(self._path, self._timeout_s)
            )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        assert self._locked is not None
        self._locked.unlock()
        self._locked = None


def probe(disk: Disk, path: str) -> Holder | None:
    """Who holds the process lock at `path` now; None where nobody does.

    Needs no more than the right to read the file. Raises `BadConfiguration` without it.
    """
    try:
        with closing(open_to_probe(disk, path)) as probed:
            # Closed at once: as long as it is locked here, nobody can start.
            held = not disk.flock(probed.descriptor, SHARED)
            return holder_in(probed.text()) if held else None
    except FileNotFoundError:
        return None
    except OSError as fault:
        raise cannot_lock(path, fault) from fault


def _wait(
    disk: Disk,
    path: str,
    mode: int,
    *,
    clock: Clock,
    timeout_s: float,
    pause: Callable[[float], None],
) -> LockedFile | None:
    """`take` until it succeeds, at least once; None after `timeout_s`. Raises `OSError`."""
    begun_s, pauses = clock.monotonic_s(), 0
    while (locked := take(disk, path, mode)) is None:
        # A caller's clock may stand still. Then the pauses are counted: nobody waits for ever.
        waited_s = clock.monotonic_s() - begun_s or pauses * _PAUSE_S
        if waited_s >= timeout_s:
            return None
        pause(_PAUSE_S)
        pauses += 1
    return locked


def _sign(locked: LockedFile, identity: ProcessIdentity) -> bytes:
    """Put `identity` into the file and return what was there. Raises `OSError`, then unlocked."""
    disk, descriptor = locked.disk, locked.descriptor
    try:
        text = locked.text()
        if text:
            # Never for nothing: ext4 writes a truncated file out at once when it is closed.
            disk.ftruncate(descriptor, 0)
        try:
            write_all(disk, descriptor, encode_identity(identity), 0)
        except OSError as fault:
            # A full disk must not keep a till from finishing its sales; the lock needs no text.
            if fault.errno not in (ENOSPC, EDQUOT):
                raise
    except OSError:
        locked.close()
        raise
    return text


def _named_at(disk: Disk, path: str) -> Holder:
    """What the text at `path` says, true or not. Raises `OSError`."""
    try:
        with closing(open_to_probe(disk, path)) as named:
            return holder_in(named.text())
    except FileNotFoundError:
        return Holder(None)


def holder_in(text: bytes) -> Holder:
    """Whose text that is."""
    try:
        return Holder(decode_identity(text))
    except BadInput:
        return Holder(None)


def cannot_lock(path: str, fault: OSError) -> BadConfiguration:
    """What a person can do about it."""
    return BadConfiguration(
        _(
            "{} can't be locked: {}; see that it is a plain file on a local disk and that "
            "this user may write it"
        ).format(path, fault.strerror)
    )
