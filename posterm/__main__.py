"""`posterm` and `python -m posterm`. Two questions are answered at once; all else loads click."""

from __future__ import annotations

import gc
import os
import sys

from posterm import __version__

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its code."""
    if _answered_at_once(sys.argv[1:]):
        return
    # Modules stay: a collector that looks through them while they load finds nothing.
    gc.disable()
    from posterm.commands.group import run

    gc.freeze()
    gc.enable()
    sys.exit(run())


def _answered_at_once(arguments: list[str]) -> bool:
    """Two questions need no click. Where no answer can be written, the command line says why."""
    if sys.stdout is None:
        return False
    if arguments == ["--version"]:
        answer = f"posterm {__version__}"
    elif arguments in (["--help"], ["-h"]):
        from posterm.overview import overview
        from posterm.words import speak_as

        speak_as(os.environ)
        answer = overview()
    else:
        return False
    try:
        sys.stdout.write(answer + "\n")
        sys.stdout.flush()
    except (OSError, UnicodeError):
        return False
    return True


if __name__ == "__main__":
    main()
