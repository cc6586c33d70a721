"""A file system as values: what processes see, what a power cut leaves, and what lies between.

A node is `bytes` (a file) or `dict` (a directory: name -> inode number). Nodes are never changed
in place but replaced, so a copy of a volume copies a few small dicts and no content, and the
hash of a file's bytes is computed once. Only `Volume.apply` may change a volume: replaying the
same operations from the same start must give the same volume.

What a sync promises is POSIX's minimum, not ext4's kindness: a sync of a file makes its bytes
and size durable but not its name; a sync of a directory makes its names durable. A rename is
one step, and durable with the directory that holds the new name. Modes, owners and the
existence of an inode are durable at once: a name alone decides whether anybody finds it.
"""

from __future__ import annotations

import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

__all__ = [
    "BLOCK_BYTES",
    "ROOT",
    "Attributes",
    "Change",
    "Mode",
    "Names",
    "Node",
    "Operation",
    "Reserve",
    "Resize",
    "Sync",
    "Unsynced",
    "Volume",
    "Write",
    "apply_names",
    "reachable",
    "with_what_they_need",
]

ROOT = 1
"""The inode number of `/`; 0 stands for no inode."""
BLOCK_BYTES = 4096
Node = bytes | dict[str, int]


class Attributes(NamedTuple):
    """What a node is born with; `mode` holds the file type."""

    mode: int
    uid: int


class Write(NamedTuple):
    """Bytes at an offset; a gap before it is filled with zeros."""

    inode: int
    offset: int
    data: bytes
    path: str

    def on(self, content: bytes) -> bytes:
        if len(content) < self.offset:
            content = content.ljust(self.offset, b"\0")
        return content[: self.offset] + self.data + content[self.offset + len(self.data) :]

    def __str__(self) -> str:
        return f"pwrite {self.path} at {self.offset}, {len(self.data)} bytes"


class Resize(NamedTuple):
    """A truncation, or growth with zeros."""

    inode: int
    size: int
    path: str

    def on(self, content: bytes) -> bytes:
        return content[: self.size].ljust(self.size, b"\0")

    def __str__(self) -> str:
        return f"ftruncate {self.path} to {self.size}"


class Names(NamedTuple):
    """Names that change together: (directory, name, inode or 0). One change is atomic on disk."""

    directory: int
    changes: tuple[tuple[int, str, int], ...]
    text: str
    born: Attributes | None = None

    def __str__(self) -> str:
        return self.text


class Sync(NamedTuple):
    """A sync of one file, or of one directory's names."""

    inode: int
    text: str

    def __str__(self) -> str:
        return self.text


class Reserve(NamedTuple):
    """Blocks held up to `end` beyond the file's size; a power cut gives them back."""

    inode: int
    end: int
    path: str

    def __str__(self) -> str:
        return f"reserve {self.path} to {self.end}"


class Mode(NamedTuple):
    """The permission bits of an existing file."""

    inode: int
    mode: int
    path: str

    def __str__(self) -> str:
        return f"chmod {self.path} {self.mode:o}"


Change = Write | Resize
_CHANGES = (Write, Resize)
"""The same for `isinstance`, which would make the union anew each time."""


class Unsynced(NamedTuple):
    """A change of a file that was not synced, and what the file held before it."""

    before: bytes
    change: Change


Operation = Write | Resize | Names | Sync | Reserve | Mode


