"""The posted lines of a sale: an immutable sequence that grows by one in constant time.

Versions share one list and differ in how much of it is theirs, so that adding the thousandth
line costs what the first did. Whoever appends to a version that is no longer the longest gets
a list of its own: correct in any order, copying only where histories part.
"""

from __future__ import annotations

from collections.abc import Iterator

from kernel.model.entries import Line, LineKind

__all__ = ["Postings"]


class Postings:
    """Lines by number, 1 is the first; `len`, iteration and `line(number)`."""

    __slots__ = ("_count", "_lines", "_reversals")

    def __init__(
        self,
        lines: list[Line] | None = None,
        reversals: dict[int, int] | None = None,
        count: int = 0,
    ) -> None:
        self._lines = [] if lines is None else lines
        self._reversals = {} if reversals is None else reversals
        self._count = count

    @classmethod
    def of(cls, lines: list[Line]) -> Postings:
        postings = cls()
        for line in lines:
            postings = postings.append(line)
        return postings

    def __len__(self) -> int:
        return self._count

    def __iter__(self) -> Iterator[Line]:
        return iter(self._lines[: self._count])

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Postings) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]  # compares by content, and nobody keys by it

    def __repr__(self) -> str:
        return f"Postings({list(self)!r})"

    def line(self, number: int) -> Line:
        """The line of that number. Raises `IndexError` if there is none."""
        if not 1 <= number <= self._count:
            raise IndexError(number)
        return self._lines[number - 1]

    def reversal_of(self, number: int) -> int | None:
        """The number of the line that reverses line `number`, if one does."""
        reversal = self._reversals.get(number)
        return reversal if reversal is not None and reversal <= self._count else None

    def append(self, line: Line) -> Postings:
        lines, reversals, count = self._lines, self._reversals, self._count
        if len(lines) != count:
            lines = lines[:count]
            reversals = {of: by for of, by in reversals.items() if by <= count}
        lines.append(line)
        if line.of is not None and line.kind is LineKind.VOID:
            reversals[line.of] = count + 1
        # Without the constructor, whose call is half of what a line costs here.
        grown = object.__new__(Postings)
        grown._lines, grown._reversals, grown._count = lines, reversals, count + 1
        return grown
