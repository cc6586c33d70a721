"""A person is told in the language of the process; a log and another process always in English."""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable, Iterator
from decimal import Decimal
from errno import EACCES
from pathlib import Path

import pytest
from msgspec import Struct

from kernel import (
    BadConfiguration,
    BadInput,
    KernelError,
    LogDamaged,
    SaleRefused,
    SendNotice,
    as_manager,
    setting_facts,
    settings_schema,
)
from kernel.codec.configuration import decode_local, decode_published
from kernel.codec.messages import Message
from kernel.codec.segment_check import check_segment, unreadable
from kernel.coordination.approvals import ApprovalOutcome
from kernel.coordination.configuration import ConfigurationFiles
from kernel.coordination.unwritable import AS_MANAGER, unwritable
from kernel.disk.files import read_file, replace_file
from kernel.disk.layout import Layout
from kernel.disk.verdict import Snapshot, judge
from kernel.model.identity import item_code, short_text, terminal_id
from kernel.model.ledger import Ledger
from kernel.model.money import check_minor, parse_major, parse_quantity
from kernel.model.operators import decide_sign_off, operator_number
from kernel.model.till_entries import Event, Recovered
from kernel.terminal.delivery import Decided
from kernel.terminal.trail import AuditFilter
from kernel.words import gettext as _
from kernel.words import in_english, in_our_language, ngettext
from tests.support.approving import a_sale, asked, deliver, signed_on, staffed
from tests.support.posts import Shop, deliver_all
from tests.support.processes import python_child
from tests.support.tills import ROOT, TillMachine
from themes.words import PSEUDO, use_words

