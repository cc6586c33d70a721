"""Tills in a process of their own that do what they are told, a line at a time.

`python -m tests.support.shop_child DIRECTORY TILL...` reads `sell TILL`, `pay TILL`, `hold TILL`,
`ask TILL`, `outcome TILL`, `write TILL TEXT` and `end` from its input, and answers each with a
line `did ...`.
"""

from __future__ import annotations

import os
import sys

from kernel import Awaited, KernelError, Terminal

__all__ = ["PRICE_MINOR"]

PRICE_MINOR = 399


def _do(till: Terminal, what: str, text: str, awaited: dict[str, Awaited]) -> str:
    sales = till.open_sales
    match what:
        case "sell":
            sale = sales[0] if sales else till.begin("S1", "EUR", "0001")
            sale.add_line("COFFEE", 1, PRICE_MINOR)
            return sale.id
        case "pay":
            sales[0].tender_cash(sales[0].balance_minor)
            return sales[0].id
        case "hold":
            return str(sales[0].suspend())
        case "ask":
            awaited[till.id] = till.approvals.ask("void_line", sale=sales[0], line=1)
            return "asked"
        case "outcome":
            return awaited[till.id].wait(5.0).name
        case _:
            till.send("MANAGER", "notice", {"text": text}, 600)
            return "sent"


def main(directory: str, *names: str) -> None:
    tills = {name: Terminal.start(name, directory) for name in names}
    awaited: dict[str, Awaited] = {}
    os.write(1, b"did start\n")
    for line in sys.stdin:
        what, _, rest = line.strip().partition(" ")
        if what == "end":
            break
        name, _, text = rest.partition(" ")
        try:
            said = _do(tills[name], what, text, awaited)
        except KernelError as fault:
            said = f"refused: {fault}"
        os.write(1, f"did {said}\n".encode())
    for till in tills.values():
        till.stop()
    os.write(1, b"did end\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
