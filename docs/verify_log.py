#!/usr/bin/env python3
"""Verify the logs of a posterm shop with nothing but Python's standard library.

    python3 verify_log.py DIR [TERMINAL]

DIR is the shop's data directory. One line a terminal; exit 0 if all acknowledged entries are
there and as they were written, 74 if not. Written from kernel/FORMAT.md alone: it shares no
line with posterm, so that a fault of the one is not a fault of the other. It changes nothing.
"""

import fcntl
import json
import os
import re
import sys
from base64 import b64encode
from hashlib import sha256
from zlib import crc32

FORMAT = SCHEMA = 1
FRAME_LIMIT = 1 << 20
HEAD = re.compile(rb"[0-9a-f]{8} [A-Za-z0-9+/]{22} \{")
SEALED = re.compile(r"transaction\.wal\.(\d{12,})", re.ASCII)
MARK = re.compile(rb"(\d{16}) (\d{16}) (\d{16}) ([0-9a-f]{8})\n")
TERMINAL = re.compile(r"[A-Z0-9][A-Z0-9_-]{0,31}")


class Damaged(Exception):
    """What no crash can have left: (file, offset, LSN, meaning)."""


class Log:
    """What has been read of a log so far."""

    def __init__(self, terminal):
        self.terminal = terminal
        self.lsn, self.chain = 0, b"A" * 22
        self.epoch, self.boot = 0, None
        self.ends = {}  # (segment, offset) -> LSN of the entry that ends there


def bytes_of(path):
    """The whole file; None if there is none."""
    try:
        with open(path, "rb") as file:
            return file.read()
    except FileNotFoundError:
        return None


def frame_at(data, offset):
    """(end of the frame, chain value, body) if the CRC is right, else None."""
    newline = data.find(b"\n", offset, offset + FRAME_LIMIT)
    crc, covered = data[offset : offset + 9], data[offset + 9 : newline + 1]
    if newline < offset + 32 or crc != b"%08x " % crc32(covered) or covered[22:24] != b" {":
        return None
    return newline + 1, covered[:22], covered[23:-1]


def entry_of(body):
    """The JSON of a body with its numbers in place, else None."""
    try:
        entry = json.loads(body)
    except (ValueError, RecursionError):
        return None
    if not isinstance(entry, dict):
        return None
    sound = all(type(entry.get(key, 0)) is int for key in "netmd")
    return entry if sound and isinstance(entry.get("k"), str) else None


def read_segment(data, path, log):
    """Check every frame; (first LSN, end of the sound frames, what is wrong there, sealed)."""
    frame = frame_at(data, 0)
    first = entry_of(frame[2]) if frame else None
    if first is None or first["k"] != "segment":
        raise Damaged(path, 0, log.lsn + 1, "the first entry is missing or wrong")
    check_first(first, path, log)
    offset, sealed, segment = 0, False, first["n"]
    while offset < len(data):
        frame = frame_at(data, offset)
        if frame is None:
            fault = "wrong CRC" if b"\n" in data[offset:] else "cut short"
            return segment, offset, fault, sealed
        end, chain, body = frame
        digest = sha256(log.chain + b" " + body).digest()[:16]
        if b64encode(digest)[:22] != chain:
            return segment, offset, "the chain is broken", sealed
        entry = entry_of(body)
        if entry is None or entry.get("n") != log.lsn + 1:
            return segment, offset, "the LSN is not the next", sealed
        if sealed:
            raise Damaged(path, offset, log.lsn + 1, "an entry follows the seal")
        check_entry(entry, data, offset, path, log)
        sealed = entry["k"] == "seal"
        offset, log.chain, log.lsn = end, chain, entry["n"]
        log.ends[segment, end] = log.lsn
    return segment, offset, None, sealed


def check_first(first, path, log):
    """The segment is of this format and terminal and follows the one before."""
    if first.get("format", 0) > FORMAT or first.get("schema", 0) > SCHEMA:
        raise Damaged(path, 0, first["n"], "a newer format")
    if first.get("terminal") != log.terminal:
        raise Damaged(path, 0, first["n"], "the log of another terminal")
    name = SEALED.fullmatch(os.path.basename(path))
    if name and int(name[1]) != first["n"]:
        raise Damaged(path, 0, first["n"], "the name states another LSN")
    if first["n"] != log.lsn + 1:
        raise Damaged(path, 0, log.lsn + 1, "entries before this segment are missing")
    if first.get("prev", "").encode() != log.chain:
        raise Damaged(path, 0, first["n"], "it does not follow from the segment before")


def check_entry(entry, data, offset, path, log):
    """What an entry says about the log itself."""
    if entry.get("e", 0) > offset:
        raise Damaged(path, offset, entry["n"], "more was durable than was written")
    if entry["k"] in ("seal", "z"):
        if entry.get("sha256") != sha256(data[:offset]).hexdigest():
            raise Damaged(path, offset, entry["n"], f"wrong SHA-256 in the {entry['k']} entry")
    elif entry["k"] == "segment" and offset:
        raise Damaged(path, offset, entry["n"], "a segment inside a segment")
    elif entry["k"] == "start":
        if log.epoch and entry.get("epoch") != log.epoch + 1:
            raise Damaged(path, offset, entry["n"], "the epochs do not rise by one")
        log.epoch, log.boot = entry.get("epoch"), entry.get("boot")


