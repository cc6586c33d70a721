"""What an act can be about: the shop's terminals, and the sales that are parked there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from kernel import MANAGER_TERMINAL

if TYPE_CHECKING:
    from manager.console import Console

__all__ = ["among", "beginning", "parked", "terminals"]


def terminals(console: Console) -> list[str]:
    found = console.status.terminals if console.status is not None else ()
    return [one.terminal for one in found if one.terminal != MANAGER_TERMINAL]


def parked(console: Console) -> list[str]:
    status = console.status
    if status is None:
        return []
    return [sale for one in status.terminals for sale in one.parked or ()]


def among(subject: str, known: Sequence[str]) -> str:
    return subject if subject in known else ""


def beginning(so_far: str, words: Sequence[str]) -> list[str]:
    return [one for one in words if one.startswith(so_far.upper())]
