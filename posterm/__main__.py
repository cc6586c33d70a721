"""`posterm` and `python -m posterm`. Nothing stands here: what answers fast imports little."""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command line and exit with its code."""
    from posterm.commands.group import run

    sys.exit(run())


if __name__ == "__main__":
    main()
