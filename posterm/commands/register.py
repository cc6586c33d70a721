"""`posterm register`: the register on this terminal. Whatever ends it, the sale is parked."""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor

import click

from posterm.commands.common import data_dir_option

__all__ = ["command", "run_register"]


@click.command()
@click.argument("terminal", metavar="ID")
@click.option("--theme", type=click.Choice(["dark", "mono"]), help="Else as the shop has it.")
@click.option("--keymap", type=click.Choice(["pc", "vt"]), help="Else as the shop has it.")
@data_dir_option
def command(terminal: str, theme: str | None, keymap: str | None, data_dir: str) -> None:
    """Sell on terminal ID, by keys alone. F1 or /1 shows the keys, :close ends it."""
    run_register(terminal, data_dir, theme=theme, keymap=keymap)


def run_register(
    terminal: str,
    data_dir: str,
    *,
    theme: str | None = None,
    keymap: str | None = None,
    hints: tuple[str, ...] = (),
) -> None:
    """Run it to its end; then raise `SystemExit` with the code of a signal that ended it."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError("the register needs a terminal; scripts sell with `posterm ring`")
    from kernel import Terminal
    from posterm.app import RegisterApp
    from posterm.keymap import KEYMAPS
    from posterm.register.session import Session

    with ThreadPoolExecutor(1, "till") as thread:
        till = thread.submit(Terminal.start, terminal, data_dir).result()
        settings = till.configuration.settings
        keys = KEYMAPS.get(keymap or settings.keymap, KEYMAPS["pc"])
        session = thread.submit(Session, till, data_dir, keys, hints).result()
        try:
            app = RegisterApp(session, thread, theme=_theme(theme, settings.theme))
            app.run(mouse=False)
        finally:
            thread.submit(session.stop, "stop").result()
    if app.fault is not None:
        raise app.fault
    if app.return_code:
        raise SystemExit(app.return_code)


def _theme(asked: str | None, configured: str) -> str:
    if asked is not None:
        return asked
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "").startswith("vt")
    return "mono" if plain or configured == "mono" else "dark"
