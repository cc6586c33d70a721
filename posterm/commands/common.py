"""What every command shares: its options, how it speaks and how it ends.

This module must never import the kernel: `posterm --help` loads it and answers at once.
"""

from __future__ import annotations

import json
import shlex
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from types import FrameType
from typing import ParamSpec, TypeVar

import click

__all__ = [
    "DEFAULT_DATA_DIR",
    "Invocation",
    "SignalsHeld",
    "data_dir_option",
    "json_option",
    "next_command",
    "print_json",
    "say_error",
    "shared_options",
    "signals_held",
]

DEFAULT_DATA_DIR = "pos_kernel_data"
"""The kernel's own default, repeated here because asking it would import it; a test compares."""

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(slots=True)
class Invocation:
    """What the caller asked for, filled as it is read: whoever reports the end needs it."""

    data_dir: str = DEFAULT_DATA_DIR
    as_json: bool = False


def _note_data_dir(ctx: click.Context, _: click.Parameter, value: str) -> str:
    ctx.ensure_object(Invocation).data_dir = value
    return value


def _note_json(ctx: click.Context, _: click.Parameter, value: bool) -> bool:
    ctx.ensure_object(Invocation).as_json = value
    return value


data_dir_option = click.option(
    "--data-dir",
    metavar="DIR",
    envvar="POSTERM_DATA",
    default=DEFAULT_DATA_DIR,
    show_default=True,
    show_envvar=True,
    callback=_note_data_dir,
    help="The shop's data directory.",
)

json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    callback=_note_json,
    help="Print JSON for scripts; errors too, on the error stream.",
)


def shared_options(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """`--data-dir DIR` as `data_dir: str` and `--json` as `as_json: bool`."""
    return data_dir_option(json_option(command))


def print_json(value: object) -> None:
    """One JSON value on a line of its own."""
    click.echo(json.dumps(value))


def say_error(message: str, exit_code: int, *, as_json: bool) -> None:
    """The one line, or with `as_json` the one object, that a failed command leaves on stderr."""
    if as_json:
        click.echo(json.dumps({"error": message, "exit_code": exit_code}), err=True)
    else:
        click.echo(f"posterm: {message}", err=True)


def next_command(arguments: str, data_dir: str) -> str:
    """The line that names what to do next, ready to be copied."""
    where = "" if data_dir == DEFAULT_DATA_DIR else f" --data-dir {shlex.quote(data_dir)}"
    return f"next: posterm {arguments}{where}"


@dataclass(slots=True)
class SignalsHeld:
    """`number` is the signal that asks this process to end, as soon as one has come."""

    number: int | None = None


@contextmanager
def signals_held() -> Iterator[SignalsHeld]:
    """Let the block finish its step when a signal asks to end; then exit with 128 + signal.

    An entry that is broken off in the middle would poison the terminal, and its next start
    would have to recover from what was only a wish to stop.
    """
    held = SignalsHeld()

    def hold(number: int, _: FrameType | None) -> None:
        held.number = number

    before = {
        number: signal.signal(number, hold)
        for number in SIGNALS
        if signal.getsignal(number) is not signal.SIG_IGN
    }
    try:
        yield held
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    if held.number is not None:
        raise SystemExit(128 + held.number)
