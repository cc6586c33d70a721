"""The console's desk for acts that commands hand in: taken by the postman, done by threads.

An act may wait minutes for tills, and the mail must not; so each has a thread of its own, a few at
once. That it was taken is an entry before it begins, with the message's id: an act is never begun
twice. This module must never do an act itself or take one from anybody but the manager's user.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from functools import partial

from msgspec import Struct

from kernel.codec.acts import ActAnswer, AnyOrder, decode_order, encode_result
from kernel.codec.messages import Message
from kernel.coordination.acts import ACT, ActFiles
from kernel.errors import BadInput, KernelError, SaleRefused
from kernel.model.ledger import Ledger
from kernel.model.mail import REFUSED
from kernel.model.operators import MANAGER_TERMINAL
from kernel.model.till_entries import Event
from kernel.terminal.acting import GoOn
from kernel.terminal.delivery import Decided, Handler
from kernel.words import gettext as _
from kernel.words import in_english
from kernel.words import marked as N_

__all__ = ["ActDesk"]

_AT_ONCE = 16
_STOP_S = 5.0

Do = Callable[[AnyOrder, GoOn], Struct]


class ActDesk:
    """Takes acts from when `handlers` are known to the postman, does them from `serve` on."""

    def __init__(self, files: ActFiles) -> None:
        self.handlers: dict[str, Handler] = {ACT: self._take}
        self._files = files
        self._lock = threading.Lock()
        self._do: Do | None = None
        self._early: list[tuple[str, AnyOrder]] = []
        self._threads: dict[str, threading.Thread] = {}
        self._closing = False

    def serve(self, do: Do) -> None:
        """From now on what is taken is done."""
        with self._lock:
            self._do = do
            early, self._early = self._early, []
        for message, order in early:
            self._begin(message, order)

    def close(self, *, linger: bool) -> None:
        """Take no more. What is under way is answered as far as it has come, or, with `linger`,
        seen through: a command that is MANAGER for a moment breaks nobody's act off."""
        self._closing = not linger
        with self._lock:
            under_way = list(self._threads.values())
        for thread in under_way:
            thread.join(None if linger else _STOP_S)
        self._closing = True

    def _take(self, message: Message, ledger: Ledger) -> Decided:
        try:
            if message.sender != MANAGER_TERMINAL:
                raise SaleRefused(
                    _("{} is not MANAGER; only MANAGER hands acts over").format(message.sender)
                )
            if len(self._threads) + len(self._early) >= _AT_ONCE:
                raise SaleRefused(
                    _("{} acts are under way already; wait for one of them").format(_AT_ONCE)
                )
            order = decode_order(message.body)
        except (SaleRefused, BadInput) as refusal:
            said = _refused(message.id, refusal)
            return Decided(result=REFUSED, follow_up=partial(self._files.say, said))
        taken = Event(what="act_taken", detail=order.name)
        return Decided((taken,), follow_up=partial(self._begin, message.id, order))

    def _begin(self, message: str, order: AnyOrder) -> None:
        with self._lock:
            do = self._do
            if do is None:
                self._early.append((message, order))
                return
            thread = threading.Thread(
                target=self._see_through, args=(message, order, do), name="act", daemon=True
            )
            self._threads[message] = thread
        # Before the letter goes: whoever sees neither knows that nobody takes it.
        self._files.say(ActAnswer(message=message, state="working"))
        thread.start()

    def _see_through(self, message: str, order: AnyOrder, do: Do) -> None:
        """The thread of one act."""
        answer = ActAnswer(message=message, state="refused", reason=N_("the console broke it off"))
        said = b""

        def go_on(so_far: Struct) -> bool:
            nonlocal said
            result = encode_result(so_far)
            if bytes(result) != said:
                said = bytes(result)
                self._files.say(ActAnswer(message=message, state="working", result=result))
            return not self._closing

        try:
            with in_english():  # whoever handed it in may speak another language
                result = encode_result(do(order, go_on))
            answer = ActAnswer(message=message, state="done", result=result)
        except KernelError as refusal:
            answer = _refused(message, refusal)
        finally:
            self._files.say(answer)
            with self._lock:
                del self._threads[message]


def _refused(message: str, refusal: KernelError) -> ActAnswer:
    return ActAnswer(
        message=message, state="refused", reason=str(refusal), exit_code=refusal.exit_code
    )
