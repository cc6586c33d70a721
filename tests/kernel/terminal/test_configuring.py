"""How a till takes note of the shop's configuration, binds it to sales and goes on without one."""

from __future__ import annotations

import pytest

from kernel import BadConfiguration, DiskFull, SaleRefused, Terminal
from kernel.codec.configuration import decode_published
from kernel.codec.messages import decode_message
from kernel.coordination.configuration import ConfigurationFiles
from kernel.disk.files import read_file, replace_file
from kernel.disk.layout import Layout
from kernel.model.mail import Ack
from kernel.model.till_entries import Applied, ConfigurationApplied, Event
from kernel.terminal.configuring import announce
from kernel.terminal.shop_configuration import Publication, ShopConfiguration
from tests.support.tills import ROOT, TillMachine

LAYOUT = Layout(ROOT)
HOUR_S = 3600


class Floor:
    """A till and the manager's terminal on one machine."""

    def __init__(self) -> None:
        self.till = TillMachine("T1")
        self.manager = TillMachine("MANAGER")
        self.manager.disk = self.till.disk.process()
        self.manager.clock = self.till.clock
        self.manager.start().stop()

    @property
    def shop(self) -> ShopConfiguration:
        return ShopConfiguration(ROOT, self.manager.host())

    def publish(self, document: bytes, *, in_s: float = 0) -> Publication:
        """By the manager, who then leaves again; nobody has read the message yet."""
        effective_ms = self.till.clock.wall_ms() + int(in_s * 1000)
        with self.manager.start() as manager:
            return self.shop.publish(manager, document, effective_ms=effective_ms)

    def acks(self, publication: Publication) -> tuple[Ack, ...]:
        """What the manager finds when it looks."""
        with self.manager.start() as manager:
            return manager.wait_acks(publication.sent, 0, ("T1",))

    def noted(self) -> list[int]:
        """The versions that the till's log names."""
        acts = [entry.act for entry in self.till.entries()]
        return [act.version for act in acts if isinstance(act, ConfigurationApplied)]

    def refused(self) -> list[str]:
        acts = [entry.act for entry in self.till.entries()]
        return [
            act.detail or ""
            for act in acts
            if isinstance(act, Event) and act.what == "configuration_refused"
        ]

    def spoil(self, path: str) -> None:
        disk = self.manager.disk.process()
        data = read_file(disk, path, 1 << 16)
        assert data is not None
        replace_file(disk, path, data.replace(b"GBP", b"GPB"), scratch=f"{ROOT}/scratch")


@pytest.fixture
def floor() -> Floor:
    return Floor()


def bound(till: Terminal) -> int:
    return till.begin("S1", "EUR", "0001").value.configuration


def deliver(till: Terminal) -> None:
    while till.postman.deliver():
        pass


def test_a_sale_of_a_shop_without_a_document_binds_version_0(floor: Floor) -> None:
    with floor.till.start() as till:
        assert bound(till) == 0
        assert till.configuration.version == 0
    assert floor.noted() == []


def test_a_published_version_is_logged_then_acknowledged_then_bound(floor: Floor) -> None:
    with floor.till.start() as till:
        before = till.begin("S1", "EUR", "0001")
        publication = floor.publish(b'{"currency":"GBP"}')
        assert bound(till) == 0
        deliver(till)
        assert bound(till) == 1
        assert till.configuration.settings.currency == "GBP"
        assert before.value.configuration == 0
        assert till.configuration_of(0).settings.currency == "EUR"
    (entry,) = [
        one.act for one in floor.till.entries() if isinstance(one.act, ConfigurationApplied)
    ]
    assert (entry.version, entry.sha256) == (1, publication.published.sha256)
    assert entry.applied == publication.sent.id
    assert floor.acks(publication) == (Ack(publication.sent.id, "T1", "applied", ""),)


def test_a_version_is_noted_at_once_and_bound_from_its_time_on(floor: Floor) -> None:
    with floor.till.start() as till:
        floor.publish(b'{"currency":"GBP"}', in_s=HOUR_S)
        deliver(till)
        assert floor.noted() == [1]
        assert bound(till) == 0
        floor.till.clock.advance(HOUR_S)
        assert bound(till) == 1


