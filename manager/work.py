"""Acts under way: each on a thread of its own, so that no disk and no till holds the screen up.

A thread tells what it knows so far by `post`, which hands a call to the thread that paints. When
the console ends, waiting ends: what was begun goes on by itself, because it stands in MANAGER's
log. This module must never paint, nor know what an act does.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from enum import Enum
from functools import partial
from typing import TypeVar

from msgspec import Struct
from msgspec.structs import replace

from kernel import KernelError

__all__ = ["Act", "ActState", "GoOn", "Post", "Work"]

_KEPT = 50
_T = TypeVar("_T")

Post = Callable[[Callable[[], object]], None]
"""Have that done by the thread that paints."""
GoOn = Callable[[object], bool]
"""Told what is known so far; False ends the waiting."""


class ActState(Enum):
    WORKING = "working"
    DONE = "done"
    REFUSED = "refused"


class Act(Struct, frozen=True):
    """One act as it stands: `so_far` is what it brought, in full once it is done."""

    number: int
    title: str
    began_ms: int
    state: ActState = ActState.WORKING
    so_far: object = None
    refusal: str = ""


class Work:
    """What this console has begun, oldest first. Only the painting thread calls it."""

    def __init__(self, post: Post, wall_ms: Callable[[], int]) -> None:
        self.acts: tuple[Act, ...] = ()
        self.ending = False
        self._post = post
        self._wall_ms = wall_ms
        self._number = 0

    def begin(
        self, title: str, call: Callable[[GoOn], object], ended: Callable[[Act], None]
    ) -> Act:
        """Do `call` elsewhere; it is told when to stop waiting. `ended` gets the last of it."""
        self._number += 1
        act = Act(self._number, title, self._wall_ms())
        self.acts = (*self.acts, act)[-_KEPT:]

        def go_on(so_far: object) -> bool:
            self._post(partial(self._change, act.number, so_far=so_far))
            return not self.ending

        def settled(state: ActState, result: object = None, refusal: str = "") -> None:
            changed = self._change(act.number, state=state, so_far=result, refusal=refusal)
            ended(changed or replace(act, state=state, so_far=result, refusal=refusal))

        self.aside(
            lambda: call(go_on),
            lambda result: settled(ActState.DONE, result),
            lambda fault: settled(ActState.REFUSED, refusal=str(fault)),
        )
        return act

    def aside(
        self,
        call: Callable[[], _T],
        then: Callable[[_T], object],
        refused: Callable[[KernelError], object],
    ) -> None:
        """Do `call` elsewhere, then here `then` with what it returned, or else `refused`."""

        def run() -> None:
            try:
                result = call()
            except KernelError as fault:
                self._post(partial(refused, fault))
            else:
                self._post(partial(then, result))

        threading.Thread(target=run, name="act", daemon=True).start()

    def under_way(self) -> tuple[Act, ...]:
        return tuple(one for one in self.acts if one.state is ActState.WORKING)

    def _change(
        self,
        number: int,
        *,
        state: ActState = ActState.WORKING,
        so_far: object = None,
        refusal: str = "",
    ) -> Act | None:
        for place, one in enumerate(self.acts):
            if one.number == number and one.state is ActState.WORKING:
                known = so_far if so_far is not None else one.so_far
                changed = replace(one, state=state, so_far=known, refusal=refusal)
                self.acts = (*self.acts[:place], changed, *self.acts[place + 1 :])
                return changed
        return None