def check_tail(data, offset, fault, durable, same_boot):
    """None if a crash can have left the bytes from `offset` on, else why not."""
    if offset < durable:
        return f"{fault or 'the end'} below offset {durable}, which was durable"
    if fault not in (None, "cut short", "wrong CRC"):
        return fault
    for head in HEAD.finditer(data, offset + 1):
        frame = frame_at(data, head.start())
        entry = entry_of(frame[2]) if frame else None
        if entry and entry.get("e", head.start()) > offset:
            return f"{fault}, but a later entry states that it was durable"
    if same_boot and b"\n" in data[offset:]:
        return f"{fault}, but the machine has not restarted since"
    return None


def read_mark(path):
    """(segment, offset, LSN) that are durable; None if there is no readable mark."""
    for _ in range(8):  # a till may be writing it
        match = MARK.fullmatch((bytes_of(path) or b"")[:60])
        if match and int(match[4], 16) == crc32(match[0][: match.start(4)]):
            return int(match[1]), int(match[2]), int(match[3])
    return None


def is_running(path):
    """Whether a process holds the terminal's lock."""
    try:
        with open(path, "rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def read_open(directory, running):
    """(the open segment or None, its first LSN or None, the mark), of one moment."""
    wal = os.path.join(directory, "transaction.wal")
    for _ in range(8):  # a till may be rotating
        mark = read_mark(os.path.join(directory, "durable"))
        data = bytes_of(wal)
        frame = frame_at(data, 0) if data is not None else None
        entry = entry_of(frame[2]) if frame else None
        first = entry["n"] if entry else None
        if not running or (mark and mark[0] == first):
            break
    if running and mark and data is not None:
        data = data[: mark[1] if mark[0] == first else frame[0] if frame else 0]
    return data, first, mark


def verify_terminal(directory, boot):
    """One line of what was verified. Raises `Damaged`. `boot` is this machine's boot id."""
    log = Log(os.path.basename(os.path.abspath(directory)))
    running = is_running(os.path.join(directory, "terminal.lock"))
    data, open_first, mark = read_open(directory, running)
    names, wal = os.listdir(directory), os.path.join(directory, "transaction.wal")
    firsts = sorted(int(match[1]) for match in map(SEALED.fullmatch, names) if match)
    firsts = [first for first in firsts if open_first is None or first < open_first]
    if data is None and not firsts:
        if "checkpoint" in names or (mark and mark[2] > 1):
            raise Damaged(wal, 0, mark[2] if mark else 1, "the log is gone")
        return f"{log.terminal}: sound, no log yet"
    note, segment, path = "", None, wal
    for first in firsts:
        path = os.path.join(directory, f"transaction.wal.{first:012d}")
        segment, end, fault, sealed = read_segment(bytes_of(path) or b"", path, log)
        if fault or not sealed:
            raise Damaged(path, end, log.lsn + 1, fault or "the seal is missing")
    if data is not None:
        segment, end, fault, sealed = read_segment(data, wal, log)
        durable = mark[1] if mark and mark[0] == segment else 0
        why = check_tail(data, end, fault, durable, log.boot == boot)
        if why and not (running and mark is None):
            raise Damaged(wal, end, log.lsn + 1, why)
        note = f", {len(data) - end} bytes torn by a crash" if fault else ""
        path = wal
    check_mark(mark, log, firsts, segment, (path, end))
    if running:
        note += ", running"
    elif data is None or sealed:
        note += ", rotation not finished"
    return f"{log.terminal}: sound to LSN {log.lsn}, chain {log.chain.decode()}{note}"


def check_mark(mark, log, firsts, last, log_end):
    """What the durable mark vouches for is there."""
    if mark is None:
        return
    if mark[0] > last:
        raise Damaged(*log_end, log.lsn + 1, f"LSN {mark[2]} was acknowledged and is gone")
    if mark[0] in (*firsts, last) and log.ends.get(mark[:2]) != mark[2]:
        path = os.path.join(os.path.dirname(log_end[0]), "durable")
        raise Damaged(path, 0, mark[2], "no entry ends where the mark says")


def boot_id():
    return (bytes_of("/proc/sys/kernel/random/boot_id") or b"unknown").decode().strip()


def main(root, only=None, boot=None):
    """Print a line a terminal; the exit code."""
    code, terminals = 0, os.path.join(root, "terminals")
    for name in filter(TERMINAL.fullmatch, sorted(os.listdir(terminals))):
        if only in (None, name):
            try:
                line = verify_terminal(os.path.join(terminals, name), boot or boot_id())
            except Damaged as damaged:
                line = "{}: DAMAGED {} at offset {}, LSN {}: {}".format(name, *damaged.args)
                code = 74
            print(line)  # noqa: T201  # a program of its own
    return code


if __name__ == "__main__":
    if len(sys.argv) not in (2, 3):
        sys.exit(__doc__.strip())
    sys.exit(main(*sys.argv[1:]))
