"""`posterm tutor`: a guided lesson on a till of its own, which loses its power on the way."""

from __future__ import annotations

import sys
from tempfile import TemporaryDirectory

import click

from posterm.commands.demo import OPERATORS, seed
from posterm.commands.register import require_terminal, run_register
from posterm.words import gettext as _
from posterm.words import marked as N_

__all__ = ["command"]

_TILL = "REGISTER_01"


@click.command("tutor")
@click.option("--theme", type=click.Choice(["dark", "mono"]), help=N_("Else by the terminal."))
@click.option("--keymap", type=click.Choice(["pc", "vt"]), default="pc", show_default=True)
@click.option("--seat", metavar="DIR", hidden=True, help=N_("Where the lesson's register sits."))
def command(theme: str | None, keymap: str, seat: str | None) -> None:
    """Learn the register: a sale, a void, a suspended sale and a power cut, step by step.

    It has a shop of its own, which is removed at the end. :close and Enter leaves at any time.
    """
    from kernel import gettext
    from posterm.tutor.coach import Coach
    from posterm.tutor.lesson import CASHIER

    require_terminal()
    if seat is not None:
        number, name, _role, pin = OPERATORS[0]
        hints = (gettext("You are {}, number {}, PIN {}.").format(name, number, pin),)
        coach = Coach(seat, _TILL, CASHIER)
        run_register(_TILL, seat, theme=theme, keymap=keymap, hints=hints, coach=coach)
        return
    _give_lesson(theme, keymap)


def _give_lesson(theme: str | None, keymap: str) -> None:
    from posterm.tutor.classroom import teach
    from posterm.tutor.lesson import CASHIER

    with TemporaryDirectory(prefix="posterm-tutor-") as directory:
        seed(directory)
        child = [sys.executable, "-m", "posterm", "tutor", "--seat", directory, "--keymap", keymap]
        child += ["--theme", theme] if theme is not None else []
        code = teach(child, directory, _TILL, CASHIER)
    if code:
        raise SystemExit(code if code > 0 else 128 - code)
    click.echo(_("next: posterm demo"))
