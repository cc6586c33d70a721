"""`posterm audit`: the audit trail of the shop, searched, followed or made anew."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TYPE_CHECKING, ParamSpec, TypeVar

import click

from posterm.commands.common import next_command, print_json, shared_options
from posterm.commands.counted import counted
from posterm.words import gettext as _
from posterm.words import marked as N_

if TYPE_CHECKING:
    from kernel import AuditFilter, AuditLine, AuditTrail

__all__ = ["command", "text_row"]

_P = ParamSpec("_P")
_R = TypeVar("_R")
_POLL_S = 0.2
_LIMIT = 100
_LIMIT_HIGHEST = 1_000_000


def _filters(command: Callable[_P, _R]) -> Callable[_P, _R]:
    for option in (
        click.option("--text", metavar="TEXT", help=N_("Only lines that hold this, in any case.")),
        click.option("--max", "max_minor", type=int, help=N_("At most so much, in minor units.")),
        click.option("--min", "min_minor", type=int, help=N_("At least so much, in minor units.")),
        click.option("--to", "until", metavar="TIME", help=N_("To the end of this day or minute.")),
        click.option("--from", "since", metavar="TIME", help=N_("From this time on, UTC.")),
        click.option("--kind", metavar="EVENT", help=N_("An event's name or its number.")),
        click.option("--operator", metavar="NUMBER", help=N_("Acts of this operator or approver.")),
        click.option("--terminal", metavar="ID", help=N_("Only this terminal.")),
    ):
        command = option(command)
    return command


@click.command(short_help=N_("Show who did what, on every terminal."))
@click.option("--follow", is_flag=True, help=N_("Go on showing what comes, until interrupted."))
@click.option(
    "--rebuild", is_flag=True, help=N_("Make the audit log anew from the terminals' logs.")
)
@click.option(
    "--limit",
    type=click.IntRange(0, _LIMIT_HIGHEST),
    default=_LIMIT,
    show_default=True,
    help=N_("Show only the newest lines."),
)
@_filters
@shared_options
def command(
    follow: bool,
    rebuild: bool,
    limit: int,
    data_dir: str,
    as_json: bool,
    **filters: str | int | None,
) -> None:
    """Show the audit trail: every durable entry of every terminal, oldest first.

    Times are UTC and amounts minor units. With --follow, --json prints one object a line.
    """
    from kernel import AuditFilter, AuditTrail

    wanted = AuditFilter(**filters)  # type: ignore[arg-type]
    trail = AuditTrail(data_dir)
    if rebuild:
        _rebuild(trail, data_dir, as_json)
        return
    from kernel import KernelError

    with suppress(KernelError):
        # Where nobody collects and this user may. Who may only read sees what is there.
        trail.bring_up_to_date()
    if follow:
        _follow(trail, wanted, limit, as_json)
        return
    lines = trail.newest(wanted, limit)
    if as_json:
        print_json({"lines": [_as_object(line) for line in lines]})
        return
    for line in lines:
        click.echo(text_row(line))
    if not lines:
        click.echo(_("no line of the audit trail is like that"))
    sales = [line.transaction for line in lines if line.transaction is not None]
    click.echo(next_command(f"show {sales[-1]}" if sales else "status", data_dir))


def text_row(line: AuditLine) -> str:
    """One line for a person: when, where, what, whose, how much, and the rest as it stands."""
    amount = line.about_minor
    shown = "" if amount is None else str(amount)
    who = line.operator or "-"
    if line.approver is not None:
        who += f"+{line.approver}"
    return (
        f"{line.at} {line.transaction or line.terminal:<16} {line.event:<20} {who:<8} {shown:>10}  "
        f"{_rest(line)}"
    ).rstrip()


def _rest(line: AuditLine) -> str:
    """What the columns don't show, in the order of the line; of long lists only how many."""
    told = {"terminal", "epoch", "chain", "date", "at", "event", "transaction", "operator"}
    told |= {"approver", "total_minor"}
    said = _as_object(line)
    return " ".join(
        f"{name}={value}" for key in said if key not in told for name, value in _plain(key, said)
    )


def _plain(key: str, said: dict[str, object]) -> Iterator[tuple[str, object]]:
    """The value at `key`: a list as how many, an object by its own words."""
    value = said[key]
    if isinstance(value, list):
        yield key, len(value)
    elif isinstance(value, dict):
        for inner in value:
            yield from _plain(inner, value)
    else:
        yield key, value


def _as_object(line: AuditLine) -> dict[str, object]:
    import json

    said = json.loads(line.text)
    return said if isinstance(said, dict) else {}


def _follow(trail: AuditTrail, wanted: AuditFilter, limit: int, as_json: bool) -> None:
    for line in [*trail.newest(wanted, limit), *trail.poll(wanted)]:
        _say(line, as_json)
    while True:
        for line in trail.poll(wanted):
            _say(line, as_json)
        time.sleep(_POLL_S)


def _say(line: AuditLine, as_json: bool) -> None:
    click.echo(line.text if as_json else text_row(line))


def _rebuild(trail: AuditTrail, data_dir: str, as_json: bool) -> None:
    begun_s = time.monotonic()
    lines = trail.rebuild()
    seconds = round(time.monotonic() - begun_s, 3)
    if as_json:
        print_json({"lines": lines, "seconds": seconds, "by_collector": lines is None})
        return
    if lines is None:
        click.echo(
            _("removed; the terminal that collects makes it anew: posterm status shows how far")
        )
    else:
        click.echo(_("{} made anew in {} s").format(counted(lines, "{} line", "{} lines"), seconds))
    click.echo(next_command("verify", data_dir))
