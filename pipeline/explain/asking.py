"""What is asked of a file that the rules of collecting let in, one rule after another."""

from collections.abc import Collection, Iterable, Iterator

from hublish.audit import files
from hublish.audit.fingerprint import Fingerprint, fingerprint
from hublish.audit.inspection import Interest
from hublish.base.content import Content, ContentChangedError
from hublish.base.patterns import matching
from hublish.base.progress import Progress
from hublish.base.values import Candidate, Effect, Project, Step
from hublish.base.values.downloads import module_path
from hublish.base.workers import workers
from hublish.formats.catalogue import COPY
from hublish.pipeline.collect.artifact_files import Outputs
from hublish.schemas.diagnose.problems import Problem, errors_in
from hublish.schemas.documents.manifest import Load, Policy

_TAKES_TIME = 64 << 20
"""Bytes from which on reading shows how far it is."""
_ALLOW, _IGNORE = "load.allow_patterns", "load.ignore_patterns"


def refusal(problem: Problem) -> Step:
    """Return a problem as the step that refuses the file."""
    return Step(problem.code, Effect.REFUSES, problem.message, problem.path, problem.hint, problem.location)


def of_artifact(candidate: Candidate, problems: Iterable[Problem]) -> Iterator[Step]:
    """Yield what is wrong with the artifact that collects the file: its serializer or an option."""
    place = f"artifacts[{candidate.artifact}]"
    wrong = (f"{place}.serializer", f"{place}.options")
    return (refusal(problem) for problem in problems if problem.path.startswith(wrong))


def of_link(project: Project, candidate: Candidate) -> Iterator[Step]:
    """Yield that a link is followed."""
    path = candidate.content.local_path if candidate.content else None
    if path is not None and path != project.folder / candidate.source:
        words = f"policy.symlinks: follow; the bytes are those of {path.name}"
        yield Step("policy.symlinks", Effect.PASSES, words, "policy.symlinks")


def of_policy(candidate: Candidate, found: Outputs, policy: Policy, progress: Progress) -> Iterator[Step]:
    """Yield the audit of a file that goes up as it is; of one that is converted, what its new name says."""
    content = candidate.content
    if found.serializer != COPY or content is None:
        for path in found.paths:
            yield from files.steps(path, path, None, None, policy)
        return
    path, size = candidate.path_in_repo, content.size
    too_large = bool(errors_in(files.problems_before(path, size, policy)))
    try:
        # What its name or size forbids is not read: a sparse file may claim 600 GB.
        print_ = None if too_large else _read(content, path, size, Interest.of(policy), progress)
    except (ContentChangedError, OSError) as error:
        yield Step("source.unreadable", Effect.REFUSES, f"cannot be read: {getattr(error, 'strerror', None) or error}")
        return
    source = path if candidate.artifact is None else candidate.source
    yield from files.steps(path, source, size, print_, policy)


def _read(content: Content, path: str, size: int, interest: Interest, progress: Progress) -> Fingerprint:
    if size < _TAKES_TIME:
        return fingerprint(content, interest, lambda _: None)
    with progress.task(path, size) as task, workers() as executor:
        return fingerprint(content, interest, task.advance, executor)


def of_load_plan(paths: Collection[str], load: Load, needed: Collection[str]) -> Step:
    """Return what the load plan says of the paths that come of one file.

    Args:
        paths: in the repo.
        load: the load plan.
        needed: every path that it selects.
    """
    if any(path in needed for path in paths):
        path = next(path for path in paths if path in needed)
        index = next(index for index, pattern in enumerate(load.allow_patterns) if matching([path], [pattern], None))
        place = f"{_ALLOW}[{index}]"
        return Step("load.allow_patterns", Effect.COLLECTS, f"{place}: {load.allow_patterns[index]}", place)
    if load.target is not None and module_path(load.target) in paths:
        words = f"load.target: {load.target}, with trust=hublish.Trust(code=True)"
        return Step("load.target", Effect.COLLECTS, words, "load.target")
    for index, pattern in enumerate(load.ignore_patterns):
        if matching(paths, [pattern], None):
            place = f"{_IGNORE}[{index}]"
            return Step("load.ignore_patterns", Effect.EXCLUDES, f"{place}: {pattern}", place)
    if load == Load():
        return Step("load", Effect.EXCLUDES, "there is no load plan, and loading reads the weights and config.json")
    return Step("load.allow_patterns", Effect.EXCLUDES, f"{_ALLOW}: none matches", _ALLOW)
