"""What is to be shown: one frozen value that the session makes and the screen paints."""

from __future__ import annotations

from msgspec import Struct

from kernel import Transaction
from posterm.keypad import Mode

__all__ = ["View"]


class View(Struct, frozen=True):
    """`page` stands in place of the receipt; its row `marked` is highlighted, or it is shown from
    its row `first`.

    `serial` grows with each question and prompt: a key that came before that one was painted
    can't answer it. `beeps` counts all so far.
    """

    serial: int
    mode: Mode
    header: str
    message: str
    entry: str
    totalled: bool
    sale: Transaction | None
    page: tuple[str, ...] | None = None
    marked: int | None = None
    first: int = 0
    beeps: int = 0
    ended: bool = False
    coach: tuple[str, ...] = ()
    """Rows of a lesson, above everything."""
    notice: str = ""
    """For the right end of the header."""
    awaiting: frozenset[int] = frozenset()
    """Lines that the manager is asked about."""

    @property
    def body(self) -> tuple[object, ...]:
        """All that the rows between header and total are made of."""
        return (
            self.sale,
            self.page,
            self.marked,
            self.first,
            self.coach,
            self.awaiting,
        )
