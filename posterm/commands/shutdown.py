"""`posterm shutdown`: every till finishes its sale and stops; who does not is named."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from posterm.commands.common import (
    next_command,
    print_json,
    shared_options,
    signals_held,
)
from posterm.words import gettext as _
from posterm.words import marked as N_

if TYPE_CHECKING:
    from collections.abc import Callable

    from kernel import ShutdownOrder, ShutdownState

__all__ = ["command"]

_STILL_OPEN = 75


@click.command("shutdown", short_help=N_("Let all tills finish and stop."))
@click.option(
    "--grace",
    "grace_s",
    type=click.FloatRange(0, 86_400),
    default=30.0,
    show_default=True,
    metavar="SECONDS",
    help=N_("How long open sales may be finished; what is open then is suspended."),
)
@click.option("--reason", default="shutdown", show_default=True, help=N_("What the cashiers read."))
@click.option("--wait", is_flag=True, help=N_("Wait until all are out, name those who are not."))
@click.option("--cancel", is_flag=True, help=N_("Take the shutdown back that is under way."))
@shared_options
def command(
    *, grace_s: float, reason: str, wait: bool, cancel: bool, data_dir: str, as_json: bool
) -> None:
    """Shut all tills down: none begins a sale, each stops when it has none open.

    Until the grace period is over no till starts. It is an act of terminal MANAGER: where a
    console runs, that does it. A signal ends the waiting, not the shutdown.
    """
    from kernel import CancelShutdown, ShutDown, ShutdownState, as_manager

    if cancel:
        cancelled = as_manager(data_dir, CancelShutdown(), ShutdownState).order
        _print_cancelled(cancelled, data_dir, as_json)
        return
    order = ShutDown(grace_s=grace_s, reason=reason, wait=wait)
    with signals_held() as held, _progress(grace_s) as show:

        def go_on(state: ShutdownState) -> bool:
            show(state)
            return held.number is None

        state = as_manager(data_dir, order, ShutdownState, go_on)
    _print(state, data_dir, as_json)
    if wait and (state.open or state.cancelled):
        raise SystemExit(_STILL_OPEN)


@contextmanager
def _progress(grace_s: float) -> Iterator[Callable[[ShutdownState], None]]:
    """One line that a person sees change."""
    if not sys.stderr.isatty():
        yield lambda state: None
        return
    deadline_s = time.monotonic() + grace_s

    def show(state: ShutdownState) -> None:
        tills, left_s = len(state.terminals), max(0.0, deadline_s - time.monotonic())
        out = tills - len(state.open)
        click.echo(
            _("\r{} of {} tills are out, {:.0f} s left ").format(out, tills, left_s),
            nl=False,
            err=True,
        )

    yield show
    click.echo(err=True)


def _print(state: ShutdownState, data_dir: str, as_json: bool) -> None:
    order, leaving = state.order, state.terminals
    assert order is not None, "only a cancelled shutdown has no order"
    if as_json:
        print_json(
            {
                "order": order.id,
                "reason": order.reason,
                "deadline_ms": order.deadline_ms,
                "cancelled": state.cancelled,
                "terminals": [
                    {
                        "terminal": one.terminal,
                        "state": one.state,
                        "pid": one.identity.pid if one.identity is not None else None,
                    }
                    for one in leaving
                ],
                "open": list(state.open),
                "dead": list(state.dead),
            }
        )
        return
    if state.cancelled:
        click.echo(_("cancelled ({}); tills that are out already stay out").format(order.reason))
    out = sum(one.state == "out" for one in leaving)
    click.echo(_("{} of {} tills are out ({})").format(out, len(leaving), order.reason))
    for one in leaving:
        process = _("its process")
        if one.identity is not None:
            process = _("process {}").format(one.identity.pid)
        if one.state == "open":
            click.echo(_("open: {}; {} still runs").format(one.terminal, process))
        elif one.state == "dead":
            click.echo(
                _("dead: {}; {} ended early, its next start recovers").format(one.terminal, process)
            )
    click.echo(next_command("status", data_dir))


def _print_cancelled(order: ShutdownOrder | None, data_dir: str, as_json: bool) -> None:
    if as_json:
        print_json({"cancelled": order.id if order is not None else None})
    elif order is None:
        click.echo(_("no shutdown is under way"))
    else:
        click.echo(_("cancelled ({}); tills that are out already stay out").format(order.reason))
    if not as_json:
        click.echo(next_command("status", data_dir))
