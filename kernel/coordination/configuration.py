"""The shop's configuration on disk: a draft, its published versions, each till's own settings.

A version is first written to the history, then put in place of `system_config.json`: that
rename publishes it, everything before it is a file that nobody reads. A reader sees the old
document or the new one. What is in force at a moment is the highest version whose effective
time has come, so a later version overrules an earlier one that still waits.

A bad document is refused by whoever meets it and changes nothing: the publisher keeps the old
file, a till the versions that it goes by. This module must never log an entry or send a
message; `kernel.terminal.configuring` does both.
"""

from __future__ import annotations

import os
from contextlib import suppress

from kernel.clock import Clock
from kernel.codec.configuration import (
    CONFIGURATION_LIMIT_BYTES,
    Published,
    Sign,
    Values,
    Verify,
    changed,
    decode_draft,
    decode_local,
    decode_published,
    encode_published,
    encode_values,
    parse_setting,
)
from kernel.coordination.suspended import sharing
from kernel.coordination.unwritable import unwritable
from kernel.disk.files import FILE_MODE, SHARED_FILE_MODE, Disk, read_file, replace_file
from kernel.disk.layout import Layout, system_config_number
from kernel.disk.lock import OperationLock
from kernel.errors import BadConfiguration, BadInput
from kernel.words import gettext as _
from kernel.words import marked as N_

__all__ = ["WAITING_LIMIT", "ConfigurationFiles"]

WAITING_LIMIT = 16
"""Versions that may wait for their effective time at once; a till keeps all of them."""
_ANOTHER_USER = N_("do it as a user who may write there")
_OPERATION = "configuration"
_EFFECTIVE_LIMIT_MS = 366 * 86_400_000


