"""A till and the manager's console on a real disk: asked, heard, answered, used, with real mail."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from kernel import ApprovalOutcome, Role, Terminal
from tests.support.processes import python_child


def test_a_manager_allows_what_a_till_asks_for_within_moments(data_dir: Path) -> None:
    with Terminal.start("MANAGER", data_dir) as manager, Terminal.start("T1", data_dir) as till:
        manager.operators.add("0001", name="Cleo", role=Role.MANAGER, pin="3333")
        manager.sign_on("0001", "3333")
        heard = Event()
        manager.approvals.requests.heard = heard.set
        sale = till.begin("S", "EUR", "0002")
        sale.add_line("COFFEE", 1, 500)

        awaited = till.approvals.ask("void_line", sale=sale, line=1)
        assert heard.wait(10)
        (asked,) = manager.approvals.requests.all()
        manager.approvals.answer(asked.request.token, allow=True)
        assert awaited.wait(10) is ApprovalOutcome.GRANTED
        till.approvals.use(sale, awaited.token).void_line(1)

        assert sale.total_minor == 0
        assert sale.lines[-1].approver == "0001"


CONSOLE = """
import os, sys
from kernel import Terminal
def say(text):
    os.write(1, text.encode() + b"\\n")  # whole: two threads say something
with Terminal.start("MANAGER", sys.argv[1]) as manager:
    requests = manager.approvals.requests
    def heard():
        for one in requests.all():
            say(f"asked {one.terminal} {one.request.token}")
    requests.heard = heard
    heard()
    say("ready")
    for line in sys.stdin:
        manager.approvals.answer(line.strip(), allow=True, number="0001", pin="3333")
        say(f"answered {len(requests.all())}")
"""


def test_a_request_outlives_the_console_that_is_killed_under_it(data_dir: Path) -> None:
    with Terminal.start("MANAGER", data_dir) as manager:
        manager.operators.add("0001", name="Cleo", role=Role.MANAGER, pin="3333")
    with Terminal.start("T1", data_dir) as till:
        sale = till.begin("S", "EUR", "0002")
        sale.add_line("COFFEE", 1, 500)
        with python_child("-c", CONSOLE, data_dir) as first:
            first.wait_for_line("ready")
            awaited = till.approvals.ask("void_line", sale=sale, line=1)
            first.wait_for_line(f"asked T1 {awaited.token}")
            first.kill()
        assert awaited.outcome is ApprovalOutcome.AWAITED
        for _ in ("shown again", "and once more, for it was not answered"):
            with python_child("-c", CONSOLE, data_dir) as next_one:
                next_one.wait_for_line(f"asked T1 {awaited.token}")
                next_one.kill()
        with python_child("-c", CONSOLE, data_dir) as last:
            last.wait_for_line(f"asked T1 {awaited.token}")
            last.say(awaited.token)
            last.wait_for_line("answered 0")
            assert awaited.wait(10) is ApprovalOutcome.GRANTED
            last.kill()
        inbox = data_dir / "shared/cross_terminal_messages/terminal_inbox"
        waiting = [path.read_text() for path in inbox.glob("MANAGER_*")]
        assert not [text for text in waiting if "approval_request" in text], "it is answered"
        till.approvals.use(sale, awaited.token).void_line(1)
        assert sale.total_minor == 0 and sale.lines[-1].approver == "0001"
    log = (data_dir / "terminals/T1/transaction.wal").read_text()
    assert log.count('"k":"approval"') == 1 and log.count('"k":"approval_used"') == 1