def test_a_till_that_was_off_catches_up_when_it_starts_and_says_so_once(floor: Floor) -> None:
    floor.till.start().stop()
    floor.publish(b'{"currency":"USD"}')
    floor.publish(b'{"currency":"GBP"}')
    with floor.till.start() as till:
        assert bound(till) == 2
        deliver(till)
    floor.till.start().stop()
    assert floor.noted() == [2]


def test_a_killed_till_whose_sale_is_open_keeps_the_sale_s_version(floor: Floor) -> None:
    floor.publish(b'{"currency":"USD"}')
    sale = floor.till.start().begin("S1", "EUR", "0001")
    floor.till.kill()
    floor.publish(b'{"currency":"GBP"}')
    with floor.till.start() as till:
        (restored,) = till.open_sales
        assert restored.id == sale.id
        assert restored.value.configuration == 1
        assert till.configuration_of(1).settings.currency == "USD"
        assert till.configuration.settings.currency == "GBP"


def test_a_version_given_with_the_sale_is_not_replaced(floor: Floor) -> None:
    floor.publish(b"{}")
    with floor.till.start() as till:
        assert till.begin("S1", "EUR", "0001", configuration=0).value.configuration == 0
        assert till.begin("S1", "EUR", "0001", configuration=12).value.configuration == 12


def test_a_document_that_was_changed_by_hand_is_refused_and_the_old_one_stays(
    floor: Floor,
) -> None:
    floor.publish(b'{"currency":"USD"}')
    floor.till.start().stop()
    floor.publish(b'{"currency":"GBP"}')
    floor.spoil(LAYOUT.system_config)
    with floor.till.start() as till:
        assert till.configuration.settings.currency == "USD"
        assert bound(till) == 1
    (said,) = floor.refused()
    assert "system_config.json can't be used: its SHA-256" in said


def test_a_bad_document_in_a_message_is_refused_by_name_and_nothing_stops(floor: Floor) -> None:
    with floor.till.start() as till:
        publication = floor.publish(b'{"currency":"GBP"}')
        file = publication.published.file
        with floor.manager.start() as manager:
            forged = publication.published.file.__class__(
                sha256="0" * 64, signature=file.signature, document=file.document
            )
            sent = manager.send("*", "config", forged, 60)
        deliver(till)
        assert bound(till) == 1
        with floor.manager.start() as manager:
            (ack,) = manager.wait_acks(sent, 0, ("T1",))
    assert (ack.result, "SHA-256" in ack.reason) == ("refused", True)
    refused = [one.act for one in floor.till.entries() if isinstance(one.act, Applied)]
    assert [act.result for act in refused] == ["refused"]


def test_a_document_without_signature_is_refused_once_the_manager_has_a_key(
    floor: Floor,
) -> None:
    floor.publish(b'{"currency":"USD"}')
    host = floor.manager.host()
    ConfigurationFiles(host.disk, LAYOUT, clock=host.clock).publish({"currency": "GBP"})
    with floor.till.start() as till:
        assert till.configuration.version == 0
    assert "not signed by this shop's manager" in floor.refused()[0]


def test_an_unsigned_document_of_a_shop_without_a_key_is_believed(floor: Floor) -> None:
    host = floor.manager.host()
    ConfigurationFiles(host.disk, LAYOUT, clock=host.clock).publish({"currency": "GBP"})
    with floor.till.start() as till:
        assert till.configuration.settings.currency == "GBP"
    assert floor.refused() == []


def test_what_a_till_has_noted_needs_no_signature_a_second_time(floor: Floor) -> None:
    floor.publish(b'{"currency":"USD"}')
    floor.till.start().stop()
    floor.manager.disk.process().unlink(LAYOUT.manager_key)
    floor.manager.disk.process().sync_directory(LAYOUT.coordination)
    with floor.till.start() as till:
        assert till.configuration.version == 1


