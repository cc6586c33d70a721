"""`posterm receipt`: a copy of a sale's receipt. The original came from the till."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from posterm.commands.common import print_json, shared_options

__all__ = ["command"]


@click.command()
@click.argument("transaction")
@click.option("--width", type=click.Choice(["42", "32"]), default="42", show_default=True)
@shared_options
def command(transaction: str, width: str, data_dir: str, as_json: bool) -> None:
    """Print a copy of the receipt of TRANSACTION, as its log has it."""
    from kernel import SaleRefused, Shop, State, receipt_rows

    logged = Shop(data_dir).sale(transaction)
    sale = logged.sale
    if sale.state is not State.COMMITTED or sale.closed_ms is None:
        raise SaleRefused(
            f"sale {logged.id} is {sale.state.value}, so it has no receipt; "
            f"see `posterm show {logged.id}`"
        )
    rows = receipt_rows(
        sale,
        terminal=logged.terminal,
        at=datetime.fromtimestamp(sale.closed_ms / 1000, UTC).astimezone(),
        columns=int(width),
        copy=True,
    )
    if as_json:
        receipt = {"transaction": logged.id, "receipt": sale.receipt_number}
        print_json({**receipt, "copy": True, "columns": int(width), "rows": rows})
    else:
        click.echo("\n".join(rows))
