"""`operators.json`: who may work in this shop, and the proof that somebody is who he says.

The file is the manager's: trusted by its owner (`kernel.disk.owned`), changed under an operation
lock, replaced whole. Every question reads it anew, so that an operator who is disabled is out at
the next PIN. Hashes are argon2id with 8 MiB for about 100 ms; more than two at once on one
machine would take a busy shop's tills their time and memory, so each waits its turn by operation
locks. Tills may read the hashes, and a PIN of four digits does not withstand whoever has its hash
and an hour: what keeps people out is that a till counts wrong PINs, and that its users can't log
in on the machine. This module must never log or repeat a PIN.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from msgspec.structs import replace

from kernel.clock import Clock
from kernel.codec.operators import (
    OPERATORS_LIMIT,
    OPERATORS_LIMIT_BYTES,
    OperatorRecord,
    decode_operators,
    encode_operators,
    operator_name,
    pin_hash,
)
from kernel.coordination.unwritable import AS_MANAGER, unwritable
from kernel.disk.files import FILE_MODE, Disk
from kernel.disk.layout import Layout
from kernel.disk.lock import OperationLock
from kernel.disk.owned import read_owned, replace_owned
from kernel.errors import BadInput, Contention
from kernel.model.operators import (
    MANAGER_TERMINAL,
    Operator,
    Role,
    operator_number,
    pin_digits,
)
from kernel.words import gettext as _

__all__ = ["Operators", "PinHashes", "operators_of"]

_MEMORY_KIB = 8 * 1024
_PASSES = 12
_SALT_BYTES = 16
_HASH_BYTES = 32
_AT_ONCE = 2
_TURN_TIMEOUT_S = 10.0
_PAUSE_S = 0.01
_OPERATION = "operators"
# Of no PIN: an unknown number must take as long as a wrong PIN.
_NOBODY = "$argon2id$v=19$m=8192,t=12,p=1$AAAAAAAAAAAAAAAAAAAAAA$" + "A" * 43

Records = tuple[OperatorRecord, ...]


class PinHashes:
    """argon2id, two at a time a machine. Blocks its thread, and lets the others run meanwhile."""

    def __init__(
        self,
        disk: Disk,
        layout: Layout,
        *,
        clock: Clock,
        random_bytes: Callable[[int], bytes] = os.urandom,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        self._disk = disk
        self._layout = layout
        self._clock = clock
        self._random_bytes = random_bytes
        self._pause = pause

    def of(self, pin: str) -> str:
        """The text to keep of a PIN. Raises `BadInput`, `Contention`."""
        from argon2.low_level import Type, hash_secret  # 70 ms, once a process that asks for a PIN

        secret, salt = pin_digits(pin).encode(), self._random_bytes(_SALT_BYTES)
        with self._turn():
            return hash_secret(secret, salt, _PASSES, _MEMORY_KIB, 1, _HASH_BYTES, Type.ID).decode()

    def is_of(self, kept: str | None, pin: str) -> bool:
        """Whether `kept` was made of this PIN. None, for nobody's, takes as long to say no."""
        from argon2.exceptions import VerificationError
        from argon2.low_level import Type, verify_secret

        with self._turn():
            try:
                verify_secret((kept or _NOBODY).encode(), pin.encode(), Type.ID)
            except VerificationError:
                return False
        return kept is not None

    @contextmanager
    def _turn(self) -> Iterator[None]:
        """One of the two turns; raises `Contention` when none comes free."""
        deadline_s = self._clock.monotonic_s() + _TURN_TIMEOUT_S
        while True:
            for number in range(_AT_ONCE):
                path = self._layout.operation_lock(f"pin_{number + 1}")
                lock = OperationLock(
                    self._disk, path, clock=self._clock, timeout_s=0.0, pause=self._pause
                )
                try:
                    lock.__enter__()
                except Contention:
                    continue
                try:
                    yield
                finally:
                    lock.__exit__(None, None, None)
                return
            if self._clock.monotonic_s() >= deadline_s:
                raise Contention(
                    _(
                        "PINs have been checked without a pause for {:g} s; try again, and "
                        "if it stays so, end the process that hangs"
                    ).format(_TURN_TIMEOUT_S)
                )
            self._pause(_PAUSE_S)


