"""The differences of two texts, computed from the texts alone, so that a golden cannot confirm a wrong place."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher

_VALUE = re.compile(r"\s*(?:- +)*(?:(?:\"[^\"]*\"|[^\s:#]+):(?: +|$))?")
_FLOW = re.compile(r"[\[{,] *")


@dataclass(frozen=True)
class Change:
    """A part of the invalid text that the fix changes, or in which it adds something."""

    first: int
    """Line, counted from 1."""
    last: int
    columns: tuple[int, int] | None = None
    """First and last column of a change within one line; None for whole lines."""

    def contains(self, line: int, column: int) -> bool:
        """Return whether a place is in it."""
        inside = self.columns is None or self.columns[0] <= column <= self.columns[1]
        return self.first <= line <= self.last and inside


def changes(faulty: str, fixed: str) -> Iterator[Change]:
    """Yield the parts that the fix changes, in the lines and columns of the invalid text."""
    before, after = faulty.split("\n"), fixed.split("\n")
    for kind, start, end, other, until in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "insert":
            yield _around(before, start, after[other])
        elif kind == "replace" and end - start == until - other:
            pairs = zip(range(start, end), before[start:end], after[other:until], strict=True)
            yield from (_within(number + 1, *pair) for number, *pair in pairs)
        elif kind != "equal":
            yield Change(start + 1, end)


def _within(number: int, line: str, fixed: str) -> Change:
    """Return the part of a line that is different, from the start of the key, value or list element it is in."""
    same = _common(line, fixed)
    rest = min(len(line), len(fixed)) - same
    end = len(line) - min(rest, _common(line[::-1], fixed[::-1]))
    value = _VALUE.match(line)
    start = value.end() if value and value.end() <= same else len(line) - len(line.lstrip(" -\t"))
    if line[start : start + 1] in ("[", "{"):
        start = max([start, *(found.end() for found in _FLOW.finditer(line, start, same))])
    end += len(line[end:]) - len(line[end:].lstrip())  # a missing separator is reported before the second value
    return Change(number, number, (min(start, same) + 1, max(end, start) + 1))


def _around(lines: list[str], at: int, added: str) -> Change:
    """Return the mapping or list that an added line belongs to, from the key that holds it."""
    depth = _depth(added)
    first = next(
        (number for number in range(at - 1, -1, -1) if _is_text(lines[number]) and _depth(lines[number]) < depth), 0
    )
    last = next(
        (number for number in range(at, len(lines)) if _is_text(lines[number]) and _depth(lines[number]) < depth),
        len(lines),
    )
    return Change(first + 1, max(first + 1, last))


def _common(one: str, two: str) -> int:
    return next(
        (index for index, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1]), min(len(one), len(two))
    )


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip(" -"))


def _is_text(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("#")
