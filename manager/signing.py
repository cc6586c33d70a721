"""Who is at this console: sign on, lock, unlock, hand over, sign off.

A shop without operators lets anybody in, as its tills do. PINs are checked by the kernel on a
thread, because that takes a tenth of a second on purpose; here is only who may see the screens
now. This module must never keep a PIN.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from kernel import Floor, Operator, Role, Shop

__all__ = ["Signing"]

LEAST = Role.SUPERVISOR
"""Cashiers have a till; a console shows them nothing that they need."""


class Signing:
    """`who` is signed on, `locked` hides the screens, `busy` is while a PIN is checked or the
    lock is logged. A console that watches has nobody."""

    def __init__(self, floor: Floor, data_dir: str, *, watching: bool) -> None:
        self.who: Operator | None = None
        self.locked = False
        self.busy = False
        self._floor = floor
        self._watching = watching
        self._shop = Shop(data_dir)
        self._asks = not watching and bool(self._shop.operators())

    @property
    def shut(self) -> bool:
        """Whether a PIN is needed before anything is shown or done."""
        return self._asks and (self.who is None or self.locked)

    @property
    def asks(self) -> bool:
        """Whether this shop has operators."""
        return self._asks

    def covers(self, role: Role) -> bool:
        return not self._asks or (self.who is not None and self.who.role.covers(role))

    def name(self) -> str:
        """For the header."""
        return f"{self.who.number} {self.who.name}" if self.who is not None else ""

    def entering(self, number: str, pin: str) -> Callable[[], Operator]:
        """What lets that operator in: to be called on a thread. Raises `KernelError`."""
        manager = self._floor.manager

        def enter() -> Operator:
            # The role first: else a cashier's wish to look would stand in the log as a sign-on.
            operator = manager.checked(number, pin, LEAST)
            there = manager.signed_on
            if there is None:
                return manager.sign_on(number, pin)
            if there.operator != operator.number:
                return manager.hand_over(number, pin)
            # A full disk may have refused the entry of the lock.
            return manager.unlock(number, pin) if there.locked else operator

        return enter

    def entered(self, operator: Operator) -> None:
        self.who, self.locked = operator, False

    def know(self, operators: Iterable[Operator]) -> bool:
        """Those are the shop's operators now; whether who is signed on may still be here.

        A console that asks for a PIN goes on asking, even if the file has gone.
        """
        if self._watching:
            return True
        found = {one.number: one for one in operators if one.active and one.role.covers(LEAST)}
        self._asks = self._asks or bool(found)
        if self.who is None:
            return True
        there = found.get(self.who.number)
        self.who = there or self.who
        return there is not None

    def locking(self) -> None:
        """On a thread. Raises `KernelError`."""
        self._floor.manager.lock()

    def leaving(self) -> bool:
        """On a thread: sign off; whether the shop asks who comes next. Raises `KernelError`."""
        if self._floor.manager.signed_on is not None:
            self._floor.manager.sign_off()
        return bool(self._shop.operators())

    def left(self, asks: bool) -> None:
        self.who, self.locked, self._asks = None, False, asks
