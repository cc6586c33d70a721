"""One of a few: numbered rows on a page, and the number of one of them asked for.

This module must never take a scan for a number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from kernel import SaleRefused
from kernel import gettext as _
from posterm.register.dialogs import Prompt

if TYPE_CHECKING:
    from posterm.register.session import Session

__all__ = ["choose", "with_reason"]

_NUMBER_DIGITS = 4


def choose(session: Session, title: str, rows: Sequence[str], take: Callable[[int], None]) -> None:
    """Ask for one of `rows`; `take` gets its index."""

    def answered(text: str) -> None:
        if len(text) > _NUMBER_DIGITS:
            session.refuse_scan(_("a number of the list is asked for; the scan was refused"))
            return
        if not text.isdecimal() or not 1 <= int(text) <= len(rows):
            raise SaleRefused(_("the list goes from 1 to {}").format(len(rows)))
        session.prompt(None)
        session.page = None
        take(int(text) - 1)

    numbered = tuple(f"{number:>3}  {row}" for number, row in enumerate(rows, 1))
    session.page = (title, "", *numbered)
    session.prompt(Prompt(_("number of the list, Enter"), answered))


def with_reason(session: Session, typed: str, act: Callable[[str | None], None]) -> None:
    """`act` with the reason that was typed or, where the shop has a list of them, chosen."""
    reasons = session.till.configuration.settings.discount_reasons
    if typed or not reasons:
        act(typed or None)
        return
    choose(session, _("REASON"), reasons, lambda index: act(reasons[index]))
