"""Where every key and value of a document stands in its text."""

import re
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, NamedTuple

from hublish.schemas.diagnose.problems import Location
from hublish.schemas.secrets.masking import mask

Path = tuple[str | int, ...]
"""A place in the structure: `("artifacts", 0, "source")`."""

_LINE_END = re.compile(r"\r\n|\n|\r")
_PLAIN_KEY = re.compile(r"[^\s.\[\]\"]+")
_STEP = re.compile(r'\[(?P<index>\d+)\]|\["(?P<quoted>[^"]*)"\]|\.?(?P<key>[^.\[\]"]+)')


class SourceText:
    """A text that knows its lines."""

    def __init__(self, text: str, source: str) -> None:
        self.text = text
        self.source = source
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
        self._shown: dict[int, str] = {}

    def location(self, start: int, end: int | None = None) -> Location:
        """Return the place from one character up to another, or between two when there is no `end`."""
        line, column = self._place(start)
        end_line, end_column = (line, column) if end is None else self._place(max(start, end))
        return Location(self.source, line, column, end_line, end_column, self._line(line))

    def _place(self, offset: int) -> tuple[int, int]:
        inside = min(offset, len(self.text))
        line = bisect_right(self._starts, inside)
        return line, inside - self._starts[line - 1] + 1

    def _line(self, line: int) -> str:
        # Kept: a hundred problems may be on one line of 256 KiB.
        if line not in self._shown:
            end = self._starts[line] if line < len(self._starts) else len(self.text)
            self._shown[line] = mask(self.text[self._starts[line - 1] : end].rstrip("\r\n"))
        return self._shown[line]


class Node(NamedTuple):
    """A value with its place; offsets count characters from the start of the text.

    A named tuple: a document has thousands, and a frozen dataclass takes several times as long to make.
    """

    value: Any
    """Plain data: a dict, list, str, int, float, bool or None."""
    start: int
    end: int
    plain: bool = False
    """Whether it is a scalar written without quotes."""
    items: tuple["Node", ...] = ()
    """The elements of a sequence."""
    entries: Mapping[str, tuple["Node", "Node"]] = MappingProxyType({})
    """A mapping's keys, each as a node of its own with its value's."""


@dataclass(frozen=True, slots=True)
class Positions:
    """Finds the place of a path.

    A path that leads nowhere is placed at the key of the last value it reaches: that is where something is missing.
    """

    text: SourceText
    root: Node

    def value(self, path: Path) -> Location:
        """Return where the value at `path` stands."""
        node, missing = self._node(path)
        return self.key(path[: -len(missing)]) if missing else self._location(node)

    def key(self, path: Path) -> Location:
        """Return where the key that `path` ends with stands; an element of a sequence has none, but its value."""
        parent, missing = self._node(path[:-1])
        if not missing and path and path[-1] in parent.entries:
            return self._location(parent.entries[str(path[-1])][0])
        return self.value(path) if path else self.text.location(self.root.start)

    def within(self, path: Path, needle: str) -> Location:
        """Return where `needle` stands inside the value at `path`, or the value itself when it is not there as such."""
        node, missing = self._node(path)
        found = self.text.text.find(needle, node.start, node.end)
        return self.value(path) if found < 0 or missing else self.text.location(found, found + len(needle))

    def holds(self, path: Path) -> bool:
        """Whether the text says something at `path`."""
        return not self._node(path)[1]

    def plain_text(self, path: Path) -> str | None:
        """Return an unquoted scalar as it was written: `1.10` where the value is the number 1.1."""
        node, missing = self._node(path)
        return self.text.text[node.start : node.end] if node.plain and not missing else None

    def _location(self, node: Node) -> Location:
        return self.text.location(node.start, node.end)

    def _node(self, path: Path) -> tuple[Node, Path]:
        """Return the deepest node on the way of `path`, and the steps that were not there."""
        node = self.root
        for count, step in enumerate(path):
            if isinstance(step, str) and step in node.entries:
                node = node.entries[step][1]
            elif isinstance(step, int) and step < len(node.items):
                node = node.items[step]
            else:
                return node, path[count:]
        return node, ()


def format_path(path: Path) -> str:
    """Return a path as people write it: `artifacts[0].source`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        elif _PLAIN_KEY.fullmatch(step):
            text += f".{step}" if text else step
        else:
            text += f'["{step}"]'
    return text


def parse_path(text: str) -> Path:
    """Return the path that `format_path` wrote."""
    return tuple(_steps(text))


def _steps(text: str) -> Iterator[str | int]:
    for found in _STEP.finditer(text):
        index, quoted, key = found.group("index", "quoted", "key")
        yield int(index) if index is not None else quoted if quoted is not None else key
