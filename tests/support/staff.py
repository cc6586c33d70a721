"""A shop's operators for tests: real argon2id hashes that cost a thousandth of the real ones."""

from __future__ import annotations

from argon2.low_level import Type, hash_secret

from kernel.codec.operators import OperatorRecord, encode_operators
from kernel.model.operators import Role

__all__ = ["ANNA", "BO", "CLEO", "PINS", "cheap_hash", "operators_json"]

ANNA, BO, CLEO = "0001", "0002", "0003"
"""A cashier, a supervisor and a manager."""
PINS = {ANNA: "1111", BO: "2222", CLEO: "3333"}
_ROLES = {ANNA: Role.CASHIER, BO: Role.SUPERVISOR, CLEO: Role.MANAGER}


def cheap_hash(pin: str) -> str:
    return hash_secret(pin.encode(), b"saltsalt" * 2, 1, 8, 1, 32, Type.ID).decode()


def operators_json(*, disabled: tuple[str, ...] = ()) -> bytes:
    """The text of `operators.json` with all three."""
    return encode_operators(
        tuple(
            OperatorRecord(
                number=number,
                name=f"Operator {number}",
                role=_ROLES[number],
                pin=cheap_hash(pin),
                active=number not in disabled,
            )
            for number, pin in PINS.items()
        )
    )
