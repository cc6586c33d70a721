"""Ways to spoil a till's log on a real disk, each drawn from a seed: what a thief, a bad disk, a
careless copy or a clever clerk could do. Each returns what it did, for the failed test."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from random import Random
from zlib import crc32

__all__ = ["DAMAGES", "Damage", "log_files", "resealed"]

Damage = Callable[[Path, Random], str]


def log_files(directory: Path) -> list[Path]:
    """The segments, oldest first; the open one is last."""
    sealed = sorted(directory.glob("transaction.wal.*"))
    return [*sealed, directory / "transaction.wal"]


def resealed(line: bytes) -> bytes:
    """A changed frame with a CRC that fits: only the chain can tell."""
    return b"%08x %b" % (crc32(line[9:]), line[9:])


def _flip(directory: Path, dice: Random) -> str:
    path = dice.choice(log_files(directory))
    data = bytearray(path.read_bytes())
    bit = dice.randrange(len(data) * 8)
    data[bit // 8] ^= 1 << bit % 8
    path.write_bytes(data)
    return f"bit {bit} of {path.name} flipped"


def _cut(directory: Path, dice: Random) -> str:
    path = dice.choice(log_files(directory))
    data = path.read_bytes()
    size = dice.randrange(len(data))
    path.write_bytes(data[:size])
    return f"{path.name} cut from {len(data)} to {size}"


def _zeros(directory: Path, dice: Random) -> str:
    path = dice.choice(log_files(directory))
    data = bytearray(path.read_bytes())
    start = dice.randrange(len(data))
    end = min(len(data), start + dice.randrange(1, 600))
    data[start:end] = bytes(end - start)
    path.write_bytes(data)
    return f"{path.name} zeroed from {start} to {end}"


def _swap(directory: Path, dice: Random) -> str:
    path, lines = _lines(directory, dice)
    first = dice.randrange(len(lines) - 1)
    lines[first], lines[first + 1] = lines[first + 1], lines[first]
    path.write_bytes(b"".join(lines))
    return f"{path.name}: lines {first} and {first + 1} swapped"


def _leave_out(directory: Path, dice: Random) -> str:
    path, lines = _lines(directory, dice)
    number = dice.randrange(len(lines))
    del lines[number]
    path.write_bytes(b"".join(lines))
    return f"{path.name}: line {number} left out"


def _repeat(directory: Path, dice: Random) -> str:
    path, lines = _lines(directory, dice)
    number = dice.randrange(len(lines))
    lines.insert(number, lines[number])
    path.write_bytes(b"".join(lines))
    return f"{path.name}: line {number} written twice"


def _edit(directory: Path, dice: Random) -> str:
    path, lines = _lines(directory, dice)
    number = dice.randrange(len(lines))
    digits = list(re.finditer(rb"[0-9]", lines[number][32:]))
    at = 32 + dice.choice(digits).start()
    other = b"%d" % ((int(lines[number][at : at + 1]) + 1) % 10)
    lines[number] = resealed(lines[number][:at] + other + lines[number][at + 1 :])
    path.write_bytes(b"".join(lines))
    return f"{path.name}: line {number} edited at {at}, its CRC made right"


def _remove(directory: Path, dice: Random) -> str:
    path = dice.choice(log_files(directory))
    path.unlink()
    return f"{path.name} removed"


def _rename(directory: Path, dice: Random) -> str:
    path = dice.choice(log_files(directory)[:-1])
    first = int(path.suffix[1:]) + dice.choice((-1, 1, 40))
    path.rename(directory / f"transaction.wal.{first:012d}")
    return f"{path.name} renamed to {first}"


def _replace(directory: Path, dice: Random) -> str:
    source, target = dice.sample(log_files(directory), 2)
    target.write_bytes(source.read_bytes())
    return f"{source.name} copied over {target.name}"


def _mark(directory: Path, dice: Random) -> str:
    path = directory / "durable"
    numbers = [int(text) for text in path.read_bytes().split()[:3]]
    which = dice.randrange(3)
    numbers[which] = max(0, numbers[which] + dice.choice((-300, -1, 1, 300)))
    line = b"%016d %016d %016d " % tuple(numbers)
    path.write_bytes(b"%b%08x\n" % (line, crc32(line)))
    return f"durable mark edited to {numbers}"


def _append(directory: Path, dice: Random) -> str:
    path = dice.choice(log_files(directory))
    rubbish = dice.choice((b"\n", b"rubbish", b"rubbish\n", bytes(300)))
    path.write_bytes(path.read_bytes() + rubbish)
    return f"{path.name}: {rubbish[:8]!r} appended"


def _lines(directory: Path, dice: Random) -> tuple[Path, list[bytes]]:
    path = dice.choice(log_files(directory))
    return path, path.read_bytes().splitlines(keepends=True)


DAMAGES: dict[str, Damage] = {
    "flip": _flip,
    "cut": _cut,
    "zeros": _zeros,
    "swap": _swap,
    "leave_out": _leave_out,
    "repeat": _repeat,
    "edit": _edit,
    "remove": _remove,
    "rename": _rename,
    "replace": _replace,
    "mark": _mark,
    "append": _append,
}
