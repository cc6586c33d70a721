"""What an act of MANAGER brought: values that a screen shows and a command prints.

The same whether it was done here or by a console that answered through a file, so each can be
written as JSON and read back. What takes time brings one again and again, fuller each time.
"""

from __future__ import annotations

from msgspec import Struct

from kernel.codec.shutdown import ShutdownOrder
from kernel.model.mail import Ack
from kernel.terminal.shutdown import Leaving

__all__ = ["Delivered", "PublishedTo", "Released", "Settled", "ShutdownState"]


class Delivered(Struct, frozen=True, kw_only=True):
    """A message and who has taken it. `expected` are those that ran when it was sent."""

    message: str
    to: str
    expected: tuple[str, ...]
    answers: tuple[Ack, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Who has not answered yet."""
        answered = {one.terminal for one in self.answers}
        return tuple(name for name in self.expected if name not in answered)


class PublishedTo(Struct, frozen=True, kw_only=True):
    """A version of the configuration, and what the tills said to it. `off` take it at start."""

    version: int
    sha256: str
    effective_ms: int
    running: tuple[str, ...]
    off: tuple[str, ...]
    answers: tuple[Ack, ...] = ()

    @property
    def missing(self) -> tuple[str, ...]:
        """Which of those that ran have not answered yet."""
        answered = {one.terminal for one in self.answers}
        return tuple(name for name in self.running if name not in answered)


class Released(Struct, frozen=True, kw_only=True):
    """A parked sale that any till can now recall by that ticket."""

    ticket: str


class Settled(Struct, frozen=True, kw_only=True):
    """The tickets that a till which is gone no longer has in its hands."""

    tickets: tuple[str, ...]


class ShutdownState(Struct, frozen=True, kw_only=True):
    """A shutdown and where each till stands; `order` None: there is nothing to cancel."""

    order: ShutdownOrder | None
    terminals: tuple[Leaving, ...] = ()
    cancelled: bool = False
    """It was taken back."""

    @property
    def open(self) -> tuple[str, ...]:
        return tuple(one.terminal for one in self.terminals if one.state == "open")

    @property
    def dead(self) -> tuple[str, ...]:
        return tuple(one.terminal for one in self.terminals if one.state == "dead")
