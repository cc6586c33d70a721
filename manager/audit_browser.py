"""Where in the audit log a manager is looking: a window of lines that follows, or stands still.

All of it runs on a thread beside the one that paints, one look at a time; what comes back is
frozen. A search goes on with every look, newest lines first. This module must never paint.
"""

from __future__ import annotations

import time
from threading import Lock

from msgspec import Struct
from msgspec.structs import replace

from kernel import AuditLine, AuditView, Host
from manager.audit_query import AuditQuery

__all__ = ["AuditBrowser", "Window"]

_PIECE_BYTES = 1 << 20
_LOOK_S = 0.08
"""So long a look may search before it shows what it has."""


class Window(Struct, frozen=True):
    """Lines as they stand on the screen, oldest first; `marked` is a place among them."""

    lines: tuple[AuditLine, ...] = ()
    places: tuple[int, ...] = ()
    marked: int = 0
    following: bool = True
    found: int | None = None
    """Lines that the search found so far; None where nothing is filtered."""
    looked_bytes: int = 0
    size_bytes: int = 0
    more: bool = False
    """Whether the search goes on."""

    @property
    def line(self) -> AuditLine | None:
        """The marked one."""
        return self.lines[self.marked] if self.marked < len(self.lines) else None


class AuditBrowser:
    """Safe from many threads; `look` and `search` take their turn."""

    def __init__(self, data_dir: str, host: Host | None = None) -> None:
        self._data_dir = data_dir
        self._host = host
        self._lock = Lock()
        self._view: AuditView | None = None
        self._window = Window()
        self.query = AuditQuery()

    def search(self, query: AuditQuery, height: int) -> Window:
        """Look for something else, from the end on. Raises `KernelError`: then nothing changes."""
        view = self._opened(query)
        with self._lock:
            self._close()
            self._view, self.query, self._window = view, query, Window()
        return self.look("", height)

    def look(self, move: str, height: int) -> Window:
        """The window after `move`: a key's name, `follow`, or nothing. Raises `KernelError`."""
        with self._lock:
            if self._view is None or (self._window.following and self._view.turned):
                self._close()
                self._view = self._opened(self.query)
            until_s = time.monotonic() + _LOOK_S
            while (more := self._view.look(_PIECE_BYTES)) and time.monotonic() < until_s:
                pass
            window = self._moved(self._view, self._window, move, max(height, 1))
            self._window = replace(
                window,
                found=self._view.found,
                looked_bytes=self._view.looked_bytes,
                size_bytes=self._view.size_bytes,
                more=more,
            )
            return self._window

    def close(self) -> None:
        with self._lock:
            self._close()

    def _opened(self, query: AuditQuery) -> AuditView:
        date = query.business_date
        return AuditView(self._data_dir, query.wanted, self._host, business_date=date)

    def _close(self) -> None:
        if self._view is not None:
            self._view.close()
        self._view = None

    def _moved(self, view: AuditView, now: Window, move: str, height: int) -> Window:
        if move == "follow":
            following = not now.following
            return _end_of(view, height) if following else replace(now, following=False)
        if move == "end" or not now.places or (now.following and not move):
            return _end_of(view, height, following=move == "end" or now.following)
        if move == "home":
            return _window(view.first(height), marked=0)
        if not move:
            return _settled(view, now, height)
        return _stepped(view, now, move, height)


def _end_of(view: AuditView, height: int, *, following: bool = True) -> Window:
    return _window(view.last(height), following=following)


def _stepped(view: AuditView, now: Window, move: str, height: int) -> Window:
    """The mark goes up or down; at an edge, and page by page, the lines go with it."""
    page = max(height - 1, 1)
    match move:
        case "up" if now.marked == 0:
            return _window(_pull(view, now, -1, height), marked=0)
        case "down" if now.marked >= len(now.places) - 1:
            return _window(_pull(view, now, 1, height))
        case "pageup":
            return _window(_pull(view, now, -page, height), marked=0)
        case "pagedown":
            return _window(_pull(view, now, page, height))
        case _:
            step = 1 if move == "down" else -1
            return replace(now, marked=now.marked + step, following=False)


def _pull(view: AuditView, now: Window, lines: int, height: int) -> list[tuple[int, AuditLine]]:
    """The lines on the screen when it is moved so far; at an end it stays full."""
    here = list(zip(now.places, now.lines, strict=True))
    if lines < 0:
        return [*view.before(now.places[0], -lines), *here][:height]
    return [*here, *view.after(now.places[-1], lines)][-height:]


def _settled(view: AuditView, now: Window, height: int) -> Window:
    """The same lines, in a window of another height or with what a search found since."""
    here = list(zip(now.places, now.lines, strict=True))
    missing = height - len(here)
    if missing <= 0:
        first = min(-missing, now.marked)
        shown = here[first : first + height]
    else:
        shown = [*view.before(now.places[0], missing), *here]
        shown += view.after(now.places[-1], height - len(shown))
    marked = [place for place, _ in shown].index(now.places[now.marked])
    return _window(shown, marked=marked, following=now.following)


def _window(
    placed: list[tuple[int, AuditLine]], *, marked: int | None = None, following: bool = False
) -> Window:
    lines = tuple(line for _, line in placed)
    last = max(len(lines) - 1, 0)
    places = tuple(place for place, _ in placed)
    return Window(lines, places, last if marked is None else min(marked, last), following)
