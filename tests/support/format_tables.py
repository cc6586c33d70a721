"""The tables of kernel/FORMAT.md, made from the structs that write the entries.

`python -m tests.support.format_tables` puts them into the page, between its two markers; a test
compares. So the page can't tell of a key that is not written, nor keep silent about one that is.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from types import UnionType
from typing import Literal, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, UNSET, Struct, UnsetType
from msgspec.structs import fields

from kernel.codec.configuration import SystemDocument, SystemFile
from kernel.codec.documents import ProcessIdentity, SessionData
from kernel.codec.messages import Message
from kernel.codec.operators import (
    ApprovalAnswer,
    ApprovalRequest,
    KeyDocument,
    OperatorRecord,
)
from kernel.codec.settings import Settings
from kernel.codec.shutdown import ShutdownOrder
from kernel.codec.tickets import Ticket
from kernel.model.entries import Act, Commit, Line, ParkedSale, Stamp, TaxAmount
from kernel.model.mail import Ack
from kernel.model.till_entries import AnyAct, Unsettled
from kernel.model.totals import TaxTotal, Totals
from tests.support.processes import CHECKOUT

__all__ = ["BEGIN", "END", "PAGE", "tables", "with_tables"]

PAGE = CHECKOUT / "kernel" / "FORMAT.md"
BEGIN = "<!-- tables: made by tests/support/format_tables.py -->"
END = "<!-- end of tables -->"

PARTS: dict[type[Struct], str] = {
    Commit: "commit (an object inside `tender` and `card_outcome`)",
    TaxAmount: "tax amount (an array, in this order)",
    ParkedSale: "parked sale (an object inside `suspend` and `recall`)",
    Ack: "acknowledgement (an array, in this order)",
    Unsettled: "unsettled sale (an object inside `z`)",
    Totals: "totals (an object inside `z`, one a currency)",
    TaxTotal: "tax total (an array inside totals, in this order)",
}
DOCUMENTS: dict[type[Struct], str] = {
    ProcessIdentity: "process identity (`terminal.lock`; `active_terminals.json`)",
    Ticket: "suspended sale (`shared/suspended/*`)",
    SessionData: "session (`session_data.json`)",
    Message: "message (`terminal_inbox/*`, `broadcast/*`)",
    ShutdownOrder: "shutdown order (`shutdown_signal.flag`; the body of a `shutdown` message)",
    OperatorRecord: "operator (`operators.json`: `format` 1 and an array `operators`)",
    KeyDocument: "key (`manager_key.json`, `signing_key`)",
    ApprovalRequest: "approval request (the body of an `approval_request` message)",
    ApprovalAnswer: "approval answer (the body of an `approval_answer` message)",
    SystemFile: "published configuration (`system_config.json` and its history)",
    SystemDocument: "document (an object inside a published configuration, as raw bytes)",
    Settings: "values (an object inside a document; `local_config.json` knows the first ones)",
}
UNITS = {
    "_minor": "minor units of the currency",
    "_ms": "ms",
    "_bytes": "bytes",
    "_milli_percent": "1/1000 %",
    "percent_milli": "1/1000 %",
    "_micro": "1/1,000,000",
    "quantity": "1/1000",
    "end": "bytes",
    "date": "YYYYMMDD",
}


def tables() -> str:
    """All of them, in Markdown."""
    parts = [_table("stamp (the first keys of every entry, all of them but `e` always)", Stamp)]
    parts.append(_table("common (may stand in every entry, right after `k`)", Act))
    common = {one.name for one in fields(Act)}
    for kind in get_args(AnyAct):
        parts.append(_table(f"`{kind.__struct_config__.tag}`", kind, leave_out=common))
    parts += [_table(name, part) for part, name in (PARTS | DOCUMENTS).items()]
    return "\n\n".join(parts)


def with_tables(page: str) -> str:
    """`page` with its tables made anew."""
    before, _, rest = page.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{tables()}\n\n{END}{after}"


def _table(name: str, kind: type[Struct], leave_out: set[str] | None = None) -> str:
    rows = list(_rows(kind, leave_out or set()))
    if not rows:
        return f"#### {name}\n\nNo keys of its own."
    head = ["| key | meaning | type | unit | default |", "|---|---|---|---|---|"]
    return "\n".join([f"#### {name}", "", *head, *rows])


def _rows(kind: type[Struct], leave_out: set[str]) -> Iterator[str]:
    hints = get_type_hints(kind)
    for one in fields(kind):
        if one.name in leave_out:
            continue
        meaning = one.name.replace("_", " ")
        default = _default(one.default, one.default_factory)
        kind_of = _type(hints[one.name])
        yield f"| `{one.encode_name}` | {meaning} | {kind_of} | {_unit(one.name)} | {default} |"


def _default(value: object, factory: object) -> str:
    if factory is not NODEFAULT:
        return "empty"
    if value is NODEFAULT:
        return "required"
    if value in (None, UNSET, ()):
        return "left out"
    return f"`{value}`" if value != "" else "empty"


def _unit(name: str) -> str:
    return next((unit for ending, unit in UNITS.items() if name.endswith(ending)), "")


def _type(hint: object) -> str:  # noqa: PLR0911  # one a kind
    arguments = [one for one in get_args(hint) if one not in (type(None), UnsetType)]
    if get_origin(hint) in (Union, UnionType):
        return " or ".join(_type(one) for one in arguments)
    origin = get_origin(hint) or hint
    if origin is Literal:
        return "one of " + ", ".join(f"`{one}`" for one in get_args(hint))
    if origin is tuple:
        inner = [_type(one) for one in arguments if one is not Ellipsis]
        return f"array of {inner[0]}" if Ellipsis in arguments else f"[{', '.join(inner)}]"
    if origin is dict:
        return f"object of {_type(arguments[1])}"
    assert isinstance(origin, type)
    if issubclass(origin, StrEnum):
        return "one of " + ", ".join(f"`{one.value}`" for one in origin)
    named = {int: "integer", str: "text", bool: "boolean", msgspec.Raw: "JSON"}
    named[datetime] = "text (ISO 8601 with zone)"
    if origin is Line:
        return "`line`, its `k` too"
    if issubclass(origin, Struct):
        return PARTS[origin].partition(" (")[0]
    return named[origin]


def _write(page: Path) -> None:
    page.write_text(with_tables(page.read_text()))


if __name__ == "__main__":
    _write(PAGE)
