"""The settings of the shop: in force, where each comes from, and what is drafted beside it."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import TYPE_CHECKING

from msgspec import Struct, field
from textual.widget import Widget

from kernel import Configuration, SettingValue, setting_facts
from kernel import gettext as _
from manager.actions import Verb
from manager.screens.text import TextPage
from manager.sought import SoughtPage
from manager.times import when_text
from manager.widgets.panel import Listing, Panel, Row

if TYPE_CHECKING:
    from manager.board import Board

__all__ = ["ConfigurationPage"]


class _Seen(Struct, frozen=True):
    """What was read of the shop's documents at one time."""

    now: Configuration
    draft: dict[str, SettingValue]
    waiting: list[str] = field(default_factory=list)


class ConfigurationPage(SoughtPage):
    """A drafted value stands after an arrow beside the one in force: that is the difference."""

    page_name = "configuration"
    _seen: _Seen | None = None
    _only_changes = False
    _looked_for = 0

    def content(self) -> Iterable[Widget]:
        yield Panel(id="columns")
        yield Listing(id="body")

    def look(self) -> None:
        shop = self.console.floor.configuration

        now_ms = self.console.clock.wall_ms()

        def read() -> _Seen:
            waiting = [
                _("version {} from {}").format(one.version, when_text(one.effective_ms, now_ms))
                for one in shop.waiting()
            ]
            return _Seen(shop.in_force(), dict(shop.draft()), waiting)

        self.console.aside(read, self._read)

    def _read(self, seen: _Seen) -> None:
        self._seen = seen

    def show(self, board: Board) -> None:
        seen = self._seen
        if seen is None:
            self.set_heading(_("CONFIGURATION  reading..."))
            return
        newest = board.configuration
        if newest is not None and newest.version > max(seen.now.version, self._looked_for):
            self._looked_for = newest.version  # one that was published for later is in force
            self.look()
        waiting = "".join(f"  {one}" for one in seen.waiting)
        only = _("  only: {}").format(self._sought) if self._sought else ""
        self.set_heading(
            _("CONFIGURATION version {}  {} drafted").format(seen.now.version, len(seen.draft))
            + waiting
            + only
        )
        columns = f"  {_('setting'):<31}{_('from'):<12}{_('in force > drafted')}"
        self.query_one("#columns", Panel).show([Row(columns, "quiet")])
        nothing = [Row(_(" nothing is drafted; e edits a setting"), "quiet")]
        rows = [_row(seen, key) for key in self._keys()]
        self.query_one(Listing).show_items(rows or nothing)

    def feed(self, key: str) -> bool:
        if key == "enter" and self.subject():
            self._explain(self.subject())
            return True
        return self.query_one(Listing).feed(key)

    def act(self, word: str, text: str) -> None:
        if word == Verb.CHANGES:
            self._only_changes = not self._only_changes

    def subject(self) -> str:
        keys, marked = self._keys(), self.query_one(Listing).marked
        return keys[marked] if marked < len(keys) else ""

    def value_of(self, key: str) -> str:
        if self._seen is None:
            return ""
        drafted = self._seen.draft.get(key)
        return _text(drafted if drafted is not None else self._seen.now.value(key))

    def clear(self) -> bool:
        only_changes, self._only_changes = self._only_changes, False
        return super().clear() or only_changes

    def _keys(self) -> list[str]:
        seen = self._seen
        if seen is None:
            return []
        keys = [key for key, _value, _origin in seen.now.items()]
        return [
            key
            for key in keys
            if self._sought.casefold() in key and (key in seen.draft or not self._only_changes)
        ]

    def _is_drafted(self, key: str) -> bool:
        return self._seen is not None and key in self._seen.draft

    def _explain(self, key: str) -> None:
        fact = next(one for one in setting_facts() if one.key == key)
        where = _("shop or single till") if fact.local else _("whole shop")
        rows = [
            fact.description,
            "",
            _("type      {}").format(fact.kind),
            _("for       {}").format(where),
            _("default   {}").format(_text(fact.default)),
            _("in force  {}").format(_text(self._seen.now.value(key)) if self._seen else ""),
            *([_("drafted   {}").format(self.value_of(key))] if self._is_drafted(key) else []),
        ]
        self.console.face.push(TextPage(self.console, key.upper(), lambda: rows))


def _row(seen: _Seen, key: str) -> Row:
    value, origin = _text(seen.now.value(key)), seen.now.origins[key]
    drafted = key in seen.draft
    change = f" > {_text(seen.draft[key])}" if drafted else ""
    mark = "*" if drafted else " "
    return Row(f"{mark}{key:<31}{origin:<12}{value}{change}", "strong" if drafted else "")


def _text(value: SettingValue) -> str:
    """Texts as they are, the rest as JSON, as the command line shows them."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
