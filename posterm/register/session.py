"""The register as one machine: a key goes in, a `View` comes out. One thread, one order.

Every key is judged where the register stands at that key, after all that earlier keys did; so
nothing is applied to the wrong place, however many keys one packet holds. What is refused is
counted, beeped and logged; sold and refused together are all that was sent.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

from kernel import (
    Clock,
    KernelError,
    SystemClock,
    Terminal,
    note,
)
from posterm.keymap import Keymap, Verb
from posterm.keypad import Command, Keypad, Mode
from posterm.register.acts import ACTS
from posterm.register.approving import Approving
from posterm.register.counter import Counter
from posterm.register.dialogs import Prompt, Question, Search
from posterm.register.gate import WAITED, Gate
from posterm.register.items import look_up
from posterm.register.notices import NoticeBoard
from posterm.register.receipts import hand_over, start
from posterm.register.refusals import REFUSALS, said
from posterm.register.shelf import Shelf
from posterm.register.showing import view_of
from posterm.register.signing import sign_on, sign_on_again
from posterm.register.view import View

if TYPE_CHECKING:
    from posterm.tutor.coach import Coach

__all__ = ["Session"]

_SCANNED = re.compile(r"[0-9]{8}|[0-9]{12,14}|[^:/]*[^\W\d_].*")
"""Digits of an article number, or anything with a letter: no value that is asked for has one."""
_LEAVE_THE_NEXT_CODE = frozenset(
    {Verb.ITEM, Verb.SEARCH, Verb.ANSWER, Verb.UP, Verb.DOWN, Verb.HELP, Verb.MENU}
    | {Verb.CLEAR, Verb.REFUSED, Verb.REPAINT}
)
"""After any other verb the next code is sold again."""


class Session:
    """One register of one till. `hints` stand on the sign-on screen."""

    def __init__(
        self,
        till: Terminal,
        data_dir: str,
        keymap: Keymap,
        hints: tuple[str, ...] = (),
        clock: Clock | None = None,
    ) -> None:
        self.till = till
        self.counter = Counter(till, Shelf(data_dir))
        self.keypad = Keypad(keymap)
        self._gate = Gate(self.keypad)
        self.approving = Approving(self)
        self.notices = NoticeBoard(self, clock or SystemClock())
        self.hints = hints
        self.totalled = False
        self.instead: Callable[[Session, Command], None] | None = None
        """What is done with the next code, where it is not to be sold."""
        self.unlisted = Command(Verb.ITEM)
        """What was refused last because it is not on file."""
        self.locked = False
        self.message = ""
        self.page: tuple[str, ...] | None = None
        self.first = 0
        """The row of a long page that is shown first."""
        self.search: Search | None = None
        self.coach: Coach | None = None
        self.ended = False
        self.error: str | None = None
        self.question: Question | None = None
        self.asked: Prompt | None = None
        self.no_answer = False
        """Something else than an answer came while the question was up."""
        self.serial = 0
        self.beeps = 0
        self.refused = 0
        self.keys_done = 0
        """Grows while the disk keeps up; read by whoever waits for it."""
        told = till.recovery.crashed or till.recovery.released
        self._recovered = str(till.recovery) if told else ""
        till.day.attended = lambda: self.counter.operator is not None
        sign_on(self)
        start(self)

    # --- keys ----------------------------------------------------------------------------

    def feed_all(self, keys: Iterable[tuple[str, int]]) -> View:
        """Keys in their order, each with the serial of the view that it was typed at."""
        for token, seen in keys:
            self.feed(token, seen)
        return self.view

    def feed(self, token: str, seen: int) -> None:
        """Raises `Damage` where the disk has failed; whatever is refused is shown."""
        mode = self.mode
        early = seen < self.serial and (
            mode is Mode.ASK or (self.asked is not None and not self.asked.ahead)
        )
        command = self._gate.feed(token, mode, early=early, waited=seen == WAITED)
        self.keys_done += 1
        code = command is not None and (command.verb is Verb.ITEM or self._is_scan(command))
        try:
            if command is not None:
                self._do(command)
            elif mode is Mode.SEARCH:
                look_up(self)
        except REFUSALS as refused:
            self.refused += code
            self.fail(said(refused))
        if self.refused and self.mode in (Mode.SELL, Mode.TOTAL, Mode.SEARCH):
            with suppress(*REFUSALS):  # such as for a full disk; they are counted on
                self.log_refused()

    def auto_lock(self) -> View:
        """Lock a till that nobody has touched, unless a card payment waits for its answer."""
        free = self.question is None and not self.locked
        if free and self.counter.operator is not None and self.till.signed_on is not None:
            with suppress(*REFUSALS):  # such as for a full disk; they are counted on
                self.log_refused()
            with suppress(*REFUSALS):  # such as for a card without an answer; tried again later
                self._do(Command(Verb.LOCK))
                self.error, self.search = None, None
        return self.view

    @property
    def stirred(self) -> bool:
        """Whether `look` may find something. Any thread may ask, so that an idle till rests."""
        return self.approving.stirred or self.notices.stirred or self.till.kicks.overdue

    def look(self) -> View | None:
        """Once a second, between keys: what came from afar; None where nothing is to be shown."""
        answered = self.approving.look()
        changed = self.notices.look()
        late = self.till.kicks.overdue
        if late:
            hand_over(self)
        return self.view if answered or changed or late else None

    def log_refused(self) -> None:
        """One entry for all that were refused since the last."""
        if self.refused:
            count, operator = self.refused, self.counter.operator
            note(self.till, "scan_refused", count=count, operator=operator)
            self.refused = 0

    def _is_scan(self, command: Command) -> bool:
        """Whether what comes as an answer looks like a code that a scanner sent."""
        asked = self.asked
        typed = command.verb is not Verb.ANSWER or asked is None or asked.secret
        return not typed and _SCANNED.fullmatch(command.text) is not None

    @property
    def owes_receipts(self) -> bool:
        """Whether `print_receipts` has anything to do. Any thread may ask: it only reads."""
        kicks = self.till.kicks
        return bool(kicks.due() or self.till.printer.due() or kicks.overdue)

    def print_receipts(self) -> View:
        """Hand over what the keys made due; after they were shown, so that nobody waits for it."""
        hand_over(self)
        return self.view

    def _do(self, command: Command) -> None:
        before = self.page
        if command.verb not in _LEAVE_THE_NEXT_CODE:
            self.instead = None
            if command.verb is not Verb.RECALL:  # a ticket is read while it is typed
                self.message = ""
        try:
            self._carry_out(command)
        finally:
            if self.page is not before:
                self.first = 0

    def _carry_out(self, command: Command) -> None:
        if command.verb is Verb.REFUSED:
            self._refuse(command)
        elif command.verb is Verb.CLEAR:
            self.refused += command.scans
            self._clear()
        elif self.question is not None and command.verb is Verb.ANSWER:
            self._answer(self.question, command.text)
        elif self.asked is not None and command.verb is Verb.ANSWER:
            self.attempt(partial(self.asked.take, command.text))
        else:
            self.attempt(partial(ACTS[command.verb], self, command))

    def _refuse(self, command: Command) -> None:
        self.beeps += 1
        self.refused += command.scans
        if self.question is not None:
            self.no_answer = True
        elif self.error is None and command.text:
            self.error = command.text

    def _answer(self, question: Question, answer: str) -> None:
        self.question = None
        self.attempt(question.answers[answer])

    def _clear(self) -> None:
        if self.error is not None:
            self.error = None
            if self.search is not None:
                self.keypad.text = self.search.words  # it goes on where it was
        elif self.question is not None:
            if self.question.optional:
                self.question = None
            else:
                self.beeps += 1
        elif self.asked is not None and self.asked.optional:
            self.asked, self.page = None, None
        elif self.asked is not None:
            sign_on_again(self)
        elif self.totalled and self.page is None and self.search is None:
            self.totalled = False
        else:
            self.page, self.search, self.instead = None, None, None
        self.message = ""

    # --- what acts say -------------------------------------------------------------------

    def attempt(self, act: Callable[[], None]) -> None:
        """Do it; where it needs somebody's word, offer to ask for that and do it then."""
        self.approving.attempt(act)

    def tell(self, text: str) -> None:
        """What happened without a key: in the message line, and kept for the messages page."""
        self.message = text
        self.notices.add(text)

    @property
    def signed_on(self) -> bool:
        """Whether somebody is at the till and sees the sale."""
        return self.counter.operator is not None and not self.locked

    @property
    def at_rest(self) -> bool:
        """Whether nothing is asked, so that what comes from afar interrupts nobody."""
        asked = self.error is not None or self.question is not None
        if self.locked:
            return not asked and self.asked is not None and not self.asked.secret
        return not asked and self.asked is None and self.search is None

    @property
    def mode(self) -> Mode:
        if self.error is not None:
            return Mode.HELD
        if self.question is not None:
            return Mode.ASK
        if self.asked is not None:
            return Mode.PROMPT
        if self.search is not None:
            return Mode.SEARCH
        return Mode.TOTAL if self.totalled else Mode.SELL

    def fail(self, why: str) -> None:
        """An error that holds until Clear."""
        self.beeps += 1
        self.error = why

    def warn(self, words: str) -> None:
        """Words with a beep; they hold nobody up."""
        self.beeps += 1
        self.message = words

    def refuse_scan(self, why: str) -> None:
        self.refused += 1
        self.fail(why)

    def ask(self, question: Question) -> None:
        self.question, self.no_answer = question, False
        self.keypad.answers = frozenset(question.answers)
        self.serial += 1

    def prompt(self, prompt: Prompt | None) -> None:
        self.asked = prompt
        self.serial += 1
        self.keypad.reset()

    def stop(self, reason: str) -> None:
        """Park the sale and let the till go. Doing it again does nothing."""
        try:
            self.log_refused()
            hand_over(self)
        except (KernelError, OSError):
            pass  # the stop is what matters now
        finally:
            self.till.stop(reason)
            self.counter.shelf.close()

    def take_recovery(self) -> str:
        """What the start found, once."""
        said, self._recovered = self._recovered, ""
        if said:
            self.notices.add(said)
        return said

    @property
    def view(self) -> View:
        return view_of(self)
