"""What is wrong with a document, where, and what to do: the one shape every diagnostic takes."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

Severity = Literal["error", "warning"]
MAX_PROBLEMS = 100
"""How many are told at once: nobody reads more, and a hostile file must not cost more."""


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a text file. Lines and columns count from 1, in characters, as editors do.

    Two places are equal, and in order, by where they begin; the rest is what a reader is shown.
    """

    source: str
    line: int
    column: int
    end_line: int | None = field(default=None, compare=False)
    """Where it ends; None where only the beginning is known."""
    end_column: int | None = field(default=None, compare=False)
    """The column after the last character: equal to `column` on the same line for a place between two characters."""
    text: str | None = field(default=None, compare=False, repr=False)
    """The line it begins on, without its line end and with every credential masked; None when there is none to show."""

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains a problem: where the same key stood first."""

    message: str
    """What is there, in two or three words."""
    path: str = ""
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing the user can mend."""

    code: str
    """Stable and dotted, such as `manifest.unknown_key`; scripts match on it."""
    message: str
    """What is wrong, in one sentence, never holding a secret."""
    hint: str = ""
    """What to do about it."""
    path: str = ""
    """Where in the document's structure: `artifacts[0].source`."""
    location: Location | None = None
    """Where in the text, when it came from one."""
    severity: Severity = "error"
    related: tuple[Related, ...] = ()
    """Other places to look at."""
    of_key: bool = False
    """Whether it is about the key that `path` ends with, rather than its value."""

    def __str__(self) -> str:
        place = " ".join(part for part in (str(self.location or ""), self.path) if part)
        text = f"{place}: {self.message}" if place else self.message
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class InvalidDocumentError(Exception):
    """A document was refused, for every reason listed in `problems`."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


def errors_in(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return what is refused: the problems without the warnings."""
    return tuple(problem for problem in problems if problem.severity == "error")


def counted(found: Sized, noun: str = "problem") -> str:
    """Return the number of things for a sentence: `a problem`, `3 problems`."""
    return f"a {noun}" if len(found) == 1 else f"{len(found)} {noun}s"


def by_place(problem: Problem) -> tuple[Location, str]:
    """Order problems by where they stand in the text, those of no place first; then by path."""
    return problem.location or Location("", 0, 0), problem.path


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
            # Every command imports this module, but few show a line: the rules for secrets are compiled when needed.
            from hublish.schemas.secrets.masking import mask

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


class Refusal(ValueError):  # noqa: N818 - no failure of ours: pydantic makes a validation error of it
    """One value that does not fit.

    Args:
        message: what is wrong, naming the rule and never the value.
        hint: what to write instead.
        beside: the key in the same mapping whose value it does not go with.
    """

    def __init__(self, message: str, hint: str = "", beside: str = "") -> None:
        super().__init__(message)
        self.hint = hint
        self.beside = beside
