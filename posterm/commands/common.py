"""What every command shares: its options, how it speaks and how it ends.

This module must never import the kernel: `posterm --help` loads it and answers at once.
"""

from __future__ import annotations

import os
import shlex
import signal
import stat
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import wraps
from types import FrameType
from typing import ParamSpec, TypeVar

import click
from click.core import ParameterSource

from posterm.words import gettext as _
from posterm.words import marked as N_
from posterm.words import speak_plainly

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
    "terminals_json",
    "wait_options",
]

DEFAULT_DATA_DIR = "pos_kernel_data"
"""The kernel's own default, repeated here because asking it would import it; a test compares."""

_ENVIRONMENT = "POSTERM_DATA"
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

_P = ParamSpec("_P")
_R = TypeVar("_R")


class Invocation:
    """What the caller asked for, filled as it is read: whoever reports the end needs it."""

    __slots__ = ("as_json", "data_dir")

    def __init__(self) -> None:
        self.data_dir = DEFAULT_DATA_DIR
        self.as_json = False


def _note_data_dir(ctx: click.Context, parameter: click.Parameter, value: str) -> str:
    if not value:
        raise click.BadParameter(_("it is empty; name a directory"))
    by_default = ctx.get_parameter_source("data_dir") is ParameterSource.DEFAULT
    if by_default and os.environ.get(_ENVIRONMENT) == "":
        # click takes it for unset, but a script that names no shop must not sell in another.
        said = _("{} is empty; name a directory or unset it")
        raise click.BadParameter(said.format(_ENVIRONMENT))
    ctx.ensure_object(Invocation).data_dir = value
    return value


def _refuse_what_is_none(data_dir: str) -> None:
    """A directory that is not there may be made; what stands there and is none can't be used."""
    try:
        if stat.S_ISDIR(os.stat(data_dir).st_mode):
            return
        reason = _("it is no directory")
    except FileNotFoundError:
        if not os.path.islink(data_dir):
            return
        reason = _("the link leads nowhere")
    except OSError as fault:
        reason = fault.strerror or str(fault)
    except ValueError:
        return  # a NUL: the kernel has a word for that
    from kernel import BadConfiguration  # the one case in which somebody waits for it

    raise BadConfiguration(
        _(
            "data directory {} can't be used: {}; make it a directory that this "
            "user may read, or name another with --data-dir"
        ).format(data_dir, reason)
    )


def _note_json(ctx: click.Context, parameter: click.Parameter, value: bool) -> bool:
    ctx.ensure_object(Invocation).as_json = value
    if value:
        speak_plainly()  # a script reads the same words everywhere
    return value


_data_dir = click.option(
    "--data-dir",
    metavar="DIR",
    envvar=_ENVIRONMENT,
    default=DEFAULT_DATA_DIR,
    show_default=True,
    show_envvar=True,
    callback=_note_data_dir,
    help=N_("The shop's data directory."),
)

json_option = click.option(
    "--json",
    "as_json",
    is_flag=True,
    callback=_note_json,
    help=N_("Print JSON for scripts; errors too, on the error stream."),
)


def data_dir_option(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """`--data-dir DIR` as `data_dir: str`: a directory, or nothing yet."""

    @wraps(command)
    def checked(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        _refuse_what_is_none(str(kwargs["data_dir"]))
        return command(*args, **kwargs)

    return _data_dir(checked)


def shared_options(command: Callable[_P, _R]) -> Callable[_P, _R]:
    """`--data-dir DIR` as `data_dir: str` and `--json` as `as_json: bool`."""
    return data_dir_option(json_option(command))


def wait_options(waits: str, *, least_s: int) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """`--wait` as `wait: bool`, which `waits` explains, and `--timeout` as `timeout_s: int`."""
    timeout = click.option(
        "--timeout",
        "timeout_s",
        type=click.IntRange(least_s, 3600),
        default=30,
        show_default=True,
        help=N_("Seconds to wait for answers."),
    )

    def add(command: Callable[_P, _R]) -> Callable[_P, _R]:
        return click.option("--wait", is_flag=True, help=waits)(timeout(command))

    return add


def terminals_json(states: Mapping[str, tuple[str, str | None]]) -> list[dict[str, str | None]]:
    """What each terminal answered, by its name: (state, reason)."""
    return [
        {"terminal": terminal, "state": state, "reason": reason}
        for terminal, (state, reason) in sorted(states.items())
    ]


def print_json(value: object) -> None:
    """One JSON value on a line of its own."""
    click.echo(_json_of(value))


def _json_of(value: object) -> str:
    import json  # no help and no version needs it

    return json.dumps(value)


def say_error(message: str, exit_code: int, *, as_json: bool) -> None:
    """The one line, or with `as_json` the one object, that a failed command leaves on stderr."""
    if as_json:
        click.echo(_json_of({"error": message, "exit_code": exit_code}), err=True)
    else:
        click.echo(f"posterm: {message}", err=True)


def next_command(arguments: str, data_dir: str) -> str:
    """The line that names what to do next, ready to be copied."""
    where = "" if data_dir == DEFAULT_DATA_DIR else f" --data-dir {shlex.quote(data_dir)}"
    return _("next: posterm {}{}").format(arguments, where)


class SignalsHeld:
    """`number` is the signal that asks this process to end, as soon as one has come."""

    __slots__ = ("number",)

    def __init__(self) -> None:
        self.number: int | None = None


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
