"""Find the line of a `.gitignore` that makes the Hub drop a file.

The Hub reads the `.gitignore` at the root of the release, else the one at the root of the repo, and silently leaves
files out of the commit. Its own response decides; these rules predict it offline and explain it afterwards.
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from math import comb
from typing import TYPE_CHECKING, Final

from hublish.schemas.diagnose.problems import Location
from hublish.schemas.documents.file_names import GITIGNORE

if TYPE_CHECKING:
    from dulwich.ignore import Pattern

_STARS: Final = re.compile(rb"\*+")
_MAX_RULES: Final = 10_000
_MAX_TRIES: Final = 100_000


@dataclass(frozen=True, slots=True)
class IgnoreRule:
    """A line that excludes a path."""

    pattern: str
    location: Location

    def __str__(self) -> str:
        return f"{self.location.source}:{self.location.line}: {self.pattern}"


# Each rule with its line number and text, for the diagnostics, and dulwich's compiled pattern.
@dataclass(frozen=True, slots=True)
class GitIgnore:
    """The rules of one `.gitignore`, in the order of its lines."""

    source: str
    rules: tuple[tuple[int, str, "Pattern"], ...]

    @classmethod
    def read(cls, data: bytes, source: str = GITIGNORE) -> "GitIgnore":
        """Read the rules of a file that diagnostics call `source`; lines that git skips are skipped."""
        return cls(source, tuple(islice(_rules(data), _MAX_RULES)))

    def rule_for(self, path: str) -> IgnoreRule | None:
        """Return the line that excludes `path`; None when it is not excluded."""
        # The last matching line decides, from the topmost folder down: git never enters an excluded folder, so that a
        # later line cannot include a file in it again.
        for name, is_folder in _levels(path):
            # A name need not be UTF-8: its bytes are matched as they are on disk.
            encoded = name.encode("utf-8", "surrogateescape")
            decides = (rule for rule in reversed(self.rules) if _matches(rule[2], encoded, is_folder=is_folder))
            last = next(decides, None)
            if last is not None and last[2].is_exclude:
                number, line, _ = last
                return IgnoreRule(line, Location(self.source, number, 1, number, len(line) + 1, line))
        return None


def _matches(pattern: "Pattern", name: bytes, *, is_folder: bool) -> bool:
    # dulwich's expressions backtrack: the places of the stars in a name are tried in every combination. A rule that
    # would need too many does not count; the Hub itself decides when a release is published.
    segments = pattern.pattern.split(b"/")
    stars = [len(_STARS.findall(segment)) for segment in segments if segment != b"**"]
    if sum(stars) > 1 or len(segments) - len(stars) > 1:
        longest = max(map(len, name.split(b"/")))
        spans = len(segments) - len(stars)
        tries = comb(name.count(b"/") + 1 + spans, spans)
        for count in stars:
            tries *= comb(longest + count, count)
            if tries > _MAX_TRIES:
                return False
    return pattern.matches(name, is_folder)


def _rules(data: bytes) -> "Iterator[tuple[int, str, Pattern]]":
    # The embedded Hub runs on dulwich too. Of 300 random rule sets it reads all but 6 as git does; pathspec all but 48.
    from dulwich.ignore import Pattern, read_ignore_patterns
    from dulwich.wildmatch import MalformedPattern

    # Line by line, although dulwich reads whole files: a reported rule needs its line number.
    for number, line in enumerate(data.split(b"\n"), 1):
        for pattern in read_ignore_patterns(io.BytesIO(line)):
            try:
                yield number, line.decode("utf-8", "replace").rstrip(), Pattern(pattern)
            # git ignores a line that it cannot parse.
            except MalformedPattern:
                continue


def _levels(path: str) -> Iterator[tuple[str, bool]]:
    """Yield the folders of a path from the top down, then the path itself."""
    yield from ((path[:index], True) for index, char in enumerate(path) if char == "/")
    yield path, False
