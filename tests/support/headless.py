"""Keys for an app of ours that has no terminal, and the moment at which they have had their effect.

Textual's own pilot waits after each key until the whole process uses no processor time. An app with
threads of its own always uses some, so a key would cost up to a second and still promise nothing.
Here the app itself says how far it is. This module must never take time that passed for a sign.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from textual import events
from textual.app import App
from textual.screen import Screen

__all__ = ["painted", "post", "taken", "until"]

_PATIENCE_S = 20.0
_LOOK_S = 0.002
_Give = Callable[[Callable[[], object]], bool]


def post(app: App[None], key: str) -> None:
    """A character, or the name of a key, as a terminal sends it."""
    app.post_message(events.Key(key, key if len(key) == 1 else None))


async def taken(app: App[None]) -> None:
    """Until the app has had every message that was posted to it before."""
    await _come_to(app, app.call_later)


async def painted(app: App[None]) -> None:
    """Until the frame stands, and all is done that the app put off until it would stand."""
    screen: Screen[object] | None = None
    while app.is_running and screen is not app.screen:
        screen = app.screen
        await _come_to(app, app.call_after_refresh, screen)


async def until(
    condition: Callable[[], bool], what: Callable[[], str], *, look_s: float = _LOOK_S
) -> None:
    """Until it is so; `what` tells a failure what was not."""
    await _wait(condition, what, asyncio.Event(), look_s)


async def _come_to(app: App[None], give: _Give, screen: Screen[object] | None = None) -> None:
    """Until the app does what it is given, or never will: it has ended, or covered that screen,
    which puts off what it was to do for as long as it is covered."""
    reached = asyncio.Event()

    def over() -> bool:
        covered = screen is not None and app.screen is not screen
        return reached.is_set() or not app.is_running or covered

    if give(reached.set):
        await _wait(over, lambda: f"{app!r} does nothing any more", reached, _LOOK_S)


async def _wait(
    condition: Callable[[], bool], what: Callable[[], str], word: asyncio.Event, look_s: float
) -> None:
    """At the word, and without one every `look_s`, see whether it is so."""
    deadline_s = time.monotonic() + _PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline_s, what()
        with suppress(TimeoutError):
            await asyncio.wait_for(word.wait(), look_s)
