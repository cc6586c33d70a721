"""Every word that a person reads goes through gettext, translated when it is shown.

The search takes as prose what has two words in a row, and a single word where it can only be meant
for a person: in a row, a question, a message, a refusal. No tree and no file with words is left
out: what is not for people is named text by text, each with the reason.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from string import Formatter

import pytest

from tests.support.processes import CHECKOUT
from themes.words import Pseudo

PACKAGES = ("kernel", "posterm", "manager", "themes")
NO_WORDS_IN = {"kernel/__init__.py": "names of the front door, and where each stands"}
LOGGED = "the log has it, the same in every language"
NOT_WORDS = {
    "age checked": LOGGED,
    "audit log": LOGGED,
    "suspended sale expired": LOGGED,
    "purse forgotten": LOGGED,
    "customer left": LOGGED,
    "no answer": LOGGED,
    "left open": LOGGED,
    "Simulated cashier": "an operator's name",
    "Whole Milk 2pt": "an item's name",
    "check digit": "a value that no screen shows",
    "open, asked for at {} ms\n": "a file for whoever opens the drawer",
    "pip install '>='": "a command as it is typed",
    "ACK   ": "a line for scripts",
}
PROSE = re.compile(r"[A-Za-z]{2,}[,;:]? +([a-z] +)?[A-Za-z]{2,}")
WORD = re.compile(r"(?!posterm\b)\b[A-Za-z]{2,}")
SQL = re.compile(r"\s*(SELECT|INSERT|PRAGMA|CREATE|WHERE|BEGIN)\b")
REFUSALS = "BadConfiguration BadInput Contention Damage DiskFull Poisoned SaleRefused Stopped"
FOR_PEOPLE = frozenset({"Row", "Question", "Prompt", "fail", "message", "echo", "Check"})
FOR_PEOPLE |= {*REFUSALS.split(), "TerminalInUse"}
SHOWN_AS = frozenset({"label", "help", "short_help", "prompt"})  # keywords of click
TRANSLATED = frozenset({"_", "N_", "gettext", "ngettext", "marked", "counted"})
# They are given the name of what they refuse, and translate it where they refuse.
NAMED = frozenset({"check_minor", "optional_text", "refuse_card_in", "short_text", "text_of"})
NAMED |= {"refuse_card_number", "refuse_in_training", "_checked", "_printable", "_text"}
# Their text is for the developer, or no text at all.
NOT_SHOWN = frozenset({"compile", "split", "AssertionError", "RuntimeError", "query_one", "cast"})
NOT_SHOWN |= {"next_command"}  # a command as it is typed
# What they say is kept in the log, or read by another terminal: English, whatever is spoken here.
NOT_SHOWN |= {"Answer", "Complaint", "Unusable", "note"}


@cache
def parsed(source: str) -> ast.Module:
    return ast.parse(source)


def bare(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of each literal that a person would read as it stands."""
    yield from _walk(parsed(source), for_people=False)


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
            yield from _told(node, text, for_people=for_people)
        case ast.JoinedStr():
            parts = [part.value for part in node.values if isinstance(part, ast.Constant)]
            yield from _told(node, "".join(map(str, parts)), for_people=for_people)
            for part in node.values:
                if isinstance(part, ast.FormattedValue):
                    yield from _walk(part.value, for_people=for_people)
        case ast.IfExp():
            yield from _walk(node.test, for_people=False)
            yield from _walk(node.body, for_people=for_people)
            yield from _walk(node.orelse, for_people=for_people)
        case _:
            for child in ast.iter_child_nodes(node):
                yield from _walk(child, for_people=False)


def _told(
    node: ast.Constant | ast.JoinedStr, text: str, *, for_people: bool
) -> Iterator[tuple[int, str]]:
    if (WORD if for_people else PROSE).search(text) and not SQL.match(text):
        yield node.lineno, text


def _of_call(call: ast.Call) -> Iterator[tuple[int, str]]:
    """Its first argument is for people where the call is."""
    name = _name(call.func)
    if name in TRANSLATED or name in NOT_SHOWN:
        return
    if isinstance(call.func, ast.Attribute):
        yield from _walk(call.func.value, for_people=False)
    for place, value in enumerate(call.args):
        if not (name in NAMED and isinstance(value, ast.Constant)):
            yield from _walk(value, for_people=name in FOR_PEOPLE and place == 0)
    for keyword in call.keywords:
        yield from _walk(keyword.value, for_people=keyword.arg in SHOWN_AS)


def _name(node: ast.AST) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def early(source: str) -> Iterator[int]:
    """Lines that translate while a module is loaded, before anybody has chosen a language."""
    for statement in parsed(source).body:
        if not isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _early_calls(statement)


def _early_calls(node: ast.AST) -> Iterator[int]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        if isinstance(child, ast.Call) and _name(child.func) in ("_", "gettext"):
            yield child.lineno
        yield from _early_calls(child)


def no_sentence(source: str) -> Iterator[int]:
    """Lines that ask for a translation of what no catalogue can hold: text that is filled in."""
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Call) and _name(node.func) in ("_", "N_", "gettext", "marked"):
            told = node.args[0] if node.args else node
            filled = isinstance(told, ast.Call) and _name(told.func) == "format"
            if filled or isinstance(told, ast.JoinedStr | ast.BinOp):
                yield node.lineno


