"""Facts of a release as a whole: its files, the commit it was made from, and the changes since the last release."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from heapq import nsmallest
from typing import Final

from hublish.cards.facts.fact import Fact
from hublish.cards.facts.source_files import SourceFiles
from hublish.schemas.documents.file_names import CARD_FILE, GITATTRIBUTES

# Files that a table in a card lists.
_LARGEST: Final = 10
# Paths of changed files that a card lists; the counts are exact.
_MOST_CHANGES: Final = 1000
# The card is made from the facts, and the Hub writes the other file itself.
_OTHERS: Final = frozenset([CARD_FILE, GITATTRIBUTES])


@dataclass(frozen=True, slots=True)
class Commit:
    """The git commit that is released."""

    commit: str
    """Its id."""
    tag: str = ""
    """The tag that names it; empty without one."""
    date: str = ""
    """The date of the source: YYYY-MM-DD."""


@dataclass(frozen=True, slots=True)
class Previous:
    """The last release of the same repo."""

    since: str
    """Its tag, or its commit on the Hub."""
    digests: Mapping[str, str]
    """The SHA-256 of each of its files by their path."""


def file_facts(sources: SourceFiles, digests: Mapping[str, str]) -> Iterator[Fact]:
    """Yield the number, the size, and the largest of the files."""
    sizes = {path: sources.size(path) for path in sources if path not in _OTHERS}
    yield Fact("files.count", len(sizes))
    yield Fact("files.size", sum(sizes.values()))
    largest = nsmallest(_LARGEST, sizes, key=lambda path: (-sizes[path], path))
    yield Fact("files.largest", [_described(path, sizes[path], digests.get(path)) for path in largest])


def _described(path: str, size: int, digest: str | None) -> dict[str, str | int]:
    described: dict[str, str | int] = {"path": path, "size": size}
    return {**described, "sha256": digest} if digest else described


def state_facts(
    sources: SourceFiles, commit: Commit | None, previous: Previous | None, digests: Mapping[str, str]
) -> Iterator[Fact]:
    """Yield the facts that only the project knows: they are not derived from released files."""
    if commit is not None:
        values = {"commit": commit.commit, "short_commit": commit.commit[:7], "tag": commit.tag, "date": commit.date}
        for name, value in values.items():
            if value:
                yield Fact(f"git.{name}", value, key=name, released=False)
    if previous is not None:
        yield from _changes(sources, previous, digests)


def _changes(sources: SourceFiles, previous: Previous, digests: Mapping[str, str]) -> Iterator[Fact]:
    now = {path for path in sources if path not in _OTHERS}
    before = {path: digest for path, digest in previous.digests.items() if path not in _OTHERS}
    changed = (path for path in now if path in before and path in digests and digests[path] != before[path])
    lists = {"added": now - before.keys(), "changed": set(changed), "removed": before.keys() - now}
    yield Fact("changes.since", previous.since, key="since", released=False)
    for name, paths in lists.items():
        yield Fact(f"changes.{name}", sorted(paths)[:_MOST_CHANGES], key=name, released=False)
