"""A till in a process of its own that sends, or takes, numbered notes until it is killed.

    python -m tests.support.mail_child DIRECTORY send COUNT [anew]
    python -m tests.support.mail_child DIRECTORY take

The sender goes on after the last note that its log holds; after each `send` it prints
`told <n> <time>`, and `done` when all are answered. The receiver prints `took <n> <time>` when the
effect is durable. Times are CLOCK_MONOTONIC in ns, the same for all processes. With `anew` the
sender sends its last note again at each start, as if ids did not matter: a control.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path

from msgspec import Struct

from kernel import SaleRefused, Sent, Terminal
from kernel.codec.messages import Message
from kernel.disk.files import RealDisk
from kernel.disk.history import read_log
from kernel.disk.layout import Layout
from kernel.model.ledger import Ledger
from kernel.model.till_entries import Event, MessageSent
from kernel.terminal.delivery import Decided

__all__ = ["RECEIVER", "SENDER", "notes_of"]

SENDER, RECEIVER = "SENDER", "RECEIVER"
LIFETIME_S = 86_400.0


class Note(Struct):
    n: int


def notes_of(directory: Path | str, terminal: str) -> list[int]:
    """The numbers of the notes in a terminal's log, as sent or as taken, in order."""
    paths = Layout(os.path.abspath(directory)).terminal(terminal)
    found = []
    for entry in read_log(RealDisk(), paths, terminal_is_free=False):
        match entry.act:
            case Event(what="note", detail=str(detail)):
                found.append(int(detail))
            case MessageSent(what="note", body=body):
                found.append(int(bytes(body)[5:-1]))
            case _:
                pass
    return found


def _say(word: str, number: int) -> None:
    os.write(1, f"{word} {number} {time.monotonic_ns()}\n".encode())


def _take(message: Message, ledger: Ledger) -> Decided:
    number = message.read(Note).n
    return Decided(
        (Event(what="note", detail=str(number)),), follow_up=lambda: _say("took", number)
    )


def _send(directory: str, count: int, *, anew: bool, paced: bool) -> None:
    till = Terminal.start(SENDER, directory)
    sent = notes_of(directory, SENDER)
    os.write(1, b"ready\n")
    number = max(sent, default=-1) + (0 if anew and sent else 1)
    while number < count:
        try:
            message = till.send(RECEIVER, "note", Note(number), LIFETIME_S)
        except SaleRefused:
            _wait_for_one(till)  # as many as may wait for their answers do
            continue
        _say("told", number)
        number += 1
        if paced:
            till.wait_acks(message, 10.0)
    while _wait_for_one(till):
        pass
    os.write(1, b"done\n")
    till.stop()


def _wait_for_one(till: Terminal) -> bool:
    """Wait for the answer to the oldest message without one; False if there is none."""
    waiting = till.journal.read(lambda ledger: next(iter(ledger.mail.sent), None))
    if waiting is not None:
        till.wait_acks(Sent(waiting, RECEIVER, "note", 0), 10.0)
    return waiting is not None


def main(directory: str, role: str, count: str = "0", *ways: str) -> None:
    if role == "send":
        _send(directory, int(count), anew="anew" in ways, paced="paced" in ways)
        return
    Terminal.start(RECEIVER, directory, handlers={"note": _take})
    os.write(1, b"ready\n")
    while True:
        signal.pause()


if __name__ == "__main__":
    main(*sys.argv[1:])
