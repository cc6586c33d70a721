"""Publishing: gapless versions that no crash can half publish, refused whole where one is bad."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from kernel.coordination.configuration import WAITING_LIMIT, ConfigurationFiles
from kernel.disk.files import Disk, read_file, replace_file
from kernel.disk.layout import Layout
from kernel.errors import BadConfiguration, BadInput, DiskFull
from tests.support.clock import ManualClock
from tests.support.crash_images import Bounds, Image, every_crash_image
from tests.support.memory_disk import MemoryDisk

LAYOUT = Layout("/shop")
DAY_MS = 86_400_000


class Shop:
    """The documents of a shop in memory."""

    def __init__(self, disk: MemoryDisk | None = None) -> None:
        self.disk = disk or MemoryDisk()
        self.clock = ManualClock()
        if disk is None:
            LAYOUT.make(self.disk)
        self.files = ConfigurationFiles(self.disk, LAYOUT, clock=self.clock)

    def put(self, path: str, data: bytes) -> None:
        replace_file(self.disk, path, data, scratch="/shop/scratch")

    def bytes_at(self, path: str) -> bytes | None:
        return read_file(self.disk, path, 1 << 20)


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_shop_without_a_document_has_no_version(shop: Shop) -> None:
    assert shop.files.latest() is None
    assert shop.files.version(1) is None
    assert shop.files.draft() == {}


def test_a_published_version_is_the_latest_and_stays_in_the_history(shop: Shop) -> None:
    first = shop.files.publish({"currency": "USD"})
    second = shop.files.publish({"currency": "GBP"})
    assert (first.version, second.version) == (1, 2)
    assert shop.files.latest() == second
    assert (shop.files.version(1), shop.files.version(2)) == (first, second)
    assert second.effective_ms == shop.clock.wall_ms()


def test_the_documents_are_the_manager_s_to_write_and_the_group_s_to_read(shop: Shop) -> None:
    shop.files.publish({})
    for path in (LAYOUT.system_config, LAYOUT.system_config_version(1)):
        assert shop.disk.stat(path).st_mode & 0o777 == 0o640


def test_a_bad_document_is_refused_and_the_old_one_stays(shop: Shop) -> None:
    first = shop.files.publish({"currency": "USD"})
    for wrong in ({"currency": "XYZ"}, {"colour": "red"}, {"lock_after_s": "9"}):
        with pytest.raises(BadConfiguration) as refused:
            shop.files.publish(wrong)
        assert refused.value.exit_code == 78
    assert shop.files.latest() == first
    assert shop.files.version(2) is None


def test_a_draft_gathers_changes_until_it_is_published(shop: Shop) -> None:
    shop.files.publish({"currency": "USD", "theme": "paper"})
    shop.files.change_draft("cash_rounding_minor", "5")
    shop.files.change_draft("theme", "null")
    assert shop.files.draft() == {"cash_rounding_minor": 5, "theme": None}
    second = shop.files.publish()
    assert second.values == {"currency": "USD", "cash_rounding_minor": 5}
    assert shop.files.draft() == {}


def test_values_published_whole_leave_the_draft_alone(shop: Shop) -> None:
    shop.files.change_draft("drawer", "D7")
    assert shop.files.publish({"theme": "paper"}).values == {"theme": "paper"}
    assert shop.files.draft() == {"drawer": "D7"}


def test_a_change_that_contradicts_what_is_published_is_not_drafted(shop: Shop) -> None:
    shop.files.publish({"weight_prefixes": ("21",)})
    with pytest.raises(BadConfiguration, match="given twice"):
        shop.files.change_draft("price_prefixes", '["21"]')
    assert shop.files.draft() == {}


def test_a_discarded_draft_is_gone_and_may_be_discarded_again(shop: Shop) -> None:
    shop.files.change_draft("drawer", "D7")
    shop.files.discard_draft()
    shop.files.discard_draft()
    with pytest.raises(BadInput, match="no draft"):
        shop.files.publish()


@pytest.mark.parametrize("off_ms", [-1, 366 * DAY_MS + 1])
def test_an_effective_time_that_is_past_or_too_far_is_refused(shop: Shop, off_ms: int) -> None:
    with pytest.raises(BadInput, match="effective time"):
        shop.files.publish({}, effective_ms=shop.clock.wall_ms() + off_ms)
    assert shop.files.latest() is None


def test_a_draft_never_brings_forward_what_waits_for_its_time(shop: Shop) -> None:
    tomorrow = shop.clock.wall_ms() + DAY_MS
    shop.files.publish({"currency": "USD"}, effective_ms=tomorrow)
    shop.files.change_draft("theme", "paper")
    with pytest.raises(BadInput, match="version 1 waits"):
        shop.files.publish()
    assert shop.files.draft() == {"theme": "paper"}
    assert shop.files.publish(effective_ms=tomorrow).version == 2


def test_no_more_versions_may_wait_than_a_till_keeps(shop: Shop) -> None:
    later = shop.clock.wall_ms() + DAY_MS
    for _ in range(WAITING_LIMIT):
        shop.files.publish({}, effective_ms=later)
    with pytest.raises(BadInput, match=f"{WAITING_LIMIT} versions wait"):
        shop.files.publish({}, effective_ms=later)
    shop.clock.advance(DAY_MS / 1000)
    assert shop.files.publish({}).version == WAITING_LIMIT + 1


def test_a_version_is_never_given_twice_where_the_document_is_lost(shop: Shop) -> None:
    shop.files.publish({"currency": "USD"})
    second = shop.files.publish({"currency": "GBP"})
    shop.disk.unlink(LAYOUT.system_config)
    third = shop.files.publish({"currency": "EUR"})
    assert (third.version, third.previous) == (3, second.sha256)


def test_a_damaged_document_is_named_and_mended_by_the_next_version(shop: Shop) -> None:
    shop.files.publish({"currency": "USD"})
    shop.put(LAYOUT.system_config, b"{}")
    with pytest.raises(BadConfiguration, match=r"system_config\.json can't be used"):
        shop.files.latest()
    assert shop.files.publish({"currency": "GBP"}).version == 2
    latest = shop.files.latest()
    assert latest is not None and latest.version == 2


def test_a_history_file_that_holds_another_version_is_not_believed(shop: Shop) -> None:
    shop.files.publish({})
    data = shop.bytes_at(LAYOUT.system_config_version(1))
    assert data is not None
    shop.put(LAYOUT.system_config_version(7), data)
    with pytest.raises(BadConfiguration, match="holds version 1"):
        shop.files.version(7)


def test_what_a_till_sets_for_itself_is_kept_and_set_back(shop: Shop) -> None:
    LAYOUT.make_terminal(shop.disk, "T1")
    assert shop.files.local("T1") == {}
    shop.files.change_local("T1", "drawer", "7")
    assert shop.files.change_local("T1", "theme", "paper") == {"drawer": "7", "theme": "paper"}
    shop.files.change_local("T1", "drawer", "null")
    assert shop.files.local("T1") == {"theme": "paper"}
    with pytest.raises(BadConfiguration, match="whole shop"):
        shop.files.change_local("T1", "currency", "USD")


def test_a_full_disk_publishes_nothing(shop: Shop) -> None:
    first = shop.files.publish({"currency": "USD"})
    shop.disk.limit_capacity(shop.disk.used_bytes)
    with pytest.raises(DiskFull, match="make room"):
        shop.files.publish({"currency": "GBP"})
    assert shop.files.latest() == first


# --- crash points ------------------------------------------------------------------------------


class NoSync(MemoryDisk):
    """The negative control: says that files are synced, and does nothing for it."""

    def fsync(self, descriptor: int) -> None:
        self.fstat(descriptor)


def publishings(shop: Shop) -> list[tuple[int, int]]:
    """(operations by then, version told) of four publishings, one of them after a draft."""
    shop.disk.settle()
    told = [(0, 0)]
    for values in ({"currency": "USD"}, {"currency": "GBP"}, None, {"theme": "paper"}):
        if values is None:
            shop.files.change_draft("cash_rounding_minor", "5")
        version = shop.files.publish(values).version
        told.append((len(shop.disk.operations), version))
    return told


def broken(image: Image, told: list[tuple[int, int]], *, process: Disk) -> str | None:
    """What a crash has broken of what was promised; None for an image that is sound."""
    promised = max(version for at, version in told if at <= image.at)
    files = ConfigurationFiles(process, LAYOUT, clock=ManualClock())
    try:
        latest = files.latest()
        version = latest.version if latest is not None else 0
        if version not in (promised, promised + 1):
            return f"version {promised} was told, {version} is there"
        history = [files.version(number) for number in range(1, version + 1)]
        if latest is not None and history[-1] != latest:
            return "the latest version is not in the history"
        following = files.publish({"drawer": "D9"}).version
        if following <= version or None in map(files.version, range(1, following + 1)):
            return f"version {following} has a gap before it"
    except BadConfiguration as fault:
        return str(fault)
    return None


def images(disk: MemoryDisk) -> Iterator[Image]:
    return every_crash_image(disk.recording, Bounds(limit_per_point=24, versions_per_file=24))


def test_no_crash_at_any_point_loses_or_halves_a_published_version() -> None:
    shop = Shop()
    told = publishings(shop)
    judged = 0
    for image in images(shop.disk):
        assert broken(image, told, process=image.disk()) is None, str(image)
        judged += 1
    assert judged > 100


def test_the_same_crashes_catch_a_disk_that_does_not_sync() -> None:
    disk = NoSync()
    LAYOUT.make(disk)
    shop = Shop(disk)
    told = publishings(shop)
    assert any(broken(image, told, process=image.disk()) for image in images(disk))
