"""The configuration: draft a value, publish what is drafted, drop it."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import TYPE_CHECKING

from kernel import BadInput, Publish, setting_facts
from kernel import gettext as _
from manager.acts.mail import ANSWERS_S
from manager.acts.named import among
from manager.dialogs import Prompt, Question
from manager.times import instant, when_text

if TYPE_CHECKING:
    from manager.console import Console

__all__ = ["discard", "publish", "set_value"]


def set_value(console: Console, text: str) -> None:
    key, _space, value = text.partition(" ")
    key = key or among(console.face.page.subject(), [one.key for one in setting_facts()])
    if not key:
        console.refuse(_("give a setting and its value: set cash_rounding_minor 5"))
    elif not value.strip():
        words = _("{} (null: its default)").format(key)
        try:
            now = console.face.page.value_of(key)
        except BadInput as fault:
            console.refuse(str(fault))  # there is no such setting
            return
        console.ask(Prompt(words, lambda said: _draft(console, key, said), now))
    else:
        _draft(console, key, value.strip())


def _draft(console: Console, key: str, value: str) -> None:
    def drafted(values: Mapping[str, object]) -> None:
        console.say(_("{} drafted; no till goes by it before p publishes").format(len(values)))
        console.face.page.look()

    if value:
        console.aside(partial(console.floor.configuration.change_draft, key, value), drafted)
    else:
        console.say(_("not changed"))


def publish(console: Console, text: str) -> None:
    def counted(draft: Mapping[str, object]) -> None:
        if not console.free:
            return
        if not draft:
            console.refuse(_("nothing is drafted; e edits a setting"))
        elif text:
            confirm(text, len(draft))
        else:
            words = _("in force when? (Enter: at once; +30s, +2h, 2026-01-31T06:00)")
            console.ask(Prompt(words, lambda said: confirm(said, len(draft))))

    def confirm(said: str, count: int) -> None:
        now_ms = console.clock.wall_ms()
        said = "" if said == "now" else said
        try:
            effective_ms = instant(said, now_ms)
        except BadInput as fault:
            console.refuse(str(fault))
            return
        if effective_ms is not None and effective_ms <= now_ms:
            console.refuse(_("{} is no time to come; give one, or none for at once").format(said))
            return
        when = _("at once")
        if effective_ms is not None:
            when = _("from {}").format(when_text(effective_ms, now_ms))
        words = _("Publish the draft ({} changed) to all tills, in force {}?").format(count, when)
        console.ask(Question(words, partial(_begin, console, effective_ms), key="p"))

    console.aside(console.floor.configuration.draft, counted)


def _begin(console: Console, effective_ms: int | None) -> None:
    order = Publish(effective_ms=effective_ms, wait_s=ANSWERS_S)
    console.begin(
        _("publish"),
        lambda go_on: console.floor.act(order, go_on),
        lambda result: console.face.page.look(),
    )


def discard(console: Console, text: str) -> None:
    def discard() -> None:
        console.aside(console.floor.configuration.discard_draft, dropped)

    def dropped(nothing: object) -> None:
        console.say(_("what was drafted is dropped"))
        console.face.page.look()

    console.ask(Question(_("Drop all that is drafted?"), discard, key="x"))
