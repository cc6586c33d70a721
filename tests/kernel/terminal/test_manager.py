"""An act is done once and answered, whichever process is MANAGER and however that ends."""

from __future__ import annotations

import json
import os
import signal
import threading
from pathlib import Path

import pytest
from msgspec import Struct

from kernel import (
    BadConfiguration,
    BadInput,
    CancelShutdown,
    ChangeOperator,
    Contention,
    Delivered,
    Floor,
    Operator,
    Publish,
    PublishedTo,
    Role,
    SaleRefused,
    SendNotice,
    ShutDown,
    ShutdownState,
    Terminal,
    TerminalInUse,
    as_manager,
    hashed_pin,
)
from kernel.codec.messages import FileName, Message, encode_body, encode_message
from kernel.disk.layout import Layout
from kernel.model.mail import message_id
from tests.support.processes import Child, python_child

CONSOLE = """
import sys
from kernel import Floor
with Floor.start(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.readline()
"""
# Dies as soon as it has begun an act.
FRAIL = """
import os, signal, sys
from kernel.terminal.acting import Acting
from kernel import Floor
Acting.do = lambda self, order, go_on: os.kill(os.getpid(), signal.SIGKILL)
with Floor.start(sys.argv[1]):
    print("ready", flush=True)
    sys.stdin.readline()
"""
HELLO = SendNotice(to="*", text="hello")


def entries(data_dir: Path, what: str) -> list[dict]:
    log = (data_dir / "terminals/MANAGER/transaction.wal").read_text()
    found = [json.loads(line[32:]) for line in log.splitlines()]
    return [entry for entry in found if entry["k"] == what]


def leftovers(data_dir: Path) -> list[str]:
    """Orders and answers that nobody took away."""
    names = os.listdir(data_dir / "terminals/MANAGER")
    inbox = (data_dir / "shared/cross_terminal_messages/terminal_inbox").iterdir()
    orders = [path.name for path in inbox if b'"type":"act"' in path.read_bytes()]
    return [*orders, *(name for name in names if "act_" in name or "order_" in name)]


def end(console: Child) -> None:
    console.say("end")
    assert console.wait() == 0


def test_without_a_console_the_command_is_manager_for_a_moment(data_dir: Path) -> None:
    sent = as_manager(data_dir, HELLO, Delivered)
    assert (sent.to, sent.expected) == ("*", ())
    assert [entry["message"] for entry in entries(data_dir, "sent")] == [sent.message]
    assert entries(data_dir, "stop"), "it is MANAGER no more"
    with Floor.start(data_dir):
        pass


def test_a_console_does_it_and_the_command_has_the_same_result(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir), python_child("-c", CONSOLE, data_dir) as console:
        console.wait_for_line("ready")
        sent = as_manager(data_dir, SendNotice(to="T1", text="hello", wait_s=20), Delivered)
        assert [(ack.terminal, ack.result) for ack in sent.answers] == [("T1", "applied")]
        assert sent.missing == ()
        end(console)
    assert len(entries(data_dir, "start")) == 1, "only the console was MANAGER"
    (taken,) = (one for one in entries(data_dir, "event") if one["what"] == "act_taken")
    assert (taken["detail"], len(taken["i"])) == ("message", 26)
    assert leftovers(data_dir) == []


@pytest.mark.parametrize(
    ("order", "error", "said"),
    [
        (SendNotice(to="T9", text="hello"), SaleRefused, "there is no terminal T9"),
        (Publish(document='{"currency":7}'), BadConfiguration, "the document can't be used"),
        (ChangeOperator(what="pin", number="1", pin_hash="1234"), SaleRefused, "hash can't be"),
        (ShutDown(grace_s=1, reason=""), SaleRefused, "reason is empty"),
    ],
)
def test_a_refusal_comes_back_as_what_it_is(
    data_dir: Path, order: SendNotice, error: type[Exception], said: str
) -> None:
    with python_child("-c", CONSOLE, data_dir) as console:
        console.wait_for_line("ready")
        with pytest.raises(error, match=said) as refusal:
            as_manager(data_dir, order, Struct)
        end(console)
    assert type(refusal.value) is error
    assert leftovers(data_dir) == []


