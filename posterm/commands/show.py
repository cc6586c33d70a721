"""`posterm show`: one sale with every entry that made it, as the log says it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from posterm.commands.common import next_command, print_json, shared_options
from posterm.commands.counted import counted
from posterm.commands.sales import utc_text
from posterm.words import gettext as _

if TYPE_CHECKING:
    from kernel import LoggedEntry, LoggedSale

__all__ = ["command"]

_SAID_BEFORE = frozenset({"n", "e", "t", "m", "d", "k", "x"})
"""Keys of an entry that its row shows in columns of their own, or that say only where it is."""


@click.command()
@click.argument("transaction")
@shared_options
def command(transaction: str, data_dir: str, as_json: bool) -> None:
    """Show TRANSACTION and all its log entries (their keys: kernel/FORMAT.md)."""
    from kernel import Shop, State

    logged = Shop(data_dir).sale(transaction)
    if as_json:
        print_json(_json_of(logged))
        return
    _print_text(logged)
    if logged.sale.state is State.COMMITTED:
        click.echo(next_command(f"receipt {logged.id}", data_dir))


def _json_of(logged: LoggedSale) -> dict[str, object]:
    sale = logged.sale
    return {
        "transaction": logged.id,
        "terminal": logged.terminal,
        "invoice": sale.reference,
        "state": sale.state.value,
        "store": sale.store,
        "operator": sale.operator,
        "receipt": sale.receipt_number,
        "lines": len(sale.lines),
        "currency": sale.currency,
        "total_minor": sale.total_minor,
        "tendered_minor": sale.tendered_minor,
        "change_minor": sale.change_minor,
        "begun_at": utc_text(sale.begun_ms),
        "closed_at": None if sale.closed_ms is None else utc_text(sale.closed_ms),
        "entries": [json.loads(entry.body) for entry in logged.entries],
    }


def _print_text(logged: LoggedSale) -> None:
    from kernel import format_minor

    sale = logged.sale
    total = f"{format_minor(sale.total_minor, sale.currency)} {sale.currency}"
    lines = counted(len(sale.lines), "{} line", "{} lines")
    said = [f"{logged.id} {_(sale.state.value)}", lines, total]
    if sale.receipt_number is not None:
        said.append(_("receipt {}").format(sale.receipt_number))
    if sale.reference is not None:
        said.append(_("reference {}").format(sale.reference))
    click.echo(", ".join(said))
    for entry in logged.entries:
        click.echo(_entry_row(entry))


def _entry_row(entry: LoggedEntry) -> str:
    facts: dict[str, object] = json.loads(entry.body)
    told = " ".join(
        f"{key}={json.dumps(value)}" for key, value in facts.items() if key not in _SAID_BEFORE
    )
    return f"{entry.stamp.lsn:>8} {utc_text(entry.stamp.wall_ms)} {facts['k']:<12} {told}".rstrip()
