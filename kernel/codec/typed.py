"""JSON as values of a type, safe from many threads from the first one on.

What msgspec learns of a type when that is first used, other threads see before it is whole: two
that read a type for the first time at the same moment end the process with a segmentation fault.
So each type is learned here, by one thread at a time. Whatever else reads a type must do so while
its module is imported, or come here.
"""

from __future__ import annotations

import threading
from typing import Any

import msgspec

__all__ = ["convert", "decode"]

_learning = threading.Lock()
_decoders: dict[Any, Any] = {}


def decode(data: bytes | msgspec.Raw, kind: Any) -> Any:
    """A document of that type. Raises `ValueError`, `RecursionError` (nesting without end)."""
    return _decoder(kind).decode(data)


def convert(value: Any, kind: Any) -> Any:
    """What was decoded without a type, as one of that type. Raises `ValueError`."""
    _decoder(kind)
    return msgspec.convert(value, kind)


def _decoder(kind: Any) -> Any:
    found = _decoders.get(kind)
    if found is None:
        with _learning:
            found = _decoders.get(kind)
            if found is None:
                found = _decoders[kind] = msgspec.json.Decoder(kind)
    return found
