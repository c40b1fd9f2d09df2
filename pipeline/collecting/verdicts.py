"""Which rule lets a file in or keeps it out: the manifest's patterns, in huggingface_hub's own meaning."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hublish.pipeline.hub.library import matching
from hublish.pipeline.values import Candidate, Verdict
from hublish.schemas.manifest import Patterns
from hublish.schemas.problems import Problem


def judged(candidates: Iterable[Candidate], patterns: Patterns) -> tuple[Candidate, ...]:
    """Return the candidates with their verdicts; what was out already stays out for its first reason."""
    candidates = tuple(candidates)
    paths = sorted({candidate.path_in_repo for candidate in candidates})
    kept_out = dict.fromkeys(paths, "patterns.allow_patterns: none matches")
    for path in matching(paths, patterns.allow_patterns, None):
        del kept_out[path]
    for index, pattern in reversed(tuple(enumerate(patterns.ignore_patterns))):
        rule = f"patterns.ignore_patterns[{index}]: {pattern}"
        kept_out.update(dict.fromkeys(matching(paths, [pattern], None), rule))
    return tuple(_judge(candidate, kept_out.get(candidate.path_in_repo)) for candidate in candidates)


def idle_patterns(paths: Iterable[str], patterns: Patterns) -> Iterator[Problem]:
    """Report patterns that match nothing.

    An allow pattern without a match leaves something out that was meant to go up: an error. An ignore pattern may
    well guard against what is not there today: a warning.
    """
    paths = sorted(paths)
    hint = "patterns match path_in_repo; `hublish files --excluded` lists every one"
    for index, pattern in enumerate(patterns.allow_patterns):
        if not matching(paths, [pattern], None):
            yield Problem("source.pattern", _idle(pattern), hint, f"patterns.allow_patterns[{index}]")
    for index, pattern in enumerate(patterns.ignore_patterns):
        if not matching(paths, [pattern], None):
            path = f"patterns.ignore_patterns[{index}]"
            yield Problem("source.pattern", _idle(pattern), hint, path, severity="warning")


def _idle(pattern: str) -> str:
    return f"pattern '{pattern}' matched nothing"


def _judge(candidate: Candidate, rule: str | None) -> Candidate:
    if rule is None or not candidate.verdict.included:
        return candidate
    return replace(candidate, verdict=Verdict(included=False, rule=rule))
