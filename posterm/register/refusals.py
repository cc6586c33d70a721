"""What a till goes on after: faults that are said to the cashier and cost nothing but the act.

A file of the shop beside the log that can't be read or written is one of them. A failed log is
not: that is `Damage`, which ends the register.
"""

from __future__ import annotations

from kernel import BadInput, Contention, SaleRefused

__all__ = ["REFUSALS", "said"]

REFUSALS = (SaleRefused, BadInput, Contention, OSError)


def said(fault: BaseException) -> str:
    """In words for the cashier."""
    if isinstance(fault, OSError) and fault.strerror:
        return f"{fault.filename}: {fault.strerror}" if fault.filename else fault.strerror
    return str(fault)
