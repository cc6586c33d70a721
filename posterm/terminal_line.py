"""What this process's terminal can do, as far as the environment and terminfo say.

Only asks; it never writes to the terminal, so that it may run in a script too.
"""

from __future__ import annotations

import curses
import os
import shutil
import sys
from dataclasses import dataclass

__all__ = ["LineFacts", "line_facts"]

_FUNCTION_KEYS = 12


@dataclass(frozen=True, slots=True)
class LineFacts:
    """`colours` and `function_keys` (how many of F1 to F12) are None where terminfo lacks TERM."""

    is_terminal: bool
    columns: int
    rows: int
    encoding: str
    term: str
    colours: int | None
    function_keys: int | None


def line_facts() -> LineFacts:
    columns, rows = shutil.get_terminal_size()
    term = os.environ.get("TERM", "")
    colours, keys = _terminfo(term)
    return LineFacts(
        is_terminal=sys.stdout.isatty(),
        columns=columns,
        rows=rows,
        encoding=sys.stdout.encoding or "unknown",
        term=term,
        colours=colours,
        function_keys=keys,
    )


def _terminfo(term: str) -> tuple[int | None, int | None]:
    if not term:
        return None, None
    try:
        # Any descriptor will do: terminfo only looks the name up.
        curses.setupterm(term, 1)
    except curses.error:
        return None, None
    keys = sum(
        curses.tigetstr(f"kf{number}") is not None for number in range(1, _FUNCTION_KEYS + 1)
    )
    return curses.tigetnum("colors"), keys
