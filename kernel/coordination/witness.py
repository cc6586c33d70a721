"""The audit log as a witness: a till whose log lacks what was collected of it may not start.

A log that was cut off at its end together with its mark, or replaced by an older copy, looks sound
by itself. The audit log holds no entry that was not durable, so a till's log has each of them, or
has lost what was acknowledged. This module must never change anything: it is asked first.
"""

from __future__ import annotations

from kernel.disk.audit_reader import last_seen
from kernel.disk.files import Disk
from kernel.disk.find_entry import find_entry
from kernel.disk.layout import Layout
from kernel.errors import BadConfiguration, LogDamaged
from kernel.words import gettext as _

__all__ = ["refuse_if_behind_audit"]


def refuse_if_behind_audit(disk: Disk, layout: Layout, terminal: str) -> None:
    """Raise `LogDamaged` if the till's log lacks the last entry that the audit log has of it.

    Raises `BadConfiguration` where one of the two can't be read.
    """
    paths = layout.terminal(terminal)
    try:
        seen = last_seen(disk, layout, [terminal]).get(terminal)
        if seen is None or find_entry(disk, paths, seen.lsn, seen.chain.encode()) is not None:
            return
    except OSError as fault:
        raise BadConfiguration(
            _(
                "{} can't be read: {}; let this user read it, or make it anew with "
                "`posterm audit --rebuild`"
            ).format(layout.audit, fault.strerror)
        ) from fault
    raise LogDamaged(
        paths.wal,
        0,
        seen.lsn,
        _(
            "the audit log has LSN {} with chain {} of {} and its log has not: it was cut "
            "off, or replaced by an older copy"
        ).format(seen.lsn, seen.chain, terminal),
    )
