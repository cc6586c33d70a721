"""Three tills on a floor in memory, and the files between them as anybody could leave them."""

from __future__ import annotations

import os

from kernel.coordination.verify_shared import SharedVerdict, check_shared
from kernel.disk.files import read_file
from tests.support.floor import LAYOUT, Floor, begin

__all__ = ["RETURNS", "SUSPENDED", "Scene", "ticket_of"]

SUSPENDED, RETURNS = LAYOUT.suspended, LAYOUT.returns


class Scene:
    """Tills A, B and C, and the files between them."""

    def __init__(self) -> None:
        self.floor = Floor.new()
        self.tills = {name: self.floor.start(name) for name in "ABC"}

    def check(self) -> SharedVerdict:
        return check_shared(self.floor.view(), LAYOUT)

    def names(self, directory: str) -> list[str]:
        return sorted(self.floor.view().listdir(directory))

    def suspend(self) -> str:
        """A sale of A on the floor; its file's name."""
        ticket = begin(self.tills["A"]).suspend()
        return f"{ticket}.ready"

    def sell(self) -> None:
        """A-n: three TEA, then a void HAM."""
        sale = self.tills["A"].begin("S1", "EUR", "anna")
        sale.add_line("TEA", 3, 100)
        sale.add_line("HAM", 1, 100)
        sale.void_line(2)
        sale.tender_cash(300)

    def give_back(self, till: str = "B", quantity: int = 2) -> str:
        """The name of its booking."""
        before = set(self.names(RETURNS))
        sale = self.tills[till].begin("S1", "EUR", "anna")
        sale.add_line("TEA", -quantity, 100, origin=("A-1", 1))
        (name,) = set(self.names(RETURNS)) - before
        return name

    def recall(self, name: str, till: str, *, leaving: str) -> None:
        """Recalled by that till, and yet the file is there, under that name."""
        self.copy(SUSPENDED, name, "kept")
        self.tills[till].recall(ticket_of(name))
        self.rename(SUSPENDED, "kept", leaving)

    def rename(self, directory: str, name: str, new: str) -> None:
        self.floor.view().rename(f"{directory}/{name}", f"{directory}/{new}")

    def copy(self, directory: str, name: str, new: str) -> None:
        data = read_file(self.floor.view(), f"{directory}/{name}", 1 << 20)
        self.put(directory, new, data or b"")

    def put(self, directory: str, name: str, data: bytes = b"") -> None:
        disk = self.floor.view()
        descriptor = disk.open(f"{directory}/{name}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        disk.pwrite(descriptor, data, 0)
        disk.close(descriptor)

    def unlink(self, directory: str, name: str) -> None:
        self.floor.view().unlink(f"{directory}/{name}")

    def kill(self) -> None:
        for name in "ABC":
            self.floor.kill(name)


def ticket_of(name: str) -> str:
    return name.partition(".")[0]
