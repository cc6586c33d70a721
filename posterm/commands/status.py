"""`posterm status`: what every terminal of the shop does, and what waits between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from posterm.commands.common import next_command, print_json, shared_options

if TYPE_CHECKING:
    from kernel import ShopStatus, TerminalFacts

__all__ = ["as_json_object", "command", "rows"]

_HEAD = f"{'terminal':<20}{'state':<9}{'pid':>8}{'open':>6}{'segments':>10}{'bytes':>12}{'LSN':>12}"
_NAME_WIDTH = 20
_PARKED_SHOWN = 8


@click.command("status", short_help="Show what every terminal is doing.")
@shared_options
def command(data_dir: str, as_json: bool) -> None:
    """Show every terminal by its lock, its log, and what waits for it."""
    from kernel import shop_status

    status = shop_status(data_dir)
    if as_json:
        print_json(as_json_object(status))
        return
    for row in rows(status):
        click.echo(row)
    crashed = [facts.terminal for facts in status.terminals if facts.state == "crashed"]
    click.echo(next_command(f"verify {crashed[0]}" if crashed else "sales", data_dir))


def as_json_object(status: ShopStatus) -> dict[str, object]:
    return {
        "data_dir": status.data_dir,
        "terminals": [_terminal_json(facts) for facts in status.terminals],
        "messages_waiting": status.messages,
        "suspended": status.suspended,
    }


def rows(status: ShopStatus) -> Iterator[str]:
    """A table of 80 columns, with a line below a terminal that has more to say."""
    if status.terminals:
        yield _HEAD
    else:
        yield f"no terminal has ever run in {status.data_dir}"
    for facts in status.terminals:
        yield from _terminal_rows(facts)
    yield f"messages waiting: {status.messages}; suspended sales: {status.suspended}"


def _terminal_rows(facts: TerminalFacts) -> Iterator[str]:
    name = facts.terminal
    if len(name) >= _NAME_WIDTH:
        yield name
        name = ""
    pid = str(facts.identity.pid) if facts.identity is not None else "-"
    parked = "?" if facts.parked is None else str(len(facts.parked))
    opened = "-" if facts.state == "running" else parked
    yield (
        f"{name:<{_NAME_WIDTH}}{facts.state:<9}{pid:>8}{opened:>6}{facts.segments:>10}"
        f"{facts.size_bytes:>12}{facts.last_lsn:>12}"
    )
    for remark in _remarks(facts):
        yield f"  {remark}"


def _remarks(facts: TerminalFacts) -> Iterator[str]:
    session = facts.session
    if session is not None and session.transaction is not None:
        yield (
            f"{session.activity}: {session.transaction}, {session.lines} lines, "
            f"operator {session.operator or '-'}"
        )
    if facts.state == "running" and not facts.registered:
        yield "runs, but is not in the registry; its next start enters it"
    if facts.state == "crashed":
        yield "crashed: its lock is free, its registry entry is still there; start it again"
    if facts.parked is None and facts.state != "running":
        yield "its open sales can't be told before it is started; posterm verify says more"
    if facts.parked:
        more = len(facts.parked) - _PARKED_SHOWN
        yield (
            "open: "
            + ", ".join(facts.parked[:_PARKED_SHOWN])
            + (f" and {more} more" if more > 0 else "")
        )
    if facts.durable_lsn is not None and facts.durable_lsn < facts.last_lsn:
        yield f"durable up to LSN {facts.durable_lsn}"


def _terminal_json(facts: TerminalFacts) -> dict[str, object]:
    identity, session = facts.identity, facts.session
    return {
        "terminal": facts.terminal,
        "state": facts.state,
        "registered": facts.registered,
        "process": None
        if identity is None
        else {
            "pid": identity.pid,
            "host": identity.host,
            "version": identity.version,
            "started_at": identity.started_at.isoformat(),
        },
        "session": None
        if session is None
        else {
            "activity": session.activity,
            "operator": session.operator,
            "transaction": session.transaction,
            "lines": session.lines,
            "total_minor": session.total_minor,
            "currency": session.currency,
            "heartbeat_ms": session.heartbeat_ms,
        },
        "parked": None if facts.parked is None else list(facts.parked),
        "segments": facts.segments,
        "bytes": facts.size_bytes,
        "last_lsn": facts.last_lsn,
        "durable_lsn": facts.durable_lsn,
        "durable_offset": facts.durable_offset,
    }
