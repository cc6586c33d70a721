"""Every refusal and fault of the kernel, sorted by what the reader must do next.

`SaleRefused`: tell the cashier. `Contention`: wait, or go away. `Damage`: stop, call help.
`BadInput`: fix the file, the argument or the configuration. Whatever is raised, the log holds
exactly what was acknowledged before.

This module must never import anything of the kernel but its words: all of it raises these.
"""

from __future__ import annotations

from kernel.words import gettext as _

__all__ = [
    "BadConfiguration",
    "BadInput",
    "Contention",
    "Damage",
    "DiskFull",
    "KernelError",
    "LogDamaged",
    "Poisoned",
    "SaleRefused",
    "Stopped",
    "TerminalInUse",
]


class KernelError(Exception):
    """The root of all kernel errors. `exit_code` is what a command exits with."""

    exit_code = 1


class SaleRefused(KernelError):
    """A rule of the sale or of the till says no. The log is as it was; tell the cashier."""


class Stopped(SaleRefused):
    """A write came after the terminal began to stop."""


class DiskFull(SaleRefused):
    """No space for this entry. Nothing of it was kept; the till stays usable."""


class Contention(KernelError):
    """Somebody else holds what was asked for; wait or go away."""

    exit_code = 75


class TerminalInUse(Contention):
    """Another process runs this terminal."""


class Damage(KernelError):
    """The store can't be trusted or can't be written; stop and call help."""

    exit_code = 74


class LogDamaged(Damage):
    """Acknowledged bytes of a log are missing or wrong.

    `path`, `offset` (bytes from the start of that file) and `lsn` say where; `lsn` is the
    number that the entry at `offset` should have.
    """

    def __init__(self, path: str, offset: int, lsn: int, fact: str) -> None:
        super().__init__(
            _(
                "{}: damaged at offset {}, LSN {}: {}; nothing was changed. Keep this "
                "directory as it is, run `posterm verify` and restore from a copy"
            ).format(path, offset, lsn, fact)
        )
        self.path = path
        self.offset = offset
        self.lsn = lsn
        self.fact = fact


class Poisoned(Damage):
    """The disk failed under a write or a sync. This process writes no more; start a new one."""


class BadInput(KernelError):
    """A value, a file or a path that can't be used as it is; fix it and try again."""


class BadConfiguration(BadInput):
    """The data directory or a configuration document can't be used."""

    exit_code = 78