class ConfigurationFiles:
    """The documents of one shop. Every call reads them anew; nothing is kept in memory."""

    def __init__(
        self, disk: Disk, layout: Layout, *, clock: Clock, verify: Verify | None = None
    ) -> None:
        """With `verify`, what is published must be signed."""
        self._disk = disk
        self._layout = layout
        self._clock = clock
        self._verify = verify

    # --- published versions --------------------------------------------------------------

    def latest(self, *, trusted: str = "") -> Published | None:
        """The version published last, in force or not; None in a shop without any.

        `trusted` is the SHA-256 of one whose signature has been checked before. Raises
        `BadConfiguration` for a document that can't be used.
        """
        return self._published(self._layout.system_config, trusted)

    def version(self, number: int) -> Published | None:
        """That version out of the history. Raises `BadConfiguration`."""
        path = self._layout.system_config_version(number)
        published = self._published(path)
        if published is not None and published.version != number:
            raise BadConfiguration(
                _("{} can't be used: it holds version {}; restore it from a copy").format(
                    path, published.version
                )
            )
        return published

    def publish(
        self,
        values: Values | None = None,
        *,
        effective_ms: int | None = None,
        sign: Sign | None = None,
    ) -> Published:
        """Make the draft, or these `values` and no others, the next version; durable on return.

        It comes into force at `effective_ms`, at once without one. Raises `BadConfiguration`
        (the values; a history that can't be used), `BadInput` (the time; there is no draft),
        `Contention`, `DiskFull`.
        """
        with self._locked():
            before = self._last()
            now_ms = self._clock.wall_ms()
            effective_ms = now_ms if effective_ms is None else effective_ms
            self._check_time(effective_ms, now_ms, before)
            drafted = values is None
            if values is None:
                values = self._drafted(before, effective_ms)
            values = changed({}, values, _("the configuration"))
            data = encode_published(
                values, before, effective_ms=effective_ms, now_ms=now_ms, sign=sign
            )
            published = decode_published(data, _("the configuration"), self._verify)
            # The history first: whoever sees the version in place finds it there as well. After
            # a crash in between, the same version is made anew and written over it.
            self._write(self._layout.system_config_version(published.version), data)
            self._write(self._layout.system_config, data)
            if drafted:
                self._forget_draft()
        return published

    def _drafted(self, before: Published | None, effective_ms: int) -> Values:
        """What the draft makes of the version before."""
        draft = self.draft()
        if not draft:
            raise BadInput(_("there is no draft to publish; set a key with `posterm config set`"))
        if before is not None and before.effective_ms > effective_ms:
            raise BadInput(
                _(
                    "version {} waits for its time, and this draft would bring its changes "
                    "earlier; publish it for then or later, or all values by `posterm config "
                    "publish --input FILE`"
                ).format(before.version)
            )
        return changed(before.values if before is not None else {}, draft, _("the draft"))

    def _last(self) -> Published | None:
        """The version to follow. Where `system_config.json` is gone or damaged it is the highest
        of the history: a version is never given twice, sales name it for ever."""
        try:
            latest = self.latest()
        except BadConfiguration:
            latest = None
        if latest is not None:
            return latest
        with sharing(self._layout.coordination):
            names = self._disk.listdir(self._layout.coordination)
        numbers = map(system_config_number, names)
        highest = max((number for number in numbers if number is not None), default=0)
        return self.version(highest) if highest else None

    def _check_time(self, effective_ms: int, now_ms: int, before: Published | None) -> None:
        if not now_ms <= effective_ms <= now_ms + _EFFECTIVE_LIMIT_MS:
            raise BadInput(
                _(
                    "the effective time is past or more than a year ahead; give one to "
                    "come, or leave it out to publish at once"
                )
            )
        one, waiting = before, 0
        while one is not None and one.effective_ms > now_ms:
            waiting += 1
            if waiting == WAITING_LIMIT:
                raise BadInput(
                    _(
                        "{} versions wait for their effective time; publish again when one "
                        "of them has come into force"
                    ).format(waiting)
                )
            one = self.version(one.version - 1) if one.version > 1 else None

    # --- the draft -----------------------------------------------------------------------

    def draft(self) -> Values:
        """Changes that wait to be published; None sets a key back. Raises `BadConfiguration`."""
        data = self._read(self._layout.system_config_draft)
        return {} if data is None else decode_draft(data, self._layout.system_config_draft)

    def change_draft(self, key: str, text: str) -> Values:
        """Set one key in the draft, as a person types it; the changes that now wait."""
        value = parse_setting(key, text)
        with self._locked():
            draft = {**self.draft(), key: value}
            last = self._last()
            changed(last.values if last is not None else {}, draft, _("the draft"))
            data = encode_values(draft)
            self._write(self._layout.system_config_draft, data, mode=SHARED_FILE_MODE)
        return draft

    def discard_draft(self) -> None:
        """Drop all changes that wait."""
        with self._locked():
            self._forget_draft()

    def _forget_draft(self) -> None:
        path = self._layout.system_config_draft
        try:
            with suppress(FileNotFoundError):
                self._disk.unlink(path)
        except OSError as fault:
            raise unwritable(path, fault, _ANOTHER_USER) from fault

    # --- a till's own --------------------------------------------------------------------

    def local(self, terminal: str) -> Values:
        """What that till is told apart from the shop. Raises `BadConfiguration`."""
        path = self._layout.terminal(terminal).local_config
        data = self._read(path)
        return {} if data is None else decode_local(data, path)

    def change_local(self, terminal: str, key: str, text: str) -> Values:
        """Set one key of one till; it goes by it from its next start on."""
        value = parse_setting(key, text, local=True)
        path = self._layout.terminal(terminal).local_config
        with self._locked():
            values = changed(self.local(terminal), {key: value}, path, local=True)
            self._write(path, encode_values(values))
        return values

    # --- files ---------------------------------------------------------------------------

    def _published(self, path: str, trusted: str = "") -> Published | None:
        data = self._read(path)
        if data is None:
            return None
        return decode_published(data, path, self._verify, trusted=trusted)

    def _read(self, path: str) -> bytes | None:
        try:
            return read_file(self._disk, path, CONFIGURATION_LIMIT_BYTES)
        except OSError as fault:
            raise BadConfiguration(
                _("{} can't be read: {}; correct it or remove it").format(path, fault.strerror)
            ) from fault

    def _write(self, path: str, data: bytes, *, mode: int = FILE_MODE) -> None:
        directory, name = os.path.split(path)
        scratch = os.path.join(directory, f".{name}.next")
        try:
            replace_file(self._disk, path, data, scratch=scratch, mode=mode)
        except OSError as fault:
            raise unwritable(path, fault, _ANOTHER_USER) from fault

    def _locked(self) -> OperationLock:
        lock = self._layout.operation_lock(_OPERATION)
        return OperationLock(self._disk, lock, clock=self._clock)
