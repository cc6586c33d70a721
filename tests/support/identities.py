"""Processes that never ran, to be named in locks and registries."""

from __future__ import annotations

from datetime import UTC, datetime

from kernel.codec.documents import ProcessIdentity

__all__ = ["identity_of"]


def identity_of(pid: int, *, terminal: str = "TILL") -> ProcessIdentity:
    """Two are equal if and only if both arguments are."""
    return ProcessIdentity(
        terminal=terminal,
        pid=pid,
        start_ticks=4242,
        boot_id="00000000-0000-4000-8000-000000000001",
        host="backroom",
        version="1.0",
        started_at=datetime(2026, 1, 1, 9, 0, tzinfo=UTC),
        incarnation=f"{pid:032x}",
    )
