"""The console below its screens: keys and commands in, acts begun, dialogs and messages out.

One dialog at a time; while one is open every key is its own. Keys that were typed before a dialog
was painted never answer it. The screens show what stands here, and the `Face` is all that it knows
of them. This module must never wait: whatever touches a disk goes through `work`.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from kernel import Clock, Floor, ShopStatus, SystemClock
from kernel import gettext as _
from manager import acts
from manager.actions import ACTIONS, Action, Verb, action_of, by_key
from manager.acts import staff
from manager.board import Board
from manager.dialogs import Prompt, Question
from manager.face import Face
from manager.feed import Tick
from manager.letters import Letters
from manager.signing import Signing
from manager.times import utc_text
from manager.widgets.panel import Row
from manager.work import Act, ActState, GoOn, Work

__all__ = ["Console"]

_ENTRY_LIMIT = 600
_ERASE = {"backspace", "ctrl+h"}
_T = TypeVar("_T")


class Console:
    """Everything that the keys of one console do. `floor` changes where it takes over."""

    def __init__(
        self, floor: Floor, data_dir: str, *, watching: bool, clock: Clock | None = None
    ) -> None:
        self.floor = floor
        self.data_dir = data_dir
        self.watching = watching
        self.clock = clock or SystemClock()
        self.board = Board()
        self.read_messages()
        self.signing = Signing(floor, data_dir, watching=watching)
        self.dialog: Prompt | Question | None = None
        self.entry = ""
        self.message = Row("")
        self.face: Face
        self.work: Work
        self.touched_s = time.monotonic()
        self._painted_s = 0.0

    def attach(self, face: Face) -> None:
        """Before the first key."""
        self.face = face
        self.work = Work(face.post, self.clock.wall_ms)

    @property
    def status(self) -> ShopStatus | None:
        """Who runs and what waits, as it was read last."""
        return self.board.status

    @property
    def unread(self) -> int:
        """Messages that have come since this console began, or the list of them was looked at."""
        return self.letters.came_since(self._read_at)

    def read_messages(self) -> None:
        """All that have come are on the screen."""
        self._read_at = utc_text(self.clock.wall_ms())

    @property
    def letters(self) -> Letters:
        """The day's messages."""
        return self.board.day.letters

    def take(self, tick: Tick) -> None:
        """What is new in the shop."""
        self.board.take(tick)
        if tick.operators is not None:
            staff.know(self, tick.operators)

    # --- keys ----------------------------------------------------------------------------

    def feed(self, key: str, at_s: float) -> None:
        """One key, typed at that monotonic time: a character, or the name of a key."""
        self.touched_s = time.monotonic()
        if key == "ctrl+l":
            self.face.repaint()
            return
        match self.dialog:
            case None:
                self.message = Row("")
                self._free_key(key)
            case dialog if at_s <= self._painted_s and not getattr(dialog, "ahead", False):
                self.face.beep()
            case Question() as question:
                self._answer(question, key)
            case Prompt() as prompt:
                self._edit(prompt, key)

    def painted(self, dialog: Prompt | Question | None, now_s: float) -> None:
        """That dialog is on the screen, since then at the latest."""
        if dialog is self.dialog:
            self._painted_s = min(self._painted_s, now_s)

    @property
    def answerable(self) -> bool:
        """Whether a key that is typed now would be taken."""
        return self.dialog is None or self._painted_s < math.inf

    def _free_key(self, key: str) -> None:
        if not self.signing.shut and self.face.page.feed(key):
            return
        action = by_key(key, self.face.page.page_name)
        if action is None:
            self.refuse(_("that key does nothing here; ? shows the keys"))
        else:
            self.perform(action, "")

    def _answer(self, question: Question, key: str) -> None:
        if key in ("escape", "ctrl+u"):
            self.close(_("not done"))
        elif key in ("y", "Y", question.key):
            self.close()
            question.yes()
        else:
            self.face.beep()

    def _edit(self, prompt: Prompt, key: str) -> None:
        match key:
            case "escape" if prompt.must and not self.entry:
                self.close()
                prompt.take("")
            case "escape" if not prompt.must:
                self.close()
            case "escape" | "ctrl+u":
                self.entry = ""
            case "enter" | "ctrl+j":
                text = self.entry.strip() or prompt.default
                self.close()
                prompt.take(text)
            case "tab":
                self._complete(prompt)
            case key if key in _ERASE:
                self.entry = self.entry[:-1]
            case key if len(key) == 1 and len(self.entry) < _ENTRY_LIMIT:
                self.entry += key
            case _:
                self.face.beep()

    def _complete(self, prompt: Prompt) -> None:
        """As far as all that it may become agree."""
        found = prompt.complete(self.entry)
        if not found:
            self.face.beep()
            return
        first, last = min(found), max(found)
        same = next((n for n, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
        grown = first[:same] if same is not None else first
        self.entry = grown + (" " if len(found) == 1 else "")

    def mirror(self, terminal: str) -> None:
        """Show that till's sale as it is rung."""
        self.face.push(self.face.page_about("mirror", terminal))

    # --- dialogs and messages ------------------------------------------------------------

    @property
    def free(self) -> bool:
        """Whether what comes by itself may be opened: no dialog stands, and somebody may see."""
        return self.dialog is None and not self.signing.shut

    def ask(self, dialog: Prompt | Question) -> None:
        """Open it, in place of the one before."""
        self.dialog = dialog
        self.entry = dialog.text if isinstance(dialog, Prompt) else ""
        self.message = Row("")
        self._painted_s = math.inf

    def close(self, said: str = "") -> None:
        self.dialog, self.entry = None, ""
        self.message = Row(said)

    def say(self, text: str) -> None:
        self.message = Row(text)

    def refuse(self, text: str) -> None:
        self.message = Row(text, "error")
        self.face.beep()

    # --- acts ----------------------------------------------------------------------------

    def perform(self, action: Action, text: str) -> None:
        """Do it, or say why not."""
        shut = self.signing.shut and action.verb not in (Verb.QUIT, Verb.REPAINT)
        if shut and self.signing.busy:
            self.face.beep()
        elif shut:
            staff.sign_on(self)
        elif action.role is not None and self.watching:
            self.refuse(_("this console only watches; T takes over where no other one acts"))
        elif action.role is not None and not self.signing.covers(action.role):
            who = self.signing.who
            rank = who.role if who is not None else _("nobody")
            self.refuse(_("this needs a {}; signed on is a {}").format(action.role, rank))
        else:
            acts.do(self, action, text)

    def command(self, typed: str) -> None:
        """A command as it was typed after the colon."""
        word, _space, text = typed.strip().partition(" ")
        action = action_of(word, self.face.page.page_name)
        if action is not None:
            self.perform(action, text.strip())
        elif word:
            self.refuse(_("there is no command {}; ? shows all").format(word))

    def commands(self, typed: str) -> Sequence[str]:
        """What a command typed so far may become."""
        word, space, text = typed.partition(" ")
        if not space:
            names = sorted({one.verb.value for one in ACTIONS})
            return [name for name in names if name.startswith(word.casefold())]
        action = action_of(word, self.face.page.page_name)
        found = acts.arguments(self, action.verb) if action is not None else ()
        return [f"{action.verb} {one}" for one in found if one.startswith(text)] if action else ()

    def begin(
        self,
        title: str,
        call: Callable[[GoOn], object],
        then: Callable[[object], None] = lambda result: None,
        refused: Callable[[], None] = lambda: None,
    ) -> None:
        """Begin an act; its last word is shown wherever the manager is by then."""
        self.say(_("{}: begun; 9 shows how far it is").format(title))

        def ended(act: Act) -> None:
            if act.state is ActState.REFUSED:
                self.refuse(f"{title}: {act.refusal}")
                refused()
            else:
                from manager.results import short_of  # no first screen waits for what acts bring

                self.say(f"{title}: {short_of(act.so_far, self.clock.wall_ms())}")
                then(act.so_far)

        self.work.begin(title, call, ended)

    def aside(self, call: Callable[[], _T], then: Callable[[_T], None]) -> None:
        """Do what is no act on a thread, then `then` here; a refusal is shown."""
        self.work.aside(call, then, lambda fault: self.refuse(str(fault)))
