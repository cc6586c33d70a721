"""`python -m manager`, which `posterm manager` becomes: the console from start to exit code.

Who can't be MANAGER is told so before anything is painted. Whatever ends the console, the terminal
is let go and the screen given back. This module must never leave the exit code to the app: an app
that was told one still ends with 0.
"""

from __future__ import annotations

import argparse
import gc
import os
import signal
import sys
import threading
import traceback
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from types import FrameType
from typing import TYPE_CHECKING

from kernel import Floor, KernelError, Shop, TerminalInUse
from kernel import gettext as _
from themes.loading import load_asyncio_without_tls

if TYPE_CHECKING:
    from manager.app import ManagerApp

__all__ = ["main"]

_THEMES = ("dark", "mono")
_USAGE = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the console to its end; the exit code."""
    asked = _parser().parse_args(arguments)
    if not (sys.stdin.isatty() and sys.stderr.isatty()):
        return _fail(_("the console needs a terminal; scripts use `posterm status`"), _USAGE)
    for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
        signal.signal(number, _leave)
    try:
        return _run(asked)
    except TerminalInUse as fault:
        said = _("{}. `posterm manager --watch` looks on meanwhile").format(fault)
        return _fail(said, fault.exit_code)
    except KernelError as fault:
        return _fail(str(fault), fault.exit_code)
    except Exception as fault:  # noqa: BLE001  # the entry point: the last to hear of it
        return _fail(_kept(asked.data_dir, fault), 1)


def _run(asked: argparse.Namespace) -> int:
    # Half of a start is loading modules, most of which stay: a collector finds nothing in them.
    gc.disable()
    begin = Floor.watch if asked.watch else Floor.start
    with ThreadPoolExecutor(1, "start") as thread:
        starting = thread.submit(begin, asked.data_dir)
        try:
            # The screen is loaded while the terminal waits for its disk.
            load_asyncio_without_tls()
            import_module("manager.app")
            app = _app(starting.result(), asked)
            gc.freeze()
            gc.enable()
            threading.excepthook = lambda said: app.post(lambda: app.fail(said.exc_value))
            app.run(mouse=False)
            app.stop()
        finally:
            starting.result().stop()
    if app.fault is not None:
        raise app.fault
    return app.return_code or 0


def _app(floor: Floor, asked: argparse.Namespace) -> ManagerApp:
    from manager.app import ManagerApp
    from manager.console import Console
    from themes.language import language_of, use_language

    console = Console(floor, asked.data_dir, watching=asked.watch)
    settings = floor.configuration.in_force().settings
    use_language(settings.language or language_of(os.environ))
    return ManagerApp(console, theme=_theme(asked.theme, settings.theme), baud=asked.baud)


def _theme(asked: str | None, configured: str) -> str:
    if asked is not None:
        return asked
    plain = os.environ.get("NO_COLOR") or os.environ.get("TERM", "").startswith("vt")
    return "mono" if plain or configured == "mono" else "dark"


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=_("posterm manager"))
    parser.add_argument("--data-dir", metavar="DIR", default="pos_kernel_data")
    parser.add_argument("--watch", action="store_true")
    parser.add_argument("--theme", choices=_THEMES)
    parser.add_argument("--baud", type=int, default=0)
    return parser


def _leave(number: int, frame: FrameType | None) -> None:
    """Before the console has a screen: the terminal that is being started is let go."""
    raise SystemExit(128 + number)


def _fail(said: str, exit_code: int) -> int:
    sys.stderr.write(f"posterm: {said}\n")
    return exit_code


def _kept(data_dir: str, fault: Exception) -> str:
    """One line for the person, the traceback in a file for whoever mends it."""
    said = f"{type(fault).__name__}: {fault}"
    try:
        path = Shop(data_dir).keep_fault("".join(traceback.format_exception(fault)))
    except KernelError as error:
        return _("{}; its traceback can't be kept: {}").format(said, error)
    return _("{}; this is a fault of posterm: please report it with {}").format(said, path)


if __name__ == "__main__":
    sys.exit(main())
