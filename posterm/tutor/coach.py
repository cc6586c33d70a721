"""The rows above the receipt that say what to type next. The register shows them after each key.

It reads the till's log and nothing else of it, on the till's own thread.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

from kernel import Shop
from kernel import gettext as _
from posterm.tutor.facts import facts_of
from posterm.tutor.lesson import Step, current

__all__ = ["Coach"]

_WIDTH = 76
_ROWS = 2


class Coach:
    """The lesson on one till. `rows` is empty for ever once its last step was done."""

    def __init__(self, data_dir: str, terminal: str, lesson: Sequence[Step]) -> None:
        self._shop = Shop(data_dir)
        self._terminal = terminal
        self._lesson = lesson
        self._over = False

    def rows(self) -> tuple[str, ...]:
        """The step that the log has not seen yet: its title, then what to type."""
        if self._over:
            return ()
        number = current(self._lesson, facts_of(self._shop.entries(self._terminal)))
        if number is None:
            self._over = True
            return ()
        step = self._lesson[number]
        title = _("STEP {} of {}   {}").format(number + 1, len(self._lesson), _(step.title))
        leave = _("Esc clears an error   :close leaves")
        words = textwrap.wrap(_(step.words), _WIDTH)[:_ROWS]
        blank = [""] * (_ROWS - len(words))
        return (f"{title:<{_WIDTH - len(leave)}}{leave}", *words, *blank, "-" * _WIDTH)
