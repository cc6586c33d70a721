"""A drawer opens once for cash that moves: never twice, never by itself at a start."""

from __future__ import annotations

import pytest

from kernel import Sale, SaleRefused, State, Terminal
from kernel.disk.history import read_log
from kernel.disk.spool import Spool
from kernel.model.till_entries import Outcome
from kernel.terminal.kicking import KICK_LIFE_S, Kick, kick_is_late
from tests.support.crash_images import Bounds, every_crash_image
from tests.support.tills import TillMachine

FIRST = "000000001-open-TILL-1.txt"


def started(machine: TillMachine) -> Terminal:
    till = machine.start()
    assert till.kicks.start() == ()
    return till


def begun(till: Terminal) -> Sale:
    sale = till.begin("S1", "EUR", "anna")
    sale.add_line("TEA", 1, 100)
    return sale


def open_all(till: Terminal) -> None:
    for kick in till.kicks.due():
        till.kicks.put(kick)


def results(machine: TillMachine) -> list[str]:
    log = read_log(machine.disk.process(), machine.paths, terminal_is_free=False)
    return [entry.act.result for entry in log if isinstance(entry.act, Outcome)]


def kinds(machine: TillMachine) -> list[str]:
    log = read_log(machine.disk.process(), machine.paths, terminal_is_free=False)
    return [str(entry.act.__struct_config__.tag) for entry in log]


def test_a_cash_tender_owes_an_opening_in_its_own_write() -> None:
    machine = TillMachine()
    till = started(machine)
    begun(till).tender_cash(500)
    assert kinds(machine)[-2:] == ["intent", "tender"]
    assert till.kicks.due() == (Kick(1, "TILL-1"),)
    open_all(till)
    assert till.kicks.due() == () and till.kicks.spool.waiting() == [FIRST]
    assert kinds(machine)[-1] == "outcome"


def test_the_drawer_opens_for_each_movement_of_cash_and_for_nothing_else() -> None:
    till = started(TillMachine())
    sale = begun(till)
    sale.tender_cash(40)
    sale.void_tender(1)
    sale.tender_card(60)
    sale.void_tender(2)
    sale.tender_card(100)
    assert [kick.sale for kick in till.kicks.due()] == ["TILL-1", "TILL-1"]
    for how, amount in (("no_sale", 0), ("pay_in", 5), ("pay_out", 5), ("pickup", 5)):
        till.move_cash(how, amount, "EUR", "anna")
    assert [kick.sale for kick in till.kicks.due()] == ["TILL-1", "TILL-1", None, None, None, None]


def test_a_refused_movement_and_a_sale_of_nothing_open_nothing() -> None:
    till = started(TillMachine())
    with pytest.raises(SaleRefused):
        till.move_cash("pay_out", -5, "EUR", "anna")
    sale = till.begin("S1", "EUR", "anna")
    sale.add_line("FREE", 1, 0)
    assert sale.tender_cash(0) is State.COMMITTED
    assert till.kicks.due() == ()


def test_in_training_no_drawer_opens() -> None:
    till = started(TillMachine())
    till.begin_training("anna")
    begun(till).tender_cash(100)
    assert till.kicks.due() == ()


def test_a_till_that_leaves_its_drawer_alone_owes_nothing() -> None:
    machine = TillMachine()
    begun(machine.start()).tender_cash(100)
    assert "intent" not in kinds(machine)


def test_what_a_killed_till_owed_is_said_and_never_opened_by_a_start() -> None:
    machine = TillMachine()
    begun(started(machine)).tender_cash(100)
    machine.kill()
    till = machine.start()
    assert till.kicks.start() == (Kick(1, "TILL-1"),)
    assert till.kicks.due() == () and till.kicks.spool.waiting() == []
    assert kinds(machine)[-1] == "outcome"
    assert till.kicks.start() == (), "it is said once"


def test_a_kill_after_it_was_handed_over_neither_loses_nor_doubles_it() -> None:
    machine = TillMachine()
    till = started(machine)
    begun(till).tender_cash(100)
    till.kicks.spool.put(FIRST, f"open, asked for at {machine.clock.wall_ms()} ms\n", limit=9)
    machine.kill()
    till = started(machine)
    assert till.kicks.due() == () and till.kicks.spool.waiting() == [FIRST]


def test_a_drawer_that_nobody_serves_is_not_opened_again_and_again_later() -> None:
    till = started(TillMachine())
    for _ in range(3):
        till.move_cash("no_sale", 0, "EUR", "anna")
    open_all(till)
    till.move_cash("no_sale", 0, "EUR", "anna")
    with pytest.raises(SaleRefused, match="3 openings wait for the drawer"):
        open_all(till)
    assert till.kicks.due() == () and len(till.kicks.spool.waiting()) == 3


