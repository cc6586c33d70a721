"""What to tell whoever could not write a file that the shop shares: make room, or be let in."""

from __future__ import annotations

from errno import EDQUOT, ENOSPC

from kernel.errors import BadConfiguration, DiskFull
from kernel.words import gettext as _
from kernel.words import marked as N_

__all__ = ["AS_MANAGER", "LET_IN", "unwritable"]

AS_MANAGER = N_("do it as the manager's user")
LET_IN = N_("let this user write in its directory")


def unwritable(path: str, fault: OSError, remedy: str) -> DiskFull | BadConfiguration:
    """`remedy`, marked words, is the next step where it is not for want of room."""
    if fault.errno in (ENOSPC, EDQUOT):
        return DiskFull(
            _("{} can't be written: the disk is full; make room and try again").format(path)
        )
    return BadConfiguration(
        _("{} can't be written: {}; {}").format(path, fault.strerror, _(remedy))
    )
