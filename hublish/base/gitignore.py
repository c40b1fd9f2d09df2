"""Which line of a `.gitignore` makes the Hub drop a file: said before it is asked, and explained after it has answered.

The Hub reads the `.gitignore` at the root of the release, else the one at the root of the repo, and leaves files out
of the commit without a word. Its own answer counts; this is git's reading of the same rules. Patterns are dulwich's,
which the embedded Hub runs on too: of 300 random rule sets it read all but 6 as git does; pathspec, all but 48.
"""

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hublish.schemas.diagnose.problems import Location
from hublish.schemas.documents.file_names import GITIGNORE

if TYPE_CHECKING:
    from dulwich.ignore import Pattern


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """A line that keeps a path out."""

    pattern: str
    location: Location

    def __str__(self) -> str:
        return f"{self.location.source}:{self.location.line}: {self.pattern}"


@dataclass(frozen=True, slots=True)
class GitIgnore:
    """The rules of one `.gitignore`, in the order of its lines."""

    source: str
    rules: tuple[tuple[int, str, "Pattern"], ...]

    @classmethod
    def read(cls, data: bytes, source: str = GITIGNORE) -> "GitIgnore":
        """Read the rules of a file that diagnostics call `source`; a line that git would pass over is none."""
        return cls(source, tuple(_rules(data)))

    def rule_for(self, path: str) -> IgnoreRule | None:
        """Return the line that keeps `path` out; None when it may go up.

        The last line that matches decides, from the topmost folder down: git never enters one that is kept out.
        """
        for name, is_folder in _levels(path):
            last = self._last_match(name, is_folder)
            if last is not None and last[2].is_exclude:
                number, line, _ = last
                return IgnoreRule(line, Location(self.source, number, 1, number, len(line) + 1, line))
        return None

    def _last_match(self, name: str, is_folder: bool) -> "tuple[int, str, Pattern] | None":
        asked = name.encode("utf-8", "surrogateescape")
        return next((rule for rule in reversed(self.rules) if rule[2].matches(asked, is_folder)), None)


def _rules(data: bytes) -> "Iterator[tuple[int, str, Pattern]]":
    from dulwich.ignore import Pattern, read_ignore_patterns
    from dulwich.wildmatch import MalformedPattern

    for number, line in enumerate(data.split(b"\n"), 1):
        for pattern in read_ignore_patterns(io.BytesIO(line)):
            try:
                yield number, line.decode("utf-8", "replace").rstrip(), Pattern(pattern)
            except MalformedPattern:
                continue


def _levels(path: str) -> Iterator[tuple[str, bool]]:
    """Yield the folders of a path from the top down, then the path itself."""
    for index, char in enumerate(path):
        if char == "/":
            yield path[:index], True
    yield path, False