class Operators:
    """The operators of one shop.

    `note` is told of each change before the file says so: an entry of the manager's log that
    tells of a change which a crash prevented is better than a change that nobody logged.
    """

    def __init__(
        self,
        disk: Disk,
        layout: Layout,
        hashes: PinHashes,
        *,
        clock: Clock,
        note: Callable[[str, str], None] = lambda what, who: None,
    ) -> None:
        self._disk = disk
        self._layout = layout
        self._hashes = hashes
        self._clock = clock
        self._note = note

    def all(self) -> tuple[Operator, ...]:
        """By number, disabled ones too; none in a shop without operators."""
        return operators_of(self._disk, self._layout)

    def find(self, number: str) -> Operator | None:
        """The operator of that number, active or not."""
        return next((one for one in self.all() if one.number == number), None)

    def add(self, number: str, *, name: str, role: Role, pin: str) -> Operator:
        """Raises `BadInput` where the number is taken or anything can't be used."""
        operator_number(number), operator_name(name)
        return self.enter(number, name=name, role=role, kept=self._hashes.of(pin))

    def enter(self, number: str, *, name: str, role: Role, kept: str) -> Operator:
        """`add` with the hash of a PIN, made by another process of the manager's."""
        record = OperatorRecord(
            number=operator_number(number),
            name=operator_name(name),
            role=role,
            pin=pin_hash(kept),
        )

        def added(records: Records) -> Records:
            if any(one.number == number for one in records):
                raise BadInput(
                    _("operator {} is there already; choose another number").format(number)
                )
            if len(records) >= OPERATORS_LIMIT:
                raise BadInput(_("a shop has at most {} operators").format(OPERATORS_LIMIT))
            return tuple(sorted((*records, record), key=lambda one: one.number))

        return self._change("operator_added", number, added)

    def set_active(self, number: str, active: bool) -> Operator:
        what = "operator_enabled" if active else "operator_disabled"
        return self._change(
            what, number, _changing(number, lambda one: replace(one, active=active))
        )

    def set_role(self, number: str, role: Role) -> Operator:
        return self._change(
            "operator_role", number, _changing(number, lambda one: replace(one, role=role))
        )

    def set_pin(self, number: str, pin: str) -> Operator:
        return self.keep_pin(number, self._hashes.of(pin))

    def keep_pin(self, number: str, kept: str) -> Operator:
        """`set_pin` with the hash of it."""
        kept = pin_hash(kept)
        return self._change(
            "operator_pin", number, _changing(number, lambda one: replace(one, pin=kept))
        )

    def check(self, number: str, pin: str) -> tuple[Operator | None, bool]:
        """(the operator of that number, whether he is active and this is his PIN)."""
        records = _records(self._disk, self._layout)
        record = next((one for one in records if one.number == number), None)
        kept = record.pin if record is not None and record.active else None
        proved = self._hashes.is_of(kept, pin)
        return (record.public if record is not None else None), proved

    def _change(self, what: str, number: str, change: Callable[[Records], Records]) -> Operator:
        lock = self._layout.operation_lock(_OPERATION)
        with OperationLock(self._disk, lock, clock=self._clock):
            before = _records(self._disk, self._layout)
            after = change(before)
            if _managers(before) and not _managers(after):
                raise BadInput(
                    _("operator {} is the only manager; make another one manager first").format(
                        number
                    )
                )
            changed = next(one.public for one in after if one.number == number)
            self._note(what, f"{number} {changed.role}")
            self._write(encode_operators(after))
        return changed

    def _write(self, data: bytes) -> None:
        if len(data) > OPERATORS_LIMIT_BYTES:
            raise BadInput(
                _("operators.json would have {} bytes; shorten the names").format(len(data))
            )
        path = self._layout.operators
        try:
            # Made where tills can't write, then renamed to where they can.
            own = self._layout.make_terminal(self._disk, MANAGER_TERMINAL).directory
            replace_owned(
                self._disk,
                self._layout,
                path,
                data,
                scratch=os.path.join(own, ".operators.json.next"),
                mode=FILE_MODE,
            )
        except OSError as fault:
            raise unwritable(path, fault, AS_MANAGER) from fault


def operators_of(disk: Disk, layout: Layout) -> tuple[Operator, ...]:
    """All of the shop, by number. Raises `BadConfiguration` where the file can't be trusted."""
    return tuple(record.public for record in _records(disk, layout))


def _records(disk: Disk, layout: Layout) -> Records:
    data = read_owned(disk, layout, layout.operators, OPERATORS_LIMIT_BYTES)
    return () if data is None else decode_operators(data, layout.operators)


def _changing(
    number: str, change: Callable[[OperatorRecord], OperatorRecord]
) -> Callable[[Records], Records]:
    def changed(records: Records) -> Records:
        if all(one.number != number for one in records):
            raise BadInput(
                _("there is no operator {!r:.20}; see `posterm operator list`").format(number)
            )
        return tuple(change(one) if one.number == number else one for one in records)

    return changed


def _managers(records: Records) -> int:
    return sum(one.active and one.role is Role.MANAGER for one in records)
