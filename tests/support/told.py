"""What a till in a child process said before it died, held against what its next start finds."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

from kernel import Host, SaleRefused, State, Terminal
from kernel.codec.checkpoint import encode_checkpoint
from kernel.disk.files import RealDisk
from kernel.disk.history import read_log
from kernel.disk.layout import Layout
from kernel.model.entries import SaleBegun
from kernel.model.ledger import Ledger
from tests.support.processes import Child
from tests.support.till_child import TILL

__all__ = ["Told", "all_told", "lost"]


class Told(NamedTuple):
    """One line of the child: after entry `lsn` the sale had so many lines, and so on."""

    lsn: int
    sale: int
    lines: int
    total_minor: int
    state: str
    receipt: int

    @classmethod
    def parse(cls, line: str) -> Told:
        _, lsn, sale, lines, total, state, receipt = line.split()
        return cls(int(lsn), int(sale), int(lines), int(total), state, int(receipt))


def all_told(child: Child) -> Iterator[Told]:
    """All that a dead child had managed to say and nobody has read yet."""
    while True:
        try:
            line = child.wait_for_line("told ")
        except AssertionError:  # its output has ended
            return
        yield Told.parse(line)


def lost(directory: Path, told: Iterable[Told], *, boot_id: str | None = None) -> list[str]:
    """Start the till again and say what of `told` is not there; it is stopped afterwards."""
    host = Host() if boot_id is None else Host(boot_id=boot_id)
    last: dict[int, Told] = {said.sale: said for said in told}
    newest = max((said.lsn for said in last.values()), default=0)
    wrong = []
    with Terminal.start(TILL, directory, host=host) as till:
        log = list(
            read_log(RealDisk(), Layout(str(directory)).terminal(TILL), terminal_is_free=False)
        )
        if [entry.stamp.lsn for entry in log] != list(range(1, len(log) + 1)) or len(log) < newest:
            wrong.append(f"{len(log)} entries, {newest} were acknowledged")
        ledger = Ledger()
        for entry in log:
            ledger.apply(entry.act, entry.stamp)
        if till.journal.read(lambda now: encode_checkpoint(now, 0, b"")) != encode_checkpoint(
            ledger, 0, b""
        ):
            wrong.append("the ledger is not the sum of the entries")
        begun = [entry.act.tx for entry in log if isinstance(entry.act, SaleBegun)]
        if begun != list(range(1, len(begun) + 1)):
            wrong.append(f"sales {begun}")
        wrong += [fault for said in last.values() if (fault := _fault(till, said))]
    return wrong


def _fault(till: Terminal, said: Told) -> str | None:
    """At most one more act than was told may stand on the sale."""
    try:
        sale = till.sale(f"{TILL}-{said.sale}")
    except SaleRefused:
        return f"{said} is gone" if said.state != State.ABORTED.value else None
    found = (len(sale.lines), sale.total_minor, sale.state.value, sale.receipt_number or 0)
    if found == said[2:]:
        return None
    closed = said.state in (State.COMMITTED.value, State.ABORTED.value)
    more = len(sale.lines) + len(sale.tenders)
    grown = said.lines <= len(sale.lines) <= said.lines + 1 and more >= said.lines
    return None if grown and not closed else f"{said} became {found}"
