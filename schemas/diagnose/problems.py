"""Problems, the one form of every diagnostic, and the positions of keys and values in a document.

A problem has a stable code, a message, a hint, and a place in the structure and in the text of the document.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sized
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any, Literal, NamedTuple

Severity = Literal["error", "warning"]
# More would help no reader, and a hostile file must not cost more time and memory.
# Problems that are reported of one document.
MAX_PROBLEMS = 100


@dataclass(frozen=True, slots=True, order=True)
class Location:
    """A place in a text file. Lines and columns count from 1, in characters, as in editors.

    Only the beginning counts when places are compared; the other fields are for display.
    """

    source: str
    line: int
    column: int
    # The line it ends on; None when only the beginning is known.
    end_line: int | None = field(default=None, compare=False)
    # The column after the last character: equal to `column` on the same line for a place between two characters.
    end_column: int | None = field(default=None, compare=False)
    # The line it begins on, without its line end and with credentials masked; None when it must not be shown.
    text: str | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        _mask_fields(self, "source")

    def __str__(self) -> str:
        return f"{self.source}:{self.line}:{self.column}"


@dataclass(frozen=True, slots=True)
class Related:
    """A second place that explains a problem, such as the first of two equal keys."""

    # A label of two or three words.
    message: str
    path: str = ""
    location: Location | None = None

    def __post_init__(self) -> None:
        _mask_fields(self, "message", "path")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that the user can fix; a credential in its texts is masked."""

    # Stable, for scripts: `manifest.unknown_key`.
    code: str
    # One clause that names the broken rule, without the value, which may be a secret.
    message: str
    # How to fix it.
    hint: str = ""
    # The place in the structure: `artifacts[0].source`.
    path: str = ""
    # The place in the text; None for a document without one.
    location: Location | None = None
    severity: Severity = "error"
    # Other places that explain it.
    related: tuple[Related, ...] = ()
    # Whether it concerns the last key of `path` rather than its value.
    of_key: bool = False

    def __post_init__(self) -> None:
        # Names, keys and hints come from documents, arguments and servers: a token may be anywhere in them.
        _mask_fields(self, "message", "hint", "path")

    @property
    def place(self) -> str:
        """The place in the text and in the structure; a file that both name is named once."""
        source = self.location.source if self.location else ""
        once = source == self.path or source.endswith(f"/{self.path}")
        return " ".join(part for part in (str(self.location or ""), "" if once else self.path) if part)

    def __str__(self) -> str:
        text = f"{place}: {self.message}" if (place := self.place) else self.message
        return f"{text}\n  hint: {self.hint}" if self.hint else text


class InvalidDocumentError(Exception):
    """A document was rejected for every reason in `problems`."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\n".join(map(str, problems)))
        self.problems = problems


class InvalidValueError(ValueError):
    """A validator rejected a value; pydantic collects these errors, and `diagnose` turns them into problems.

    Args:
        message: the rule that the value breaks, without the value.
        hint: the value to write instead.
        conflict: the key in the same mapping whose value excludes this one.
    """

    def __init__(self, message: str, hint: str = "", conflict: str = "") -> None:
        super().__init__(masked(message))
        self.hint = masked(hint)
        self.conflict = conflict


def masked(text: str, secrets: Iterable[str] = ()) -> str:
    """Return a text of an error without the credentials in it, and without the known secrets."""
    # Every command imports this module, but few have an error: the rules for secrets are compiled when needed.
    from hublish.schemas.secrets.masking import redact

    return redact(text, secrets)


def shortened(text: str, length: int) -> str:
    """Return the beginning of a text for an error, without credentials: half a token no longer looks like one."""
    return masked(text)[:length]


def without_secrets(problem: Problem, secrets: Iterable[str]) -> Problem:
    """Return a problem without the known secrets, for which its constructor cannot search."""
    known = tuple(secrets)

    def place(location: Location | None) -> Location | None:
        from hublish.schemas.secrets.masking import mask

        if location is None:
            return None
        text = None if location.text is None else mask(location.text, known)
        return replace(location, source=masked(location.source, known), text=text)

    related = tuple(
        Related(masked(each.message, known), masked(each.path, known), place(each.location)) for each in problem.related
    )
    message, hint, path = (masked(text, known) for text in (problem.message, problem.hint, problem.path))
    return replace(problem, message=message, hint=hint, path=path, location=place(problem.location), related=related)


def _mask_fields(value: object, *names: str) -> None:
    for name in names:
        if text := getattr(value, name):
            # The only way to set a field of a frozen dataclass.
            object.__setattr__(value, name, masked(text))


def errors_in(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems without the warnings."""
    return tuple(problem for problem in problems if problem.severity == "error")


