"""Configuration documents and what comes of them: the settings in force, each with its origin.

`system_config.json` is the shop's, published by version; `local_config.json` is one till's.
Decoding is strict: a key that nobody knows, a wrong type or a value out of bounds refuses the
whole document, because a shop that runs on half of what it was told is worse than one that runs
on what it had. This module must never open a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from hashlib import sha256
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct
from msgspec.structs import asdict

from kernel.codec.settings import LocalSettings, Settings
from kernel.codec.typed import convert, decode
from kernel.errors import BadConfiguration
from kernel.model.money import LIMIT
from kernel.words import gettext as _

__all__ = [
    "CONFIGURATION_LIMIT_BYTES",
    "Configuration",
    "Published",
    "Sign",
    "SystemDocument",
    "SystemFile",
    "Value",
    "Values",
    "Verify",
    "changed",
    "decode_draft",
    "decode_local",
    "decode_published",
    "decode_values",
    "encode_published",
    "encode_values",
    "parse_setting",
    "resolve",
]

CONFIGURATION_LIMIT_BYTES = 1 << 15
_FORMAT: Final = 1
_PURPOSE = b"posterm configuration 1\n"
"""Keeps a signature on one kind of document from standing under another."""

Value = str | int | tuple[str, ...] | None
"""What a setting can be; `bool` is an `int`."""
Values = Mapping[str, Value]
"""What one document sets: only those keys, each checked."""
Sign = Callable[[bytes], str]
"""The signature of some bytes."""
Verify = Callable[[bytes, str | None], bool]
"""Whether bytes with that signature, or with none, are believed to be the manager's."""

Digest = Annotated[str, Meta(pattern=r"^([0-9a-f]{64})?\Z")]
Instant = Annotated[int, Meta(ge=0, le=LIMIT)]