@dataclass(slots=True)
class Volume:
    """One file system. `nodes` is what processes see, `durable` what survives a power cut.

    `unsynced` and `unsynced_names` hold, oldest first, what leads from one to the other.
    """

    nodes: dict[int, Node] = field(default_factory=lambda: {ROOT: {}})
    durable: dict[int, Node] = field(default_factory=lambda: {ROOT: {}})
    attributes: dict[int, Attributes] = field(
        default_factory=lambda: {ROOT: Attributes(stat.S_IFDIR | 0o755, 0)}
    )
    mtimes: dict[int, int] = field(default_factory=lambda: {ROOT: 0})
    unsynced: dict[int, list[Unsynced]] = field(default_factory=dict)
    unsynced_names: list[Names] = field(default_factory=list)
    reserved: dict[int, int] = field(default_factory=dict)
    ticks: int = 0
    capacity_bytes: int | None = None

    def copy(self) -> Volume:
        return Volume(
            nodes=dict(self.nodes),
            durable=dict(self.durable),
            attributes=dict(self.attributes),
            mtimes=dict(self.mtimes),
            unsynced={inode: list(changes) for inode, changes in self.unsynced.items()},
            unsynced_names=list(self.unsynced_names),
            reserved=dict(self.reserved),
            ticks=self.ticks,
            capacity_bytes=self.capacity_bytes,
        )

    def file(self, inode: int) -> bytes:
        content = self.nodes[inode]
        assert isinstance(content, bytes)
        return content

    def directory(self, inode: int) -> dict[str, int]:
        """Its names; look, don't touch."""
        content = self.nodes[inode]
        assert isinstance(content, dict)
        return content

    def allocated_bytes(self, inode: int) -> int:
        """In whole blocks, to the file's size or the end of its reservation; 0 for a directory."""
        content = self.nodes[inode]
        if isinstance(content, dict):
            return 0
        end = max(len(content), self.reserved.get(inode, 0))
        return -(-end // BLOCK_BYTES) * BLOCK_BYTES

    def next_inode(self) -> int:
        """The number of the next node to be born; none is ever used twice."""
        return len(self.attributes) + 1

    def apply(self, operation: Operation) -> None:
        """Do one operation as the running system would."""
        self.ticks += 1
        if isinstance(operation, _CHANGES):
            self._change_file(operation)
        elif isinstance(operation, Names):
            self._change_names(operation)
        elif isinstance(operation, Sync):
            self._sync(operation.inode)
        elif isinstance(operation, Reserve):
            self.reserved[operation.inode] = operation.end
        else:
            old = self.attributes[operation.inode]
            mode = stat.S_IFMT(old.mode) | operation.mode
            self.attributes[operation.inode] = old._replace(mode=mode)

    def settle(self) -> None:
        """Make everything durable, as an unmount does."""
        self.durable = dict(self.nodes)
        self.unsynced.clear()
        self.unsynced_names.clear()

    def _change_file(self, operation: Change) -> None:
        inode = operation.inode
        content = self.file(inode)
        if isinstance(operation, Resize) and operation.size <= len(content):
            self.reserved.pop(inode, None)  # as ext4 does, even when the size stays the same
        self.nodes[inode] = operation.on(content)
        self.unsynced.setdefault(inode, []).append(Unsynced(content, operation))
        self.mtimes[inode] = self.ticks

    def _change_names(self, operation: Names) -> None:
        if operation.born is not None:
            inode = operation.changes[0][2]
            assert inode == self.next_inode(), "replayed from another start"
            self.attributes[inode] = operation.born
            empty: Node = {} if stat.S_ISDIR(operation.born.mode) else b""
            self.nodes[inode] = self.durable[inode] = empty
            self.mtimes[inode] = self.ticks
        apply_names(self.nodes, operation)
        self.unsynced_names.append(operation)
        for directory, _, _ in operation.changes:
            self.mtimes[directory] = self.ticks

    def _sync(self, inode: int) -> None:
        if isinstance(self.nodes[inode], bytes):
            self.durable[inode] = self.nodes[inode]
            self.unsynced.pop(inode, None)
            return
        waiting = self.unsynced_names
        asked = [place for place, names in enumerate(waiting) if names.directory == inode]
        if not asked:
            return
        synced = with_what_they_need(waiting, asked)
        for place in sorted(synced):
            apply_names(self.durable, waiting[place])
        self.unsynced_names = [names for place, names in enumerate(waiting) if place not in synced]


def apply_names(nodes: dict[int, Node], operation: Names) -> None:
    """Do it in `nodes`; a directory that changes is replaced."""
    for directory, name, inode in operation.changes:
        old = nodes[directory]
        assert isinstance(old, dict)
        entries = dict(old)
        if inode:
            entries[name] = inode
        else:
            entries.pop(name, None)
        nodes[directory] = entries


def with_what_they_need(operations: Sequence[Names], chosen: Iterable[int]) -> set[int]:
    """`chosen` places in `operations`, and all earlier ones that touch the same names.

    A file system may lose any name change, yet never one name's past while keeping its future.
    """
    closed = set(chosen)
    touched: set[tuple[int, str]] = set()
    for place in range(len(operations) - 1, -1, -1):
        names = {(directory, name) for directory, name, _ in operations[place].changes}
        if place in closed or touched & names:
            closed.add(place)
            touched |= names
    return closed


def reachable(nodes: Mapping[int, Node], top: int = ROOT) -> set[int]:
    """Every inode that a path leads to from `top`, itself included."""
    found = {top}
    waiting = [top]
    while waiting:
        content = nodes[waiting.pop()]
        if isinstance(content, dict):
            new = set(content.values()) - found
            found |= new
            waiting.extend(new)
    return found
