"""A number and what it counts: `1 line`, `2 lines`. It must never import the kernel: what answers
fast imports little."""

from __future__ import annotations

from posterm.words import ngettext

__all__ = ["counted"]


def counted(number: int, one: str, many: str) -> str:
    """`one` or `many`, as the language counts; the number stands where they have `{}`."""
    return ngettext(one, many, number).format(number)
