"""How both apps look on a given line: palettes, large digits, keys and the driver.

It must never import an app, because both apps are built on it.
"""

from __future__ import annotations

import os

__all__ = ["THEMES", "stylesheet"]

THEMES = ("dark", "mono")


def stylesheet(theme: str) -> str:
    """Where that theme's style sheet is."""
    assert theme in THEMES, f"{theme} is one of {THEMES}"
    return os.path.join(os.path.dirname(__file__), f"{theme}.tcss")