def test_an_opening_that_nobody_takes_in_time_is_taken_back_said_once_and_logged() -> None:
    machine = TillMachine()
    till = started(machine)
    begun(till).tender_cash(100)
    open_all(till)
    machine.clock.advance(KICK_LIFE_S - 1)
    assert [till.kicks.overdue, till.kicks.expire()] == [False, 0]
    assert till.kicks.spool.waiting() == [FIRST]
    machine.clock.advance(1)
    assert [till.kicks.overdue, till.kicks.expire()] == [True, 1]
    assert till.kicks.spool.waiting() == [] and results(machine) == ["spooled", "expired"]
    assert [till.kicks.overdue, till.kicks.expire()] == [False, 0], "it is said once"
    assert machine.disk.listdir(till.kicks.spool.directory) == []


def test_an_opening_that_was_taken_in_time_never_expires() -> None:
    machine = TillMachine()
    till = started(machine)
    begun(till).tender_cash(100)
    open_all(till)
    taken = till.kicks.spool.take()
    assert taken is not None and not kick_is_late(taken.text, machine.clock.wall_ms())
    machine.clock.advance(KICK_LIFE_S)
    assert till.kicks.expire() == 0
    till.kicks.spool.done(taken)
    assert results(machine) == ["spooled"] and not till.kicks.overdue


def test_of_till_and_printer_process_one_gets_an_opening_and_neither_fails() -> None:
    machine = TillMachine()
    till = started(machine)
    begun(till).tender_cash(100)
    open_all(till)
    machine.clock.advance(KICK_LIFE_S)

    class SlowProcess(Spool):
        """The till takes back what this one has just listed."""

        def waiting(self) -> list[str]:
            listed = super().waiting()
            assert till.kicks.expire() == 1
            return listed

    assert SlowProcess(machine.disk, till.kicks.spool.directory).take() is None
    till.kicks.spool.take_back(FIRST)
    assert results(machine) == ["spooled", "expired"]


def test_one_that_was_taken_too_late_is_noted_by_the_till_now_or_at_its_next_start() -> None:
    for killed in (False, True):
        machine = TillMachine()
        till = started(machine)
        begun(till).tender_cash(100)
        open_all(till)
        machine.clock.advance(KICK_LIFE_S + 1)
        taken = till.kicks.spool.take()
        assert taken is not None and kick_is_late(taken.text, machine.clock.wall_ms())
        till.kicks.spool.expire(taken)
        assert till.kicks.spool.take() is None
        if killed:
            machine.kill()
            started(machine)
        else:
            assert till.kicks.expire() == 1
        assert results(machine) == ["spooled", "expired"]


def test_what_an_earlier_process_left_opens_no_drawer_once_it_is_old() -> None:
    machine = TillMachine()
    till = started(machine)
    begun(till).tender_cash(100)
    open_all(till)
    machine.kill()
    machine.clock.advance(KICK_LIFE_S + 1)
    till = started(machine)
    assert till.kicks.spool.waiting() == [] and results(machine) == ["spooled", "expired"]


def test_what_is_no_opening_of_this_till_is_left_alone() -> None:
    machine = TillMachine()
    till = started(machine)
    directory = till.kicks.spool.directory
    for name in ("x.txt.expired", "00000000\u00b2-open-A.txt.expired"):
        machine.write(f"{directory}/{name}", b"\xff")
    machine.write(f"{directory}/notes.txt", b"\xff")
    machine.kill()
    machine.clock.advance(KICK_LIFE_S + 1)
    till = started(machine)
    assert results(machine) == []


def test_a_till_that_stood_still_between_the_cash_and_the_opening_opens_nothing() -> None:
    machine = TillMachine()
    till = started(machine)
    begun(till).tender_cash(100)
    machine.clock.advance(KICK_LIFE_S + 1)
    with pytest.raises(SaleRefused, match="too late"):
        open_all(till)
    assert till.kicks.spool.waiting() == [] and results(machine) == ["expired"]


@pytest.mark.parametrize(
    ("text", "late"),
    [
        ("open, asked for at 1000000 ms\n", False),
        ("open, asked for at 989999 ms\n", True),
        ("open, asked for at 1010001 ms\n", True),
        ("open\n", True),
        ("open, asked for at \u00b2 ms\n", True),
        (f"open, asked for at {'9' * 5000} ms\n", True),
        ("", True),
    ],
)
def test_a_file_says_itself_whether_it_is_late_also_after_a_clock_has_stepped(
    text: str, late: bool
) -> None:
    assert kick_is_late(text, 1_000_000) is late


def test_after_any_crash_a_paid_sale_has_one_opening_at_most_and_none_stays_owed() -> None:
    machine = TillMachine()
    till = started(machine)
    begun_at = len(machine.disk.operations)
    begun(till).tender_cash(100)
    open_all(till)
    recording, outcomes = machine.disk.recording, set()
    points = range(begun_at, len(recording.operations) + 1)
    for image in every_crash_image(recording, Bounds(limit_per_point=4), points=points):
        machine.disk = image.disk()
        till = machine.start()
        unknown = till.kicks.start()
        names = till.kicks.spool.waiting()
        assert till.kicks.due() == () and len(names) + len(unknown) <= 1, image
        found = till.printer.find("TILL-1")
        paid = found is not None and found.sale.state is State.COMMITTED
        assert not paid or names or unknown or "outcome" in kinds(machine), image
        outcomes.add((paid, bool(names), bool(unknown)))
    assert {(True, True, False), (True, False, True), (False, False, False)} <= outcomes
