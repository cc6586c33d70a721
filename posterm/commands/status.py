"""`posterm status`: what every terminal of the shop does, and what waits between them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from posterm.commands.common import next_command, print_json, shared_options
from posterm.commands.counted import counted
from posterm.commands.sales import utc_text
from posterm.words import gettext as _
from posterm.words import marked as N_

if TYPE_CHECKING:
    from kernel import ShopStatus, SuspendedSale, TerminalFacts

__all__ = ["as_json_object", "command", "rows"]

_HEAD = N_("terminal            state         pid  open  mail         bytes           LSN")
_NAME_WIDTH = 20
_PARKED_SHOWN = 8
_SUSPENDED_SHOWN = 20


@click.command("status", short_help=N_("Show what every terminal is doing."))
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
        "registry": {
            "crashed": [one.terminal for one in status.terminals if one.state == "crashed"],
            "not_entered": [
                one.terminal
                for one in status.terminals
                if one.state == "running" and not one.registered
            ],
        },
        "messages_waiting": status.messages,
        "broadcasts": status.broadcasts,
        "suspended": len(status.suspended),
        "suspended_sales": [_suspended_json(sale) for sale in status.suspended],
        "parked": status.parked,
        "audit": {
            "collector": status.audit.collector.terminal if status.audit.collector else None,
            "lag": status.audit.lag,
            "waiting": status.audit.waiting,
        },
    }


def rows(status: ShopStatus) -> Iterator[str]:
    """A table of 80 columns, with a line below a terminal that has more to say."""
    if status.terminals:
        yield _(_HEAD)
    else:
        yield _("no terminal has ever run in {}").format(status.data_dir)
    for facts in status.terminals:
        yield from _terminal_rows(facts)
    yield (
        _("messages waiting: {}, for all: {}; sales suspended: {}, parked: {}").format(
            status.messages, status.broadcasts, len(status.suspended), status.parked
        )
    )
    yield from _suspended_rows(status)
    collector = status.audit.collector.terminal if status.audit.collector else _("nobody")
    yield _("audit log: collected by {}; entries waiting: {}").format(collector, status.audit.lag)


def _terminal_rows(facts: TerminalFacts) -> Iterator[str]:
    name = facts.terminal
    if len(name) >= _NAME_WIDTH:
        yield name
        name = ""
    pid = str(facts.identity.pid) if facts.identity is not None else "-"
    parked = "?" if facts.parked is None else str(len(facts.parked))
    opened = "-" if facts.state == "running" else parked
    yield (
        f"{name:<{_NAME_WIDTH}}{_(_state(facts)):<9}{pid:>8}{opened:>6}{facts.messages:>6}"
        f"{facts.size_bytes:>14}{facts.last_lsn:>14}"
    )
    for remark in _remarks(facts):
        yield f"  {remark}"


def _state(facts: TerminalFacts) -> str:
    """One word: a crash matters more than what it parked."""
    return facts.activity if facts.state != "crashed" else facts.state


def _suspended_rows(status: ShopStatus) -> Iterator[str]:
    for sale in status.suspended[:_SUSPENDED_SHOWN]:
        where = _(", in the hands of {}").format(sale.till) if sale.till is not None else ""
        if sale.damage is not None:
            yield _("  {}: its file can't be read{}").format(sale.ticket, where)
        else:
            yield (
                _("  {}: {}, {}, {} {}, until {}Z{}").format(
                    sale.ticket,
                    sale.origin,
                    counted(sale.lines, "{} line", "{} lines"),
                    sale.total_minor,
                    sale.currency,
                    utc_text(sale.expires_ms)[:16],
                    where,
                )
            )
    if len(status.suspended) > _SUSPENDED_SHOWN:
        yield _("  and {} more").format(len(status.suspended) - _SUSPENDED_SHOWN)


def _suspended_json(sale: SuspendedSale) -> dict[str, object]:
    return {
        "ticket": sale.ticket,
        "till": sale.till,
        "origin": sale.origin or None,
        "lines": sale.lines,
        "total_minor": sale.total_minor,
        "currency": sale.currency or None,
        "expires_at": utc_text(sale.expires_ms) if sale.expires_ms else None,
        "damage": sale.damage,
    }


def _remarks(facts: TerminalFacts) -> Iterator[str]:
    session = facts.session
    if facts.activity == "silent" and facts.silent_s is not None:
        yield _("no sign of life for {:.0f} s: it is stopped, or its machine is stuck").format(
            facts.silent_s
        )
    if session is not None and session.transaction is not None:
        yield (
            _("{}: {}, {}, operator {}").format(
                _(session.activity),
                session.transaction,
                counted(session.lines, "{} line", "{} lines"),
                session.operator or "-",
            )
        )
    if facts.state == "running" and not facts.registered:
        yield _("runs, but is not in the registry; its next start enters it")
    if facts.state == "crashed":
        yield _("crashed: its lock is free, its registry entry is still there; start it again")
    if facts.parked is None and facts.state != "running":
        yield _("its open sales can't be told before it is started; posterm verify says more")
    if facts.parked:
        more = len(facts.parked) - _PARKED_SHOWN
        yield (
            "open: "
            + ", ".join(facts.parked[:_PARKED_SHOWN])
            + (_(" and {} more").format(more) if more > 0 else "")
        )
    if facts.durable_lsn is not None and facts.durable_lsn < facts.last_lsn:
        yield _("durable up to LSN {}").format(facts.durable_lsn)


def _terminal_json(facts: TerminalFacts) -> dict[str, object]:
    identity, session = facts.identity, facts.session
    return {
        "terminal": facts.terminal,
        "state": facts.state,
        "activity": facts.activity,
        "silent_s": None if facts.silent_s is None else round(facts.silent_s, 1),
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
            "configuration": session.configuration,
            "heartbeat_ms": session.heartbeat_ms,
        },
        "parked": None if facts.parked is None else list(facts.parked),
        "messages": facts.messages,
        "segments": facts.segments,
        "bytes": facts.size_bytes,
        "last_lsn": facts.last_lsn,
        "durable_lsn": facts.durable_lsn,
        "durable_offset": facts.durable_offset,
    }
