"""How both apps look on a given line: palettes, large digits, keys and the driver.

It must never import an app, because both apps are built on it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["THEMES", "stylesheet"]

THEMES = ("dark", "mono")


def stylesheet(theme: str) -> Path:
    """Where that theme's style sheet is."""
    assert theme in THEMES, f"{theme} is one of {THEMES}"
    from pathlib import Path  # the command line asks for words only, and answers at once

    return Path(__file__).with_name(f"{theme}.tcss")
