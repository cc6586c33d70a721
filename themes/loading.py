"""What a screen is loaded without: a start waits for every module.

This module must stay free of imports that cost, and must never leave a trace: whoever wants what
was left out here loads it as ever.
"""

from __future__ import annotations

import sys

__all__ = ["load_asyncio_without_tls"]


def load_asyncio_without_tls() -> None:
    """Load asyncio as on a Python that was built without TLS; `import ssl` works afterwards.

    Every screen stands on asyncio, and no screen talks to a network: OpenSSL would be a fortieth
    of a start, and a megabyte. While it loads, only the kernel may load on another thread: that
    never asks for TLS.
    """
    if "ssl" in sys.modules:
        return
    sys.modules["ssl"] = None  # type: ignore[assignment]  # how Python itself bars a module
    try:
        import asyncio  # noqa: F401
    finally:
        del sys.modules["ssl"]
