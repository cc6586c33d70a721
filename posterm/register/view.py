"""What is to be shown: one frozen value that the session makes and the screen paints."""

from __future__ import annotations

from dataclasses import dataclass

from kernel import Transaction
from posterm.keypad import Mode

__all__ = ["View"]


@dataclass(frozen=True, slots=True)
class View:
    """`page` stands in place of the receipt; its row `marked` is highlighted.

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
    beeps: int = 0
    ended: bool = False
