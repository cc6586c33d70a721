"""A number and what it counts: `1 line`, `2 lines`. It must never import the kernel: what answers
fast imports little."""

from __future__ import annotations

from posterm.words import ngettext

__all__ = ["counted"]


def counted(number: int, one: str, many: str = "") -> str:
    """`many` is `one` with an s if it is not given; catalogues have both with `{}` before them."""
    return ngettext(f"{{}} {one}", f"{{}} {many or one + 's'}", number).format(number)
