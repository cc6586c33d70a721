"""`posterm demo`: a shop to try the register in, made on the spot and kept to come back to.

The catalogue is invented, and so are the operators; their PINs stand on the sign-on screen. A
shop that has operators of its own is refused: nobody's PINs become known by mistake.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Set
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from io import BufferedReader
from pathlib import Path
from threading import Event

import click

from kernel import gettext as _
from kernel import marked as N_
from posterm.commands.common import Invocation, next_command
from posterm.commands.register import require_terminal, run_register

__all__ = ["OPERATORS", "command", "hint_rows", "seed"]

OPERATORS = (
    ("0001", "Anna", "cashier", "1111"),
    ("0002", "Bo", "supervisor", "2222"),
    ("0003", "Cleo", "manager", "3333"),
)
"""Number, name, role and PIN."""
_CATALOG = Path(__file__).parents[1] / "demo" / "catalog.csv"
_INVOICES = _CATALOG.with_name("invoices.csv")
_CODES = (("101", "101"), ("3*102", "102"), ("0.5*4811", "4811"))
"""What to type, and the item that it sells."""
_CURRENCY = "EUR"
_COUNTRY = "DE"
_FLOAT_MINOR = 100_00
_RATE = 0.5
_DAY_S = 24 * 3600.0
_BASKET_LINES = 6
_TILL = "REGISTER_01"
_DIRECTORY = "demo_data"


@click.command()
@click.option(
    "--data-dir",
    metavar="DIR",
    default=_DIRECTORY,
    show_default=True,
    help=N_("Where the demo shop stands, or is made."),
)
@click.option(
    "--tills",
    type=click.IntRange(0, 100),
    default=0,
    show_default=True,
    help=N_("Simulated cashiers that sell beside you, so that a manager has something to see."),
)
@click.option("--theme", type=click.Choice(["dark", "mono"]), help=N_("Else by the terminal."))
@click.option("--keymap", type=click.Choice(["pc", "vt"]), default="pc", show_default=True)
def command(data_dir: str, tills: int, theme: str | None, keymap: str) -> None:
    """Open the register on the demo shop: sign on as 0001 with PIN 1111, type a code, Enter."""
    from posterm.tutor.coach import Coach
    from posterm.tutor.lesson import FIRST_SALE
    from themes.language import language_of, use_language

    require_terminal()
    use_language(language_of(os.environ))
    click.get_current_context().ensure_object(Invocation).data_dir = data_dir
    seed(data_dir)
    hints = hint_rows(data_dir, tills)
    coach = Coach(data_dir, _TILL, FIRST_SALE)
    with _company(data_dir, tills):
        run_register(_TILL, data_dir, theme=theme, keymap=keymap, hints=hints, coach=coach)
    click.echo(next_command("manager", data_dir))


def seed(data_dir: str) -> None:
    """Make the demo shop where it is missing. Raises `BadInput` for a shop of somebody's own."""
    from kernel import BadInput, Shop

    shop = Shop(data_dir)
    shop.make()
    there = {one.number for one in shop.operators()}
    if there - {number for number, *_rest in OPERATORS}:
        raise BadInput(
            _("{} is a shop of its own; give the demo another directory with --data-dir").format(
                data_dir
            )
        )
    _seed_catalog(data_dir)
    _seed_operators(data_dir, there)
    _open_period(data_dir)


def _open_period(data_dir: str) -> None:
    """The first day begins with a float, so that nothing stands between sign-on and first sale."""
    from kernel import Shop, Terminal

    if _TILL not in Shop(data_dir).terminals():
        with Terminal.start(_TILL, data_dir) as till:
            till.open_period(OPERATORS[0][0], _FLOAT_MINOR, _CURRENCY)


def hint_rows(data_dir: str, tills: int = 0) -> tuple[str, ...]:
    """What the sign-on screen of the demo says; it leaves room for the first steps."""
    from posterm.catalog import open_catalog

    with open_catalog(data_dir) as catalog:
        items = [(typed, catalog.item(sku)) for typed, sku in _CODES]
    beside = _("{} simulated tills sell beside this one; see them: posterm manager --data-dir {}")
    return (
        *(
            _("{}   PIN {}   {}, {}").format(number, pin, name, role)
            for number, name, role, pin in OPERATORS
        ),
        "",
        *(f"{typed:<12} {item.description}" for typed, item in items if item is not None),
        _("F1 or /1 shows the keys; /24 signs off, then :close ends the demo"),
        *([beside.format(tills, data_dir)] if tills else []),
    )


@contextmanager
def _company(data_dir: str, tills: int) -> Iterator[None]:
    """So many simulated cashiers at work meanwhile, each a process of its own."""
    if tills == 0:
        yield
        return
    from posterm.simulation.baskets import read_baskets
    from posterm.simulation.run import Plan, Watch, run

    with click.open_file(str(_INVOICES), "rb") as file:
        assert isinstance(file, BufferedReader), "a file of the package"
        baskets = read_baskets(file, _INVOICES.name, _CURRENCY, _BASKET_LINES)
    plan = Plan(tills, _RATE, _DAY_S, 1, baskets, currency=_CURRENCY)
    over = Event()
    watch = Watch(_no_progress, _no_time, over.is_set)
    with ThreadPoolExecutor(1, "company") as thread:
        thread.submit(run, data_dir, plan, watch)
        try:
            yield
        finally:
            over.set()


def _seed_catalog(data_dir: str) -> None:
    from kernel import BadInput, Host
    from posterm.catalog import current_version
    from posterm.catalog.source import read_items
    from posterm.catalog.writing import write_catalog

    if current_version(data_dir):
        return
    with click.open_file(str(_CATALOG), "rb") as file:
        assert isinstance(file, BufferedReader), "a file of the package"
        reading = read_items(file, _CATALOG.name, _CURRENCY, _no_progress)
    if reading.faults:
        raise BadInput(
            _("{}: {}; install posterm again").format(_CATALOG, reading.faults[0].reason)
        )
    write_catalog(
        data_dir,
        reading.items,
        currency=_CURRENCY,
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


def _no_time(_seconds: float) -> None:
    """Nobody waits for the simulated cashiers."""
