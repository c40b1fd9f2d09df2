"""The survey: every file the manifest speaks of, judged by every rule, and everything that is wrong with any.

Collecting refuses what is wrong; explaining tells it. Both stand on this one look.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from hublish.base.values import Candidate, Project
from hublish.pipeline.collect import candidates, links
from hublish.pipeline.collect.verdicts import Matches, judged
from hublish.schemas.diagnose.problems import MAX_PROBLEMS, Problem, Related

_COLLISION = "source.collision"


@dataclass(frozen=True, slots=True)
class Examined:
    """A candidate, and what stands against it although the rules let it in."""

    candidate: Candidate
    problem: Problem | None = None
    repeated: bool = False
    """Whether it is the same file, collected once more in the same way: it counts once."""


@dataclass(frozen=True)
class Survey:
    """All candidates in the order of the manifest, and all problems."""

    project: Project
    examined: tuple[Examined, ...]
    problems: tuple[Problem, ...]

    @property
    def failed(self) -> Mapping[int, Problem]:
        """Why artifacts collected nothing at all, by their index."""
        collecting = {item.candidate.artifact for item in self.examined}
        barren = [index for index in range(len(self.project.manifest.artifacts)) if index not in collecting]
        told = ((index, self._problem_of(f"artifacts[{index}].")) for index in barren)
        return {index: problem for index, problem in told if problem}

    @property
    def kept(self) -> tuple[Candidate, ...]:
        """Every candidate once, sorted by path_in_repo."""
        own = (item.candidate for item in self.examined if not item.repeated)
        return tuple(sorted(own, key=lambda candidate: candidate.path_in_repo))

    def _problem_of(self, place: str) -> Problem | None:
        return next((problem for problem in self.problems if problem.path.startswith(place)), None)


def survey(project: Project) -> Survey:
    """Look at every source and ask every rule that needs no file to be read.

    After MAX_PROBLEMS with the sources it looks no further: to search for what each was meant as takes time.
    """
    answers = tuple(_answers(project))
    found = [item for files, _ in answers for item in files]
    problems = [problem for _, faults in answers for problem in faults]
    problems += candidates.loading(project)
    matches = Matches.among((item.path_in_repo for item in found), project.manifest.patterns)
    one_by_one = [_examined(project, judged(item, matches)) for item in found]
    problems += [item.problem for item in one_by_one if item.problem]
    lost = [artifact for artifact, (files, _) in zip(project.manifest.artifacts, answers, strict=False) if not files]
    problems += matches.idle(found, [artifact.path_in_repo or artifact.source for artifact in lost]) if found else ()
    examined = _one_source_a_path(project, [Examined(candidates.manifest_itself(project)), *one_by_one])
    problems += [item.problem for item in examined if item.problem and item.problem.code == _COLLISION]
    return Survey(project, examined, tuple(problems))


def _answers(project: Project) -> Iterator[tuple[Sequence[Candidate], Sequence[Problem]]]:
    faults = 0
    for index in range(len(project.manifest.artifacts)):
        if faults < MAX_PROBLEMS:
            yield (answer := candidates.of_artifact(project, index))
            faults += len(answer[1])


def _examined(project: Project, candidate: Candidate) -> Examined:
    return Examined(links.followed(project, candidate), links.problem(project, candidate))


def _one_source_a_path(project: Project, examined: Iterable[Examined]) -> tuple[Examined, ...]:
    """Refuse two sources for one path; the same file collected twice in the same way counts once."""
    first: dict[str, Candidate] = {}
    return tuple(_beside(project, item, first) for item in examined)


def _beside(project: Project, item: Examined, first: dict[str, Candidate]) -> Examined:
    candidate = item.candidate
    if not candidate.verdict.included:
        return item
    other = first.setdefault(candidate.path_in_repo, candidate)
    if other is candidate:
        return item
    if _same_release(project, other, candidate):
        return Examined(candidate, item.problem, repeated=True)
    message = f"'{other.source}' and '{candidate.source}' both go to '{candidate.path_in_repo}'"
    hint = "give one of them another path_in_repo, or leave it out"
    if other.artifact is None:
        message = f"'{candidate.path_in_repo}' is the manifest's own place, and '{candidate.source}' goes there too"
        hint = "give it another path_in_repo"
    related = Related("the first of them", _field(project, other)) if other.artifact is not None else None
    path = _field(project, candidate)
    return Examined(candidate, Problem(_COLLISION, message, hint, path, related=(related,) if related else ()))


def _field(project: Project, candidate: Candidate) -> str:
    """Return the field of a manifest that says where a file goes."""
    named = candidate.artifact is not None and project.manifest.artifacts[candidate.artifact].path_in_repo
    return f"artifacts[{candidate.artifact}].{'path_in_repo' if named else 'source'}"


def _same_release(project: Project, one: Candidate, other: Candidate) -> bool:
    if one.source != other.source or other.artifact is None:
        return False
    if one.artifact is None:  # the manifest, collected by a folder or glob as well
        return True
    first, second = project.manifest.artifacts[one.artifact], project.manifest.artifacts[other.artifact]
    return (first.serializer, first.options) == (second.serializer, second.options)
