"""The audit log of one business date as somebody looks at it: page by page, filtered, exported.

Opening costs the same whatever the size: the end is read, and older lines when they are asked
for. It takes no lock and changes nothing but the file that an export writes.
"""

from __future__ import annotations

import csv
import os
import re
from collections.abc import Callable
from io import StringIO
from threading import Lock
from typing import NamedTuple

import msgspec

from kernel.codec.audit import LINE, AuditLine, decode_line
from kernel.disk.audit_places import AuditPlaces, FoundPlaces, Hint, Placed
from kernel.disk.audit_reader import audit_dates
from kernel.disk.layout import Layout
from kernel.disk.new_file import NewFile
from kernel.errors import BadInput
from kernel.terminal.host import Host
from kernel.terminal.trail import AuditFilter
from kernel.terminal.usable import usable
from kernel.words import gettext as _

__all__ = ["AuditView", "PlacedLine"]

PlacedLine = tuple[int, AuditLine]
"""(where it stands in its file, the line)."""

_EXPORT_BYTES = 1 << 20
_DATES_NAMED = 3
_PLAIN = re.compile(r"[ !#-\[\]-~]+")
"""What stands in JSON as it is."""
_COLUMNS = (
    "at", "terminal", "epoch", "lsn", "date", "event", "event_code", "transaction", "operator",
    "approver", "currency", "amount_minor", "line",
)  # fmt: skip


class AuditView:
    """What `wanted` shows of one date, the newest by default. Safe from many threads.

    Raises `BadInput` for a date without a file, `BadConfiguration` where nothing can be read.
    """

    def __init__(
        self,
        data_dir: str | os.PathLike[str],
        wanted: AuditFilter,
        host: Host | None = None,
        *,
        business_date: int | None = None,
    ) -> None:
        self._host = host or Host()
        self._layout = Layout.at(data_dir)
        self._wanted = wanted
        self._business_date = business_date
        self._lock = Lock()
        with usable(self._layout.root):
            try:
                self._places = AuditPlaces(self._host.disk, self._layout, business_date)
            except FileNotFoundError:
                said = _("there is no audit log of {}; the dates that have one: {}")
                dates = ", ".join(map(_date_text, self._newest_dates())) or _("none yet")
                raise BadInput(said.format(_date_text(business_date or 0), dates)) from None
            hint = _hint(wanted)
            everything = wanted == AuditFilter()
            self._found = None if everything else FoundPlaces(self._places, hint, self._shows)

    @property
    def size_bytes(self) -> int:
        with usable(self._layout.root):
            return self._places.size_bytes

    @property
    def looked_bytes(self) -> int:
        """How much of it was searched; all of it where nothing is filtered."""
        return self.size_bytes if self._found is None else self._found.looked_bytes

    @property
    def found(self) -> int | None:
        """How many lines the search has found so far; None where nothing is filtered."""
        return None if self._found is None else len(self._found)

    @property
    def turned(self) -> bool:
        """Whether it follows a file that nobody writes to any more: open another view."""
        with usable(self._layout.root):
            return self._business_date is None and not self._places.is_newest

    def dates(self) -> list[int]:
        """Of the older files, ascending."""
        with usable(self._layout.root):
            return audit_dates(self._host.disk, self._layout)

    def look(self, limit_bytes: int) -> bool:
        """Search on: what was appended, and so much of what is older; whether more is older."""
        if self._found is None:
            return False
        with usable(self._layout.root), self._lock:
            return self._found.look(limit_bytes)

    def last(self, count: int) -> list[PlacedLine]:
        """The newest lines, oldest first."""
        return self.before(self.size_bytes + 1, count)

    def first(self, count: int) -> list[PlacedLine]:
        """The oldest lines: of a search, those found so far."""
        return self.after(-1, count)

    def before(self, place: int, count: int) -> list[PlacedLine]:
        """The lines before that one, oldest first."""
        with usable(self._layout.root), self._lock:
            if self._found is None:
                return _decoded(self._places.before(min(place, self._places.size_bytes), count))
            return _decoded(self._read(self._found.before(place, count)))

    def after(self, place: int, count: int) -> list[PlacedLine]:
        """The lines behind that one."""
        with usable(self._layout.root), self._lock:
            if self._found is None:
                begin = 0 if place < 0 else self._places.begin_of_line(place + 1)
                return _decoded(self._places.after(begin, count))
            return _decoded(self._read(self._found.after(place, count)))

    def export(
        self, path: str, go_on: Callable[[int, int], bool] = lambda done, size: True
    ) -> int | None:
        """Write what it shows, oldest first, to a new file; how many lines that are.

        A name that ends in `.csv` gives a table, one in `.json` an array with an element a line,
        any other JSON Lines as they stand. `go_on` is told bytes done and in all, and ends it by
        returning False: then there is no file, and None comes back. Raises `BadInput` where it
        can't be written or is there already.
        """
        path = os.path.abspath(path)
        form = _FORMS.get(os.path.splitext(path)[1].casefold(), _LINES)
        try:
            with NewFile(self._host.disk, path) as file:
                file.write(form.head)
                count = self._write(file, form, go_on)
                if count is None:
                    raise _BrokenOffError
                file.write(form.foot)
                return count
        except _BrokenOffError:
            return None
        except OSError as fault:
            raise BadInput(
                _(
                    "the export can't be written to {}: {}; name a file that is not there "
                    "yet, in a directory that is"
                ).format(path, fault.strerror)
            ) from fault

    def close(self) -> None:
        with self._lock:
            self._places.close()

    def _newest_dates(self) -> list[int]:
        """A few, the newest last. The newest file's own date is among them where it has lines."""
        newest = AuditPlaces(self._host.disk, self._layout)
        try:
            last = _decoded(newest.before(newest.size_bytes, 1))
        finally:
            newest.close()
        dates = {*audit_dates(self._host.disk, self._layout), *(line.date for _, line in last)}
        return sorted(dates)[-_DATES_NAMED:]

    def _write(self, file: NewFile, form: _Form, go_on: Callable[[int, int], bool]) -> int | None:
        size, begin, count = self._places.size_bytes, 0, 0
        while begin < size:
            end = self._places.begin_of_line(min(size, begin + _EXPORT_BYTES))
            lines = self._places.lines(begin, end)
            rows = [form.row(decode_line(line)) for _, line in lines if self._shows(line)]
            file.write((form.between if count and rows else b"") + form.between.join(rows))
            count, begin = count + len(rows), max(end, begin + 1)
            if not go_on(min(begin, size), size):
                return None
        return count

    def _shows(self, line: bytes) -> bool:
        if not LINE.fullmatch(line):
            return False
        try:
            return self._wanted.shows(decode_line(line))
        except BadInput:
            return False  # not ours: `verify` names it

    def _read(self, places: list[int]) -> list[Placed]:
        return [line for place in places for line in self._places.line(place)]


