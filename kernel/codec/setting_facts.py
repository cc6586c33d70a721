"""What can be set, told from the types themselves: so no list of settings can fall behind them.

Only people ask for this. It must never decide what a document may hold: `settings` does.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Any, Literal, get_args, get_type_hints

import msgspec
from msgspec import Struct

from kernel.codec.configuration import Value
from kernel.codec.settings import LocalSettings, Settings
from kernel.words import gettext as _

__all__ = ["SettingFacts", "setting_facts", "settings_schema"]


class SettingFacts(Struct, frozen=True):
    """One setting, for whoever asks what can be set."""

    key: str
    kind: str
    default: Value
    local: bool
    """A single till may have a value of its own."""
    description: str


def setting_facts() -> tuple[SettingFacts, ...]:
    """Every setting, in the order of the documents."""
    hints = get_type_hints(Settings, include_extras=True)
    defaults = Settings()
    return tuple(
        SettingFacts(
            key=key,
            kind=_kind_text(hints[key]),
            default=getattr(defaults, key),
            local=key in LocalSettings.__struct_fields__,
            description=_(_said(hints[key], "description")),
        )
        for key in Settings.__struct_fields__
    )


def settings_schema() -> bytes:
    """The JSON schema of the shop's values, for editors and other programs."""
    return msgspec.json.encode(msgspec.json.schema(Settings))


def _kind_text(hint: Any) -> str:
    """The type of a setting and its bounds in a few words."""
    kind = hint.__origin__
    null = type(None) in get_args(kind)
    text = next((_plain(one) for one in get_args(kind) if null and one is not type(None)), None)
    said = text or _plain(kind)
    if _said(hint, "ge") is not None:
        said = _("{} {} to {}").format(said, _said(hint, "ge"), _said(hint, "le"))
    if _said(hint, "max_length") is not None:
        said = _("{}, at most {}").format(said, _said(hint, "max_length"))
    return _("{} or null").format(said) if null else said


def _said(hint: Any, what: str) -> Any:
    """What the annotations of a setting say of that; None where none does."""
    said = (getattr(meta, what) for meta in hint.__metadata__)
    return next((one for one in said if one is not None), None)


def _plain(kind: Any) -> str:
    kind = getattr(kind, "__origin__", kind) if hasattr(kind, "__metadata__") else kind
    if getattr(kind, "__origin__", None) is Literal:
        return ", ".join(get_args(kind))
    if getattr(kind, "__origin__", None) is tuple:
        return _("list of {}").format(_plain(get_args(kind)[0]))
    if issubclass(kind, StrEnum):
        return ", ".join(kind)
    return {str: _("text"), int: _("integer"), bool: _("true or false")}[kind]
