"""`posterm message`: a line of text from the manager to the people at one till, or at all."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from posterm.commands.common import (
    next_command,
    print_json,
    shared_options,
    signals_held,
    terminals_json,
    wait_options,
)
from posterm.words import gettext as _
from posterm.words import marked as N_

if TYPE_CHECKING:
    from kernel import Delivered

__all__ = ["command"]

_EVERYBODY = "*"


@click.command("message", short_help=N_("Send a line of text to a till, or to all."))
@click.argument("words", nargs=-1, metavar="[TO] TEXT...")
@click.option("--all", "to_all", is_flag=True, help=N_("To every till; TO is left out then."))
@wait_options(N_("Wait until every running till has taken it."), least_s=1)
@shared_options
def command(
    *,
    words: tuple[str, ...],
    to_all: bool,
    wait: bool,
    timeout_s: int,
    data_dir: str,
    as_json: bool,
) -> None:
    """Send TEXT to terminal TO, or with --all to every terminal.

    It stands in the receiver's log before anybody sees it. Who is off reads it after the next
    start, within 12 hours.
    """
    from kernel import Delivered, SendNotice, as_manager

    to, text = _addressed(words, to_all)
    order = SendNotice(to=to, text=text, wait_s=float(timeout_s) if wait else 0.0)
    told: set[str] = set()
    with signals_held() as held:

        def go_on(so_far: Delivered) -> bool:
            if not as_json:
                for row in _new_rows(so_far, told):
                    click.echo(row)
            return held.number is None

        delivered = as_manager(data_dir, order, Delivered, go_on)
    if as_json:
        print_json(_json_of(delivered, waited=wait))
    else:
        for row in _rows(delivered, told, waited=wait):
            click.echo(row)
        click.echo(next_command("audit --kind noted" if wait else "status", data_dir))
    refused = any(ack.result == "refused" for ack in delivered.answers)
    if wait and (delivered.missing or refused):
        raise SystemExit(1)


def _addressed(words: tuple[str, ...], to_all: bool) -> tuple[str, str]:
    to, *rest = (_EVERYBODY, *words) if to_all else words or ("",)
    if not to or not rest:
        raise click.UsageError(_("give a terminal and a text, or --all and a text"))
    return to, " ".join(rest)


def _new_rows(delivered: Delivered, told: set[str]) -> Iterator[str]:
    """A line for each answer that was not told of before."""
    for count, ack in enumerate(delivered.answers, 1):
        if ack.terminal not in told:
            told.add(ack.terminal)
            reason = f": {ack.reason}" if ack.reason else ""
            word = _(_word(ack.result))
            yield f"{count}/{len(delivered.expected)}  {ack.terminal} {word}{reason}"


def _rows(delivered: Delivered, told: set[str], *, waited: bool) -> Iterator[str]:
    if waited:
        yield from _new_rows(delivered, told)
        if delivered.missing:
            yield _("no answer from {}; see `posterm status`").format(", ".join(delivered.missing))
    to = _("all") if delivered.to == _EVERYBODY else delivered.to
    yield _("message {} to {} is sent").format(delivered.message, to)


def _json_of(delivered: Delivered, *, waited: bool) -> dict[str, object]:
    states = {ack.terminal: (_word(ack.result), ack.reason or None) for ack in delivered.answers}
    waiting = dict.fromkeys(delivered.missing, ("waiting", None))
    return {
        "message": delivered.message,
        "to": delivered.to,
        "waited": waited,
        "terminals": terminals_json(waiting | states),
    }


def _word(result: str) -> str:
    return N_("taken") if result == "applied" else result
