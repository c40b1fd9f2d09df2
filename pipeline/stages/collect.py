"""Project -> Collection: every file the manifest speaks of, each with its verdict and the rule that decided."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar

from hublish.pipeline.collecting import candidates, links, verdicts
from hublish.pipeline.errors import SourceError
from hublish.pipeline.values import Candidate, Collection, Project
from hublish.schemas.problems import Problem


@dataclass(frozen=True)
class Collect:
    """Look at every source; refuse, all at once, what cannot be released.

    Raises (from `run`):
        SourceError: sources and patterns that match nothing, links, devices, two sources for one path.
    """

    title: ClassVar[str] = "collecting the files"

    def run(self, project: Project) -> Collection:
        """Return every candidate, sorted by path_in_repo."""
        answers = [candidates.of_artifact(project, index) for index in range(len(project.manifest.artifacts))]
        found = [item for files, _ in answers for item in files]
        problems = [problem for _, faults in answers for problem in faults]
        judged = verdicts.judged(found, project.manifest.patterns)
        problems += links.problems(project, judged)
        if found:
            problems += verdicts.idle_patterns((item.path_in_repo for item in found), project.manifest.patterns)
        files = [links.followed(project, item) for item in judged]
        kept, collisions = _one_source_a_path(project, [candidates.manifest_itself(project), *files])
        warnings = _refuse_errors([*problems, *collisions])
        return Collection(project, tuple(sorted(kept, key=lambda item: item.path_in_repo)), warnings)


def _one_source_a_path(
    project: Project, files: Iterable[Candidate]
) -> tuple[tuple[Candidate, ...], tuple[Problem, ...]]:
    """Refuse two sources for one path; the same file collected twice in the same way counts once."""
    first: dict[str, Candidate] = {}
    kept: list[Candidate] = []
    problems: list[Problem] = []
    for item in files:
        other = first.setdefault(item.path_in_repo, item) if item.verdict.included else item
        if other is item:
            kept.append(item)
        elif not _same_release(project, other, item):
            message = f"'{other.source}' and '{item.source}' both go to '{item.path_in_repo}'"
            hint = "give one of them another path_in_repo, or ignore one"
            problems.append(Problem("source.collision", message, hint, f"artifacts[{item.artifact}].source"))
    return tuple(kept), tuple(problems)


def _same_release(project: Project, one: Candidate, other: Candidate) -> bool:
    if one.source != other.source or other.artifact is None:
        return False
    if one.artifact is None:  # the manifest, collected by a folder or glob as well
        return True
    first, second = project.manifest.artifacts[one.artifact], project.manifest.artifacts[other.artifact]
    return (first.serializer, first.options) == (second.serializer, second.options)


def _refuse_errors(problems: list[Problem]) -> tuple[Problem, ...]:
    errors = tuple(problem for problem in problems if problem.severity == "error")
    if errors:
        count = "a problem" if len(errors) == 1 else f"{len(errors)} problems"
        msg = f"{count} with the sources"
        raise SourceError(msg, problems=errors)
    return tuple(problems)
