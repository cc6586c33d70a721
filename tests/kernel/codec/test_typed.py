"""Many threads may read a type for the first time at once, and the kernel does it nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterator

import pytest

from tests.support.processes import CHECKOUT, python_child

KERNEL = CHECKOUT / "kernel"

# In a process of its own: what it proves is that the process lives.
READERS = """
import sys, threading
from typing import Annotated
from msgspec import Meta, Struct, defstruct
from kernel.codec.typed import convert, decode

sys.setswitchinterval(1e-6)
text = Annotated[str, Meta(max_length=64)]
for turn in range(400):
    inner = defstruct("Inner", [("a", text), ("b", int)])
    outer = defstruct("Outer", [("id", text), ("inner", inner), ("more", dict[str, int])])
    together = threading.Barrier(3)

    def read(kind):
        together.wait()
        assert decode(b'{"id":"x","inner":{"a":"y","b":1},"more":{}}', kind).inner.b == 1
        assert convert({"id": "x", "inner": {"a": "y", "b": 2}, "more": {}}, kind).inner.b == 2

    threads = [threading.Thread(target=read, args=(outer,)) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
print("read")
"""


def test_threads_that_read_a_type_for_the_first_time_at_once_live_on() -> None:
    with python_child("-c", READERS) as child:
        child.wait_for_line("read")
        assert child.wait() == 0


def learned_late(source: str) -> Iterator[str]:
    """Types that are given to msgspec inside a function: perhaps in two threads at once."""
    for function in ast.walk(ast.parse(source)):
        if isinstance(function, ast.FunctionDef):
            for call in ast.walk(function):
                if isinstance(call, ast.Call):
                    name = ast.unparse(call.func)
                    typed = any(given.arg == "type" for given in call.keywords)
                    if name in ("msgspec.convert", "msgspec.json.Decoder") or (
                        name == "msgspec.json.decode" and typed
                    ):
                        yield ast.unparse(call)


def test_only_this_module_gives_msgspec_a_type_inside_a_function() -> None:
    found = {
        path.name: late
        for path in KERNEL.rglob("*.py")
        if (late := list(learned_late(path.read_text())))
    }
    assert set(found) == {"typed.py"}


@pytest.mark.parametrize(
    "call", ["msgspec.json.decode(x, type=T)", "msgspec.convert(x, T)", "msgspec.json.Decoder(T)"]
)
def test_a_planted_one_is_found(call: str) -> None:
    assert list(learned_late(f"def f(x):\n    return {call}\n")) == [call]
    assert not list(learned_late(f"read = {call}\n"))
