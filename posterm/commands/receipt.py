"""`posterm receipt`: a copy of a sale's receipt. The original came from the till."""

from __future__ import annotations

import click

from posterm.commands.common import print_json, shared_options
from posterm.words import gettext as _

__all__ = ["command"]


@click.command()
@click.argument("transaction")
@click.option("--width", type=click.Choice(["42", "32"]), default="42", show_default=True)
@shared_options
def command(transaction: str, width: str, data_dir: str, as_json: bool) -> None:
    """Print a copy of the receipt of TRANSACTION, as its log has it."""
    from kernel import SaleRefused, Shop, ShopConfiguration, State
    from posterm.spool.receipts import receipt

    logged = Shop(data_dir).sale(transaction)
    sale = logged.sale
    if sale.state is not State.COMMITTED:
        raise SaleRefused(
            _("sale {} is {}, so it has no receipt; see `posterm show {}`").format(
                logged.id, sale.state.value, logged.id
            )
        )
    rows = receipt(
        sale,
        logged.terminal,
        ShopConfiguration(data_dir).in_force(logged.terminal),
        copy=True,
        resumed=logged.resumed,
        columns=int(width),
        plain=as_json,
    )
    if as_json:
        known = {"transaction": logged.id, "receipt": sale.receipt_number}
        print_json({**known, "copy": True, "columns": int(width), "rows": rows})
    else:
        click.echo("\n".join(rows))
