"""The manager's view of the configuration: drafted, published, and seen to arrive."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from kernel import (
    BadConfiguration,
    BadInput,
    Shop,
    ShopConfiguration,
    SystemClock,
    Terminal,
)
from tests.support.processes import Child, python_child

TILL = """
import sys
from kernel import Terminal
with Terminal.start(sys.argv[1], sys.argv[2]):
    print("ready", flush=True)
    sys.stdin.readline()
"""


def till(terminal: str, data_dir: Path):
    return python_child("-c", TILL, terminal, data_dir)


def ready(child: Child) -> Child:
    child.wait_for_line("ready")
    return child


def test_looking_at_a_shop_that_is_not_there_makes_nothing(data_dir: Path) -> None:
    shop = ShopConfiguration(data_dir)
    assert shop.in_force().version == 0
    assert (shop.draft(), shop.waiting()) == ({}, ())
    assert not data_dir.exists()


def test_a_draft_is_in_force_for_nobody_until_it_is_published(data_dir: Path) -> None:
    shop = ShopConfiguration(data_dir)
    shop.change_draft("currency", "GBP")
    assert shop.in_force().settings.currency == "EUR"
    with Terminal.start("MANAGER", data_dir) as manager:
        publication = shop.publish(manager)
        assert manager.configuration.settings.currency == "GBP"
    assert shop.in_force().version == publication.published.version == 1
    assert shop.draft() == {}


def test_nothing_is_published_of_a_bad_document(data_dir: Path) -> None:
    shop = ShopConfiguration(data_dir)
    with Terminal.start("MANAGER", data_dir) as manager:
        with pytest.raises(BadConfiguration, match="the document can't be used"):
            shop.publish(manager, b'{"currency":7}')
        with pytest.raises(BadInput, match="no draft"):
            shop.publish(manager)
    assert shop.in_force().version == 0
    assert not list(data_dir.rglob("system_config*"))


def test_every_running_till_answers_and_those_that_are_off_are_named(data_dir: Path) -> None:
    Terminal.start("T3", data_dir).stop()
    shop = ShopConfiguration(data_dir)
    with till("T1", data_dir) as one, till("T2", data_dir) as two:
        ready(one), ready(two)
        with Terminal.start("MANAGER", data_dir) as manager:
            publication = shop.publish(manager, b"{}")
            arrivals = list(shop.arrivals(manager, publication, timeout_s=20))
    assert (publication.running, publication.off) == (("T1", "T2"), ("T3",))
    assert sorted((one.terminal, one.state) for one in arrivals) == [
        ("T1", "applied"),
        ("T2", "applied"),
    ]


def test_waiting_ends_when_the_last_that_is_missing_has_died(data_dir: Path) -> None:
    shop = ShopConfiguration(data_dir)
    with till("T1", data_dir) as child:
        ready(child)
        with Terminal.start("MANAGER", data_dir) as manager:
            child.signal(signal.SIGSTOP)
            publication = shop.publish(manager, b"{}")
            assert publication.running == ("T1",)
            child.kill()
            begun_s = SystemClock().monotonic_s()
            assert list(shop.arrivals(manager, publication, timeout_s=60)) == []
            assert SystemClock().monotonic_s() - begun_s < 30
    with Terminal.start("T1", data_dir) as again:
        assert again.configuration.version == 1


def test_a_stopped_process_is_waited_for_no_longer_than_was_said(data_dir: Path) -> None:
    shop = ShopConfiguration(data_dir)
    with till("T1", data_dir) as child:
        ready(child)
        child.signal(signal.SIGSTOP)
        with Terminal.start("MANAGER", data_dir) as manager:
            publication = shop.publish(manager, b"{}")
            assert list(shop.arrivals(manager, publication, timeout_s=0.3)) == []


def test_a_key_of_one_till_is_seen_with_its_origin(data_dir: Path) -> None:
    shop = ShopConfiguration(data_dir)
    shop.change_local("T1", "theme", "paper")
    assert shop.in_force("T1").origins["theme"] == "local"
    assert shop.in_force("T2").origins["theme"] == "default"
    with pytest.raises(BadInput, match="terminal id"):
        shop.change_local("../T1", "theme", "paper")
    assert Shop(data_dir).terminals() == []


def test_a_version_that_waits_is_told_and_not_yet_in_force(data_dir: Path) -> None:
    shop = ShopConfiguration(data_dir)
    with Terminal.start("MANAGER", data_dir) as manager:
        later_ms = SystemClock().wall_ms() + 3_600_000
        shop.publish(manager, b'{"currency":"GBP"}', effective_ms=later_ms)
    assert shop.in_force().version == 0
    assert [one.version for one in shop.waiting()] == [1]
