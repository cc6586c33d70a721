"""`verify_shop`: the whole log of a shop or of one terminal, verified where it lies.

The apps' way into `kernel.disk.verify`. Nothing is changed, no lock is kept, and it may run
beside the tills.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import NamedTuple

from kernel.coordination.verify_shared import SharedVerdict, check_shared
from kernel.disk.audit_check import AuditVerdict, check_audit
from kernel.disk.layout import Layout
from kernel.disk.verify import Finding, Progress, Verdict, verify
from kernel.model.identity import terminal_id
from kernel.terminal.host import Host
from kernel.terminal.usable import usable
from kernel.words import gettext as _

__all__ = [
    "AuditVerdict",
    "Finding",
    "Integrity",
    "SharedVerdict",
    "Verdict",
    "verify_audit",
    "verify_shared",
    "verify_shop",
]


class Integrity(NamedTuple):
    """What a check of the whole store found."""

    logs: tuple[Verdict, ...]
    audit: AuditVerdict
    shared: SharedVerdict = SharedVerdict()

    @property
    def sound(self) -> bool:
        between = self.audit.sound and self.shared.sound
        return between and all(one.sound for one in self.logs)


def verify_shop(
    data_dir: str | os.PathLike[str],
    terminal: str | None = None,
    *,
    host: Host | None = None,
    ledger: bool = False,
    workers: int | None = None,
    progress: Progress = lambda done, size: None,
) -> tuple[Verdict, ...]:
    """One verdict a terminal, by name. `ledger` also replays every entry and checks the sums.

    `workers` processes share the work where there is enough of it: as many as there are
    processors if none are given. Raises `BadInput`, `BadConfiguration`.
    """
    host = host or Host()
    return verify(
        host.disk,
        Layout.at(data_dir),
        None if terminal is None else terminal_id(terminal),
        boot_id=host.boot_id,
        ledger=ledger,
        workers=workers,
        progress=progress,
    )


def verify_audit(data_dir: str | os.PathLike[str], *, host: Host | None = None) -> AuditVerdict:
    """Every line of the audit log against the logs that it was made from.

    Raises `BadConfiguration`.
    """
    host = host or Host()
    layout = Layout.at(data_dir)
    with usable(layout.root):
        return check_audit(host.disk, layout)


def verify_shared(
    data_dir: str | os.PathLike[str], logs: Sequence[Verdict], *, host: Host | None = None
) -> SharedVerdict:
    """Suspended sales and returns on receipts, each held against the logs of all tills.

    `logs` is what `verify_shop` found of them: with a damaged one there is nothing to hold
    against. Raises `BadConfiguration`.
    """
    host = host or Host()
    layout = Layout.at(data_dir)
    damaged = ", ".join(one.terminal for one in logs if not one.sound)
    if damaged:
        note = _("{}: not compared with the logs: that of {} is damaged").format(
            layout.shared, damaged
        )
        return SharedVerdict(notes=(note,))
    with usable(layout.root):
        return check_shared(host.disk, layout)
