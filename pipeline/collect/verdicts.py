"""Include or exclude each file: by names that are never released, and by the manifest's patterns.

The patterns have huggingface_hub's own meaning. Every rule answers with a `Step`; `Verdict.of` decides among them.
"""

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from hublish.base import durable
from hublish.base.patterns import matching, near_misses
from hublish.base.values import Candidate, Effect, Project, Step, Verdict
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import LOCK_FILE, is_lock_name
from hublish.schemas.documents.manifest import Patterns

_ALLOW: Final = "patterns.allow_patterns"
_IGNORE: Final = "patterns.ignore_patterns"

NOT_DENIED = Step("denied", Effect.PASSES, "denied by default: no match")
_NOT_ALLOWED = Step("allow_patterns", Effect.EXCLUDES, f"{_ALLOW}: none matches", _ALLOW)
_NOT_IGNORED = Step("ignore_patterns", Effect.PASSES, f"{_IGNORE}: none matches", _IGNORE)


@dataclass(frozen=True)
class Locks:
    """The locks of a project: its own, hub.lock, and those of other manifests in the same folder."""

    folder: Path
    own: frozenset[str]
    """Paths below the folder."""

    @classmethod
    def of(cls, project: Project) -> "Locks":
        """Return the locks of a project."""
        path = project.lock_path
        # Only the folders are resolved: a lock may be a link itself.
        below = os.path.relpath(Path(os.path.realpath(path.parent), path.name), os.path.realpath(project.folder))
        return cls(project.folder, frozenset((LOCK_FILE, below.replace(os.sep, "/"))))

    def among(self, relatives: Iterable[str]) -> Iterator[str]:
        """Yield the paths for which `steps` may return a reason."""
        for path in relatives:
            if path.startswith(".") or "/." in path or path.endswith(".lock") or path in self.own:
                yield path

    def steps(self, relative: str, *, named: bool) -> tuple[Step, ...]:
        """Return the reason why a file is excluded as a lock, or as a draft of one."""
        folder, slash, name = relative.rpartition("/")
        # Further down, only the lock that the caller names: a `hub.lock` there is data of another release.
        is_others = not (named or slash) and name.endswith(".lock") and is_lock_name(self.folder, name)
        if relative in self.own or is_others:
            return (Step("lock", Effect.EXCLUDES, f"{name} records the release and is not part of it"),)
        if name.startswith(".") and (lock := self._interrupted(folder + slash, name)):
            return (Step("leftover", Effect.EXCLUDES, f"an interrupted run left it while writing {lock}"),)
        return ()

    def _interrupted(self, folder: str, name: str) -> str | None:
        locks = (path.removeprefix(folder) for path in self.own if path.startswith(folder))
        return next((lock for lock in locks if durable.is_leftover(name, of=lock)), None)


def name_steps(relative: str, locks: Locks, denied: str | None, *, named: bool) -> tuple[Step, ...]:
    """Return the rules about a file's path below the manifest's folder.

    Args:
        relative: the path.
        locks: those of the project.
        denied: the pattern of `DEFAULT_DENIED` that matches it.
        named: whether a source is exactly this path.
    """
    steps = locks.steps(relative, named=named)
    # A denied file that the manifest names is refused later: leaving it out silently would surprise its author.
    if named:
        return steps
    return (*steps, Step("denied", Effect.EXCLUDES, f"denied by default: {denied}") if denied else NOT_DENIED)


class Verdicts:
    """Verdicts with more steps: nearly all files of a release share one."""

    def __init__(self) -> None:
        self._known: dict[tuple[int, ...], tuple[Verdict, Verdict, tuple[Step, ...]]] = {}

    def of(self, verdict: Verdict, steps: tuple[Step, ...]) -> Verdict:
        """Return the verdict of its own steps and further ones, the same object for the same steps."""
        # By the objects, which the value keeps alive: hashing their texts takes longer than a new verdict.
        key = (id(verdict), *map(id, steps))
        known = self._known.get(key)
        if known is None:
            known = self._known[key] = Verdict.of((*verdict.steps, *steps)), verdict, steps
        return known[0]


@dataclass(frozen=True)
class Matches:
    """Which pattern matches which path_in_repo, evaluated once for all files together."""

    allow: tuple[tuple[frozenset[str], Step], ...]
    ignore: tuple[tuple[frozenset[str], Step], ...]
    verdicts: Verdicts = field(default_factory=Verdicts, compare=False)

    @classmethod
    def among(cls, paths: Iterable[str], patterns: Patterns) -> "Matches":
        """Evaluate every pattern on every path."""
        known = sorted(dict.fromkeys(paths))
        return cls(
            _rows(known, patterns.allow_patterns, "allow_patterns", Effect.PASSES),
            _rows(known, patterns.ignore_patterns, "ignore_patterns", Effect.EXCLUDES),
        )

    def steps(self, path: str) -> tuple[Step, ...]:
        """Return the results for one path: the first allow pattern that matches, and every ignore pattern."""
        # One match is enough to allow a file; every match is a reason to ignore it.
        for hits, step in self.allow:
            if path in hits:
                allowing = step
                break
        else:
            allowing = _NOT_ALLOWED
        return (allowing, *(self.ignoring(path) or (_NOT_IGNORED,))) if self.ignore else (allowing,)

    def ignoring(self, path: str) -> tuple[Step, ...]:
        """Return every ignore pattern that matches one path."""
        return tuple(step for hits, step in self.ignore if path in hits)

    def unmatched(self, candidates: Sequence[Candidate], uncollected: Sequence[str] = ()) -> Iterator[Problem]:
        """Yield the patterns that match none of the candidates, nor a name that could not be collected."""
        # An allow pattern without a match leaves out a file that its author wanted: an error. An ignore pattern may
        # guard against a file that does not exist today: a warning.
        for step in _without_hits(self.allow, uncollected):
            yield _unmatched(step, candidates)
        for step in _without_hits(self.ignore, uncollected):
            yield replace(_unmatched(step, candidates), severity="warning")


def with_verdict(candidate: Candidate, matches: Matches) -> Candidate:
    """Return the candidate judged by all rules; the first reason for which it is excluded remains."""
    # Not `_replace`, which takes three times as long, for each of 100,000 files.
    path, source, content, artifact, verdict, kind, value = candidate
    return Candidate(path, source, content, artifact, matches.verdicts.of(verdict, matches.steps(path)), kind, value)


def _rows(
    paths: Sequence[str], patterns: Sequence[str], rule: str, effect: Effect
) -> tuple[tuple[frozenset[str], Step], ...]:
    found = []
    for index, pattern in enumerate(patterns):
        path = f"patterns.{rule}[{index}]"
        step = Step(rule, effect, f"{path}: {pattern}", path)
        # One pattern at a time, as the verdict names the pattern that decided.
        found.append((frozenset(matching(paths, [pattern], None)), step))
    return tuple(found)


def _without_hits(rows: Iterable[tuple[frozenset[str], Step]], uncollected: Sequence[str]) -> Iterator[Step]:
    return (step for hits, step in rows if not hits and not matching(uncollected, [_pattern(step)], None))


def _pattern(step: Step) -> str:
    return step.text.partition(": ")[2]


def _unmatched(step: Step, candidates: Sequence[Candidate]) -> Problem:
    pattern = _pattern(step)
    hint = near_misses(pattern, candidates)
    return Problem("source.pattern", f"pattern '{pattern}' matched nothing", hint, step.path)
