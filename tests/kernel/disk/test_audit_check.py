"""`verify` of the audit log: each line that is not as the logs say is named, and no other."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.disk.files import read_file
from tests.support.audits import LAYOUT, AuditedShop, sell, trade

Edit = Callable[[list[bytes]], list[bytes]]


@pytest.fixture
def shop() -> AuditedShop:
    shop = AuditedShop("A", "B")
    for name in ("A", "B"):
        for date in (20260101, 20260102):
            trade(shop.tills[name], date)
    shop.collect()
    return shop


def edit(shop: AuditedShop, path: str, change: Edit) -> None:
    data = read_file(shop.view(), path, 1 << 24)
    assert data is not None
    lines = change(data.splitlines(keepends=True))
    shop.tills["A"].write(path, b"".join(lines))


def test_an_audit_log_as_it_was_collected_is_sound(shop: AuditedShop) -> None:
    verdict = shop.verdict()
    assert verdict.sound and verdict.notes == ()
    assert verdict.files == 2
    assert verdict.lines == sum(map(len, shop.entries().values()))


@pytest.mark.parametrize("path", [LAYOUT.audit, LAYOUT.audit_of(20260101)])
@pytest.mark.parametrize(
    ("change", "meaning"),
    [
        (lambda lines: [*lines[:5], lines[5].replace(b"250", b"150"), *lines[6:]], "otherwise"),
        (lambda lines: [*lines[:5], *lines[6:]], "otherwise|missing"),
        (lambda lines: [*lines[:6], lines[5], *lines[6:]], "otherwise|no such"),
        (lambda lines: [*lines[:5], lines[6], lines[5], *lines[7:]], "otherwise"),
        (lambda lines: [*lines[:5], b"scribble\n", *lines[5:]], "no line of this file"),
    ],
    ids=["altered", "left out", "doubled", "swapped", "scribbled on"],
)
def test_a_line_that_was_tampered_with_is_named(
    shop: AuditedShop, path: str, change: Edit, meaning: str
) -> None:
    edit(shop, path, change)
    verdict = shop.verdict()
    assert not verdict.sound
    for damage in verdict.damages:
        assert damage.path == path
        assert any(word in damage.meaning for word in meaning.split("|"))


def test_a_file_of_a_date_that_is_gone_is_missed(shop: AuditedShop) -> None:
    shop.view().unlink(LAYOUT.audit_of(20260101))
    verdict = shop.verdict()
    assert [damage.path for damage in verdict.damages] == [LAYOUT.audit_of(20260101)] * 2
    assert all("missing" in damage.meaning for damage in verdict.damages)


def test_lines_of_a_log_that_lost_its_end_have_no_entry(shop: AuditedShop) -> None:
    log = shop.tills["A"].paths
    data = read_file(shop.view(), log.wal, 1 << 24)
    assert data is not None
    shop.view().unlink(log.durable)
    shop.tills["A"].write(log.wal, data[: data.index(b"\n") + 1])
    assert any("no such entry" in damage.meaning for damage in shop.verdict().damages)


def test_what_is_not_collected_yet_is_a_note(shop: AuditedShop) -> None:
    with shop.tills["A"].start() as till:
        sell(till)
    verdict = shop.verdict()
    assert verdict.sound and verdict.waiting > 3
    assert f"{verdict.waiting} entries are not collected yet" in verdict.notes[0]


def test_half_a_line_at_the_end_is_a_note(shop: AuditedShop) -> None:
    edit(shop, LAYOUT.audit, lambda lines: [*lines, b'{"terminal":"A","ep'])
    verdict = shop.verdict()
    assert verdict.sound and "cut short" in verdict.notes[0]


def test_a_shop_without_an_audit_log_is_sound() -> None:
    shop = AuditedShop("A")
    trade(shop.tills["A"], 20260101)
    verdict = shop.verdict()
    assert (verdict.sound, verdict.files, verdict.lines) == (True, 0, 0)
