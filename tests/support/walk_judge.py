"""The log as the judge of whatever was pressed: sound, paid to the cent, without a secret."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection, Iterator
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from kernel import verify_audit, verify_shop
from tests.support.register_shop import (
    TILL,
)
from tests.support.staff import ANNA

__all__ = ["judge"]


def judge(data_dir: Path, settings: dict[str, object], secrets: Collection[bytes]) -> None:
    """Fail where the logs of the shop in `data_dir` do not stand up to its settings."""
    for verdict in verify_shop(str(data_dir), None, ledger=True):
        assert verdict.sound, verdict.damages
    audit = verify_audit(str(data_dir))
    assert audit.sound, audit.damages
    entries = list(_entries(data_dir))
    for entry in entries:
        word = _needs_word(entry, settings)
        assert word is None or "a" in entry, f"{word} without a word: {entry}"
    _check_money(entries)
    _check_secrets(data_dir, secrets)


def _entries(data_dir: Path) -> Iterator[dict]:
    directory = data_dir / "terminals" / TILL
    for log in (*sorted(directory.glob("transaction.wal.*")), directory / "transaction.wal"):
        for frame in log.read_bytes().splitlines():
            yield json.loads(frame.split(b" ", 2)[2])


def _needs_word(entry: dict, settings: dict[str, object]) -> str | None:
    """Which act of a cashier's this is that needs somebody's word, by the shop's roles."""
    if entry.get("o") != ANNA or entry.get("x", 0) < 0:
        return None
    act = _act_of(entry)
    default = {"return": "cashier", "pay_in": "cashier"}.get(act or "", "supervisor")
    return act if act is not None and settings.get(f"role_{act}", default) != "cashier" else None


def _act_of(entry: dict) -> str | None:
    match entry["k"], entry.get("y", "item"):
        case "line", "item" if entry.get("qty", 1000) < 0:
            return "return" if "from" in entry else "return_without_receipt"
        case "line", "item" if entry.get("by") == "override":
            return "price_override"
        case "abort", _ if entry.get("reason") == "void":
            return "void_sale"
        case "tender_void", _:
            return "void_tender"
        case "cash", _:
            return str(entry["how"])
    return None


def _check_money(entries: list[dict]) -> None:
    """Each committed total is the sum of its lines, each of them quantity times price; what was
    tendered is the total and its change."""
    sums: Counter[int] = Counter()
    paid: dict[int, list[int]] = defaultdict(list)
    asked: dict[int, list[int]] = defaultdict(list)
    for entry in entries:
        sale, kind = entry.get("x", 0), entry["k"]
        if kind == "line":
            exact = Decimal(entry.get("qty", 1000)) * entry.get("u", 0) / 1000
            assert entry["tot"] == int(exact.quantize(Decimal(1), ROUND_HALF_UP)), entry
            sums[sale] += entry["tot"]
        elif kind == "recall":
            sums[sale] += sum(line["tot"] for line in entry["sale"]["lines"])
        elif kind == "tender":
            paid[sale].append(entry["amt"])
            sums[sale] += entry.get("round", 0)
        elif kind == "tender_void":
            paid[sale][entry["of"] - 1] = 0
        elif kind == "card_request":
            asked[sale].append(entry["amt"])
        elif kind == "card_outcome" and entry["result"] == "settled":
            paid[sale].append(asked[sale][entry["of"] - 1])
        if "commit" in entry:
            said = entry["commit"]
            assert said["tot"] == sums[sale], (sale, said, sums[sale])
            assert sum(paid[sale]) - said.get("chg", 0) == said["tot"], (said, paid[sale])


def _check_secrets(data_dir: Path, secrets: Collection[bytes]) -> None:
    for path in data_dir.rglob("*"):
        if path.is_file():
            data = path.read_bytes()
            assert not any(secret in data for secret in secrets), path
