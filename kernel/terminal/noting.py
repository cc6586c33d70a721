"""What an app tells the log besides its sales: that something was refused, and how often.

Such an entry is outside every total. This module must never be given what was typed: people key
PINs and card numbers into every field there is.
"""

from __future__ import annotations

import re

from kernel.errors import BadInput
from kernel.model.approvals import approved
from kernel.model.entries import Act
from kernel.model.identity import OPERATOR_LIMIT, optional_text
from kernel.model.ledger import Ledger
from kernel.model.till_entries import Event
from kernel.terminal.terminal import Terminal
from kernel.words import gettext as _

__all__ = ["note"]

_WHAT = re.compile("[a-z][a-z_]{0,31}")


def note(
    till: Terminal,
    what: str,
    *,
    count: int = 1,
    operator: str | None = None,
    approval: str | None = None,
) -> None:
    """Log that `what` happened `count` times, under the token of an `approval` where one says so.

    Raises `BadInput` for what is no such name.
    """
    if not _WHAT.fullmatch(what) or count < 1:
        raise BadInput(
            _("{!r:.40} is no name of an event; use lower-case letters and _").format(what)
        )
    event = Event(
        what=what, count=count, operator=optional_text(operator, "operator", OPERATOR_LIMIT)
    )

    def decide(ledger: Ledger) -> tuple[Act, ...]:
        return approved(ledger, approval, (event,))

    till.journal.record(decide)
