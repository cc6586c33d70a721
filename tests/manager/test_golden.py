"""The console's screens as a manager has them, against the approved ones in tests/golden/manager.

`make approve` writes them anew: read the difference before you commit it.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from tests.support.console import Desk, console, tills
from tests.support.processes import CHECKOUT, Child
from tests.support.staff import CLEO, PINS, operators_json

GOLDEN = CHECKOUT / "tests" / "golden" / "manager"
APPROVING = "POSTERM_APPROVE" in os.environ
WIDE = (132, 43)
# What differs from run to run.
CHANGING = (
    (re.compile(r"\d{4}-\d\d-\d\d"), "dddd-dd-dd"),
    (re.compile(r"\b\d\d:\d\d(:\d\d)?\b"), lambda found: re.sub(r"\d", "d", found[0])),
    (re.compile(r"\b\d{9,12} *\b"), "ticket      "),
    (re.compile(r"  \d\d s\b"), "  ss s"),
    (re.compile(r" +\d+ +\d+ MiB"), " pid memory"),
    (re.compile(r"\d+ entries, \d+ segments, \d+ bytes, LSN \d+"), "e entries, LSN n"),
    (re.compile(r"\d+ lines in \d files"), "n lines in f files"),
)


def screen(desk: Desk) -> str:
    text = "\n".join(desk.rows)
    for pattern, plain in CHANGING:
        text = pattern.sub(plain, text)
    return text + "\n"


class Approved:
    """Compares one screen after the other, and tells of all that differ."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._wrong: list[str] = []

    async def is_like(self, name: str, *until: str) -> None:
        """The screen, once it shows all of `until`, is the approved one of that name."""
        for text in until:
            await self._desk.sees(text)
        file = GOLDEN / f"{name}.txt"
        if APPROVING:
            file.write_text(screen(self._desk))
        elif screen(self._desk) != file.read_text():
            self._wrong.append(f"--- {name}\n{screen(self._desk)}")

    def judge(self) -> None:
        assert not self._wrong, "if they are right, approve them: make approve\n" + "\n".join(
            self._wrong
        )


def does(child: Child, command: str) -> None:
    child.say(command)
    child.wait_for_line("did ")


def make_shop(data_dir: Path) -> None:
    directory = data_dir / "shared" / "coordination"
    directory.mkdir(parents=True)
    (directory / "operators.json").write_bytes(operators_json())


async def test_every_screen_at_80_by_24_is_the_approved_one(tmp_path: Path) -> None:
    make_shop(tmp_path)
    with tills(tmp_path, "REGISTER_01", "REGISTER_02") as child:
        for one in ("sell REGISTER_02", "hold REGISTER_02", "sell REGISTER_01", "pay REGISTER_01"):
            does(child, one)
        does(child, "sell REGISTER_01")
        async with console(tmp_path) as desk:
            approved = Approved(desk)
            await approved.is_like("sign-on", "operator number")
            await desk.type(CLEO, "enter")
            await desk.type(PINS[CLEO], "enter")
            level = ("is signed on", "idle  ", "1 selling", " 0   v0")
            await approved.is_like("terminals", *level, "3.99      1        3.99")
            await desk.command("message REGISTER_01 closing at six")
            await approved.is_like("question", "Send to REGISTER_01")
            await desk.press("y")
            await desk.sees("1 of 1 have taken it")
            await desk.press("4")
            does(child, "write REGISTER_02 out of change")
            await approved.is_like("messages", "1 taken", "out of change")
            await desk.press("5")
            await approved.is_like("suspended", "3.99 EUR")
            await desk.press("6", "v")
            await approved.is_like("integrity", "all is sound, checked", "verify: all is sound")
            does(child, "ask REGISTER_01")
            await desk.press("7")
            await approved.is_like("approvals", "ASKED 1", "3.99 > 0.00")
            await desk.command("set cash_rounding_minor 5")
            await desk.press("8", "/")
            await desk.type("round", "enter")
            await approved.is_like("configuration", "1 > 5", "only: round")
            await desk.press("enter")
            await approved.is_like("setting", "smallest cash amount")
            await desk.press("9")
            await approved.is_like("acts", "ACTS of this console 2")
            await desk.press("?")
            await approved.is_like("help", "HELP")
            await desk.press("escape", "ctrl+p")
            await desk.type("till")
            await approved.is_like("palette", "COMMANDS  till")
            await desk.press("escape", "escape", ":")
            await desk.type("s")
            await approved.is_like("command", ":s")
            await desk.press("escape", "L")
            await approved.is_like("locked", "LOCKED")
            approved.judge()


async def test_a_wide_screen_tells_the_process_of_each_till_too(tmp_path: Path) -> None:
    with tills(tmp_path, "REGISTER_01") as child:
        does(child, "sell REGISTER_01")
        async with console(tmp_path, size=WIDE) as desk:
            approved = Approved(desk)
            await approved.is_like("terminals-wide", "3.99", "item sold", "MiB", " 0   v0")
            approved.judge()
