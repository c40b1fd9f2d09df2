"""The changes inside of one file, as every view, page and document shows them."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Kind = Literal["text", "json", "table", "tensors", "archive", "binary", "unread"]
Mark = Literal[" ", "+", "-"]


# A tuple: a large diff has many of them.
class Line(NamedTuple):
    """One line of a hunk."""

    mark: Mark
    """Whether it is on both sides, only after, or only before."""
    text: str
    """The line without its line end. It may contain any character: whoever shows it escapes it."""


@dataclass(frozen=True, slots=True)
class Hunk:
    """Changed lines next to each other, with the unchanged ones around them."""

    before: int
    """The number of its first line before the change, from 1."""
    after: int
    """The number of its first line after the change, from 1."""
    lines: tuple[Line, ...]

    @property
    def header(self) -> str:
        """The line above it in a unified diff: `@@ -3,2 +3,4 @@`."""
        counts = [sum(line.mark != other for line in self.lines) for other in "+-"]
        # The number of a side without lines is that of the line before, as in `diff -u`.
        starts = [start if count else start - 1 for start, count in zip((self.before, self.after), counts, strict=True)]
        return f"@@ -{starts[0]},{counts[0]} +{starts[1]},{counts[1]} @@"


@dataclass(frozen=True, slots=True)
class Entry:
    """One changed part of a file that has parts with names: a JSON key, a tensor, a column, a member of an archive."""

    name: str
    before: str | None
    """The part before the change as a short text, such as `F32 [784, 128]` or `1.2 MB`; None if it did not exist."""
    after: str | None
    """The part after the change; None if it does not exist any more."""


@dataclass(frozen=True, slots=True)
class FileDiff:
    """The changes inside of one file. Its texts are raw and unescaped."""

    path_in_repo: str
    kind: Kind
    """How the file was compared; `unread` if it could not be, with the reason as the summary."""
    summary: str
    """One line: `2 of 14 tensors changed: F32 -> F16`, `+3 -1 lines`, `12 -> 14 columns, 800 -> 950 rows`."""
    hunks: tuple[Hunk, ...] = ()
    entries: tuple[Entry, ...] = ()
    more: int = 0
    """The number of changed lines or entries that are left out."""
    before_size: int | None = None
    """Bytes before the change; None if the file did not exist."""
    after_size: int | None = None
    """Bytes after the change; None if the file does not exist any more."""
    before_text: str | None = None
    """The text before the change, only of a card that is not too large."""
    after_text: str | None = None
    """The text after the change, only of a card that is not too large."""

    @property
    def action(self) -> Literal["added", "changed", "deleted"]:
        """The change of the file itself."""
        return "added" if self.before_size is None else "deleted" if self.after_size is None else "changed"
