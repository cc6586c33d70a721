"""`posterm spool`: what waits for a till's printer, and the way a printer process takes it out.

The contract of such a process is docs/receipts.md. One process a spool: two would print what the
other has just taken as a copy.
"""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

import click

from posterm.commands.common import next_command, print_json, shared_options, signals_held

if TYPE_CHECKING:
    from kernel import Spool

__all__ = ["command"]

_LOOK_EVERY_S = 0.5
_END_OF_RECEIPT = "\f"
_COPY = "*** COPY ***"


@click.command("spool")
@click.argument("terminal", metavar="ID")
@click.option("--show", "name", metavar="NAME", help="Print that one; it goes on waiting.")
@click.option("--take", is_flag=True, help="Print all that wait, each once, to standard output.")
@click.option("--follow", is_flag=True, help="Go on taking what comes, until it is ended.")
@shared_options
def command(
    *, terminal: str, name: str | None, take: bool, follow: bool, data_dir: str, as_json: bool
) -> None:
    """List the receipts that wait for the printer of terminal ID, the oldest first.

    With --take each is written to standard output, a form feed after it, and then removed:
    `posterm spool REGISTER_01 --take --follow > /dev/usb/lp0` is a printer process.
    """
    from kernel import Shop

    if (take or follow) and (as_json or name is not None):
        raise click.UsageError("--take prints receipts and nothing else; leave the others out")
    spool = Shop(data_dir).spool(terminal)
    if name is not None:
        click.echo(spool.read(name), nl=False)
    elif take or follow:
        _take(spool, follow=follow)
    else:
        _list(spool, terminal, data_dir, as_json)


def _list(spool: Spool, terminal: str, data_dir: str, as_json: bool) -> None:
    waiting = spool.waiting()
    if as_json:
        print_json({"terminal": terminal, "directory": spool.directory, "waiting": waiting})
        return
    click.echo(f"{len(waiting)} receipts wait for the printer of {terminal}")
    for one in waiting:
        click.echo(f"  {one}")
    click.echo(next_command(f"spool {terminal} --take" if waiting else "status", data_dir))


def _take(spool: Spool, *, follow: bool) -> None:
    """Removed only when it was written: whoever ends this in between gets a copy, not a gap."""
    with signals_held() as held:
        while held.number is None:
            spooled = spool.take()
            if spooled is not None:
                click.echo(_marked(spooled.text) if spooled.again else spooled.text, nl=False)
                click.echo(_END_OF_RECEIPT, nl=False)
                sys.stdout.flush()
                spool.done(spooled)
            elif follow:
                time.sleep(_LOOK_EVERY_S)
            else:
                return


def _marked(text: str) -> str:
    """An earlier try may have brought it on paper, so this one is a copy."""
    if _COPY in text:
        return text
    columns = max(map(len, text.splitlines()), default=0)
    return f"{_COPY:^{columns}}".rstrip() + f"\n{text}"
