"""The process around a lesson: it runs the register as a child, and cuts its power.

The child has this process's own terminal and a shop of its own. It is killed with SIGKILL, so that
it can tidy up nothing: what comes back afterwards was on disk. This module must never write to
the shop, or the proof would be none.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import termios
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial

import click

from kernel import KernelError, Shop
from kernel import gettext as _
from posterm.tutor.facts import Facts, facts_of
from posterm.tutor.lesson import LINES_BEFORE_THE_CUT, Step, current

__all__ = ["is_cut", "teach"]

_LOOK_EVERY_S = 0.2
_SEEN_S = 1.0
"""So long the last line stands on the screen before the power fails."""
_FAREWELL_S = 5.0
_OUT_OF_THE_APP = "\x1b[?1049l\x1b[0m\x1b[?25h\r\n"
"""Back from the alternate screen, plain text, the cursor shown: what the child had no time for."""


def teach(seat: Sequence[str], data_dir: str, terminal: str, lesson: Sequence[Step]) -> int:
    """Run `seat`, the command of the register, until it ends by itself; its exit code."""
    line = termios.tcgetattr(sys.stdin.fileno())
    seen = 0
    while True:
        child = subprocess.Popen(seat)
        try:
            cut = _watch(child, partial(_facts, data_dir, terminal), lesson, seen)
        finally:
            _end(child)
            if child.returncode < 0:
                _give_back(line)
        if cut is None:
            click.clear()
            return child.returncode
        seen = cut
        _tell(child.pid)


def _watch(
    child: subprocess.Popen[bytes],
    look: Callable[[], Facts],
    lesson: Sequence[Step],
    seen: int,
) -> int | None:
    """Wait until it ends by itself, then None; or cut its power when it is time for that.

    `seen` starts of the till were cut before: what the log says until the next one is old. The
    starts by now are returned.
    """
    due_s: float | None = None
    while True:
        with suppress(subprocess.TimeoutExpired):
            child.wait(_LOOK_EVERY_S)
            return None
        now_s, facts = time.monotonic(), look()
        if due_s is None and facts.starts > seen and is_cut(lesson, facts):
            due_s = now_s + _SEEN_S
        if due_s is not None and now_s >= due_s:
            child.kill()
            return facts.starts


def is_cut(lesson: Sequence[Step], facts: Facts) -> bool:
    """Whether it is time."""
    number = current(lesson, facts)
    at_the_cut = number is not None and lesson[number].cut
    return at_the_cut and facts.open_lines >= LINES_BEFORE_THE_CUT


def _facts(data_dir: str, terminal: str) -> Facts:
    try:
        return facts_of(Shop(data_dir).entries(terminal))
    except KernelError:
        return Facts()  # read while its log was being made; the next look sees it


def _end(child: subprocess.Popen[bytes]) -> None:
    """Where this process is ended, the register parks its sale before it."""
    if child.poll() is None and child.returncode is None:
        child.terminate()
    try:
        child.wait(_FAREWELL_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


def _give_back(line: list[object]) -> None:
    """The terminal as it was before the register had it; what was typed meanwhile is dropped."""
    os.write(sys.stdout.fileno(), _OUT_OF_THE_APP.encode())
    with suppress(termios.error):
        termios.tcsetattr(sys.stdin.fileno(), termios.TCSAFLUSH, line)  # type: ignore[arg-type]


def _tell(pid: int) -> None:
    """What has just happened, in words; Enter goes on."""
    click.clear()
    click.echo("")
    click.echo(_("  POWER CUT"))
    click.echo("")
    for row in (
        _("The till was killed in the middle of the sale: process {}, signal {}.").format(
            pid, signal.SIGKILL.name
        ),
        _("It had no time to save anything, and it did not need to:"),
        _("each line was on disk before it was on the screen."),
        "",
        _("Press Enter to switch the till on again."),
    ):
        click.echo(f"  {row}")
    with suppress(EOFError):
        click.prompt("", prompt_suffix="  > ", default="", show_default=False)
