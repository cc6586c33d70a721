"""What to tell whoever could not write a file that the shop shares: make room, or be let in."""

from __future__ import annotations

from errno import EDQUOT, ENOSPC

from kernel.errors import BadConfiguration, DiskFull

__all__ = ["AS_MANAGER", "LET_IN", "unwritable"]

AS_MANAGER = "do it as the manager's user"
LET_IN = "let this user write in its directory"


def unwritable(path: str, fault: OSError, remedy: str) -> DiskFull | BadConfiguration:
    """`remedy` is the next step where it is not for want of room."""
    if fault.errno in (ENOSPC, EDQUOT):
        return DiskFull(f"{path} can't be written: the disk is full; make room and try again")
    return BadConfiguration(f"{path} can't be written: {fault.strerror}; {remedy}")
