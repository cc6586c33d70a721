"""The audit log's lines as they come, for who keeps figures and shows what happens.

`AuditTrail` searches; this one follows, in pieces of a size that its caller chooses, from the
beginning of the shop's day or from now on. It takes no lock and changes nothing.
"""

from __future__ import annotations

import os

from kernel.disk.audit_stream import AuditStream
from kernel.disk.layout import Layout
from kernel.terminal.host import Host
from kernel.terminal.usable import usable

__all__ = ["AuditTail"]


class AuditTail:
    """One reader's place in the newest business date and the one before. Used by one thread."""

    def __init__(
        self,
        data_dir: str | os.PathLike[str],
        host: Host | None = None,
        *,
        from_end: bool,
    ) -> None:
        """`from_end`: only what comes from the first `read` on; else all of both dates."""
        self._layout = Layout.at(data_dir)
        disk = (host or Host()).disk
        self._stream = AuditStream(disk, self._layout, from_end=from_end)

    def read(self, limit_bytes: int) -> list[bytes]:
        """The next whole lines, of about `limit_bytes` at most; none if there are none now.

        Those of one terminal stand in the order of their LSNs. Where the log was made anew they
        come once more. Raises `BadConfiguration`.
        """
        with usable(self._layout.root):
            return self._stream.read(limit_bytes)

    @property
    def business_date(self) -> int:
        """Of the newest line's file; 0 before there is one."""
        return self._stream.date

    @property
    def behind_bytes(self) -> int:
        """How much there is that was not read yet."""
        return self._stream.behind_bytes

    def level_with(self, other: AuditTail) -> bool:
        """Whether the next line of both is the same."""
        return self._stream.place == other._stream.place

    def close(self) -> None:
        self._stream.close()
