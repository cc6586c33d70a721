"""The register as one machine: a key goes in, a `View` comes out. One thread, one order.

Every key is judged where the register stands at that key, after all that earlier keys did; so
nothing is applied to the wrong place, however many keys one packet holds. What is refused is
counted, beeped and logged; sold and refused together are all that was sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from gettext import gettext as _

from kernel import BadInput, Contention, KernelError, SaleRefused, Terminal, note
from posterm.keymap import Keymap, Verb
from posterm.keypad import Command, Keypad, Mode
from posterm.register.acts import ACTS
from posterm.register.counter import Counter
from posterm.register.dialogs import Prompt, Question, Search
from posterm.register.items import look_up
from posterm.register.shelf import Shelf
from posterm.register.signing import sign_on, sign_on_again
from posterm.register.view import View

__all__ = ["Session"]


class Session:
    """One register of one till. `hints` stand on the sign-on screen."""

    def __init__(
        self, till: Terminal, data_dir: str, keymap: Keymap, hints: tuple[str, ...] = ()
    ) -> None:
        self.till = till
        self.counter = Counter(till, Shelf(data_dir))
        self.keypad = Keypad(keymap)
        self.hints = hints
        self.totalled = False
        self.price_only = False
        self.locked = False
        self.message = ""
        self.page: tuple[str, ...] | None = None
        self.search: Search | None = None
        self.ended = False
        self._error: str | None = None
        self._question: Question | None = None
        self._prompt: Prompt | None = None
        self._serial = 0
        self._beeps = 0
        self._refused = 0
        self._recovered = str(till.recovery) if till.recovery.crashed else ""
        sign_on(self)

    # --- keys ----------------------------------------------------------------------------

    def feed_all(self, keys: Iterable[tuple[str, int]]) -> View:
        """Keys in their order, each with the serial of the view that it was typed at."""
        for token, seen in keys:
            self.feed(token, seen)
        return self.view

    def feed(self, token: str, seen: int) -> None:
        """Raises `Damage` where the disk has failed; whatever is refused is shown."""
        mode = self.mode
        early = seen < self._serial and (
            mode is Mode.ASK or (self._prompt is not None and not self._prompt.ahead)
        )
        command = self.keypad.feed(token, Mode.HELD if early else mode)
        if early and command is not None and command.verb is Verb.CLEAR:
            command = Command(Verb.REFUSED, scans=command.scans)
        if command is not None:
            try:
                self._do(command)
            except (SaleRefused, BadInput, Contention) as refused:
                self._refused += command.verb is Verb.ITEM
                self.fail(str(refused))
        elif mode is Mode.SEARCH:
            look_up(self)
        if self._refused and self.mode in (Mode.SELL, Mode.TOTAL, Mode.SEARCH):
            self.log_refused()

    def auto_lock(self) -> View:
        """Lock a till that nobody has touched, unless a card payment waits for its answer."""
        free = self._question is None and not self.locked
        if free and self.counter.operator is not None and self.till.signed_on is not None:
            self._error, self.search = None, None
            self.log_refused()
            self._do(Command(Verb.LOCK))
        return self.view

    def log_refused(self) -> None:
        """One entry for all that were refused since the last."""
        count, self._refused = self._refused, 0
        if count:
            note(self.till, "scan_refused", count=count, operator=self.counter.operator)

    def _do(self, command: Command) -> None:
        if command.verb is Verb.REFUSED:
            self._refuse(command)
        elif command.verb is Verb.CLEAR:
            self._refused += command.scans
            self._clear()
        elif self._question is not None:
            self._answer(self._question, command.text)
        elif self._prompt is not None and command.verb is Verb.ANSWER:
            self._prompt.take(command.text)
        else:
            ACTS[command.verb](self, command)

    def _refuse(self, command: Command) -> None:
        self._beeps += 1
        self._refused += command.scans
        if self._error is None and self._question is None and command.text:
            self._error = command.text

    def _answer(self, question: Question, answer: str) -> None:
        self._question = None
        question.answers[answer]()

    def _clear(self) -> None:
        if self._error is not None:
            self._error = None
        elif self._question is not None:
            if self._question.optional:
                self._question = None
            else:
                self._beeps += 1
        elif self._prompt is not None and self._prompt.optional:
            self._prompt = None
        elif self._prompt is not None:
            sign_on_again(self)
        elif self.totalled and self.page is None and self.search is None:
            self.totalled = False
        else:
            self.page, self.search, self.price_only = None, None, False
        self.message = ""

    # --- what acts say -------------------------------------------------------------------

    @property
    def mode(self) -> Mode:
        if self._error is not None:
            return Mode.HELD
        if self._question is not None:
            return Mode.ASK
        if self._prompt is not None:
            return Mode.PROMPT
        if self.search is not None:
            return Mode.SEARCH
        return Mode.TOTAL if self.totalled else Mode.SELL

    def fail(self, why: str) -> None:
        """An error that holds until Clear."""
        self._beeps += 1
        self._error = why

    def refuse_scan(self, why: str) -> None:
        self._refused += 1
        self.fail(why)

    def ask(self, question: Question) -> None:
        self._question = question
        self.keypad.answers = frozenset(question.answers)
        self._serial += 1

    def prompt(self, prompt: Prompt | None) -> None:
        self._prompt = prompt
        self._serial += 1
        self.keypad.reset()

    def stop(self, reason: str) -> None:
        """Park the sale and let the till go. Doing it again does nothing."""
        try:
            self.log_refused()
        except KernelError:
            pass  # the stop is what matters now
        finally:
            self.till.stop(reason)
            self.counter.shelf.close()

    def take_recovery(self) -> str:
        """What the start found, once."""
        said, self._recovered = self._recovered, ""
        return said

    # --- what is shown -------------------------------------------------------------------

    @property
    def view(self) -> View:
        hidden = self._prompt is not None and self._prompt.secret
        typed = self.keypad.text
        quantity = f"{self.keypad.quantity} * " if self.keypad.quantity is not None else ""
        away = self.locked or self.counter.operator is None
        return View(
            serial=self._serial,
            mode=self.mode,
            header=self._header(),
            message=self._words(),
            entry=quantity + ("*" * len(typed) if hidden else typed),
            totalled=self.totalled,
            sale=None if away else self.counter.shown,
            page=self.page,
            marked=self.search.marked if self.search is not None and self.search.found else None,
            beeps=self._beeps,
            ended=self.ended,
        )

    def _words(self) -> str:
        if self._error is not None:
            refused = _("  ({} refused)").format(self._refused) if self._refused else ""
            clear = self.keypad.keymap.says[Verb.CLEAR]
            return _("ERROR {}{}  -  {}").format(self._error, refused, clear)
        if self._question is not None:
            return self._question.words
        if self._prompt is not None:
            return f"{self.message}  {self._prompt.words}".strip()
        if self.search is not None:
            return _("FIND  letters, arrows, Enter sells the marked one")
        return self.message

    def _header(self) -> str:
        who = self.counter.operator or "-"
        sale = self.counter.sale
        shown = sale.id if sale is not None and not self.locked else ""
        return _("{}   operator {}   {}").format(self.till.id, who, shown)