def test_progress_is_told_while_the_console_waits_and_can_be_broken_off(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as till:
        with python_child("-c", CONSOLE, data_dir) as console:
            console.wait_for_line("ready")
            till.postman.stop()  # T1 answers nothing
            order = Publish(document="{}", wait_s=60)
            done = as_manager(data_dir, order, PublishedTo, lambda so_far: False)
            assert (done.version, done.missing) == (1, ("T1",))
            end(console)
    assert as_manager(data_dir, CancelShutdown(), ShutdownState).order is None


def test_a_shutdown_that_one_command_waits_for_is_cancelled_by_another(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as till:
        till.begin("S1", "EUR", "0001").add_line("TEA", 1, 250)
        with python_child("-c", CONSOLE, data_dir) as console:
            console.wait_for_line("ready")
            begun = threading.Event()
            states: list[ShutdownState] = []

            ended: list[bool] = []

            def follow(so_far: ShutdownState) -> bool:
                begun.set()
                return True

            def order() -> None:
                fire = ShutDown(grace_s=60, reason="fire", wait=True)
                ended.append(as_manager(data_dir, fire, ShutdownState, follow).cancelled)

            waiting = threading.Thread(target=order)
            waiting.start()
            assert begun.wait(20)
            states.append(as_manager(data_dir, CancelShutdown(), ShutdownState))
            waiting.join(20)
            assert not waiting.is_alive()
        assert states[0].order is not None and states[0].order.reason == "fire"
        assert ended == [True] and not till.stopped


def test_a_process_that_takes_no_acts_is_named_and_left_alone(data_dir: Path) -> None:
    with Terminal.start("MANAGER", data_dir):
        with pytest.raises(TerminalInUse, match=f"process {os.getpid()} .* takes no acts"):
            as_manager(data_dir, HELLO, Delivered)
    assert leftovers(data_dir) == []
    assert entries(data_dir, "sent") == []


def test_a_stopped_console_is_not_waited_for_for_ever(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kernel.terminal.manager._PATIENCE_S", 0.3)
    with python_child("-c", CONSOLE, data_dir) as console:
        console.wait_for_line("ready")
        console.signal(signal.SIGSTOP)
        with pytest.raises(TerminalInUse, match=f"process {console.pid} "):
            as_manager(data_dir, HELLO, Delivered)
        console.signal(signal.SIGCONT)
        end(console)
    assert entries(data_dir, "sent") == [], "the letter was taken back"


def test_who_is_interrupted_takes_the_act_back(data_dir: Path) -> None:
    with python_child("-c", CONSOLE, data_dir) as console:
        console.wait_for_line("ready")
        console.signal(signal.SIGSTOP)
        interrupt = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
        interrupt.start()
        with pytest.raises(KeyboardInterrupt):
            as_manager(data_dir, HELLO, Delivered)
        assert leftovers(data_dir) == []
        console.signal(signal.SIGCONT)
        end(console)
    assert entries(data_dir, "sent") == []


def test_an_act_whose_console_died_is_not_done_by_somebody_else(data_dir: Path) -> None:
    with python_child("-c", FRAIL, data_dir) as console:
        console.wait_for_line("ready")
        with pytest.raises(Contention, match="ended before it answered"):
            as_manager(data_dir, HELLO, Delivered)
    assert entries(data_dir, "sent") == []
    with Floor.start(data_dir) as floor:
        again = as_manager(data_dir, HELLO, Delivered)
        floor.stop()
    assert [entry["message"] for entry in entries(data_dir, "sent")] == [again.message]


PIN = "471108152342"
"""So long that no time or number of a log can look like it: 4711 stood in a heartbeat."""


def test_operators_are_changed_by_the_hash_of_a_pin_never_the_pin(data_dir: Path) -> None:
    kept = hashed_pin(data_dir, PIN)
    order = ChangeOperator(what="add", number="0001", name="Anna", role=Role.MANAGER, pin_hash=kept)
    with python_child("-c", CONSOLE, data_dir) as console:
        console.wait_for_line("ready")
        assert as_manager(data_dir, order, Operator).name == "Anna"
    with Terminal.start("T1", data_dir) as till:
        assert till.sign_on("0001", PIN).role is Role.MANAGER
    everything = b"".join(path.read_bytes() for path in data_dir.rglob("*") if path.is_file())
    assert PIN.encode() not in everything
    with pytest.raises(BadInput, match="PIN"):
        hashed_pin(data_dir, "47")


def test_an_act_in_a_till_s_name_is_refused(data_dir: Path) -> None:
    with Terminal.start("T1", data_dir) as till, Floor.start(data_dir):
        sent = till.send("MANAGER", "act", HELLO, 60)
        (ack,) = till.wait_acks(sent, 20)
    assert (ack.result, entries(data_dir, "sent")) == ("refused", [])


def test_an_act_that_its_group_could_have_written_is_set_aside(data_dir: Path) -> None:
    layout = Layout(str(data_dir))
    with Floor.start(data_dir) as floor, Terminal.start("T1", data_dir) as till:
        now_ms = int(os.stat(data_dir).st_mtime * 1000)
        letter = Message(
            format=1,
            id=message_id(now_ms, bytes(10)),
            sender="MANAGER",
            to="MANAGER",
            order=0,
            kind="act",
            created_ms=now_ms,
            expires_ms=now_ms + 600_000,
            body=encode_body(HELLO),
        )
        path = Path(layout.terminal_inbox, str(FileName.of(letter)))
        scratch = Path(layout.temp, "act.next")
        scratch.write_bytes(encode_message(letter))
        scratch.chmod(0o660)
        scratch.rename(path)
        # Once MANAGER has taken a message of T1's, it has looked at the other one too.
        assert till.wait_acks(till.send("MANAGER", "notice", {"text": "look"}, 60), 20)
        assert not floor.has_taken(letter.id)
    assert not path.exists()
    assert len(os.listdir(layout.cleanup)) == 1
    assert entries(data_dir, "sent") == []
