"""`posterm spool`: what waits for a till's printer, and the way a printer process takes it out.

The contract of such a process is docs/receipts.md. One process a spool: two would print what the
other has just taken as a copy.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

import click

from posterm.commands.common import next_command, print_json, shared_options, signals_held
from posterm.words import gettext as _
from posterm.words import marked as N_

if TYPE_CHECKING:
    from kernel import Clock, Spool, Spooled

__all__ = ["command"]

_LOOK_EVERY_S = 0.5
_END_OF_RECEIPT = "\f"
_COPY = "*** COPY ***"
_OPEN_DRAWER = "\x1bp\x00\x19x"
"""ESC/POS `ESC p 0 t1 t2`: a pulse of 2 x 25 ms to the drawer's first connector, then a rest."""


@click.command("spool")
@click.argument("terminal", metavar="ID")
@click.option("--show", "name", metavar="NAME", help=N_("Print that one; it goes on waiting."))
@click.option(
    "--take", is_flag=True, help=N_("Print all that wait, each once, to standard output.")
)
@click.option("--follow", is_flag=True, help=N_("Go on taking what comes, until it is ended."))
@click.option("--drawer", is_flag=True, help=N_("What waits for the cash drawer, not the printer."))
@shared_options
def command(
    *,
    terminal: str,
    name: str | None,
    take: bool,
    follow: bool,
    drawer: bool,
    data_dir: str,
    as_json: bool,
) -> None:
    """List the receipts that wait for the printer of terminal ID, the oldest first.

    With --take each is written to standard output, a form feed after it, and then removed:
    `posterm spool REGISTER_01 --take --follow > /dev/usb/lp0` is a printer process. With --drawer
    too it sends the pulse that opens the drawer behind such a printer, once for each that waits
    and that is not too old.
    """
    from kernel import Shop, SystemClock

    if (take or follow) and (as_json or name is not None):
        raise click.UsageError(_("--take prints receipts and nothing else; leave the others out"))
    shop = Shop(data_dir)
    spool = shop.drawer_spool(terminal) if drawer else shop.spool(terminal)
    if name is not None:
        click.echo(spool.read(name), nl=False)
    elif take or follow:
        _take(spool, partial(_pulse, SystemClock()) if drawer else _printed, follow=follow)
    else:
        _list(spool, terminal, data_dir, as_json=as_json, drawer=drawer)


def _list(spool: Spool, terminal: str, data_dir: str, *, as_json: bool, drawer: bool) -> None:
    waiting = spool.waiting()
    if as_json:
        print_json({"terminal": terminal, "directory": spool.directory, "waiting": waiting})
        return
    kind = (
        _("{} openings wait for the drawer of {}")
        if drawer
        else _("{} receipts wait for the printer of {}")
    )
    click.echo(kind.format(len(waiting), terminal))
    for one in waiting:
        click.echo(f"  {one}")
    take = f"spool {terminal} --take" + (" --drawer" if drawer else "")
    click.echo(next_command(take if waiting else "status", data_dir))


def _take(spool: Spool, text_of: Callable[[Spooled], str | None], *, follow: bool) -> None:
    """Removed only when it was written: whoever ends this in between gets a copy, not a gap.

    `text_of` gives None for what comes too late: it is left for the till to note.
    """
    with signals_held() as held:
        while held.number is None:
            spooled = spool.take()
            if spooled is not None:
                text = text_of(spooled)
                if text is None:
                    spool.expire(spooled)
                    _say_late(spooled)
                    continue
                click.echo(text, nl=False)
                sys.stdout.flush()
                spool.done(spooled)
            elif follow:
                time.sleep(_LOOK_EVERY_S)
            else:
                return


def _printed(spooled: Spooled) -> str:
    text = _marked(spooled.text) if spooled.again else spooled.text
    return text + _END_OF_RECEIPT


def _pulse(clock: Clock, spooled: Spooled) -> str | None:
    """Nothing for one that an earlier try may have opened: no drawer opens twice. None for one
    that waited too long: it would open for whoever stands there now."""
    from kernel import kick_is_late

    if spooled.again:
        return ""
    return None if kick_is_late(spooled.text, clock.wall_ms()) else _OPEN_DRAWER


def _say_late(spooled: Spooled) -> None:
    from kernel import KICK_LIFE_S

    said = _("posterm: {} is older than {} s; the drawer stays closed")
    click.echo(said.format(spooled.name.removesuffix(".taken"), KICK_LIFE_S), err=True)


def _marked(text: str) -> str:
    """An earlier try may have brought it on paper, so this one is a copy."""
    if _COPY in text:
        return text
    columns = max(map(len, text.splitlines()), default=0)
    return f"{_COPY:^{columns}}".rstrip() + f"\n{text}"
