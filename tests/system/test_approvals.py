"""A till and the manager's console on a real disk: asked, heard, answered, used, with real mail."""

from __future__ import annotations

from pathlib import Path
from threading import Event

from kernel import ApprovalOutcome, Role, Terminal


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
