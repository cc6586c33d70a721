"""`posterm doctor`: one line and one fix for everything on this machine that a till needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from posterm.commands.common import next_command, print_json, shared_options
from posterm.words import gettext as _
from posterm.words import marked as N_

if TYPE_CHECKING:
    from posterm.diagnosis import Check

__all__ = ["command", "row"]

_UNUSABLE_EXIT = 78


@click.command("doctor", short_help=N_("Check this machine and name a fix for each fault."))
@shared_options
def command(data_dir: str, as_json: bool) -> None:
    """Check file system, locks, fsync, users, screen, keys, clock and packages.

    Exit code 78 if something is unusable; warnings alone exit 0.
    """
    from posterm.diagnosis import Level, diagnose
    from posterm.terminal_line import line_facts

    checks = []
    for check in diagnose(data_dir, line_facts()):
        checks.append(check)
        if not as_json:
            click.echo(row(check))
    unusable = any(check.level is Level.UNUSABLE for check in checks)
    if as_json:
        print_json({"usable": not unusable, "checks": [_json(check) for check in checks]})
    elif not unusable:
        click.echo(next_command("bench --quick", data_dir))
    if unusable:
        click.get_current_context().exit(_UNUSABLE_EXIT)


def row(check: Check) -> str:
    fix = f" -> {check.fix}" if check.fix is not None else ""
    return f"{_(check.level.value):<9}{_(check.name):<15}{check.fact}{fix}"


def _json(check: Check) -> dict[str, object]:
    return {
        "check": check.name,
        "level": check.level.value,
        "fact": check.fact,
        "fix": check.fix,
    }
