"""A stopped till whose log is damaged or forged, and what `verify` says of it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from kernel import Host, Terminal, Verdict, verify_shop
from kernel.codec.frame import link, seal_frame
from kernel.codec.scan import first_position
from tests.support.damages import log_files

__all__ = ["OTHER_BOOT", "edit", "rechained", "segments", "sell", "verdict_of"]

OTHER_BOOT = Host(boot_id="after a restart")


def sell(till: Terminal) -> None:
    sale = till.begin("STORE_001", "EUR", "0001")
    sale.add_line("COFFEE_001", 1, 399)
    sale.tender_cash(500)


def verdict_of(shop: Path, *, ledger: bool = False, host: Host = OTHER_BOOT) -> Verdict:
    (verdict,) = verify_shop(shop, host=host, ledger=ledger)
    return verdict


def edit(path: str, change: Callable[[bytes], bytes]) -> None:
    file = Path(path)
    file.write_bytes(change(file.read_bytes()))


def segments(shop: Path) -> list[Path]:
    return log_files(shop / "terminals" / "TILL")


def rechained(data: bytes) -> bytes:
    """The same bodies with chain values and CRCs made anew, as only a forger would."""
    found = first_position(data) or first_position(_resealed(data))
    assert found is not None
    chain, frames = found[0].chain, []
    for line in data.splitlines():
        frame, chain = seal_frame(chain, line[32:])
        frames.append(frame)
    return b"".join(frames)


def _resealed(data: bytes) -> bytes:
    line = data.split(b"\n", 1)[0]
    return seal_frame(link(b"A" * 22, line[32:]), line[32:])[0]
