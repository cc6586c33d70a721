"""The group of all commands, and the entry point that turns every end into an exit code.

Commands are loaded by name from the table of the overview, so that a help stays instant. A new
command is one line there and one module with a `command`.
"""

from __future__ import annotations

import os
import signal
import sys
import traceback
from collections.abc import Sequence
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING

import click

from posterm import __version__
from posterm.commands.common import Invocation, say_error
from posterm.overview import COMMANDS, WIDTH_LIMIT, overview
from posterm.words import gettext as _
from posterm.words import speak_as

if TYPE_CHECKING:
    from kernel import KernelError

__all__ = ["LazyGroup", "posterm", "run"]

_INTERRUPTED = 128 + signal.SIGINT
_PIPE_CLOSED = 128 + signal.SIGPIPE


class LazyGroup(click.Group):
    """A group that imports a command's module when that command is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = import_module(f"posterm.commands.{COMMANDS[cmd_name][0]}")
        command = module.command
        assert isinstance(command, click.Command)
        return _translated(command)

    def get_help(self, ctx: click.Context) -> str:
        return overview()

    def invoke(self, ctx: click.Context) -> object:
        """Answer what the kernel refuses; leave quietly when the reader of a pipe has left."""
        asked = ctx.ensure_object(Invocation)
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise  # before the next clauses, the last of which imports the kernel
        except BrokenPipeError:
            _drop_output()
            return ctx.exit(_PIPE_CLOSED)
        except _kernel_error() as error:
            say_error(str(error), error.exit_code, as_json=asked.as_json)
            return ctx.exit(error.exit_code)


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": WIDTH_LIMIT},
)
@click.version_option(__version__, prog_name="posterm", message="%(prog)s %(version)s")
def posterm() -> None:
    """A point of sale for keyboards, on a kernel that cannot lose a sale."""


def run(arguments: Sequence[str] | None = None) -> int:
    """Run one command line; its exit code. Signals that end it raise `SystemExit`."""
    _end_on_signals()
    _never_fail_on_a_character()
    speak_as(os.environ)
    asked = Invocation()
    try:
        ended: object = posterm.main(
            arguments, prog_name="posterm", standalone_mode=False, obj=asked
        )
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except click.Abort:
        return _INTERRUPTED
    except Exception as fault:  # noqa: BLE001  # the entry point: the last to hear of it
        return _output_full(fault, asked) or _unknown(fault, asked)
    return ended if isinstance(ended, int) else 0


def _translated(command: click.Command) -> click.Command:
    """Its help in the language of this process; the words are marked where they stand."""
    for part in (command, *command.params):
        for name in ("help", "short_help", "epilog"):
            words = getattr(part, name, None)
            if words:
                setattr(part, name, _(words))
    for inner in command.commands.values() if isinstance(command, click.Group) else ():
        _translated(inner)
    return command


def _kernel_error() -> type[KernelError]:
    from kernel import KernelError

    return KernelError


def _end_on_signals() -> None:
    for number in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _leave)


def _leave(number: int, _: FrameType | None) -> None:
    raise SystemExit(128 + number)


def _never_fail_on_a_character() -> None:
    """An old terminal shows `?` for what it lacks; that must not end a command half way.

    A closed standard input reads as an empty one.
    """
    if sys.stdin is None:
        sys.stdin = click.open_file(os.devnull)
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None:
            reconfigure(errors="replace")


def _output_full(fault: Exception, asked: Invocation) -> int:
    """1, and said, where the caller's own output is what could not be written; else 0."""
    raised_in = traceback.extract_tb(fault.__traceback__)[-1].filename
    if not isinstance(fault, OSError) or raised_in != click.utils.__file__:
        return 0
    _drop_output()
    said = _("the output can't be written: {}; give it more space and repeat").format(
        fault.strerror
    )
    say_error(said, 1, as_json=asked.as_json)
    return 1


def _drop_output() -> None:
    """What is still buffered goes nowhere, else the interpreter complains at its exit."""
    with click.open_file(os.devnull, "w") as nowhere:
        os.dup2(nowhere.fileno(), sys.stdout.fileno())


def _unknown(fault: Exception, asked: Invocation) -> int:
    """One line for the person, the traceback in a file for whoever mends it."""
    from kernel import KernelError, Shop

    said = f"{type(fault).__name__}: {fault}"
    try:
        kept = Shop(asked.data_dir).keep_fault("".join(traceback.format_exception(fault)))
        said = _("{}; this is a fault of posterm: please report it with {}").format(said, kept)
    except KernelError as error:
        said = _("{}; its traceback can't be kept: {}").format(said, error)
    say_error(said, 1, as_json=asked.as_json)
    return 1
