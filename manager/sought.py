"""A page that can be filtered by words: what is typed stays until Esc takes it back."""

from __future__ import annotations

from manager.page import Page

__all__ = ["SoughtPage"]


class SoughtPage(Page):
    """Shows only what holds `_sought`."""

    _sought = ""

    @property
    def filter_text(self) -> str:
        return self._sought

    def filter(self, text: str) -> None:
        self._sought = text

    def clear(self) -> bool:
        sought, self._sought = self._sought, ""
        return bool(sought)
