"""`posterm register`: the register on this terminal. Whatever ends it, the sale is parked."""

from __future__ import annotations

import gc
import os
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import click

from posterm.commands.common import data_dir_option
from posterm.words import gettext as _
from posterm.words import marked as N_
from themes.loading import load_asyncio_without_tls

if TYPE_CHECKING:
    from posterm.tutor.coach import Coach

__all__ = ["command", "require_terminal", "require_till", "run_register"]

_FRAMES_A_SECOND = "250"


@click.command()
@click.argument("terminal", metavar="ID")
@click.option("--theme", type=click.Choice(["dark", "mono"]), help=N_("Else as the shop has it."))
@click.option("--keymap", type=click.Choice(["pc", "vt"]), help=N_("Else as the shop has it."))
@data_dir_option
def command(terminal: str, theme: str | None, keymap: str | None, data_dir: str) -> None:
    """Sell on terminal ID, by keys alone. F1 or /1 shows the keys, :close ends it."""
    require_till(terminal)
    run_register(terminal, data_dir, theme=theme, keymap=keymap)


def require_till(terminal: str) -> None:
    """Raises `BadInput` for the terminal of the manager, at which nothing is sold."""
    from kernel import MANAGER_TERMINAL, BadInput

    if terminal == MANAGER_TERMINAL:
        raise BadInput(
            _("{} is the manager's console and sells nothing; choose another id such as {}").format(
                terminal, "REGISTER_01"
            )
        )


def require_terminal() -> None:
    """Raises `click.UsageError` for a script."""
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        raise click.UsageError(_("the register needs a terminal; scripts sell with `posterm ring`"))


def run_register(
    terminal: str,
    data_dir: str,
    *,
    theme: str | None = None,
    keymap: str | None = None,
    hints: tuple[str, ...] = (),
    coach: Coach | None = None,
) -> None:
    """Run it to its end; then raise `SystemExit` with the code of a signal that ended it."""
    require_terminal()
    # Textual looks for changes 60 times a second, and a key would wait for the next look.
    os.environ.setdefault("TEXTUAL_FPS", _FRAMES_A_SECOND)
    # Half of a start is loading modules, most of which stay: a collector finds nothing in them.
    gc.disable()
    from kernel import Terminal
    from posterm.register.session import Session

    with ThreadPoolExecutor(1, "till") as thread:
        starting = thread.submit(Terminal.start, terminal, data_dir)
        # The screen is loaded while the till waits for its disk.
        load_asyncio_without_tls()
        from posterm.app import RegisterApp
        from posterm.keymap import KEYMAPS
        from themes.language import language_of, use_language

        till = starting.result()
        settings = till.configuration.settings
        use_language(settings.language or language_of(os.environ))
        keys = KEYMAPS.get(keymap or settings.keymap, KEYMAPS["pc"])
        session = thread.submit(Session, till, data_dir, keys, hints).result()
        session.coach = coach
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
