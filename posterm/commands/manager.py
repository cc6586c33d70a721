"""`posterm manager`: becomes the console, which is a program of its own (`python -m manager`)."""

from __future__ import annotations

import sys
from runpy import run_module

import click

from posterm.commands.common import data_dir_option
from posterm.words import marked as N_

__all__ = ["command"]


@click.command("manager", short_help=N_("See and steer every till of the shop."))
@click.option(
    "--watch", is_flag=True, help=N_("Look on; any number may, beside the one that acts.")
)
@click.option("--theme", type=click.Choice(["dark", "mono"]), help=N_("Else as the shop has it."))
@click.option(
    "--baud",
    type=click.IntRange(300, 4_000_000),
    metavar="N",
    help=N_("Speed of a slow line: what changes by itself then waits for the keys."),
)
@data_dir_option
def command(watch: bool, theme: str | None, baud: int | None, data_dir: str) -> None:
    """Open the manager's console. 1 to 9 choose a screen, ? shows the keys, Q ends it.

    One console acts, as terminal MANAGER; exit 75 where another does.
    """
    arguments = ["--data-dir", data_dir]
    arguments += ["--watch"] if watch else []
    arguments += ["--theme", theme] if theme is not None else []
    arguments += ["--baud", str(baud)] if baud is not None else []
    # In this process, which has loaded a third of what the console needs. It must not come back:
    # signals, the line and the exit code are the console's from here on.
    sys.argv[1:] = arguments
    run_module("manager", run_name="__main__", alter_sys=True)
