"""Acting as MANAGER from a command: by being it for a moment, or through the console that is it.

Only one process is MANAGER, and a console is it all day. `as_manager` finds out which way is
open and brings the same result on both; whichever process acts, the entries stand in MANAGER's
log. It must never act twice: an order keeps its id, and who handed it in acts himself only after
the log said that no console did.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from typing import TypeVar

from msgspec import Struct

from kernel.codec.acts import ActAnswer, AnyOrder, decode_result
from kernel.coordination.acts import ActFiles
from kernel.coordination.operators import PinHashes
from kernel.disk.files import RealDisk
from kernel.disk.layout import Layout
from kernel.disk.lock import probe
from kernel.disk.watch import ring
from kernel.errors import (
    BadConfiguration,
    Contention,
    Damage,
    KernelError,
    SaleRefused,
    TerminalInUse,
)
from kernel.model.mail import RANDOM_BYTES
from kernel.model.operators import MANAGER_TERMINAL, pin_digits
from kernel.terminal.floor import Floor
from kernel.terminal.host import Host
from kernel.terminal.shop import Shop
from kernel.words import gettext as _

__all__ = ["as_manager", "hashed_pin"]

_TRIES = 5
_PATIENCE_S = 10.0
_LOOK_EVERY_S = 0.02
_TELL_EVERY_S = 0.2
_ERRORS = {kind.exit_code: kind for kind in (SaleRefused, Contention, Damage, BadConfiguration)}

Result = TypeVar("Result", bound=Struct)


def as_manager(
    data_dir: str | os.PathLike[str],
    order: AnyOrder,
    kind: type[Result],
    go_on: Callable[[Result], bool] = lambda so_far: True,
    *,
    host: Host | None = None,
) -> Result:
    """Do `order`, whoever is MANAGER; what came of it, a value of `kind`.

    `go_on` is told how far it has come, and ends the waiting with False. Raises what the act
    raises, `TerminalInUse` where MANAGER is a process that takes no acts, and `Contention` where
    it ended without an answer.
    """
    host = host or Host()
    handing = _Handing(host, Layout.at(data_dir), order)
    for _try in range(_TRIES):
        if handing.console_runs():
            answer = handing.hand_in(lambda so_far: _told(so_far, kind, go_on))
            if answer is not None:
                return _result(answer, kind)
        try:
            floor = Floor.start(data_dir, host=host)
        except TerminalInUse:
            continue  # another was faster
        with floor:
            if floor.has_taken(handing.message):
                raise _no_answer()
            result = floor.act(order, lambda so_far: not isinstance(so_far, kind) or go_on(so_far))
            assert isinstance(result, kind), f"{order.name} brings no {kind.__name__}"
            floor.stop(linger=True)
            return result
    raise handing.in_use()


def hashed_pin(data_dir: str | os.PathLike[str], pin: str, *, host: Host | None = None) -> str:
    """The hash that an order holds in place of a PIN. Blocks for about 100 ms.

    Raises `BadInput` for what is no PIN, `Contention`, `BadConfiguration`.
    """
    host = host or Host()
    pin_digits(pin)
    Shop(data_dir, host).make()
    layout = Layout.at(data_dir)
    return PinHashes(host.disk, layout, clock=host.clock, random_bytes=host.random_bytes).of(pin)


class _Handing:
    """One order on its way through a console."""

    def __init__(self, host: Host, layout: Layout, order: AnyOrder) -> None:
        self._host = host
        self._lock = layout.terminal(MANAGER_TERMINAL).lock
        bell = ring if isinstance(host.disk, RealDisk) else lambda path: None
        self._files = ActFiles(host.disk, layout, clock=host.clock, ring=bell)
        self._order = order
        self.message = self._files.new_message(host.random_bytes(RANDOM_BYTES))

    def console_runs(self) -> bool:
        return probe(self._host.disk, self._lock) is not None

    def in_use(self) -> TerminalInUse:
        holder = probe(self._host.disk, self._lock)
        return TerminalInUse(
            _(
                "{} is already running as {} and takes no acts; close it there, then try again"
            ).format(MANAGER_TERMINAL, holder or _("another process"))
        )

    def hand_in(self, working: Callable[[ActAnswer], bool]) -> ActAnswer | None:
        """The console's last word on it; None where it ended and had not taken it."""
        self._files.hand_in(self.message, self._order)
        try:
            answer = self._wait(working)
        except BaseException:
            self._files.withdraw(self.message)
            raise
        if answer is not None:
            self._files.forget(self.message)
        return answer

    def _wait(self, working: Callable[[ActAnswer], bool]) -> ActAnswer | None:
        until_s = self._host.clock.monotonic_s() + _PATIENCE_S
        last: ActAnswer | None = None
        tell_at_s = 0.0
        while True:
            # In this order: the console answers before it takes the letter away, and before it
            # ends; so what is not there after that will not come.
            lives = self.console_runs()
            waits = self._files.waits(self.message)
            answer = self._files.answer(self.message)
            if answer is not None and answer.state != "working":
                return answer
            if answer is None and not waits:
                raise self.in_use()
            if not lives:
                if answer is None and self._files.withdraw(self.message):
                    return None
                raise _no_answer()
            if answer is None and self._host.clock.monotonic_s() > until_s:
                if self._files.withdraw(self.message):
                    raise self.in_use()
                until_s += _PATIENCE_S
            now_s = self._host.clock.monotonic_s()
            if answer is not None and (answer != last or now_s > tell_at_s):
                last, tell_at_s = answer, now_s + _TELL_EVERY_S
                if not working(answer):
                    return answer
            time.sleep(_LOOK_EVERY_S)


def _told(answer: ActAnswer, kind: type[Result], go_on: Callable[[Result], bool]) -> bool:
    so_far = decode_result(answer.result, kind)
    return so_far is None or go_on(so_far)


def _result(answer: ActAnswer, kind: type[Result]) -> Result:
    if answer.state == "refused":
        raise _error(answer)
    result = decode_result(answer.result, kind)
    if result is None:
        raise _no_answer()
    return result


def _error(answer: ActAnswer) -> KernelError:
    return _ERRORS.get(answer.exit_code, SaleRefused)(_(answer.reason))


def _no_answer() -> Contention:
    return Contention(
        _(
            "the manager's console ended before it answered; see in `posterm audit "
            "--terminal MANAGER` whether it was done, then try again"
        )
    )
