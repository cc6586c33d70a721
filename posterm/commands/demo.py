"""`posterm demo`: a shop to try the register in, made on the spot and kept to come back to.

The catalogue is invented, and so are the operators; their PINs stand on the sign-on screen. A
shop that has operators of its own is refused: nobody's PINs become known by mistake.
"""

from __future__ import annotations

from collections.abc import Set
from gettext import gettext as _
from io import BufferedReader
from pathlib import Path

import click

from posterm.commands.register import run_register

__all__ = ["OPERATORS", "command", "seed"]

OPERATORS = (
    ("0001", "Anna", "cashier", "1111"),
    ("0002", "Bo", "supervisor", "2222"),
    ("0003", "Cleo", "manager", "3333"),
)
"""Number, name, role and PIN."""
_CATALOG = Path(__file__).parents[1] / "demo" / "catalog.csv"
_COUNTRY = "DE"
_TILL = "REGISTER_01"
_DIRECTORY = "demo_data"


@click.command()
@click.option(
    "--data-dir",
    metavar="DIR",
    default=_DIRECTORY,
    show_default=True,
    help="Where the demo shop stands, or is made.",
)
@click.option("--theme", type=click.Choice(["dark", "mono"]), help="Else by the terminal.")
@click.option("--keymap", type=click.Choice(["pc", "vt"]), default="pc", show_default=True)
def command(data_dir: str, theme: str | None, keymap: str) -> None:
    """Open the register on the demo shop: sign on as 0001 with PIN 1111, type a code, Enter."""
    seed(data_dir)
    hints = hint_rows(data_dir)
    run_register(_TILL, data_dir, theme=theme, keymap=keymap, hints=hints)


def seed(data_dir: str) -> None:
    """Make the demo shop where it is missing. Raises `BadInput` for a shop of somebody's own."""
    from kernel import BadInput, Shop

    shop = Shop(data_dir)
    shop.make()
    there = {one.number for one in shop.operators()}
    if there - {number for number, *_rest in OPERATORS}:
        raise BadInput(
            f"{data_dir} is a shop of its own; give the demo another directory with --data-dir"
        )
    _seed_catalog(data_dir)
    _seed_operators(data_dir, there)


def hint_rows(data_dir: str) -> tuple[str, ...]:
    """What the sign-on screen of the demo says."""
    from posterm.catalog import Item, SellBy, open_catalog

    def simple(item: Item) -> bool:
        plain = item.sell_by is SellBy.EACH and not item.min_age and item.linked_sku is None
        return plain and bool(item.price_minor) and item.department != "DEPOSITS"

    with open_catalog(data_dir) as catalog:
        items = [item for item in catalog.items() if simple(item)]
    first, second = items[0], items[len(items) // 2]
    return (
        _("This is the demo shop; its operators are:"),
        "",
        *(f"  {number}   PIN {pin}   {name}, {role}" for number, name, role, pin in OPERATORS),
        "",
        _("Then type a code and Enter, such as"),
        "",
        f"  {first.sku:<14} {first.description}",
        f"  3*{second.sku:<12} {second.description}",
        "",
        _("+ is Total, F9 or /9 Cash, F3 or /3 finds items by name, F1 or /1 is help"),
    )


def _seed_catalog(data_dir: str) -> None:
    from kernel import BadInput, Host
    from posterm.catalog import current_version
    from posterm.catalog.source import read_items
    from posterm.catalog.writing import write_catalog

    if current_version(data_dir):
        return
    with click.open_file(str(_CATALOG), "rb") as file:
        assert isinstance(file, BufferedReader), "a file of the package"
        reading = read_items(file, _CATALOG.name, "EUR", _no_progress)
    if reading.faults:
        raise BadInput(f"{_CATALOG}: {reading.faults[0].reason}; install posterm again")
    write_catalog(
        data_dir,
        reading.items,
        currency="EUR",
        country=_COUNTRY,
        source=_CATALOG.name,
        host=Host(),
        advance=_no_progress,
    )


def _seed_operators(data_dir: str, there: Set[str]) -> None:
    from kernel import ChangeOperator, Operator, Role, as_manager, hashed_pin

    for number, name, role, pin in OPERATORS:
        if number not in there:
            order = ChangeOperator(
                what="add",
                number=number,
                name=name,
                role=Role(role),
                pin_hash=hashed_pin(data_dir, pin),
            )
            as_manager(data_dir, order, Operator)


def _no_progress(_count: int) -> None:
    """The demo shop is made in a moment."""
