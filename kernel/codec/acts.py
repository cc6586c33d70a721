"""Acts of the manager as documents: what a command hands to a console, and what it hears back.

A console does what an order says with the manager's name and key, so decoding is strict and
bounded, and an order that this version does not know is refused. An order may lie where the
shop's group can read it: it must never hold a PIN, only the hash that will stand in
`operators.json` anyway. This module must never open a file.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

import msgspec
from msgspec import Meta, Raw, Struct

from kernel.codec.shutdown import GRACE_LIMIT_S
from kernel.codec.typed import decode
from kernel.errors import BadInput
from kernel.model.mail import MESSAGE_ID
from kernel.model.money import LIMIT
from kernel.model.operators import Role
from kernel.words import gettext as _

__all__ = [
    "ANSWER_LIMIT_BYTES",
    "ActAnswer",
    "AnyOrder",
    "CancelShutdown",
    "ChangeOperator",
    "CleanUp",
    "CloseDay",
    "Order",
    "Publish",
    "Release",
    "SendNotice",
    "Settle",
    "ShutDown",
    "decode_act_answer",
    "decode_order",
    "decode_result",
    "encode_act_answer",
    "encode_result",
]

ANSWER_LIMIT_BYTES = 1 << 20
_TEXT_LIMIT = 500
_WAIT_LIMIT_S = 3_600
_DOCUMENT_LIMIT = 1 << 15

Text = Annotated[str, Meta(max_length=_TEXT_LIMIT)]
Wait = Annotated[float, Meta(ge=0, le=_WAIT_LIMIT_S)]
"""Seconds that the answers of others are waited for; 0 does not wait."""
Result = TypeVar("Result", bound=Struct)


class Order(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, tag_field="act"):
    """What MANAGER is to do."""

    @property
    def name(self) -> str:
        """What the log calls it."""
        return str(self.__struct_config__.tag)


class SendNotice(Order, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="message"):
    """A line of text for one terminal, or for all others (`*`)."""

    to: Text
    text: Text
    wait_s: Wait = 0.0


class Publish(Order, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="publish"):
    """The drafted configuration, or the values in `document` (JSON), as the next version."""

    document: Annotated[str, Meta(max_length=_DOCUMENT_LIMIT)] | None = None
    effective_ms: Annotated[int, Meta(ge=0, le=LIMIT)] | None = None
    wait_s: Wait = 0.0


class ShutDown(Order, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="shutdown"):
    """All tills finish and stop. `wait`: answer when they have, or when their time is over."""

    grace_s: Annotated[float, Meta(ge=0, le=GRACE_LIMIT_S)]
    reason: Text
    wait: bool = False


class CancelShutdown(
    Order, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="cancel_shutdown"
):
    """Take the shutdown back that is under way."""


class ChangeOperator(Order, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="operator"):
    """Add an operator, or change one thing of him. `pin_hash` is an argon2id hash."""

    what: Literal["add", "activity", "role", "pin"]
    number: Text
    name: Text = ""
    role: Role = Role.CASHIER
    active: bool = True
    pin_hash: Text = ""


class Release(Order, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="release"):
    """Put a parked sale of a till that does not run on the floor, for any till to recall."""

    transaction: Text


class Settle(Order, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="settle"):
    """Put back what a till that is gone was suspending or recalling."""

    terminal: Text


class CleanUp(Order, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="clean_up"):
    """Take away what crashed processes left."""


class CloseDay(Order, frozen=True, kw_only=True, forbid_unknown_fields=True, tag="close_day"):
    """Ask each till for count and Z, then sum up the store's.

    `business_date` YYYYMMDD; None is the oldest day that is not closed.
    """

    wait_s: Wait = 30.0
    business_date: Annotated[int, Meta(ge=1970_01_01, le=9999_12_31)] | None = None


AnyOrder = (
    SendNotice
    | Publish
    | ShutDown
    | CancelShutdown
    | ChangeOperator
    | Release
    | Settle
    | CleanUp
    | CloseDay
)


class ActAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How far an order has come: `working` with what is known so far, `done`, or `refused`."""

    format: Literal[1] = 1
    message: Annotated[str, Meta(pattern=rf"^{MESSAGE_ID.pattern}\Z")]
    state: Literal["working", "done", "refused"]
    result: Raw = Raw(b"null")
    reason: str = ""
    exit_code: Annotated[int, Meta(ge=1, le=255)] = 1


def decode_order(body: Raw) -> AnyOrder:
    """The order in a message's body. Raises `BadInput`."""
    decoded: AnyOrder = _decode(bytes(body), AnyOrder, _("the order"))
    return decoded


def encode_act_answer(answer: ActAnswer) -> bytes:
    """One line of JSON."""
    return msgspec.json.encode(answer) + b"\n"


def decode_act_answer(data: bytes) -> ActAnswer:
    """Raises `BadInput`."""
    answer: ActAnswer = _decode(data, ActAnswer, _("the console's answer"))
    return answer


def encode_result(result: Struct) -> Raw:
    """What an act brought, as it travels."""
    return Raw(msgspec.json.encode(result))


def decode_result(result: Raw, kind: type[Result]) -> Result | None:
    """None where nothing is known yet. Raises `BadInput`: a console of another version."""
    decoded: Result | None = _decode(bytes(result), kind | None, _("the console's result"))
    return decoded


def _decode(data: bytes, kind: Any, name: str) -> Any:
    if len(data) > ANSWER_LIMIT_BYTES:
        raise BadInput(_("{} is larger than {} bytes").format(name, ANSWER_LIMIT_BYTES))
    try:
        return decode(data, kind)
    except (ValueError, RecursionError) as fault:
        # ValueError: msgspec's own errors and broken UTF-8. RecursionError: nesting without end.
        raise BadInput(_("{} can't be read: {}").format(name, fault)) from fault
