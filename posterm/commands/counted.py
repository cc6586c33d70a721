"""A number and what it counts: `1 line`, `2 lines`. It must never import the kernel: what answers
fast imports little."""

from __future__ import annotations

__all__ = ["counted"]


def counted(number: int, one: str, many: str = "") -> str:
    """`many` is `one` with an s if it is not given."""
    return f"{number} {one if number == 1 else many or one + 's'}"
