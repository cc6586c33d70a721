"""`local_config.json`: what one terminal is told apart from the shop. Strict: unknown is wrong."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct

from kernel.errors import BadConfiguration

__all__ = ["LocalConfiguration", "decode_local_configuration"]


class LocalConfiguration(Struct, frozen=True, forbid_unknown_fields=True):
    """`durability` is `entry` (every line is synced) or `commit` (lines of an open sale are
    only written: promise 1 then covers the death of the process, not of the machine)."""

    durability: Literal["entry", "commit"] = "entry"
    drawer: Annotated[str, Meta(min_length=1, max_length=32)] | None = None
    store: Annotated[str, Meta(min_length=1, max_length=32)] | None = None


def decode_local_configuration(data: bytes, path: str) -> LocalConfiguration:
    """Raises `BadConfiguration`; `path` is what the error calls the document."""
    try:
        return msgspec.json.decode(data, type=LocalConfiguration)
    except (ValueError, RecursionError) as fault:
        raise BadConfiguration(f"{path} can't be used: {fault}; correct it or remove it") from fault