def warnings_in(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Return the problems without the errors."""
    return tuple(problem for problem in problems if problem.severity == "warning")


def counted(found: Sized, noun: str = "problem") -> str:
    """Return the number of things for a sentence: `a problem`, `3 problems`."""
    return f"a {noun}" if len(found) == 1 else f"{len(found)} {noun}s"


def by_place(problem: Problem) -> tuple[Location, str]:
    """Return the sort key of a problem: its place in the text (none comes first), then its path."""
    return problem.location or Location("", 0, 0), problem.path


# A place in the structure of a document: `("artifacts", 0, "source")`.
Path = tuple[str | int, ...]

_LINE_END = re.compile(r"\r\n|\n|\r")
_PLAIN_KEY = re.compile(r"[^\s.\[\]\"]+")
_STEP = re.compile(r'\[(?P<index>\d+)\]|\["(?P<quoted>[^"]*)"\]|\.?(?P<key>[^.\[\]"]+)')


class SourceText:
    """A document's text, and the conversion of offsets to lines and columns."""

    def __init__(self, text: str, source: str) -> None:
        self.text = text
        self.source = source
        # Only these three end a line: `str.splitlines` also splits at U+2028, which editors do not count.
        self._starts = [0, *(found.end() for found in _LINE_END.finditer(text))]
        self._shown: dict[int, str] = {}

    def location(self, start: int, end: int | None = None) -> Location:
        """Return the place of the characters from `start` up to `end`; without `end`, the place before `start`."""
        line, column = self._place(start)
        end_line, end_column = (line, column) if end is None else self._place(max(start, end))
        return Location(self.source, line, column, end_line, end_column, self._line(line))

    def _place(self, offset: int) -> tuple[int, int]:
        inside = min(offset, len(self.text))  # parsers point past the end of an incomplete document
        line = bisect_right(self._starts, inside)
        return line, inside - self._starts[line - 1] + 1

    def _line(self, line: int) -> str:
        # Cached, because a hundred problems may be on one line of 256 KiB, which is slow to mask.
        if line not in self._shown:
            end = self._starts[line] if line < len(self._starts) else len(self.text)
            # Every command imports this module, but few show a line: the rules for secrets are compiled when needed.
            from hublish.schemas.secrets.masking import mask

            self._shown[line] = mask(self.text[self._starts[line - 1] : end].rstrip("\r\n"))
        return self._shown[line]


class Node(NamedTuple):
    """A value and its place; offsets count characters from the start of the text."""

    # A named tuple: a document has thousands of nodes, and a frozen dataclass takes several times as long to build.

    # Plain data: a dict, list, str, int, float, bool or None.
    value: Any
    start: int
    end: int
    # Whether it is a scalar without quotes.
    plain: bool = False
    # The elements of a sequence.
    items: tuple["Node", ...] = ()
    # The entries of a mapping: for each key, its own node and the node of its value.
    entries: Mapping[str, tuple["Node", "Node"]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Positions:
    """Finds the place of a path in a document.

    The place of a path that does not exist is the key of the last value on the way to it, where something is missing.
    """

    text: SourceText
    root: Node

    def value(self, path: Path) -> Location:
        """Return the place of the value at `path`."""
        node, missing = self._node(path)
        return self.key(path[: -len(missing)]) if missing else self._location(node)

    def key(self, path: Path) -> Location:
        """Return the place of the last key of `path`; of a list element, the place of its value."""
        parent, missing = self._node(path[:-1])
        if not missing and path and path[-1] in parent.entries:
            return self._location(parent.entries[str(path[-1])][0])
        return self.value(path) if path else self.text.location(self.root.start)

    def within(self, path: Path, needle: str) -> Location:
        """Return the place of `needle` in the value at `path`, or of the whole value when it is not found there."""
        node, missing = self._node(path)
        found = self.text.text.find(needle, node.start, node.end)
        return self.value(path) if found < 0 or missing else self.text.location(found, found + len(needle))

    def has(self, path: Path) -> bool:
        """Return whether the document has a value at `path`."""
        return not self._node(path)[1]

    def plain_text(self, path: Path) -> str | None:
        """Return an unquoted scalar as it is written: `1.10` for the number 1.1."""
        node, missing = self._node(path)
        return self.text.text[node.start : node.end] if node.plain and not missing else None

    def _location(self, node: Node) -> Location:
        return self.text.location(node.start, node.end)

    def _node(self, path: Path) -> tuple[Node, Path]:
        """Return the deepest node on the way to `path`, and the steps after it that do not exist."""
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
    """Return a path as a string: `artifacts[0].source`."""
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
    """Return the path of a string from `format_path`."""
    groups = (found.group("index", "quoted", "key") for found in _STEP.finditer(text))
    return tuple(int(index) if index else key if quoted is None else quoted for index, quoted, key in groups)
