"""A terminal's part in a coordinated shutdown: finish the open sale, else put it away, then stop.

From the order on nothing new is begun. As soon as no sale is open, or shortly before the grace
period ends, the terminal stops as it always does, whatever its app is doing: a screen that hangs
keeps no shop open. This module must never lose a sale: one that can't be suspended stays open in
the log, parked, and comes back with the next start.
"""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kernel.codec.messages import Message
from kernel.codec.shutdown import ShutdownCancelled, ShutdownOrder, decode_shutdown
from kernel.coordination.shutdown import CANCEL, ORDER, ShutdownFlag
from kernel.coordination.signatures import Signatures
from kernel.disk.layout import Layout
from kernel.errors import KernelError, SaleRefused, Stopped
from kernel.model.ledger import Ledger
from kernel.model.mail import RECEIVED
from kernel.terminal.delivery import Decided, Handler
from kernel.terminal.host import Host
from kernel.words import gettext as _

if TYPE_CHECKING:
    from kernel.terminal.sale import Sale
    from kernel.terminal.terminal import Terminal

__all__ = ["Closing", "refuse_while_closing"]

_LOOK_EVERY_S = 0.05
_PUTTING_AWAY_S = 2.0
"""At most this much of the grace period, and never more than a fifth, is for putting away."""


def refuse_while_closing(host: Host, layout: Layout, terminal: str) -> None:
    """Raises `Contention` where the terminal may not start, because the shop is shut down."""
    signatures = Signatures(host.disk, layout, terminal, clock=host.clock)
    ShutdownFlag(host.disk, layout, signatures, clock=host.clock).refuse_start(terminal)


class Closing:
    """What the terminal has been ordered; safe from many threads."""

    def __init__(self, till: Terminal, host: Host, layout: Layout) -> None:
        self._till = till
        self._flag = ShutdownFlag(host.disk, layout, till.signatures, clock=host.clock)
        self._clock = host.clock
        self._started_ms = host.clock.wall_ms()
        self._lock = threading.Lock()
        self._cancelled = threading.Event()
        self.order: ShutdownOrder | None = None
        """What is being followed; an app may show how long its cashier has."""
        self.message: Message | None = None
        """What the stop is going to be the effect of."""
        self.thread: threading.Thread | None = None
        self.handlers: dict[str, Handler] = {ORDER: self._on_order, CANCEL: self._on_cancel}

    def _on_order(self, message: Message, _ledger: Ledger) -> Decided:
        order = decode_shutdown(bytes(message.body))
        if order.by != message.sender:
            raise SaleRefused(_("{} sent a shutdown order of {}").format(message.sender, order.by))
        # Applied is what the stop is; until it is durable, the order has only been received.
        return Decided(result=RECEIVED, follow_up=lambda: self.obey(order, message))

    def _on_cancel(self, message: Message, _: Ledger) -> Decided:
        cancelled = message.read(ShutdownCancelled)
        return Decided(follow_up=lambda: self.relent(cancelled.id))

    def obey(self, order: ShutdownOrder, message: Message) -> None:
        """Begin to close, if the order still binds this process.

        It binds while its flag stands: a cancelled one has none. A process that was stopped all
        through the grace period obeys late, one that was started after it does not.
        """
        standing = self._flag.standing()
        now_ms = self._clock.wall_ms()
        if standing is None or standing.id != order.id:
            return
        if not order.live(now_ms) and order.ordered_ms < self._started_ms:
            return
        with self._lock:
            if self.order is not None:
                return
            self.order, self.message = order, message
            self._cancelled = threading.Event()
            grace_s = max(0.0, (order.deadline_ms - now_ms) / 1000)
            put_away_at_s = self._clock.monotonic_s() + grace_s - min(_PUTTING_AWAY_S, grace_s / 5)
            self.thread = threading.Thread(
                target=self._see_through,
                args=(put_away_at_s, self._cancelled),
                name=f"{self._till.id} closing",
                daemon=True,
            )
            self.thread.start()

    def relent(self, order_id: str) -> None:
        """Go on selling, if it is that order which is being followed."""
        with self._lock:
            if self.order is not None and self.order.id == order_id:
                self._cancelled.set()
                self.order = self.message = None

    def refuse_new(self) -> None:
        """Raises `Stopped` while the shop is closing: no sale is begun or recalled any more."""
        order = self.order
        if order is not None:
            at = datetime.fromtimestamp(order.deadline_ms / 1000, UTC).astimezone()
            raise Stopped(
                _(
                    "the shop closes at {:%H:%M:%S} ({}); finish what is open, nothing new is begun"
                ).format(at, order.reason)
            )

    def _see_through(self, put_away_at_s: float, cancelled: threading.Event) -> None:
        """The thread of an order."""
        with suppress(KernelError):
            # Whatever was begun before the order is an open sale once this returns.
            self._till.journal.record(lambda ledger: ())
        while self._till.open_sales and self._clock.monotonic_s() < put_away_at_s:
            if cancelled.wait(_LOOK_EVERY_S):
                return
        if cancelled.is_set():
            return
        with suppress(KernelError):
            for sale in self._till.open_sales:
                # Whatever keeps one from being put away, it stays parked, and the till stops.
                with suppress(KernelError, OSError):
                    put_away(sale)
        self._till.stop("shutdown")


def put_away(sale: Sale) -> None:
    """Suspend it for any till, or leave it parked where it holds money."""
    with suppress(SaleRefused):
        if sale.lines:
            sale.suspend("shutdown")
        else:
            sale.abort("shutdown")
