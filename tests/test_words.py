"""Every word that a person reads at a screen goes through gettext, translated when it is shown.

The search takes as prose what has two words in a row, and a single word where it can only be meant
for a person: in a row, a question, a message, a refusal.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.processes import CHECKOUT

PACKAGES = ("posterm", "manager", "themes")
# Tools of the command line and what reads its files speak English only.
ENGLISH = (
    "posterm/benchmark/",
    "posterm/simulation/",
    "posterm/catalog/",
    "posterm/diagnosis.py",
    "posterm/invoices.py",
    "posterm/lock_trial.py",
    "posterm/machine.py",
    "posterm/terminal_line.py",
)
# Of the kernel what refuses a cashier's act; its other messages speak English only.
REFUSES = frozenset(
    f"kernel/{name}.py"
    for name in (
        "disk/spool model/cards model/decisions model/ticket model/training "
        "terminal/drawer terminal/kicking terminal/returned_parts terminal/returning "
        "terminal/sale terminal/sale_tenders"
    ).split()
)
NOT_WORDS = {
    "age checked": "the reason that the log has of an age check, the same in every language",
    "item code": "names a field in a message of the kernel, which speaks English",
}
PROSE = re.compile(r"[A-Za-z]{2,}[,;:]? +[A-Za-z]{2,}")
WORD = re.compile(r"[A-Za-z]{2,}")
FOR_PEOPLE = frozenset({"Row", "Question", "Prompt", "SaleRefused", "BadInput", "fail", "message"})
TRANSLATED = frozenset({"_", "N_", "gettext", "ngettext", "marked", "counted"})
# Their text is for the developer, or no text at all.
NOT_SHOWN = frozenset({"compile", "split", "AssertionError", "RuntimeError", "query_one", "note"})
NOT_SHOWN |= {"next_command"}  # a command as it is typed


def bare(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each literal that a person would read as it stands."""
    yield from _walk(ast.parse(source), for_people=False)


def _walk(node: ast.AST, *, for_people: bool) -> Iterator[tuple[int, str]]:
    match node:
        case ast.Call():
            yield from _of_call(node)
        case ast.Assign(targets=[target], value=value):
            yield from _walk(value, for_people=_name(target) in FOR_PEOPLE)
        case ast.Assert():
            yield from _walk(node.test, for_people=False)
        case ast.Expr(value=ast.Constant()):
            return  # a docstring
        case ast.Constant(value=str() as text):
            if (WORD if for_people else PROSE).search(text):
                yield node.lineno, text
        case ast.JoinedStr():
            parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
            text = "".join(map(str, parts))
            if (WORD if for_people else PROSE).search(text):
                yield node.lineno, text
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _walk(child, for_people=False)


def _of_call(call: ast.Call) -> Iterator[tuple[int, str]]:
    """Its first argument is for people where the call is."""
    name = _name(call.func)
    if name in TRANSLATED or name in NOT_SHOWN:
        return
    if isinstance(call.func, ast.Attribute):
        yield from _walk(call.func.value, for_people=False)
    values = [*call.args, *(keyword.value for keyword in call.keywords)]
    for place, value in enumerate(values):
        yield from _walk(value, for_people=name in FOR_PEOPLE and place == 0)


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def early(source: str) -> Iterator[int]:
    """Lines that translate while a module is loaded, before anybody has chosen a language."""
    for statement in ast.parse(source).body:
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _early_calls(statement)


def _early_calls(node: ast.AST) -> Iterator[int]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.Call) and _name(child.func) in ("_", "gettext"):
            yield child.lineno
        yield from _early_calls(child)


def sources(*packages: str) -> Iterator[tuple[str, str]]:
    for package in packages:
        for path in sorted((CHECKOUT / package).rglob("*.py")):
            yield path.relative_to(CHECKOUT).as_posix(), path.read_text()


def test_no_screen_has_a_bare_literal() -> None:
    assert [
        f"{path}:{line}: {text}"
        for path, source in sources(*PACKAGES, "kernel")
        if path in REFUSES or not path.startswith((*ENGLISH, "kernel/"))
        for line, text in bare(source)
        if text not in NOT_WORDS
    ] == []


def test_nothing_is_translated_before_a_language_is_chosen() -> None:
    assert [
        f"{path}:{line}: mark it by N_, and translate it where it is shown"
        for path, source in sources(*PACKAGES, "kernel")
        for line in early(source)
    ] == []


def test_words_come_from_the_kernel_which_knows_the_language() -> None:
    direct = re.compile(r"^\s*(from gettext import gettext|import gettext)", re.MULTILINE)
    assert [path for path, source in sources(*PACKAGES, "kernel") if direct.search(source)] == []


@pytest.mark.parametrize(
    "source",
    [
        'raise SaleRefused("no")',
        'raise SaleRefused(f"{sku} refused")',
        'session.message = "recalled"',
        'rows = ["sale is open"]',
        'Row("READY")',
        'show(f"{count} lines in it")',
    ],
)
def test_a_bare_literal_is_found(source: str) -> None:
    assert [line for line, _text in bare(source)] == [1]


@pytest.mark.parametrize(
    "source",
    [
        'raise SaleRefused(_("press Total first"))',
        'Row(_("{} lines").format(3))',
        'assert found, "a reader of the code sees this"',
        'def act():\n    """A docstring of several words."""',
        'NAMES = "one two three".split()',
        'TABLE = {1: N_("not on file")}',
    ],
)
def test_what_is_translated_or_never_shown_is_not_found(source: str) -> None:
    assert list(bare(source)) == []


def test_a_word_translated_too_early_is_found() -> None:
    assert list(early('TABLE = {1: _("Void")}\ndef act():\n    _("Void")')) == [1]


def test_every_file_that_speaks_english_only_is_there() -> None:
    assert [path for path in (*ENGLISH, *REFUSES) if not (CHECKOUT / Path(path)).exists()] == []
