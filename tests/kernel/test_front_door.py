"""Every name of the front door is there, is loaded late, and is what a type checker sees."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import kernel
from tests.support.processes import CHECKOUT

FRONT_DOOR = CHECKOUT / "kernel" / "__init__.py"


def imported(source: str) -> dict[str, str]:
    """Name -> module, of the imports that only a type checker runs."""
    return {
        alias.asname or alias.name: node.module or ""
        for node in ast.walk(ast.parse(source))
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("kernel.")
        for alias in node.names
    }


def test_each_name_stands_in_all_three_places() -> None:
    names = imported(FRONT_DOOR.read_text())
    later = kernel._WHERE | {"SettingValue": "kernel.codec.configuration"}
    assert set(kernel.__all__) == set(names) == set(later)
    assert {name: later[name] for name in names} == names


def test_every_name_can_be_loaded_and_no_other() -> None:
    assert [name for name in kernel.__all__ if not hasattr(kernel, name)] == []
    assert not hasattr(kernel, "Layout")


def loaded_by(code: str) -> set[str]:
    """Modules that an interpreter has after running that."""
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; {code}; print(*sys.modules)"],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stdout.split())


def test_an_error_is_caught_without_loading_a_terminal() -> None:
    loaded = loaded_by("from kernel import KernelError, gettext")
    assert {one for one in loaded if one.startswith("kernel.")} == {"kernel.errors", "kernel.words"}


def test_a_register_starts_without_what_only_others_need() -> None:
    loaded = loaded_by("import posterm.app; from kernel import Terminal")
    heavy = {"pydantic", "cryptography", "argon2", "psutil", "watchdog", "portalocker", "babel"}
    consoles = {"kernel.terminal.floor", "kernel.terminal.manager", "kernel.terminal.shop_status"}
    assert loaded & (heavy | consoles) == set()


def test_who_only_looks_on_paints_without_what_acts_and_checks() -> None:
    first = "manager.__main__, manager.app, manager.screens.terminals"
    loaded = loaded_by(f"import {first}; from kernel import Floor")
    assert "kernel.terminal.floor" in loaded
    acts = {"act_desk", "acting", "export", "sale", "store_day", "terminal", "verification"}
    never = {f"kernel.terminal.{one}" for one in acts}
    never |= {"kernel.coordination.acts", "kernel.disk.verify", "kernel.codec.audit_words"}
    never |= {"kernel.codec.audit_acts", "kernel.terminal.retold", "json"}  # what an event needs
    heavy = {"pydantic", "cryptography", "argon2", "psutil", "watchdog", "portalocker", "babel"}
    assert loaded & (never | heavy | {"click", "manager.results"}) == set()


def test_the_front_door_is_where_it_says() -> None:
    assert Path(kernel.__file__) == FRONT_DOOR
