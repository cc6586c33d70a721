"""How little a start loads: every module that it does without is one nobody waits for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

from posterm import __version__
from posterm.overview import COMMANDS, WIDTH_LIMIT, overview
from tests.support.processes import CHECKOUT
from tests.support.pty_till import pty_till
from tests.support.register_shop import TILL, make_shop

CLICK = "import sys; from posterm.commands.group import run; sys.exit(run(sys.argv[1:]))"
MAIN = "from posterm.__main__ import main; main(); import sys; print(*sys.modules, file=sys.stderr)"
LATER = "print('ssl' in sys.modules); import ssl; print(ssl.create_default_context() is not None)"
OURS = """
import sys
from themes.loading import load_asyncio_without_tls
load_asyncio_without_tls()
import {modules}
{then}
ours = [sys.modules[name] for name in sorted(sys.modules) if name.split(".")[0] in
        ("kernel", "posterm", "manager", "themes")]
print(*(f"{{one.__name__}}.{{name}}" for one in ours for name, value in vars(one).items()
        if isinstance(value, type) and hasattr(value, "__dataclass_fields__")
        and value.__module__ == one.__name__))
"""


def answer(program: str, *arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=CHECKOUT,
        env=os.environ | {"PYTHONIOENCODING": "utf-8"} | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


@pytest.mark.parametrize("question", ["--version", "--help", "-h"])
def test_a_question_is_answered_without_click_in_the_same_words(question: str) -> None:
    for environment in ({}, {"POSTERM_LOCALE": "pseudo", "COLUMNS": "64"}):
        soon = answer(MAIN, question, **environment)
        late = answer(CLICK, question, **environment)
        assert (soon.returncode, soon.stdout) == (late.returncode, late.stdout), soon.stderr
    plain = answer(MAIN, question)
    assert plain.stdout.startswith((f"posterm {__version__}\n", "Usage: posterm [OPTIONS] COMMAND"))
    dear = {"click", "dataclasses", "inspect", "kernel", "typing"}
    assert dear & set(plain.stderr.split()) == set()


@pytest.mark.parametrize("columns", [20, 52, 53, 71, 80, 102, 103, 200])
def test_the_overview_looks_like_the_pages_of_click(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))
    shown = overview()
    paragraphs = shown.split("\n\n")
    title, codes = (" ".join(paragraphs[at].split()) for at in (1, -1))
    page = click.HelpFormatter(max_width=WIDTH_LIMIT)
    page.write_usage("posterm", "[OPTIONS] COMMAND [ARGS]...")
    page.write_paragraph()
    with page.indentation():
        page.write_text(title)
    with page.section("Options"):
        page.write_dl(
            [
                ("--version", "Show the version and exit."),
                ("-h, --help", "Show this message and exit."),
            ]
        )
    with page.section("Commands"):
        page.write_dl([(name, text) for name, (_module, text) in COMMANDS.items()])
    page.write_paragraph()
    with page.indentation():
        page.write_text(codes)
    assert shown == page.getvalue().rstrip("\n")


@pytest.mark.parametrize("question", ["--version", "--help"])
def test_an_answer_that_can_not_be_written_is_a_refusal(question: str) -> None:
    with open("/dev/full", "w") as full:
        asked = subprocess.run(
            [sys.executable, "-m", "posterm", question],
            cwd=CHECKOUT,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            timeout=60,
        )
    assert asked.returncode == 1
    assert asked.stderr.startswith("posterm: the output can't be written: ")
    assert asked.stderr.count("\n") == 1


REGISTER = "posterm.app, posterm.register.session, kernel.terminal.terminal"
CONSOLE = "manager.__main__, manager.app, manager.screens.terminals, kernel.terminal.floor"


@pytest.mark.parametrize("modules", [REGISTER, CONSOLE])
def test_no_screen_waits_for_tls_or_for_a_class_that_writes_its_own_code(modules: str) -> None:
    """A dataclass compiles six methods when it is made; a `Struct` costs a thirtieth of that."""
    loaded = answer(OURS.format(modules=modules, then=LATER))
    assert loaded.stdout.splitlines() == ["False", "True", ""], loaded.stderr


def test_both_screens_run_without_openssl(tmp_path: Path) -> None:
    make_shop(tmp_path / "shop")
    for arguments, shown in ((("register", TILL), "operator number"), (("manager",), "TILLS")):
        with pty_till(*arguments, "--data-dir", tmp_path / "shop") as screen:
            screen.wait_for(shown)
            assert "libssl" not in Path(f"/proc/{screen.child.pid}/maps").read_text()
