"""What a till goes by: the highest version whose time has come, and what it had when one is bad."""

from __future__ import annotations

import pytest

from kernel.coordination.configuration import ConfigurationFiles
from kernel.coordination.till_configuration import TillConfiguration
from kernel.disk.files import read_file, replace_file
from kernel.disk.layout import Layout
from kernel.errors import BadConfiguration
from tests.support.clock import ManualClock
from tests.support.memory_disk import MemoryDisk

LAYOUT = Layout("/shop")
HOUR_S = 3600


class Shop:
    def __init__(self) -> None:
        self.disk = MemoryDisk()
        self.clock = ManualClock()
        LAYOUT.make(self.disk)
        LAYOUT.make_terminal(self.disk, "T1")
        self.files = ConfigurationFiles(self.disk, LAYOUT, clock=self.clock)

    def till(self) -> TillConfiguration:
        return TillConfiguration(self.files, "T1", self.clock)

    def started(self, applied: int = 0) -> TillConfiguration:
        till = self.till()
        assert till.load(applied) == ()
        return till

    def publish(self, currency: str, *, in_s: float = 0) -> int:
        effective_ms = self.clock.wall_ms() + int(in_s * 1000)
        return self.files.publish({"currency": currency}, effective_ms=effective_ms).version

    def spoil(self, path: str) -> None:
        replace_file(self.disk, path, b'{"sha256"', scratch="/shop/scratch")


@pytest.fixture
def shop() -> Shop:
    return Shop()


def test_a_till_of_a_shop_without_a_document_goes_by_the_defaults(shop: Shop) -> None:
    till = shop.started()
    assert (till.version_now, till.now.version, till.newest, till.waiting) == (0, 0, None, ())


def test_a_version_comes_into_force_at_its_time_and_not_before(shop: Shop) -> None:
    shop.publish("USD")
    shop.publish("GBP", in_s=HOUR_S)
    till = shop.started()
    assert (till.version_now, till.now.settings.currency) == (1, "USD")
    assert [one.version for one in till.waiting] == [2]
    shop.clock.advance(HOUR_S - 0.001)
    assert till.version_now == 1
    shop.clock.advance(0.001)
    assert (till.version_now, till.now.settings.currency) == (2, "GBP")
    assert till.waiting == ()


def test_of_several_that_wait_each_has_its_turn(shop: Shop) -> None:
    for hours, currency in enumerate(("USD", "GBP", "CHF")):
        shop.publish(currency, in_s=hours * HOUR_S)
    till = shop.started()
    seen = []
    for _ in range(3):
        seen.append(till.now.settings.currency)
        shop.clock.advance(HOUR_S)
    assert seen == ["USD", "GBP", "CHF"]


def test_a_later_version_overrules_one_that_still_waits(shop: Shop) -> None:
    shop.publish("USD", in_s=HOUR_S)
    shop.publish("GBP")
    till = shop.started()
    assert till.version_now == 2
    shop.clock.advance(2 * HOUR_S)
    assert till.version_now == 2


def test_a_sale_finds_the_version_that_it_began_with(shop: Shop) -> None:
    for currency in ("USD", "GBP"):
        shop.publish(currency)
    till = shop.started()
    assert till.of(1).settings.currency == "USD"
    assert till.of(2) == till.now
    assert till.of(0).settings.currency == "EUR"
    with pytest.raises(BadConfiguration, match=r"version 9 .* not in the shop's history"):
        till.of(9)


def test_a_running_till_keeps_what_it_has_when_the_document_goes_bad(shop: Shop) -> None:
    shop.publish("USD")
    till = shop.started()
    shop.publish("GBP")
    shop.spoil(LAYOUT.system_config)
    (fault,) = till.load()
    assert "system_config.json can't be used" in fault
    assert till.now.settings.currency == "USD"
    shop.disk.unlink(LAYOUT.system_config)
    till.load()
    assert till.now.settings.currency == "USD"


def test_a_starting_till_falls_back_to_the_version_that_its_log_names(shop: Shop) -> None:
    shop.publish("USD")
    shop.publish("GBP")
    shop.spoil(LAYOUT.system_config)
    till = shop.till()
    assert len(till.load(applied=1)) == 1
    assert till.now.settings.currency == "USD"


def test_an_old_document_that_is_put_back_is_not_gone_back_to(shop: Shop) -> None:
    shop.publish("USD")
    old = read_file(shop.disk, LAYOUT.system_config, 1 << 16)
    assert old is not None
    shop.publish("GBP")
    running = shop.started()
    replace_file(shop.disk, LAYOUT.system_config, old, scratch="/shop/scratch")
    starting = shop.till()
    for till, applied in ((running, 0), (starting, 2)):
        (fault,) = till.load(applied)
        assert "holds version 1, which is older than version 2" in fault
        assert till.now.settings.currency == "GBP"


def test_an_old_document_is_better_than_none_where_the_newer_one_is_lost(shop: Shop) -> None:
    shop.publish("USD")
    till = shop.till()
    assert len(till.load(applied=5)) == 2
    assert till.now.settings.currency == "USD"


def test_a_starting_till_says_that_the_document_is_gone(shop: Shop) -> None:
    shop.publish("USD")
    shop.disk.unlink(LAYOUT.system_config)
    till = shop.till()
    assert "is gone" in till.load(applied=1)[0]
    assert till.version_now == 1


def test_with_nothing_left_a_till_sells_by_the_defaults_and_says_so(shop: Shop) -> None:
    shop.publish("USD")
    shop.spoil(LAYOUT.system_config)
    shop.spoil(LAYOUT.system_config_version(1))
    till = shop.till()
    assert len(till.load(applied=1)) == 2
    assert till.version_now == 0


def test_a_gap_in_the_history_before_a_waiting_version_is_told(shop: Shop) -> None:
    shop.publish("USD")
    shop.publish("GBP", in_s=HOUR_S)
    shop.disk.unlink(LAYOUT.system_config_version(1))
    till = shop.till()
    assert till.load() == ("version 1 of the configuration is missing from the history",)
    assert till.version_now == 0


def test_an_adopted_version_counts_from_its_time_on_without_its_file(shop: Shop) -> None:
    shop.publish("USD")
    till = shop.started()
    shop.publish("GBP", in_s=HOUR_S)
    published = shop.files.latest()
    assert published is not None
    shop.disk.unlink(LAYOUT.system_config_version(1))
    till.adopt(published)
    assert till.now.settings.currency == "USD"
    shop.clock.advance(HOUR_S)
    assert till.now.settings.currency == "GBP"


def test_an_older_version_that_comes_late_changes_nothing(shop: Shop) -> None:
    shop.publish("USD")
    first = shop.files.latest()
    shop.publish("GBP")
    till = shop.started()
    assert first is not None
    till.adopt(first)
    assert till.version_now == 2


def test_what_a_till_sets_itself_holds_in_every_version(shop: Shop) -> None:
    shop.files.change_local("T1", "theme", "paper")
    shop.publish("USD")
    till = shop.started()
    assert till.now.settings.theme == till.of(0).settings.theme == "paper"
    assert till.now.origins["theme"] == "local"


def test_a_bad_document_of_its_own_stops_the_till(shop: Shop) -> None:
    shop.spoil(LAYOUT.terminal("T1").local_config)
    with pytest.raises(BadConfiguration, match="local_config"):
        shop.till()