class SystemDocument(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What the manager publishes. Signed and hashed as the very bytes that stand in the file."""

    format: Literal[1] = _FORMAT
    version: Annotated[int, Meta(ge=1, le=LIMIT)]
    effective_ms: Instant
    published_ms: Instant
    previous: Digest
    """The `sha256` of the version before; empty for version 1."""
    values: Raw


class SystemFile(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`system_config.json`, and each `system_config.<version>.json` of its history."""

    sha256: Digest
    """SHA-256 (hex) of the bytes of `document`, which stands on a line of its own."""
    signature: str | None
    """Of `posterm configuration 1`, a newline and the same bytes, where the manager has a key."""
    document: Raw


class Published(Struct, frozen=True):
    """One version of the shop's configuration, checked."""

    version: int
    effective_ms: int
    published_ms: int
    previous: str
    sha256: str
    values: Values
    file: SystemFile
    """As it was published, for those who are to get the very same."""


class Configuration(Struct, frozen=True):
    """The settings in force. Version 0 is a shop that has published none."""

    version: int
    sha256: str
    effective_ms: int
    settings: Settings
    origins: Mapping[str, str]
    """Of every key: `default`, `system v7` or `local`."""

    def value(self, key: str) -> Value:
        """Raises `BadConfiguration` for a key that is none."""
        _known(key, Settings)
        value: Value = getattr(self.settings, key)
        return value

    def items(self) -> Iterator[tuple[str, Value, str]]:
        """Key, value and origin of every setting."""
        for key, value in asdict(self.settings).items():
            yield key, value, self.origins[key]


def resolve(published: Published | None, local: Values) -> Configuration:
    """Defaults, over them what the shop published, over that what the till was told."""
    shop = published.values if published is not None else {}
    version = published.version if published is not None else 0
    origins = dict.fromkeys(Settings.__struct_fields__, "default")
    origins |= dict.fromkeys(shop, f"system v{version}") | dict.fromkeys(local, "local")
    return Configuration(
        version=version,
        sha256=published.sha256 if published is not None else "",
        effective_ms=published.effective_ms if published is not None else 0,
        settings=convert({**shop, **local}, Settings),
        origins=origins,
    )


def decode_local(data: bytes, path: str) -> Values:
    """A till's own settings. Raises `BadConfiguration`, as all of these; `path` is for that."""
    return _decoded(data, LocalSettings, path)


def decode_values(data: bytes, path: str) -> Values:
    """A shop's settings that are to be published."""
    return _decoded(data, Settings, path)


def decode_draft(data: bytes, path: str) -> Values:
    """Changes to be published; None sets a key back to its default."""
    given = _object(data, path)
    set_back: dict[str, Value] = {key: None for key, value in given.items() if value is None}
    for key in set_back:
        _known(key, Settings)
    rest = {key: value for key, value in given.items() if value is not None}
    return {**set_back, **_checked(rest, Settings, path)}


def encode_values(values: Values) -> bytes:
    """JSON for people to read and to edit: a line for each key."""
    return msgspec.json.format(msgspec.json.encode(dict(values), order="sorted")) + b"\n"


def changed(values: Values, changes: Values, what: str, *, local: bool = False) -> Values:
    """`values` with `changes`, checked as a whole; `what` is what an error calls the result."""
    kind = LocalSettings if local else Settings
    kept = {key: value for key, value in {**values, **changes}.items() if value is not None}
    return _checked(kept, kind, what)


def parse_setting(key: str, text: str, *, local: bool = False) -> Value:
    """A value as a person types it: JSON where that fits the key, else the text itself."""
    kind = LocalSettings if local else Settings
    _known(key, kind)
    if text == "null":
        return None
    try:
        typed = [msgspec.json.decode(text)]
    except (ValueError, RecursionError):
        typed = []
    fault: ValueError | None = None
    for value in (*typed, text):
        try:
            return _converted({key: value}, kind)[key]
        except ValueError as refused:
            fault = fault or refused
    from kernel.codec.setting_facts import setting_facts  # only who is refused is told them

    takes = next(one.kind for one in setting_facts() if one.key == key)
    said = _("{} = {:.60} can't be used: {}; it takes {}")
    raise BadConfiguration(said.format(key, text, fault, takes)) from fault


def decode_published(
    data: bytes, path: str, verify: Verify | None = None, *, trusted: str = ""
) -> Published:
    """A published version whose checksum and, with `verify`, signature are right.

    The signature of the one whose SHA-256 is `trusted` has been looked at before.
    """
    file = _typed(data, SystemFile, path)
    signed = bytes(file.document)
    if sha256(signed).hexdigest() != file.sha256:
        raise _unusable(path, _("its SHA-256 is not that of its document"))
    known = file.sha256 == trusted
    if verify is not None and not known and not verify(_PURPOSE + signed, file.signature):
        raise _unusable(path, _("it is not signed by this shop's manager"))
    document = _typed(signed, SystemDocument, path)
    if (document.version == 1) != (document.previous == ""):
        raise _unusable(path, _("only version 1 may follow no other"))
    return Published(
        version=document.version,
        effective_ms=document.effective_ms,
        published_ms=document.published_ms,
        previous=document.previous,
        sha256=file.sha256,
        values=_decoded(bytes(document.values), Settings, path),
        file=file,
    )


def encode_published(
    values: Values, previous: Published | None, *, effective_ms: int, now_ms: int, sign: Sign | None
) -> bytes:
    """The next version after `previous`. Raises `BadConfiguration` if it is too large."""
    document = msgspec.json.encode(
        SystemDocument(
            version=previous.version + 1 if previous is not None else 1,
            effective_ms=effective_ms,
            published_ms=now_ms,
            previous=previous.sha256 if previous is not None else "",
            values=Raw(msgspec.json.encode(dict(values), order="sorted")),
        )
    )
    signature = msgspec.json.encode(sign(_PURPOSE + document) if sign is not None else None)
    digest = sha256(document).hexdigest().encode()
    data = b'{"sha256":"%b","signature":%b,"document":\n%b\n}\n' % (digest, signature, document)
    if len(data) > CONFIGURATION_LIMIT_BYTES:
        raise _unusable(_("the configuration"), _("it has {} bytes").format(len(data)))
    return data


def _decoded(data: bytes, kind: type[LocalSettings], path: str) -> Values:
    return _checked(_object(data, path), kind, path)


def _object(data: bytes, path: str) -> dict[str, Any]:
    given: dict[str, Any] = _typed(data, dict[str, Any], path)
    return given


def _checked(given: Mapping[str, Any], kind: type[LocalSettings], path: str) -> Values:
    try:
        return _converted(given, kind)
    except ValueError as fault:
        raise _unusable(path, str(fault)) from fault


def _converted(given: Mapping[str, Any], kind: type[LocalSettings]) -> Values:
    settings = convert(given, kind)
    return {key: getattr(settings, key) for key in given}


def _typed(data: bytes, kind: Any, path: str) -> Any:
    if len(data) > CONFIGURATION_LIMIT_BYTES:
        raise _unusable(path, _("it has {} bytes").format(len(data)))
    try:
        return decode(data, kind)
    except (ValueError, RecursionError) as fault:
        # ValueError: msgspec's own errors and broken UTF-8. RecursionError: nesting without end.
        raise _unusable(path, str(fault)) from fault


def _known(key: str, kind: type[LocalSettings]) -> None:
    if key in kind.__struct_fields__:
        return
    if key in Settings.__struct_fields__:
        raise BadConfiguration(
            _("{} is one for the whole shop; set it without a terminal and publish it").format(key)
        )
    raise BadConfiguration(
        _("there is no setting {!r:.60}; see `posterm config schema`").format(key)
    )


def _unusable(path: str, fault: str) -> BadConfiguration:
    return BadConfiguration(_("{} can't be used: {}; correct it or remove it").format(path, fault))
