"""The walk over a segment's frames: CRC, chain value and LSN of each, in one place.

A shop's log is read at the speed of this walk: by a start, by `verify`, by the audit collector.
So the frames are not looked at one by one: those of a stretch of the log are cut, summed, hashed
and compared column by column, each column by one loop in C. That says whether all of them are
sound, and nothing else. Where one is not, `_first_fault` goes through the stretch frame by frame
and says which and why: it is what "sound" means, and a test holds the columns against it.

Pure. What a frame says is the caller's: `decode` turns a body into whatever has its LSN.
"""

from __future__ import annotations

import re
import sys
from array import array
from binascii import b2a_base64, hexlify
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from hashlib import sha256
from itertools import accumulate, repeat
from operator import add, attrgetter, itemgetter
from typing import Generic, NamedTuple, Protocol, TypeVar
from zlib import crc32

import msgspec

from kernel.codec.frame import HEAD_BYTES, link
from kernel.words import marked as N_

__all__ = [
    "CUT_SHORT",
    "NO_ENTRY",
    "WRONG_CHAIN",
    "WRONG_CRC",
    "WRONG_LSN",
    "Position",
    "Run",
    "Walk",
]

CUT_SHORT = N_("the entry is cut short")
WRONG_CRC = N_("the entry's CRC does not match")
WRONG_LSN = N_("the entry's LSN is not the next one")
WRONG_CHAIN = N_("the entry does not follow from the one before it")
NO_ENTRY = N_("the entry's JSON can't be read")

RUN_BYTES = 32 << 10
"""So much is looked at in one go: what is cut out of it stays in the processor's cache."""


class Position(NamedTuple):
    """Between two frames: the next one starts at `offset`, has `lsn` and follows `chain`."""

    offset: int
    chain: bytes
    lsn: int


class Numbered(Protocol):
    @property
    def lsn(self) -> int: ...


T = TypeVar("T", bound=Numbered)


class Run(NamedTuple, Generic[T]):
    """Sound frames that follow each other, from `start` up to `end`, by columns: what each says,
    its body with the space before it, its chain value."""

    start: int
    end: int
    said: Sequence[T]
    spaced: Sequence[bytes]
    chains: Sequence[bytes]

    @property
    def starts(self) -> Sequence[int]:
        """Where each frame starts, and in the end where the last one ends."""
        sizes = map(add, map(len, self.spaced), repeat(HEAD_BYTES))
        return list(accumulate(sizes, initial=self.start))


class Walk(Generic[T]):
    """From `at` over all sound frames in `data`.

    While `runs` goes on, `at` is where it has got to; at its end `fault` says what is wrong
    there, None where the data ends.
    """

    def __init__(
        self,
        data: bytes,
        at: Position,
        decode: Callable[[bytes], T],
        *,
        otherwise: Callable[[bytes], T] | None = None,
        base: int = 0,
    ) -> None:
        """`base` is the offset of the first byte of `data` in its segment.

        `otherwise` decodes all that `decode` does, and more, and may be slower.
        """
        self.at = at
        self.fault: str | None = None
        self._data = data
        self._decode = decode
        self._otherwise = otherwise or decode
        self._base = base

    def runs(self) -> Iterator[Run[T]]:
        """Each is given when `at` has passed it. Raises nothing on account of the data."""
        data, place = self._data, self.at.offset - self._base
        while place < len(data) and self.fault is None:
            end = data.rfind(b"\n", place, place + RUN_BYTES) + 1
            if not end:
                end = data.find(b"\n", place + RUN_BYTES) + 1
            if not end:
                self.fault = CUT_SHORT
                break
            lines = _lines_of(data, place, end)
            run = self._sound(lines)
            if run is None:
                sound, self.fault = _first_fault(lines, self.at, self._otherwise)
                run = self._sound(lines[:sound])
                assert run is not None, "one by one they are sound"
            if run.chains:
                self.at = Position(run.end, run.chains[-1], self.at.lsn + len(run.chains))
                place = run.end - self._base
                yield run

    def _sound(self, lines: list[bytes]) -> Run[T] | None:
        """These frames, with their newlines, if they all are sound."""
        at = self.at
        if not lines:
            return Run(at.offset, at.offset, (), (), ())
        crcs, covered, chains, begins, spaced = zip(*map(_cut, lines), strict=True)
        if b"".join(crcs) != _crcs_of(covered) or b"".join(begins) != b" {" * len(lines):
            return None
        digests = map(_digest, map(sha256, map(add, (at.chain, *chains), spaced)))
        # 16 bytes and 2 of zeros are 24 characters: a chain value and "AA".
        values = b2a_base64(b"\0\0".join((*map(_chained, digests), b"")), newline=False)
        if values != b"AA".join((*chains, b"")):
            return None
        said = self._decoded(spaced)
        if said is None:
            return None
        if list(map(_lsn, said)) != list(range(at.lsn, at.lsn + len(said))):
            return None
        return Run(at.offset, at.offset + sum(map(len, lines)), said, spaced, chains)

    def _decoded(self, spaced: Sequence[bytes]) -> list[T] | None:
        for decode in (self._decode, self._otherwise):
            with suppress(msgspec.DecodeError):
                return list(map(decode, spaced))
        return None


def _crcs_of(covered: Sequence[bytes]) -> bytes:
    """The first nine bytes that those frames should have, in a row."""
    crcs = array("I", map(crc32, covered))
    if sys.byteorder == "little":
        crcs.byteswap()
    return hexlify(crcs, " ", 4) + b" "


_lines_of = re.compile(rb".*\n").findall
_cut = itemgetter(slice(9), slice(9, None), slice(9, 31), slice(31, 33), slice(HEAD_BYTES - 1, -1))
_chained = itemgetter(slice(16))
_digest = type(sha256()).digest
_lsn = attrgetter("lsn")


def _first_fault(
    lines: list[bytes], at: Position, decode: Callable[[bytes], Numbered]
) -> tuple[int, str]:
    """(how many are sound, what is wrong with the next one)."""
    before, lsn = at.chain, at.lsn
    for sound, line in enumerate(lines):
        covered, body = line[9:], line[HEAD_BYTES:-1]
        if line[:9] != b"%08x " % crc32(covered) or covered[22:24] != b" {":
            return sound, WRONG_CRC
        if line[9:31] != link(before, body):
            return sound, WRONG_CHAIN
        try:
            said = decode(body)
        except msgspec.DecodeError:
            return sound, NO_ENTRY
        if said.lsn != lsn:
            return sound, WRONG_LSN
        before, lsn = line[9:31], lsn + 1
    raise AssertionError("all of them are sound")
