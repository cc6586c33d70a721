"""The steps of a lesson, in the order in which they are taught. Data, and one pure question."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from kernel import marked as N_
from posterm.tutor.facts import Facts

__all__ = ["CASHIER", "FIRST_SALE", "LINES_BEFORE_THE_CUT", "Step", "current"]

LINES_BEFORE_THE_CUT = 3


class Step(Struct, frozen=True):
    """`words` say what to type, in a row or two; `cut`: the power fails when it is done."""

    title: str
    words: str
    done: Callable[[Facts], bool]
    cut: bool = False


_SIGN_ON = Step(
    N_("SIGN ON"),
    N_("You are Anna. Type 0001 and Enter, then your PIN 1111 and Enter."),
    lambda facts: facts.here,
)

CASHIER: tuple[Step, ...] = (
    _SIGN_ON,
    Step(
        N_("SELL"),
        N_("A bread roll, please: type its code 101 and press Enter. A scanner does the same."),
        lambda facts: facts.items >= 1,
    ),
    Step(
        N_("QUANTITY"),
        N_("Three coffees to go: type 3*102 and press Enter."),
        lambda facts: facts.items >= 2,
    ),
    Step(
        N_("VOID"),
        N_("No coffee after all: press - on the empty line. F5 or /5 Enter does the same."),
        lambda facts: facts.voids >= 1,
    ),
    Step(
        N_("PAY"),
        N_("Press + for the total. The customer gives 20.00: type 2000 and press + again (or F9)."),
        lambda facts: facts.closed >= 1,
    ),
    Step(
        N_("NEXT CUSTOMER"),
        N_("A croissant and a newspaper: 103 Enter, 104 Enter."),
        lambda facts: facts.open_lines >= 2 or facts.suspended >= 1,
    ),
    Step(
        N_("SUSPEND"),
        N_("The purse is in the car. Press F7, or type /7 Enter: the sale waits under a ticket."),
        lambda facts: facts.suspended >= 1,
    ),
    Step(
        N_("RECALL"),
        N_("Back again: type :recall, a blank, the ticket below, and Enter. Any till could do it."),
        lambda facts: facts.recalled >= 1,
    ),
    Step(
        N_("EXACT CASH"),
        N_("Press + for the total and F9 alone (or 0 and +): paid exactly."),
        lambda facts: facts.closed >= 2,
    ),
    Step(
        N_("POWER CUT"),
        N_("Sell three things: 101, 102, 103, each with Enter. Then the power will fail."),
        lambda facts: facts.interrupted_lines >= LINES_BEFORE_THE_CUT,
        cut=True,
    ),
    Step(
        N_("IT IS ALL BACK"),
        N_("Every line is there: what was on the screen was on disk. Take the money: + and F9."),
        lambda facts: facts.closed >= 3,
    ),
    Step(
        N_("WELL DONE"),
        N_("That is all it takes. F1 or /1 shows the keys. Type :close and Enter to leave."),
        lambda facts: False,
    ),
)
"""A sale, a void, a suspended sale, a power cut."""

FIRST_SALE: tuple[Step, ...] = (
    Step(
        N_("SIGN ON"),
        N_("Type 0001 and Enter, then the PIN 1111 and Enter."),
        lambda facts: facts.here or facts.closed > 0,
    ),
    Step(
        N_("SELL"),
        N_("Type 101 and Enter. Or 3*102 Enter, 0.5*4811 Enter; F3 or /3 finds by name."),
        lambda facts: facts.open_lines > 0 or facts.closed > 0,
    ),
    Step(
        N_("PAY"),
        N_(
            "More codes, or: + is Total, then 2000 F9 for 20.00 in cash; F9 alone (or /9) is exact."
        ),
        lambda facts: facts.closed > 0,
    ),
)
"""What the demo shows until somebody has sold something there."""


def current(lesson: Sequence[Step], facts: Facts) -> int | None:
    """Which step is to be done now; None after the last."""
    for number, step in enumerate(lesson):
        if not step.done(facts):
            return number
    return None
