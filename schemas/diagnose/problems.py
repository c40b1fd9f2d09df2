"""What is wrong with a document, where, and what to do: the one shape every diagnostic takes."""

from collections.abc import Iterable, Sized
from dataclasses import dataclass, field
from typing import Literal

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
