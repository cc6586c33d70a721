"""The order to shut the shop down: the text of the flag, and the body of the message that says it.

Anybody of the shop's group can put a flag there, so decoding is strict, and no order can keep a
till from starting for longer than a day, whatever it says. This module must never open a file.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct
from msgspec.structs import replace

from kernel.codec.typed import decode
from kernel.errors import BadInput, KernelError, SaleRefused
from kernel.model.identity import short_text, terminal_id
from kernel.model.money import LIMIT
from kernel.words import gettext as _

__all__ = [
    "GRACE_LIMIT_S",
    "SHUTDOWN_LIMIT_BYTES",
    "ShutdownCancelled",
    "ShutdownOrder",
    "decode_shutdown",
    "encode_shutdown",
    "shutdown_bytes",
]

GRACE_LIMIT_S = 86_400
SHUTDOWN_LIMIT_BYTES = 4096
_REASON_LIMIT = 200
_SIGNATURE_LIMIT = 128
_CLOCKS_DIFFER_MS = 60_000
"""An order from further in the future than this was written before the clock was set back."""

OrderId = Annotated[str, Meta(pattern=r"^[0-9a-f]{32}\Z")]
Instant = Annotated[int, Meta(ge=0, le=LIMIT)]


class ShutdownOrder(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All tills shall be out by `deadline_ms`. Times are wall time in UTC."""

    format: Literal[1] = 1
    id: OrderId
    by: str
    """The terminal that ordered it."""
    ordered_ms: Instant
    deadline_ms: Instant
    reason: str
    signature: Annotated[str, Meta(max_length=_SIGNATURE_LIMIT)] | None = None
    """MANAGER's, over `shutdown_bytes`."""

    def live(self, now_ms: int) -> bool:
        """Whether it binds at that time: given already, and its grace period not over."""
        return self.ordered_ms - _CLOCKS_DIFFER_MS <= now_ms < self.deadline_ms


class ShutdownCancelled(Struct, frozen=True, forbid_unknown_fields=True):
    """The body of the message that takes the order of that id back."""

    id: OrderId


def encode_shutdown(order: ShutdownOrder) -> bytes:
    """One line of JSON. Raises `SaleRefused` for an order that nobody would follow."""
    try:
        _check(order)
    except BadInput as fault:
        raise SaleRefused(str(fault)) from fault
    return msgspec.json.encode(order) + b"\n"


def decode_shutdown(data: bytes) -> ShutdownOrder:
    """Raises `BadInput`."""
    if len(data) > SHUTDOWN_LIMIT_BYTES:
        raise BadInput(_("the shutdown order is larger than {} bytes").format(SHUTDOWN_LIMIT_BYTES))
    try:
        order: ShutdownOrder = decode(data, ShutdownOrder)
    except (ValueError, RecursionError) as fault:
        raise BadInput(_("the shutdown order can't be read: {}").format(fault)) from fault
    _check(order)
    return order


def shutdown_bytes(order: ShutdownOrder) -> bytes:
    """What the signature is made over: the flag without it, under a name of its own."""
    return b"posterm shutdown flag 1\n" + encode_shutdown(replace(order, signature=None))


def _check(order: ShutdownOrder) -> None:
    grace_ms = order.deadline_ms - order.ordered_ms
    if not 0 <= grace_ms <= GRACE_LIMIT_S * 1000:
        raise BadInput(
            _("a grace period of {} s is out of range; give 0 to {}").format(
                grace_ms // 1000, GRACE_LIMIT_S
            )
        )
    try:
        terminal_id(order.by)
        short_text(order.reason, "reason", _REASON_LIMIT)
    except KernelError as fault:
        raise BadInput(_("the shutdown order can't be used: {}").format(fault)) from fault