# A console that speaks another language than whoever hands it an act.
CONSOLE = """
import sys
from kernel import Floor
from themes.words import use_words
use_words("pseudo")
with Floor.start(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def pseudo() -> Iterator[None]:
    use_words(PSEUDO)
    yield
    use_words("")


def said_in_pseudo(text: str) -> bool:
    """Whether it is in brackets from end to end: no part of it was said by itself."""
    return text.startswith("[") and text.endswith("]") and "~" in text


# --- whom it is said to --------------------------------------------------------------------------


@pytest.mark.usefixtures("pseudo")
def test_english_is_said_for_as_long_as_it_is_asked_for_and_on_that_thread_alone() -> None:
    heard: list[str] = []
    with in_english():
        other = threading.Thread(target=lambda: heard.append(_("line")))
        other.start()
        other.join()
        assert _("line") == "line" and ngettext("{} line", "{} lines", 2) == "{} lines"
        with in_our_language():
            assert _("line") == "[line~~]"
        assert _("line") == "line"
    assert heard == [_("line")] == ["[line~~]"]


@pytest.mark.usefixtures("pseudo")
def test_english_ends_with_the_error_that_was_said_in_it() -> None:
    with pytest.raises(BadInput, match=r"^terminal id"), in_english():
        terminal_id("no id")
    with pytest.raises(BadInput, match=r"^\[terminal~"):
        terminal_id("no id")


REFUSALS: dict[str, Callable[[], object]] = {
    "identity": lambda: terminal_id("no id"),
    "text": lambda: short_text("", "operator", 8),
    "code": lambda: item_code("\n"),
    "amount": lambda: check_minor(2**60, "unit price"),
    "currency": lambda: parse_major("1", "XYZ"),
    "decimals": lambda: parse_major("1.234", "EUR"),
    "quantity": lambda: parse_quantity(Decimal("NaN")),
    "operator": lambda: operator_number("x"),
    "sign-off": lambda: decide_sign_off(Ledger()),
    "setting": lambda: decode_local(b'{"store":7}', "local_config.json"),
    "document": lambda: decode_published(b"{}", "system_config.json"),
    "filter": lambda: AuditFilter(since="noon"),
}


@pytest.mark.parametrize("name", REFUSALS)
@pytest.mark.usefixtures("pseudo")
def test_a_refusal_is_said_in_the_language_of_the_process(name: str) -> None:
    with pytest.raises(KernelError) as refusal:
        REFUSALS[name]()
    assert said_in_pseudo(str(refusal.value))


@pytest.mark.usefixtures("pseudo")
def test_names_and_next_steps_that_were_chosen_earlier_are_translated_too() -> None:
    with pytest.raises(SaleRefused, match=r"\[item~~ code~~\]"):
        item_code("")
    assert "[do~" in str(unwritable("/shop", PermissionError(EACCES, "denied"), AS_MANAGER))
    assert said_in_pseudo(str(LogDamaged("/log", 0, 1, _("the segment is gone"))))


@pytest.mark.usefixtures("pseudo")
def test_settings_are_explained_to_people_but_programs_have_their_schema() -> None:
    assert all(said_in_pseudo(fact.description) for fact in setting_facts())
    assert b"~" not in settings_schema()


# --- what goes into a log ------------------------------------------------------------------------


def cannot_read(message: Message, ledger: Ledger) -> Decided:
    raise BadInput(_("the order is larger than {} bytes").format(5))


@pytest.mark.usefixtures("pseudo")
def test_a_message_is_refused_in_english_whoever_takes_it() -> None:
    shop = Shop()
    a, b = shop.start("A"), shop.start("B", handlers={"note": cannot_read})
    sent = a.send("B", "note", {}, 60)
    deliver_all(b, a)
    (ack,) = a.wait_acks(sent, 0)
    assert ack.reason == "the order is larger than 5 bytes"


@pytest.mark.usefixtures("pseudo")
def test_what_is_wrong_with_a_configuration_is_logged_in_english() -> None:
    till, manager = TillMachine("T1"), TillMachine("MANAGER")
    manager.disk, manager.clock = till.disk.process(), till.clock
    files = ConfigurationFiles(manager.disk, Layout(ROOT), clock=till.clock)
    with manager.start():
        files.publish({"currency": "GBP"}, effective_ms=till.clock.wall_ms(), sign=None)
    path = Layout(ROOT).system_config
    data = read_file(manager.disk, path, 1 << 16)
    assert data is not None
    spoilt = data.replace(b"GBP", b"GPB")
    replace_file(manager.disk, path, spoilt, scratch=f"{ROOT}/scratch")
    with pytest.raises(BadConfiguration, match=r"^\[.*SHA"):
        decode_published(spoilt, path)
    till.start().stop()
    (event,) = (entry.act for entry in till.entries() if isinstance(entry.act, Event))
    assert event.what == "configuration_refused"
    assert "its SHA-256 is not that of its document" in (event.detail or "")


@pytest.mark.usefixtures("pseudo")
def test_a_crash_is_told_to_the_cashier_and_logged_in_english() -> None:
    machine = TillMachine()
    machine.start().begin("S1", "EUR", "0001")
    machine.kill()
    with machine.start() as till:
        assert said_in_pseudo(str(till.recovery))
        assert said_in_pseudo(till.recovery.previous or "")
    (logged,) = (entry.act for entry in machine.entries() if isinstance(entry.act, Recovered))
    assert (logged.previous or "").startswith("process ")


@pytest.mark.usefixtures("pseudo")
def test_an_answer_that_comes_too_late_is_told_to_the_cashier_and_logged_in_english() -> None:
    machine = staffed()
    with signed_on(machine) as till, asked(machine, till, line=1) as (manager, sale, awaited):
        sale.discount(50, line=1)
        manager.approvals.answer(awaited.token, allow=True)
        deliver(till)
        assert awaited.outcome is ApprovalOutcome.DECLINED
        assert said_in_pseudo(awaited.reason or "")
    assert b"this has changed since it was asked" in machine.log()
    assert b"~" not in machine.log()


@pytest.mark.usefixtures("pseudo")
def test_what_was_asked_for_is_logged_in_english_when_it_is_declined() -> None:
    machine = staffed()
    with signed_on(machine) as till, asked(machine, till, line=1) as (manager, _sale, awaited):
        manager.approvals.answer(awaited.token, allow=False)
        deliver(till)
    assert b" of line 1 from " in machine.log() and b"~" not in machine.log()


# --- what another process says -------------------------------------------------------------------


def test_a_console_refuses_in_english_what_another_process_hands_it(data_dir: Path) -> None:
    with python_child("-c", CONSOLE, data_dir) as console:
        console.wait_for_line("ready")
        with pytest.raises(SaleRefused, match=r"^there is no terminal T9;"):
            as_manager(data_dir, SendNotice(to="T9", text="hello"), Struct)
        console.say("end")
        assert console.wait() == 0


def test_faults_that_another_process_found_are_said_in_the_reader_s_language() -> None:
    machine = TillMachine()
    with machine.start() as till:
        a_sale(till)
    sealed = [machine.paths.segment(1), machine.paths.segment(9)]
    snapshot = Snapshot(False, frozenset(), None, None, sealed, None)
    read = [check_segment(machine.log()), unreadable("the segment can't be read: {}", "no medium")]
    found = pickle.loads(pickle.dumps(read))
    plain = judge(machine.paths, snapshot, found, "boot").damages
    use_words(PSEUDO)
    try:
        spoken = judge(machine.paths, snapshot, found, "boot").damages
    finally:
        use_words("")
    said = ["the segment lacks its seal", "the segment can't be read: no medium"]
    assert [one.meaning for one in plain] == said
    assert len(spoken) == 2 and all(said_in_pseudo(one.meaning) for one in spoken)
