"""What a till's log says that a lesson asks for. Pure: entries in, counts out.

The keys are those of kernel/FORMAT.md.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from msgspec import Raw, Struct, field

from kernel import LoggedEntry

__all__ = ["Facts", "facts_of"]


class Facts(Struct):
    """All since the till's first day, but for `here` and `open_lines`, which are of now."""

    starts: int = 0
    here: bool = False
    """Somebody is signed on and the till is not locked."""
    interrupted_lines: int = 0
    """The most items of a sale that a start of the till found open."""
    items: int = 0
    open_lines: int = 0
    """Items of the sale in hand that stand."""
    voids: int = 0
    closed: int = 0
    suspended: int = 0
    recalled: int = 0

    def add(self, said: _Said) -> None:
        match said.kind:
            case "start":
                self.starts += 1
                self.interrupted_lines = max(self.interrupted_lines, self.open_lines)
                self.here = False
            case "operator":
                self.here = said.how in ("sign_on", "unlock", "hand_over")
            case "line" if said.line == "item":
                self.items += 1
                self.open_lines += 1
            case "line" if said.line == "void":
                self.voids += 1
                self.open_lines -= 1
            case "tender" | "card_outcome" if bytes(said.commit):
                self.closed += 1
                self.open_lines = 0
            case "suspend":
                self.suspended += 1
                self.open_lines = 0
            case "recall":
                self.recalled += 1
            case "begin" | "abort":
                self.open_lines = 0
            case _:
                pass


class _Said(Struct, frozen=True):
    kind: str = field(name="k")
    line: str = field(name="y", default="item")
    how: str = ""
    commit: Raw = Raw()


_read = msgspec.json.Decoder(_Said).decode


def facts_of(entries: Iterable[LoggedEntry]) -> Facts:
    facts = Facts()
    for entry in entries:
        facts.add(_read(entry.body))
    return facts
