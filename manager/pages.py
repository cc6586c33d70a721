"""Which screens there are, by name: each is loaded when it is first opened, so that none of them
costs a start."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from manager.page import Page

if TYPE_CHECKING:
    from manager.console import Console

__all__ = ["page_about", "page_of"]

_PAGES = {
    "terminals": "TerminalsPage",
    "audit": "AuditPage",
    "today": "TodayPage",
    "messages": "MessagesPage",
    "suspended": "SuspendedPage",
    "integrity": "IntegrityPage",
    "approvals": "ApprovalsPage",
    "configuration": "ConfigurationPage",
    "acts": "ActsPage",
}
"""Module under `manager.screens` -> class; one of each is made for a console."""
_ABOUT = {"mirror": "MirrorPage"}
"""The same for screens about one terminal or sale, which are made anew each time."""


def page_of(name: str, console: Console) -> Page:
    """The screen of that name."""
    page = getattr(import_module(f"manager.screens.{name}"), _PAGES[name])(console)
    assert isinstance(page, Page), f"{name} is a page"
    return page


def page_about(name: str, console: Console, subject: str) -> Page:
    """A screen of that kind about one terminal or sale."""
    page = getattr(import_module(f"manager.screens.{name}"), _ABOUT[name])(console, subject)
    assert isinstance(page, Page), f"{name} is a page"
    return page
