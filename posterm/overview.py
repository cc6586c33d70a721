"""What `posterm --help` says: which commands there are, in which module each stands, and the codes
that all of them end with.

It is laid out as click lays out the page of a command, but must never import click: loading that
takes twice as long as the rest of the answer.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from shutil import get_terminal_size

from posterm.words import gettext as _
from posterm.words import marked as N_

__all__ = ["COMMANDS", "WIDTH_LIMIT", "overview"]

COMMANDS: dict[str, tuple[str, str]] = {
    "demo": ("demo", N_("Open the register on a demo shop.")),
    "tutor": ("tutor", N_("Learn the register, a power cut and all.")),
    "register": ("register", N_("Sell on this terminal, by keys alone.")),
    "manager": ("manager", N_("See and steer every till of the shop.")),
    "init": ("init", N_("Make the data directory of a shop.")),
    "ring": ("ring", N_("Ring the invoices of a CSV file, one sale an invoice.")),
    "sales": ("sales", N_("List the committed sales.")),
    "report": ("report", N_("Print the X or the Z report of a terminal.")),
    "show": ("show", N_("Show one sale with all its log entries.")),
    "receipt": ("receipt", N_("Print a copy of a sale's receipt.")),
    "spool": ("spool", N_("List or take what waits for a till's printer.")),
    "verify": ("verify", N_("Check every checksum, number and chain of the logs.")),
    "catalog": ("catalog", N_("Import and show what the shop sells.")),
    "operator": ("operator", N_("Add, list and change operators.")),
    "status": ("status", N_("Show what every terminal is doing.")),
    "audit": ("audit", N_("Show who did what, on every terminal.")),
    "message": ("message", N_("Send a line of text to a till, or to all.")),
    "config": ("config", N_("Show, draft and publish the settings of the shop.")),
    "doctor": ("doctor", N_("Check this machine and name a fix for each fault.")),
    "bench": ("bench", N_("Measure durable sales a second on this disk.")),
    "shutdown": ("shutdown", N_("Let all tills finish and stop.")),
    "simulate": ("simulate", N_("Let many tills sell at once.")),
}
"""Name -> (module in posterm.commands, short help), in the order of the help."""

WIDTH_LIMIT = 100
"""A line that is longer than that is hard to read, however wide the terminal."""
_NARROWEST = 50
_MARGIN = "  "

_TITLE = N_("A point of sale for keyboards, on a kernel that cannot lose a sale.")
_OPTIONS = {
    "--version": N_("Show the version and exit."),
    "-h, --help": N_("Show this message and exit."),
}
_EXIT_CODES = N_(
    "Exit codes: 0 done, 1 refused, 2 usage, 74 damage, 75 terminal in "
    "use, 78 bad configuration, 128+n ended by signal n."
)


def overview() -> str:
    """The page, as wide as the terminal is, in the language of this process."""
    width = max(min(get_terminal_size().columns, WIDTH_LIMIT) - 2, _NARROWEST)
    commands = [(name, text) for name, (_module, text) in COMMANDS.items()]
    rows = [
        _("Usage: {}").format("posterm [OPTIONS] COMMAND [ARGS]..."),
        "",
        *_paragraph(_(_TITLE), width),
        "",
        _("Options") + ":",
        *_list(_OPTIONS.items(), width),
        "",
        _("Commands") + ":",
        *_list(commands, width),
        "",
        *_paragraph(_(_EXIT_CODES), width),
    ]
    return "\n".join(rows)


def _paragraph(text: str, width: int) -> list[str]:
    return textwrap.wrap(text, width, initial_indent=_MARGIN, subsequent_indent=_MARGIN)


def _list(named: Iterable[tuple[str, str]], width: int) -> Iterator[str]:
    """The names in a column, what each means beside it."""
    named = list(named)
    column = max(len(name) for name, _text in named) + 2
    beside = " " * (column + len(_MARGIN))
    for name, text in named:
        lines = textwrap.wrap(_(text), width - len(beside))
        yield f"{_MARGIN}{name:{column}}{lines[0]}"
        yield from (beside + line for line in lines[1:])