def test_only_the_manager_s_terminal_publishes(floor: Floor) -> None:
    with floor.till.start() as till, pytest.raises(SaleRefused, match="MANAGER"):
        floor.shop.publish(till, b"{}")
    assert floor.shop.in_force().version == 0


def test_a_manager_that_died_before_it_told_the_tills_tells_them_when_it_starts(
    floor: Floor,
) -> None:
    with floor.till.start() as till:
        # The crash point: system_config.json is in place, no message is logged.
        manager = floor.manager.start()
        host = floor.manager.host()
        files = ConfigurationFiles(host.disk, LAYOUT, clock=host.clock)
        files.publish({"currency": "GBP"}, sign=manager.signatures.sign)
        floor.manager.kill()
        deliver(till)
        assert bound(till) == 0
        floor.manager.start().stop()
        deliver(till)
        assert bound(till) == 1


def test_a_version_that_is_told_twice_is_noted_once(floor: Floor) -> None:
    with floor.till.start() as till:
        publication = floor.publish(b'{"currency":"GBP"}')
        with floor.manager.start() as manager:
            announce(manager.send, publication.published)
        deliver(till)
    assert floor.noted() == [1]


def test_an_older_version_that_is_told_late_is_not_gone_back_to(floor: Floor) -> None:
    first = floor.publish(b'{"currency":"USD"}')
    floor.publish(b'{"currency":"GBP"}')
    with floor.till.start() as till:
        with floor.manager.start() as manager:
            announce(manager.send, first.published)
        deliver(till)
        assert till.configuration.version == 2
    assert floor.noted() == [2]


def test_the_manager_takes_note_of_what_it_published(floor: Floor) -> None:
    floor.publish(b"{}")
    acts = [entry.act for entry in floor.manager.entries()]
    assert [act.version for act in acts if isinstance(act, ConfigurationApplied)] == [1]


def test_the_message_carries_the_very_document_that_stands_in_the_file(floor: Floor) -> None:
    publication = floor.publish(b'{"receipt_header":["Stra\xc3\x9fe"]}')
    disk = floor.manager.disk.process()
    (name,) = disk.listdir(LAYOUT.broadcast)
    data = read_file(disk, f"{LAYOUT.broadcast}/{name}", 1 << 16)
    assert data is not None
    told = decode_published(bytes(decode_message(data).body), "x")
    assert told == publication.published


def test_settings_of_the_shop_hold_where_a_till_sets_nothing_itself(floor: Floor) -> None:
    floor.publish(b'{"drawer":"SHOP","durability":"commit"}')
    floor.till.start().stop()
    floor.till.write(floor.till.paths.local_config, b'{"drawer":"TILL"}')
    with floor.till.start() as till:
        assert till.configuration.origins["drawer"] == "local"
        assert till.opening(till.journal.read(lambda ledger: ledger), "0001").drawer == "TILL"
        assert till.configuration.settings.durability == "commit"


def test_the_checkpoint_keeps_what_was_noted(floor: Floor) -> None:
    floor.publish(b"{}")
    with floor.till.start(segment_bytes=2_000) as till:
        for _ in range(30):
            till.begin("S1", "EUR", "0001").add_line("A", unit_minor=100)
    floor.till.start().stop()
    assert floor.noted() == [1]


def test_a_full_disk_keeps_no_till_from_starting_with_a_new_version(floor: Floor) -> None:
    floor.publish(b"{}")
    with floor.till.start() as till:
        sale = till.begin("S1", "EUR", "0001")
        floor.publish(b'{"currency":"GBP"}')
        floor.till.disk.limit_capacity(floor.till.disk.used_bytes)
        with pytest.raises(DiskFull):
            for _ in range(4_000):
                sale.add_line("TEA", 1, 0, description="x" * 256)
    with floor.till.start() as till:
        assert till.configuration.settings.currency == "GBP"
    assert floor.noted() == [1]
    floor.till.disk.limit_capacity(None)
    floor.till.start().stop()
    assert floor.noted() == [1, 2]


def test_a_version_that_the_history_has_lost_is_named(floor: Floor) -> None:
    with floor.till.start() as till, pytest.raises(BadConfiguration, match="version 7"):
        till.configuration_of(7)
