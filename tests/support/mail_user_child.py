"""A till that runs as a Unix user of its own, in the shop's group.

`python -m tests.support.mail_user_child DIRECTORY TERMINAL USER GROUP [TO]`: it takes notes and
prints what it took; with TO it sends one there and prints what became of it. A line on its input
ends it.
"""

from __future__ import annotations

import os
import sys
import tempfile

from kernel import Terminal
from kernel.codec.messages import Message
from kernel.model.ledger import Ledger
from kernel.model.till_entries import Event
from kernel.terminal.delivery import Decided

__all__: list[str] = []


def _take(message: Message, ledger: Ledger) -> Decided:
    def say() -> None:
        os.write(1, f"took {bytes(message.body).decode()} of {message.sender}\n".encode())

    return Decided((Event(what="note"),), follow_up=say)


def main(directory: str, terminal: str, user: str, group: str, *to: str) -> None:
    with tempfile.TemporaryDirectory() as elsewhere:
        # What Python loads late it loads now: this user may not be able to read it then.
        with Terminal.start("A", elsewhere) as alone:
            alone.send("*", "note", {"n": 1}, 60)
    os.setgroups([])
    os.setgid(int(group))
    os.setuid(int(user))
    os.umask(0o077)
    with Terminal.start(terminal, directory, handlers={"note": _take}) as till:
        os.write(1, b"ready\n")
        for name in to:
            sent = till.send(name, "note", {"n": 1}, 60)
            acks = till.wait_acks(sent, 20)
            os.write(1, f"told {[ack.result for ack in acks]}\n".encode())
        sys.stdin.readline()


if __name__ == "__main__":
    main(*sys.argv[1:])
