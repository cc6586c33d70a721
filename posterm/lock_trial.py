"""Whether two processes can ever hold one lock here, tried out with two independent locks.

The kernel's own lock and portalocker's must each shut out the other, from another process. It
proves nothing about a file system that is not known to be sound (there it may seem to work),
but where this fails, nothing may be sold. Only `posterm doctor` does this.

`python -m posterm.lock_trial WHOSE FILE` takes the lock in a process of its own: exit 0 got it,
3 was shut out.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import portalocker

import posterm
from kernel import TerminalInUse, trial_lock
from posterm.words import gettext as _

__all__ = ["lock_fault", "take"]

_TOOK, _SHUT_OUT = 0, 3
_TIMEOUT_S = 30


@contextmanager
def _portalocker(path: str) -> Iterator[None]:
    try:
        with portalocker.Lock(path, mode="a", timeout=0, fail_when_locked=True):
            yield
    except portalocker.LockException as taken:
        raise TerminalInUse(
            _("{} is locked; end the process that holds it").format(path)
        ) from taken


_LOCKS: dict[str, Callable[[str], AbstractContextManager[None]]] = {
    "kernel": trial_lock,
    "portalocker": _portalocker,
}


def lock_fault(path: str) -> str | None:
    """What is wrong with the locks of the file system of `path`, a file for the trial; or None."""
    for holder, lock in _LOCKS.items():
        with lock(path):
            for other in _LOCKS:
                if _outcome(other, path) != _SHUT_OUT:
                    return _("a process got {}'s lock while another held {}'s").format(
                        other, holder
                    )
    for other in _LOCKS:
        if _outcome(other, path) != _TOOK:
            return _("{}'s lock could not be taken though nobody held it").format(other)
    return None


def take(whose: str, path: str) -> int:
    """Take that lock here, for an instant; the exit code that says what came of it."""
    try:
        with _LOCKS[whose](path):
            return _TOOK
    except TerminalInUse:
        return _SHUT_OUT


def _outcome(whose: str, path: str) -> int:
    root = str(Path(posterm.__file__).parents[1])
    paths = os.pathsep.join(filter(None, (root, os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        [sys.executable, "-m", "posterm.lock_trial", whose, path],
        env={**os.environ, "PYTHONPATH": paths},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=_TIMEOUT_S,
        check=False,
    ).returncode


if __name__ == "__main__":
    sys.exit(take(sys.argv[1], sys.argv[2]))
