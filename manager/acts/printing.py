"""A report on paper, by this machine's printer, or in a file."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from kernel import BadInput
from kernel import gettext as _
from manager.dialogs import Prompt

if TYPE_CHECKING:
    from manager.console import Console

__all__ = ["ask"]

_SPOOLER = "lp"
_PATIENCE_S = 30.0


def ask(console: Console, title: str, rows: Sequence[str], path: str) -> None:
    """Print it; `path` is a file, empty asks for one."""
    answered = partial(_begin, console, title, tuple(rows))
    if path:
        answered(path)
    else:
        words = _("file for it, or printer")
        console.ask(Prompt(words, answered, default=_("printer")))


def _begin(console: Console, title: str, rows: Sequence[str], path: str) -> None:
    def act(go_on: object) -> str:
        if path == _("printer"):
            return _printed(title, rows)
        from kernel import write_report  # loads the export, which no first screen needs

        write_report(path, rows)
        return _("it stands in {}").format(path)

    console.begin(_("print"), act)


def _printed(title: str, rows: Sequence[str]) -> str:
    """Hand it to the spooler of this machine."""
    text = "".join(f"{row}\n" for row in rows)
    command = [_SPOOLER, "-t", title]
    try:
        subprocess.run(
            command, input=text.encode(), check=True, capture_output=True, timeout=_PATIENCE_S
        )
    except (OSError, subprocess.SubprocessError) as fault:
        said = _("this machine can't print ({}); name a file instead")
        raise BadInput(said.format(fault)) from fault
    return _("the printer has it")
