"""`posterm init`: the data directory of a shop. Doing it again changes nothing."""

from __future__ import annotations

import click

from posterm.commands.common import next_command, print_json, shared_options
from posterm.words import gettext as _

__all__ = ["command"]


@click.command()
@shared_options
def command(data_dir: str, as_json: bool) -> None:
    """Make the data directory of a shop; one that is there is completed, never changed."""
    from kernel import Shop

    shop = Shop(data_dir)
    created = shop.make()
    if as_json:
        print_json({"data_dir": shop.root, "created": created})
        return
    said = _("{} is ready") if created else _("{} is complete already")
    click.echo(said.format(shop.root))
    click.echo(next_command("ring REGISTER_01 --input FILE.csv", data_dir))