class _BrokenOffError(Exception):
    """Leaves the file's `with`, so that nothing is left of it."""


def _hint(wanted: AuditFilter) -> Hint | None:
    """The rarest of what can be said of a wanted line in bytes."""
    if wanted.text is not None and _PLAIN.fullmatch(wanted.text):
        return Hint(wanted.text.lower().encode(), any_case=True)
    if wanted.operator is not None and _PLAIN.fullmatch(wanted.operator):
        return Hint(b'"%b"' % wanted.operator.encode())
    if wanted.kind is not None and _PLAIN.fullmatch(wanted.kind):
        kind = wanted.kind.encode()
        return Hint(b'"event_code":%b' % kind if kind.isdigit() else b'"event":"%b"' % kind)
    if wanted.terminal is not None:
        return Hint(b'{"terminal":"%b",' % wanted.terminal.encode())
    return None


def _decoded(placed: list[Placed]) -> list[PlacedLine]:
    found = []
    for place, line in placed:
        try:
            found.append((place, decode_line(line)))
        except BadInput:
            continue  # not ours: `verify` names it
    return found


def _date_text(date: int) -> str:
    """20261123 is `2026-11-23`."""
    return f"{date // 10_000}-{date // 100 % 100:02}-{date % 100:02}"


def _json_row(line: AuditLine) -> bytes:
    return line.text.encode()


def _json_line(line: AuditLine) -> bytes:
    return _json_row(line) + b"\n"


def _csv_row(line: AuditLine) -> bytes:
    values = msgspec.structs.asdict(line) | {"amount_minor": line.about_minor, "line": line.text}
    return _csv(tuple(values[name] for name in _COLUMNS))


def _csv(values: tuple[object, ...]) -> bytes:
    text = StringIO()
    csv.writer(text, lineterminator="\r\n").writerow(values)
    return text.getvalue().encode()


class _Form(NamedTuple):
    """How an export is written: a row a line, and what stands around and between them."""

    row: Callable[[AuditLine], bytes]
    head: bytes = b""
    between: bytes = b""
    foot: bytes = b""


_LINES = _Form(_json_line)
_FORMS = {
    ".csv": _Form(_csv_row, head=_csv(_COLUMNS)),
    ".json": _Form(_json_row, head=b"[\n", between=b",\n", foot=b"\n]\n"),
}