def misfilled(source: str) -> Iterator[tuple[int, str]]:
    """Sentences that are given more or fewer values than they have places."""
    for node in ast.walk(parsed(source)):
        match node:
            case ast.Call(
                func=ast.Attribute(
                    value=ast.Call(func=translate, args=[ast.Constant(value=str() as words)]),
                    attr="format",
                ),
                args=values,
            ) if _name(translate) in TRANSLATED and not any(
                isinstance(value, ast.Starred) for value in values
            ):
                if len(places(words)) != len(values) + len(node.keywords):
                    yield node.lineno, words
            case _:
                pass


def places(words: str) -> list[str]:
    """The `{}` of a sentence in their order, each with its name, conversion and format."""
    return [
        f"{name}!{conversion}:{form}"
        for _text, name, form, conversion in Formatter().parse(words)
        if name is not None
    ]


def sentences(source: str) -> Iterator[str]:
    for node in ast.walk(parsed(source)):
        if isinstance(node, ast.Call) and _name(node.func) in TRANSLATED:
            for told in node.args:
                if isinstance(told, ast.Constant) and isinstance(told.value, str):
                    yield told.value


@cache
def sources() -> tuple[tuple[str, str], ...]:
    return tuple(
        (path.relative_to(CHECKOUT).as_posix(), path.read_text())
        for package in PACKAGES
        for path in sorted((CHECKOUT / package).rglob("*.py"))
    )


def test_no_bare_literal_is_told_to_a_person() -> None:
    assert [
        f"{path}:{line}: {text}"
        for path, source in sources()
        if path not in NO_WORDS_IN
        for line, text in bare(source)
        if text not in NOT_WORDS
    ] == []


def test_nothing_is_left_out_of_the_search_for_no_reason() -> None:
    found = {path: {text for _, text in bare(source)} for path, source in sources()}
    assert [path for path in NO_WORDS_IN if not found.get(path)] == []
    assert set(NOT_WORDS) - set().union(*found.values()) == set()


def test_nothing_is_translated_before_a_language_is_chosen() -> None:
    assert [
        f"{path}:{line}: mark it by N_, and translate it where it is shown"
        for path, source in sources()
        for line in early(source)
    ] == []


def test_a_sentence_is_translated_first_and_filled_in_afterwards() -> None:
    assert [
        f"{path}:{line}: _('... {{}}').format(...)"
        for path, source in sources()
        for line in no_sentence(source)
    ] == []


def test_every_sentence_is_given_as_many_values_as_it_has_places() -> None:
    assert [
        f"{path}:{line}: {words}" for path, source in sources() for line, words in misfilled(source)
    ] == []


def test_a_longer_language_keeps_the_places_of_every_sentence() -> None:
    every = {words for _, source in sources() for words in sentences(source)}
    longer = Pseudo()
    assert [words for words in every if places(longer.gettext(words)) != places(words)] == []


def test_a_catalogue_is_made_of_the_names_that_are_translated_where_they_are_refused() -> None:
    command = (CHECKOUT / "docs" / "translating.md").read_text()
    asked_for = {name for name in NAMED if f" -k {name}:2" in command}
    assert asked_for == {name for name in NAMED if not name.startswith("_")}


def test_words_come_from_the_kernel_which_knows_the_language() -> None:
    direct = re.compile(r"^\s*(from gettext import gettext|import gettext)", re.MULTILINE)
    assert [path for path, source in sources() if direct.search(source)] == []


@pytest.mark.parametrize(
    "source",
    [
        'raise SaleRefused("no")',
        'raise DiskFull("full" if disk else _("gone"))',
        'raise SaleRefused(f"{sku} refused")',
        'session.message = "recalled"',
        'rows = ["sale is open"]',
        'names = "void a line"',
        'Row("READY")',
        'show(f"{count} lines in it")',
        "show(f\"{name or 'nobody at all'}\")",
        'click.echo(f"  damage: {path}")',
        'click.progressbar(label="selling")',
        'short_text(text, f"amount of line {number}", 5)',
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
        'click.echo(f"posterm: {said}")',
        'short_text(text, "tax code", 5)',
        'rows("SELECT name FROM fact")',
        'note("cleaned_up", f"{count} scratch files")',
    ],
)
def test_what_is_translated_or_never_shown_is_not_found(source: str) -> None:
    assert list(bare(source)) == []


def test_a_word_translated_too_early_is_found() -> None:
    assert list(early('TABLE = {1: _("Void")}\ndef act():\n    _("Void")')) == [1]


def test_a_sentence_that_is_filled_in_too_early_is_found() -> None:
    assert list(no_sentence('_(f"{n} lines")\n_("{} lines".format(n))\n_("{}").format(n)')) == [
        1,
        2,
    ]


def test_a_sentence_with_too_few_values_is_found() -> None:
    found = list(misfilled('_("{} of {!r:.4}").format(1)\n_("{} of {:g}").format(1, 2)'))
    assert found == [(1, "{} of {!r:.4}")]
