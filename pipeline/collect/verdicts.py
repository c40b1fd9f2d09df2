"""Which rule lets a file in or keeps it out: names that are never released, and the manifest's patterns.

The patterns have huggingface_hub's own meaning. Every answer is a `Step`; what decides is `Verdict.of` all of them.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hublish.audit.denied import default_denied
from hublish.base import durable
from hublish.base.near_misses import near_misses
from hublish.base.patterns import matching
from hublish.base.values import Candidate, Effect, Step, Verdict
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import LOCK_FILE
from hublish.schemas.documents.manifest import Patterns

_ALLOW: Final = "patterns.allow_patterns"
_IGNORE: Final = "patterns.ignore_patterns"

_LOCK = Step("lock", Effect.EXCLUDES, "hub.lock records the release and is not part of it")
_LEFTOVER = Step("leftover", Effect.EXCLUDES, "a run that was killed left it while it wrote hub.lock")
_NOT_DENIED = Step("denied", Effect.PASSES, "denied by default: no such name")
_NOT_ALLOWED = Step("allow_patterns", Effect.EXCLUDES, f"{_ALLOW}: none matches", _ALLOW)
_NOT_IGNORED = Step("ignore_patterns", Effect.PASSES, f"{_IGNORE}: none matches", _IGNORE)


def of_name(relative: str, *, named: bool) -> Iterator[Step]:
    """Yield what a file's own name says.

    Args:
        relative: below the manifest's folder.
        named: whether the manifest names exactly this file: it is then refused rather than left out in silence.
    """
    if relative == LOCK_FILE:
        yield _LOCK
    elif durable.is_leftover(relative, of=LOCK_FILE):
        yield _LEFTOVER
    if named:
        return
    denied = default_denied(relative)
    yield Step("denied", Effect.EXCLUDES, f"denied by default: {denied}") if denied else _NOT_DENIED


@dataclass(frozen=True)
class Matches:
    """Which pattern matches which path_in_repo: asked once, for all files together."""

    allow: tuple[tuple[frozenset[str], Step], ...]
    ignore: tuple[tuple[frozenset[str], Step], ...]

    @classmethod
    def among(cls, paths: Iterable[str], patterns: Patterns) -> "Matches":
        """Ask every pattern about every path."""
        known = sorted(set(paths))
        return cls(
            _rows(known, patterns.allow_patterns, "allow_patterns", Effect.PASSES),
            _rows(known, patterns.ignore_patterns, "ignore_patterns", Effect.EXCLUDES),
        )

    def steps(self, path: str) -> Iterator[Step]:
        """Yield what the patterns say about one path: the first allow pattern that matches, every ignore pattern."""
        yield next((step for hits, step in self.allow if path in hits), _NOT_ALLOWED)
        ignoring = [step for hits, step in self.ignore if path in hits]
        yield from ignoring or ([_NOT_IGNORED] if self.ignore else ())

    def idle(self, candidates: Sequence[Candidate], lost: Sequence[str] = ()) -> Iterator[Problem]:
        """Report patterns that match none of the candidates, nor a name that could not be collected.

        An allow pattern without a match leaves something out that was meant to go up: an error. An ignore pattern may
        well guard against what is not there today: a warning.
        """
        for step in _without_hits(self.allow, lost):
            yield _idle(step, candidates)
        for step in _without_hits(self.ignore, lost):
            yield replace(_idle(step, candidates), severity="warning")


def judged(candidate: Candidate, matches: Matches) -> Candidate:
    """Return the candidate with the verdict of all rules; what was out already stays out for its first reason."""
    steps = (*candidate.verdict.steps, *matches.steps(candidate.path_in_repo))
    return replace(candidate, verdict=Verdict.of(steps))


def _rows(
    paths: Sequence[str], patterns: Sequence[str], rule: str, effect: Effect
) -> tuple[tuple[frozenset[str], Step], ...]:
    found = []
    for index, pattern in enumerate(patterns):
        path = f"patterns.{rule}[{index}]"
        step = Step(rule, effect, f"{path}: {pattern}", path)
        found.append((frozenset(matching(paths, [pattern], None)), step))
    return tuple(found)


def _without_hits(rows: Iterable[tuple[frozenset[str], Step]], lost: Sequence[str]) -> Iterator[Step]:
    return (step for hits, step in rows if not hits and not matching(lost, [_pattern(step)], None))


def _pattern(step: Step) -> str:
    return step.text.partition(": ")[2]


def _idle(step: Step, candidates: Sequence[Candidate]) -> Problem:
    pattern = _pattern(step)
    hint = near_misses(pattern, candidates)
    return Problem("source.pattern", f"pattern '{pattern}' matched nothing", hint, step.path)
