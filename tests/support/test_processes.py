"""Children say what they say, end when told, and never outlive the test that started them."""

from __future__ import annotations

import os
import select
import signal
from pathlib import Path

import pytest

from tests.support.processes import python_child

# Starts a child of its own through the same helper, tells its id, and waits for ever.
PARENT = """
import signal
from tests.support.processes import python_child
with python_child("-c", "import signal; print('ready'); signal.pause()") as child:
    child.wait_for_line("ready")
    print("child", child.pid)
    signal.pause()
"""


def ends(pid_file: int, timeout_s: float) -> bool:
    """Whether the process behind a pidfd has ended, or ends in time."""
    readable, _, _ = select.select([pid_file], [], [], timeout_s)
    return bool(readable)


def test_a_child_dies_when_the_process_that_started_it_is_killed() -> None:
    with python_child("-c", PARENT) as parent:
        child_file = os.pidfd_open(int(parent.wait_for_line("child ").split()[1]))
        try:
            assert not ends(child_file, 0)
            parent.signal(signal.SIGKILL)
            assert ends(child_file, 20)
        finally:
            if not ends(child_file, 0):
                signal.pidfd_send_signal(child_file, signal.SIGKILL)
            os.close(child_file)


def test_leaving_the_block_kills_the_child_and_what_it_started() -> None:
    program = (
        "import subprocess, sys, signal\n"
        "grandchild = subprocess.Popen([sys.executable, '-c', 'import signal; signal.pause()'])\n"
        "print('grandchild', grandchild.pid)\n"
        "signal.pause()\n"
    )
    with python_child("-c", program) as child:
        grandchild_file = os.pidfd_open(int(child.wait_for_line("grandchild").split()[1]))
    try:
        assert child.exit_code == -signal.SIGKILL
        assert ends(grandchild_file, 20)
    finally:
        os.close(grandchild_file)


def test_a_child_answers_on_its_input_and_ends_with_its_own_code() -> None:
    program = "import sys; print('heard ' + input()); print('why', file=sys.stderr); sys.exit(75)"
    with python_child("-c", program) as child:
        child.say("hello")
        assert child.wait_for_line("heard") == "heard hello"
        assert child.wait() == 75
        assert child.errors() == "why\n"


def test_lines_that_were_not_asked_for_are_passed_over_but_told() -> None:
    with python_child("-c", "print('one'); print('two'); print('three')") as child:
        assert child.wait_for_line("two") == "two"
        assert child.wait_for_line("three") == "three"
        assert child.story().splitlines()[:4] == ["--- output", "one", "two", "three"]


def test_a_line_that_never_comes_fails_with_all_that_was_said() -> None:
    with python_child("-c", "import sys; print('one'); sys.exit('no paper')") as child:
        with pytest.raises(AssertionError, match=r"(?s)'ACK'.*one.*no paper"):
            child.wait_for_line("ACK")


def test_a_silent_child_fails_the_wait_in_time() -> None:
    with python_child("-c", "import signal; signal.pause()") as child:
        with pytest.raises(AssertionError, match=r"did not print 'ACK' within 0.05 s"):
            child.wait_for_line("ACK", timeout_s=0.05)
        with pytest.raises(AssertionError, match=r"still runs after 0.05 s"):
            child.wait(timeout_s=0.05)


def test_a_child_runs_where_it_is_told_and_sees_what_it_is_given(tmp_path: Path) -> None:
    program = "import os; print(os.getcwd(), os.environ['POSTERM_DATA'])"
    with python_child("-c", program, cwd=tmp_path, environment={"POSTERM_DATA": "here"}) as child:
        assert child.wait_for_line("here") == f"{tmp_path} here"
