"""The manager's part in a coordinated shutdown: order it, see who leaves, name who does not.

Who is still there is what the locks say. A terminal that died has left its entry in the registry
behind; one that stopped has taken it out.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from kernel.codec.documents import ProcessIdentity
from kernel.codec.shutdown import GRACE_LIMIT_S, ShutdownCancelled, ShutdownOrder
from kernel.coordination.registry import Registry, TerminalState
from kernel.coordination.shutdown import CANCEL, ORDER, ShutdownFlag
from kernel.disk.layout import Layout
from kernel.errors import KernelError, SaleRefused
from kernel.terminal.host import Host
from kernel.words import gettext as _

if TYPE_CHECKING:
    from kernel.terminal.terminal import Terminal

__all__ = ["Leaving", "Shutdown"]

_HEARD_LATE_S = 3_600
"""A process that is stopped in the meantime still hears the order so long after its deadline."""


class Leaving(Struct, frozen=True):
    """One terminal: `open` (its process runs), `out`, or `dead` (it ended without stopping)."""

    terminal: str
    state: str
    identity: ProcessIdentity | None


class Shutdown:
    """The shutdown that `till` orders, cancels and watches; only MANAGER's is believed."""

    def __init__(self, till: Terminal, host: Host, layout: Layout) -> None:
        self._till = till
        self._host = host
        self._flag = ShutdownFlag(host.disk, layout, till.signatures, clock=host.clock)
        self._registry = Registry(host.disk, layout, clock=host.clock)
        self._seen: dict[str, ProcessIdentity | None] = {}
        self.order: ShutdownOrder | None = None

    def begin(self, grace_s: float, reason: str) -> ShutdownOrder:
        """Let no till start, and tell all that run. Raises `Contention`, `SaleRefused`."""
        if not 0 <= grace_s <= GRACE_LIMIT_S:  # no number at all is out of range too
            raise SaleRefused(
                _("the grace period is out of range; give 0 to {} s").format(GRACE_LIMIT_S)
            )
        now_ms = self._host.clock.wall_ms()
        order = ShutdownOrder(
            id=self._host.random_bytes(16).hex(),
            by=self._till.id,
            ordered_ms=now_ms,
            deadline_ms=now_ms + round(grace_s * 1000),
            reason=reason,
        )
        # First the flag: a till that starts from here on does not, one before hears the message.
        self._flag.hoist(order)
        try:
            self._till.send("*", ORDER, order, grace_s + _HEARD_LATE_S)
        except KernelError:
            self._flag.lower(order)
            raise
        self.order = order
        return order

    def cancel(self) -> ShutdownOrder | None:
        """Take the order that is in force back, whoever gave it; None if there is none."""
        order = self._flag.live()
        if order is not None:
            # First the flag: a till that hears of the order now finds that it no longer binds.
            self._flag.lower(order)
            self._till.send("*", CANCEL, ShutdownCancelled(order.id), _HEARD_LATE_S)
        return order

    def cancelled(self) -> bool:
        """Whether the order that was begun here has been taken back."""
        standing = self._flag.standing()
        return self.order is not None and (standing is None or standing.id != self.order.id)

    def look(self) -> tuple[Leaving, ...]:
        """Every other terminal that ran since the order, or had crashed before, as it is now."""
        status = {one.terminal: one for one in self._registry.status()}
        status.pop(self._till.id, None)
        self._seen |= {name: one.identity for name, one in status.items()}
        states = {TerminalState.RUNNING: "open", TerminalState.CRASHED: "dead"}
        return tuple(
            Leaving(name, states[status[name].state] if name in status else "out", identity)
            for name, identity in sorted(self._seen.items())
        )

    def finish(self) -> bool:
        """Clean up after the dead and let tills start again; False while one is still there."""
        assert self.order is not None
        if any(one.state == "open" for one in self.look()):
            return False
        self._registry.forget_crashed()
        self._flag.lower(self.order)
        return True
