"""A process of one Unix user of the shop: the manager's console, or somebody who hands an act in.

`python -m tests.support.act_user_child DIRECTORY USER GROUP WHAT`: a `console` says `ready` and
ends with a line on its input; an `act` sends a notice to all and says what came of it.
"""

from __future__ import annotations

import os
import sys
import tempfile

from kernel import Delivered, Floor, KernelError, SendNotice, as_manager

__all__: list[str] = []

HELLO = SendNotice(to="*", text="hello")


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


def main(directory: str, user: str, group: str, what: str) -> None:
    with tempfile.TemporaryDirectory() as elsewhere:
        # What Python loads late it loads now: this user may not be able to read it then.
        with Floor.start(elsewhere) as floor:
            as_manager(elsewhere, HELLO, Delivered)
            floor.status()
    os.setgroups([])
    os.setgid(int(group))
    os.setuid(int(user))
    os.umask(0o077)
    if what == "console":
        with Floor.start(directory):
            say("ready")
            sys.stdin.readline()
        return
    try:
        as_manager(directory, HELLO, Delivered)
    except KernelError as refusal:
        say(f"refused {type(refusal).__name__}: {refusal}")
    else:
        say("done")


if __name__ == "__main__":
    main(*sys.argv[1:])
