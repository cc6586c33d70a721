"""`posterm sales`: every committed sale, read from the logs, streamed as it is read."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from posterm.commands.common import next_command, shared_options
from posterm.words import gettext as _
from posterm.words import marked as N_
from posterm.words import ngettext

if TYPE_CHECKING:
    from kernel import CommittedSale

__all__ = ["command", "utc_text"]

_CHUNK = 200


@click.command()
@click.option("--terminal", metavar="ID", help=N_("Only the sales of this terminal."))
@shared_options
def command(terminal: str | None, data_dir: str, as_json: bool) -> None:
    """List the committed sales, terminal by terminal, oldest first."""
    from kernel import Shop

    shop = Shop(data_dir)
    sales = shop.sales(terminal)
    if as_json:
        _print_chunks(_json_rows(sales), "")
        return
    last = _print_chunks(_text_rows(sales), "\n")
    if last is None and terminal is not None and terminal not in shop.terminals():
        click.echo(_("no terminal {} has ever run in this shop").format(terminal))
        click.echo(next_command("status", data_dir))
    elif last is None:
        click.echo(_("no sale is committed yet"))
        click.echo(next_command("ring REGISTER_01 --input FILE.csv", data_dir))
    else:
        click.echo(next_command(f"receipt {last.split()[0]}", data_dir))


def utc_text(wall_ms: int) -> str:
    """ISO 8601 with milliseconds, in UTC."""
    at = datetime.fromtimestamp(wall_ms / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _json_rows(sales: Iterator[CommittedSale]) -> Iterator[str]:
    yield "["
    separator = "\n"
    for logged in sales:
        sale = logged.sale
        row = {
            "transaction": logged.id,
            "terminal": logged.terminal,
            "invoice": sale.reference,
            "receipt": sale.receipt_number,
            "lines": len(sale.lines),
            "total_minor": sale.total_minor,
            "tendered_minor": sale.tendered_minor,
            "change_minor": sale.change_minor,
            "currency": sale.currency,
            "committed_at": utc_text(sale.closed_ms or 0),
        }
        yield separator + json.dumps(row)
        separator = ",\n"
    yield "]\n" if separator == "\n" else "\n]\n"


def _text_rows(sales: Iterator[CommittedSale]) -> Iterator[str]:
    from kernel import format_minor

    for logged in sales:
        sale = logged.sale
        amount = format_minor(sale.total_minor, sale.currency)
        lines = ngettext("{:>4} line ", "{:>4} lines", len(sale.lines)).format(len(sale.lines))
        yield (
            f"{logged.id:<20} {utc_text(sale.closed_ms or 0)[:19]}Z "
            f"{lines} {amount:>12} {sale.currency}  {sale.reference or ''}"
        ).rstrip()


def _print_chunks(texts: Iterator[str], end: str) -> str | None:
    """Print them, a few at a time: a write for each would double the time. The last of them."""
    chunk: list[str] = []
    last = None
    for text in texts:
        chunk.append(text + end)
        last = text
        if len(chunk) == _CHUNK:
            click.echo("".join(chunk), nl=False)
            chunk.clear()
    click.echo("".join(chunk), nl=False)
    return last
