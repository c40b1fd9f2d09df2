"""Staged -> Staged, screened: what the policy and the Hub's limits say before a byte is read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from hublish.audit.denied import first_match
from hublish.audit.limits import count_problems, size_problems
from hublish.audit.policy import name_problems, text_problems
from hublish.base.errors import PolicyError
from hublish.base.near_misses import near_misses
from hublish.base.patterns import matching
from hublish.base.values import Staged, StagedFile
from hublish.schemas.diagnose.problems import MAX_PROBLEMS, Problem, Related, Severity, counted, errors_in
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.manifest import Manifest
from hublish.schemas.documents.names import collisions

_AS_IT_IS: Final = "copy"
_Artifacts = Mapping[str, int | None]
"""The index of the artifact that a path_in_repo comes from; None for what hublish adds by itself."""


@dataclass(frozen=True)
class Screen:
    """Judge an outline by names, sizes and counts, and place what is wrong where the manifest brings it about.

    `Seal` judges the release itself: it hashes it. This is the part that costs nothing, for `hublish check`.

    Raises (from `run`):
        PolicyError: naming every file that may not go up, with the artifact it comes from.
    """

    title: ClassVar[str] = "screening names, sizes and counts"

    def run(self, staged: Staged) -> Staged:
        """Return the outline, with the warnings of the screening."""
        manifest = staged.collection.project.manifest
        artifacts = {file.path_in_repo: file.origin.artifact for file in staged.files}
        found = [_placed(problem, manifest, artifacts) for problem in _problems(staged.files, manifest)]
        found += _collisions(artifacts, manifest)
        if not errors_in(found):  # else the names may yet change
            found += _idle_load_patterns(staged)
        if errors := errors_in(found):
            msg = f"{counted(errors)} with what would go up"
            raise PolicyError(msg, problems=errors[:MAX_PROBLEMS])
        return replace(staged, warnings=(*staged.warnings, *found))


def _problems(files: Sequence[StagedFile], manifest: Manifest) -> Iterator[Problem]:
    policy, repo = manifest.policy, manifest.repo
    yield from count_problems(file.path_in_repo for file in files)
    for file in sorted(files, key=lambda file: file.path_in_repo):
        yield from name_problems(file.path_in_repo, policy)
        if _goes_up_as_it_is(file, manifest):
            yield from size_problems(file.path_in_repo, file.content.size, policy.max_file_size)
    yield from text_problems("repo.commit_message", repo.commit_message or "", policy)
    yield from text_problems("repo.commit_description", repo.commit_description, policy)


def _goes_up_as_it_is(file: StagedFile, manifest: Manifest) -> bool:
    """Whether the size is known already: what is converted may well become smaller, or several files."""
    artifact = file.origin.artifact
    return artifact is None or manifest.artifacts[artifact].serializer == _AS_IT_IS


def _collisions(artifacts: _Artifacts, manifest: Manifest) -> Iterator[Problem]:
    """Yield names that cannot stand beside each other, at the artifact that comes second."""
    for one, two, why in collisions(artifacts):
        first, second = sorted((one, two), key=lambda path: (_order(artifacts[path]), path))
        yield Problem(
            "policy.collision",
            f"{_told(first, why)} and {_told(second, why)}: {why}",
            "give one of them another path_in_repo, or leave it out",
            _place(artifacts[second], manifest),
            related=(Related(f"'{first}' comes from here", _place(artifacts[first], manifest)),),
        )


def _idle_load_patterns(staged: Staged) -> Iterator[Problem]:
    """Yield patterns of the load plan that match nothing: whoever loads would miss what they were meant to fetch."""
    manifest = staged.collection.project.manifest
    paths = [*(file.path_in_repo for file in staged.files), *([CARD_FILE] if manifest.card else [])]
    # What is converted may become several files, whose names are not known yet.
    severity: Severity = "error" if all(_goes_up_as_it_is(file, manifest) for file in staged.files) else "warning"
    for index, pattern in enumerate(manifest.load.allow_patterns):
        if not matching(paths, [pattern], None):
            hint = near_misses(pattern, staged.collection.included)
            path = f"load.allow_patterns[{index}]"
            yield Problem("source.pattern", f"pattern '{pattern}' matched nothing", hint, path, severity=severity)


def _told(path: str, why: str) -> str:
    """Return a name in quotes; two that look the same, letter by letter."""
    return ascii(path) if "Unicode" in why else f"'{path}'"


def _placed(problem: Problem, manifest: Manifest, artifacts: _Artifacts) -> Problem:
    """Return a problem about a file as one about the line of the manifest that the file comes from."""
    path = problem.path
    if path.startswith("repo."):
        return problem
    if not path:
        return replace(problem, path="artifacts")
    known = path if path in artifacts else next(_below(path, artifacts), None)
    place = _place(artifacts[known] if known else None, manifest)
    rule = _rule(problem, manifest)
    related = (Related("the rule", rule),) if rule else ()
    return replace(problem, path=place, message=f"'{path}': {problem.message}", related=related)


def _rule(problem: Problem, manifest: Manifest) -> str:
    """Return the field of the policy that a problem comes from, when the manifest says it."""
    policy = manifest.policy
    if problem.code == "policy.size" and "policy.max_file_size" in problem.message:
        return "policy.max_file_size" if "max_file_size" in policy.model_fields_set else ""
    pattern = first_match(problem.path, policy.deny_patterns) if problem.code == "policy.denied" else None
    return "" if pattern is None else f"policy.deny_patterns[{policy.deny_patterns.index(pattern)}]"


def _below(folder: str, artifacts: _Artifacts) -> Iterator[str]:
    """Yield what is in a folder, whose path ends with a slash and is `/` alone for the root."""
    return (path for path in artifacts if folder.endswith("/") and path.startswith(folder.lstrip("/")))


def _order(artifact: int | None) -> int:
    return -1 if artifact is None else artifact


def _place(artifact: int | None, manifest: Manifest) -> str:
    """Return the field that decides what an artifact's files are called in the repo."""
    if artifact is None:
        return "artifacts"
    return f"artifacts[{artifact}].{'path_in_repo' if manifest.artifacts[artifact].path_in_repo else 'source'}"
