"""`verify`: is every acknowledged entry of a shop there, and as it was written?

Every CRC, LSN, chain value and digest of every segment, the links between segments, the durable
mark and the checkpoint; FORMAT.md says what each is. What a crash may leave is a note, anything
else is damage. It must never change a byte nor keep a lock: people run it on a shop that sells,
and on the only copy that is left after a fire.
"""

from __future__ import annotations

import errno
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import NamedTuple

from kernel.codec.frame import open_frame
from kernel.codec.scan import first_position
from kernel.codec.segment_check import SegmentFacts, check_segment, unreadable
from kernel.disk.durable import Mark, read_mark
from kernel.disk.files import Disk, RealDisk, read_file
from kernel.disk.layout import Layout, TerminalPaths
from kernel.disk.lock import probe
from kernel.disk.recovery import CHECKPOINT_LIMIT_BYTES, SEGMENT_LIMIT_BYTES, sealed_segments
from kernel.disk.verdict import Finding, Snapshot, Verdict, judge
from kernel.disk.verify_ledger import check_ledger
from kernel.errors import BadConfiguration, BadInput
from kernel.model.identity import terminal_id
from kernel.words import gettext as _
from kernel.words import marked as N_

__all__ = ["Finding", "Progress", "Verdict", "verify"]

Progress = Callable[[int, int], None]
"""(bytes verified of one terminal, bytes it has)."""

PARALLEL_ABOVE_BYTES = 16 << 20
"""Below this, starting processes takes longer than they save."""
_SNAPSHOT_ATTEMPTS = 8


class _Asked(NamedTuple):
    """What `verify` was asked, the same for every terminal."""

    disk: Disk
    boot_id: str
    ledger: bool
    workers: int | None
    progress: Progress


def verify(
    disk: Disk,
    layout: Layout,
    terminal: str | None = None,
    *,
    boot_id: str,
    ledger: bool = False,
    workers: int | None = None,
    progress: Progress = lambda done, size: None,
) -> tuple[Verdict, ...]:
    """All terminals of the shop by name, or one. `ledger` also replays every entry.

    Raises `BadInput` (no such terminal), `BadConfiguration` (can't be read).
    """
    try:
        names = _terminals(disk, layout)
        if terminal is not None:
            if terminal not in names:
                raise BadInput(
                    _("there is no terminal {} in {}; it has {}").format(
                        terminal_id(terminal), layout.root, ", ".join(names) or _("none")
                    )
                )
            names = [terminal]
        asked = _Asked(disk, boot_id, ledger, workers, progress)
        return tuple(_verify_terminal(asked, layout.terminal(name)) for name in names)
    except OSError as fault:
        raise BadConfiguration(
            _(
                "{} can't be read: {}; check the data directory and run verify as a user "
                "who may read it"
            ).format(fault.filename or layout.root, fault.strerror)
        ) from fault


def _terminals(disk: Disk, layout: Layout) -> list[str]:
    found = []
    for name in sorted(disk.listdir(layout.terminals)):
        try:
            found.append(terminal_id(name))
        except BadInput:
            continue
    return found


def _verify_terminal(asked: _Asked, paths: TerminalPaths) -> Verdict:
    disk, progress = asked.disk, asked.progress
    snapshot = _snapshot(disk, paths)
    sizes = [disk.stat(path).st_size for path in snapshot.sealed]
    check = partial(_check_file, disk, mark=snapshot.mark)
    total = sum(sizes) + len(snapshot.data or b"")
    with _mapping(disk, sum(sizes), asked.workers) as mapped:
        facts = []
        done = 0
        for one, size in zip(mapped(check, snapshot.sealed), sizes, strict=True):
            facts.append(one)
            done += size
            progress(done, total)
    if snapshot.data is not None:
        facts.append(check_segment(snapshot.data, _marked(snapshot.data, snapshot.mark)))
        progress(total, total)
    verdict = judge(paths, snapshot, facts, asked.boot_id)
    if verdict.damages and not snapshot.running and probe(disk, paths.lock) is not None:
        # It was started while it was read: what looked like the end of a dead log is in motion.
        return _verify_terminal(asked, paths)
    if asked.ledger and verdict.sound:
        files = _segments(disk, paths, snapshot)
        found = check_ledger(files, snapshot.checkpoint, verdict.size_bytes, progress)
        return replace(verdict, damages=tuple(Finding(*one) for one in found))
    return verdict


def _segments(disk: Disk, paths: TerminalPaths, snapshot: Snapshot) -> Iterator[tuple[str, bytes]]:
    for path in snapshot.sealed:
        yield path, read_file(disk, path, SEGMENT_LIMIT_BYTES) or b""
    if snapshot.data is not None:
        yield paths.wal, snapshot.data


def _snapshot(disk: Disk, paths: TerminalPaths) -> Snapshot:
    """The open segment is read before the others are listed: a rotation meanwhile only turns
    what was read into a sealed segment, which is then left out."""
    running = probe(disk, paths.lock) is not None
    for _attempt in range(_SNAPSHOT_ATTEMPTS):
        mark = read_mark(disk, paths.durable)
        data = read_file(disk, paths.wal, SEGMENT_LIMIT_BYTES)
        checkpoint = read_file(disk, paths.checkpoint, CHECKPOINT_LIMIT_BYTES)
        found = first_position(data) if data is not None else None
        settled = mark is not None and found is not None and mark.segment == found[0].lsn
        if settled or not running:
            break
    if running and data is not None and mark is not None:
        # Beyond the mark the till is writing. The mark of an older segment means that it has
        # just opened this one: its first entry was synced before the file got its name.
        data = data[: mark.offset if settled else max(0, open_frame(data, 0))]
    before = [
        paths.segment(first)
        for first in sealed_segments(disk, paths)
        if found is None or first < found[0].lsn
    ]
    names = frozenset(disk.listdir(paths.directory))
    return Snapshot(running, names, mark, data, before, checkpoint)


def _check_file(disk: Disk, path: str, *, mark: Mark | None) -> SegmentFacts:
    """One sealed segment, in whichever process."""
    try:
        data = read_file(disk, path, SEGMENT_LIMIT_BYTES)
    except OSError as fault:
        if fault.errno in (errno.EACCES, errno.EPERM):
            raise
        return unreadable(N_("the segment can't be read: {}"), str(fault.strerror))
    if data is None:
        return unreadable(N_("the segment is gone"))
    return check_segment(data, _marked(data, mark))


def _marked(data: bytes, mark: Mark | None) -> int:
    """The offset that the durable mark states for this segment, else 0."""
    found = first_position(data) if mark is not None else None
    return mark.offset if mark and found is not None and found[0].lsn == mark.segment else 0


@contextmanager
def _mapping(
    disk: Disk, size_bytes: int, workers: int | None
) -> Iterator[Callable[[Callable[[str], SegmentFacts], list[str]], Iterable[SegmentFacts]]]:
    """`map`, in other processes where that saves time."""
    workers = len(os.sched_getaffinity(0)) if workers is None else workers
    if workers < 2 or size_bytes <= PARALLEL_ABOVE_BYTES or not isinstance(disk, RealDisk):
        yield map
        return
    from concurrent.futures import ProcessPoolExecutor  # 30 ms that no till needs to spend
    from multiprocessing import get_context

    # Not by fork: the caller may be a till with threads and locks.
    with ProcessPoolExecutor(workers, mp_context=get_context("forkserver")) as pool:
        yield pool.map
