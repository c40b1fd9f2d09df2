"""Project -> Collection: list every file that the manifest names, each with its verdict.

`survey` finds the files and all problems. `Collect` refuses the problems; `hublish explain` reports them.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, NamedTuple

from hublish.audit.path_audit import denied_among
from hublish.base.content import OnDisk
from hublish.base.errors import SourceError
from hublish.base.values import Candidate, Collection, Kind, Project
from hublish.pipeline.collect.sources import artifact_candidates, load_format_problems, manifest_candidate
from hublish.pipeline.collect.verdicts import Matches, with_verdict
from hublish.schemas.diagnose.problems import MAX_PROBLEMS, Problem, Related, counted, errors_in, warnings_in
from hublish.schemas.documents.file_names import ATTESTATION_FILES, MANIFEST_FILE

_COLLISION = "source.collision"


@dataclass(frozen=True)
class Collect:
    """Inspect every source, and refuse all sources and patterns that cannot be released at once.

    Raises (from `run`):
        SourceError: sources and patterns that match nothing, links, devices, two sources for one path.
    """

    title: ClassVar[str] = "collecting the files"

    def run(self, project: Project) -> Collection:
        """Return every candidate, sorted by path_in_repo."""
        found = survey(project)
        # A hostile tree may cause a problem for each of a million files.
        if errors := errors_in(found.problems):
            more = f"; the first {MAX_PROBLEMS} are shown" if len(errors) > MAX_PROBLEMS else ""
            problems = (*errors[:MAX_PROBLEMS], *warnings_in(found.problems))
            raise SourceError(f"{counted(errors)} with the sources{more}", problems=problems)
        return Collection(project, found.candidates, tuple(found.problems))


class Examined(NamedTuple):
    """A candidate, and the problems that refuse it although the rules include it."""

    candidate: Candidate
    problems: tuple[Problem, ...] = ()
    repeated: bool = False
    """Whether an artifact before collects the same file in the same way: it counts once."""


@dataclass(frozen=True)
class Survey:
    """All candidates in the order of the manifest, and all problems."""

    project: Project
    examined: tuple[Examined, ...]
    problems: tuple[Problem, ...]

    @property
    def failed(self) -> Mapping[int, Problem]:
        """The problem of each artifact that collects no file, by the artifact's index."""
        collecting = {item.candidate.artifact for item in self.examined}
        empty = [index for index in range(len(self.project.manifest.artifacts)) if index not in collecting]
        reasons = ((index, self._problem_of(f"artifacts[{index}].")) for index in empty)
        return {index: problem for index, problem in reasons if problem}

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """Every candidate once, sorted by path_in_repo."""
        once = (item.candidate for item in self.examined if not item.repeated)
        return tuple(sorted(once, key=lambda candidate: candidate.path_in_repo))

    def _problem_of(self, prefix: str) -> Problem | None:
        return next((problem for problem in self.problems if problem.path.startswith(prefix)), None)


def survey(project: Project) -> Survey:
    """Inspect every source and evaluate every rule that does not need to read a file."""
    listed = tuple(_listed(project))
    found = [candidate for files, _ in listed for candidate in files]
    problems = [problem for _, faults in listed for problem in faults]
    problems += load_format_problems(project)
    matches = Matches.among([MANIFEST_FILE, *(one.path_in_repo for one in found)], project.manifest.patterns)
    denied = denied_among([candidate.source for candidate in found])
    examined = [_examined(project, with_verdict(candidate, matches), denied) for candidate in found]
    problems += [problem for item in examined for problem in item.problems]
    # A pattern may be there for an artifact that collects nothing: that artifact is reported, not the pattern too.
    failed = [artifact for artifact, (files, _) in zip(project.manifest.artifacts, listed, strict=False) if not files]
    names = [artifact.path_in_repo or artifact.source for artifact in failed]
    problems += matches.unmatched(found, names) if found else ()
    # The manifest comes first, so that its own path is never given to another file.
    first: dict[str, Candidate] = {}
    manifest = Examined(manifest_candidate(project, matches.ignoring(MANIFEST_FILE)))
    checked = tuple(_checked(project, item, first) for item in (manifest, *examined))
    problems += [problem for item in checked for problem in item.problems if problem.code == _COLLISION]
    return Survey(project, checked, tuple(problems))


def _listed(project: Project) -> Iterator[tuple[Sequence[Candidate], Sequence[Problem]]]:
    faults = 0
    for index in range(len(project.manifest.artifacts)):
        # The hint of a missing source compares it with every file: for thousands of them that takes minutes.
        if faults < MAX_PROBLEMS:
            yield (answer := artifact_candidates(project, index))
            faults += len(answer[1])


def _examined(project: Project, candidate: Candidate, denied: Mapping[str, str]) -> Examined:
    # Nearly every one of 100,000 files.
    if candidate.kind is Kind.FILE and candidate.source not in denied:
        return Examined(candidate)
    problem = _problem(project, candidate, denied)
    return Examined(_followed(project, candidate), (problem,) if problem else ())


def _problem(project: Project, candidate: Candidate, denied: Mapping[str, str]) -> Problem | None:
    """Return the reason why an included file is refused: a link, a pipe, a device, or a name that may hold secrets."""
    if not candidate.verdict.included or candidate.content is None or candidate.artifact is None:
        return None
    fault = _fault(project, candidate, denied.get(candidate.source))
    if fault is None:
        return None
    code, message, hint = fault
    return Problem(code, f"'{candidate.source}' {message}", hint, f"artifacts[{candidate.artifact}].source")


def _fault(project: Project, candidate: Candidate, denied: str | None) -> tuple[str, str, str] | None:
    """Return the code, message and hint of the problem with one file; `denied` is the pattern that denies its name."""
    # Before the kind of file: a link named `.env` is refused for its name, too.
    if denied:
        return "source.denied", f"may hold secrets and is never released ({denied})", "remove it from the artifacts"
    if candidate.kind is Kind.LINK:
        fault = _link_fault(project, candidate)
        return ("source.symlink", *fault) if fault else None
    if candidate.kind is not Kind.FILE:
        return "source.not_a_file", f"is not a regular file ({candidate.kind})", "ignore it or move it away"
    return None


def _link_fault(project: Project, candidate: Candidate) -> tuple[str, str] | None:
    """Return why a link cannot be followed and a hint that helps under any `policy.symlinks`; None if it can be."""
    target, folder = _link_target(project, candidate), project.folder.resolve()
    if not target.exists():
        return "is a dangling symlink", "remove the link, or exclude it with patterns.ignore_patterns"
    # Checked before the policy: a link that leaves the folder is never followed.
    if not target.is_relative_to(folder):
        return "is a symlink that leaves the manifest's folder", "replace the link by a copy of its target"
    if target.is_dir():
        source = f"{target.relative_to(folder).as_posix()}/"
        return "is a symlink to a folder", f"remove the link, and list the folder as a source of its own: {source}"
    # A link to a FIFO or a device, which would block a reader.
    if not target.is_file():
        return "is a symlink to something that is not a regular file", "remove the link, or exclude it"
    if project.manifest.policy.symlinks == "forbid":
        return "is a symlink", "replace it by the file, ignore it, or set policy.symlinks: follow"
    return None


def _followed(project: Project, candidate: Candidate) -> Candidate:
    """Return an allowed link as the file that it leads to, and any other candidate as it is."""
    if candidate.kind is not Kind.LINK or not candidate.verdict.included or _link_fault(project, candidate):
        return candidate
    return candidate._replace(content=OnDisk.at(_link_target(project, candidate)), kind=Kind.FILE)


def _link_target(project: Project, candidate: Candidate) -> Path:
    # Not Path.resolve: up to Python 3.12 it raises RuntimeError on a link that leads to itself.
    return Path(os.path.realpath(project.folder / candidate.source))


def _checked(project: Project, item: Examined, first: dict[str, Candidate]) -> Examined:
    """Report two sources for one path; the same file collected twice in the same way counts once."""
    candidate = item.candidate
    if not candidate.verdict.included:
        return item
    # Excluded files take no path: ignoring one of two colliding files is the way to resolve the collision.
    if problem := _reserved(project, candidate):
        return Examined(candidate, (*item.problems, problem))
    other = first.setdefault(candidate.path_in_repo, candidate)
    if other is candidate:
        return item
    if _same_release(project, other, candidate):
        return Examined(candidate, item.problems, repeated=True)
    message = f"'{other.source}' and '{candidate.source}' both go to '{candidate.path_in_repo}'"
    hint = "give one of them another path_in_repo, or exclude it"
    if other.artifact is None:
        message = f"'{candidate.path_in_repo}' is the path of the manifest itself, and '{candidate.source}' goes to it"
        hint = "give it another path_in_repo"
    related = Related("the first of them", _path_field(project, other)) if other.artifact is not None else None
    path = _path_field(project, candidate)
    collision = Problem(_COLLISION, message, hint, path, related=(related,) if related else ())
    return Examined(candidate, (*item.problems, collision))


def _reserved(project: Project, candidate: Candidate) -> Problem | None:
    """Return the problem of a file that takes the name of one that is made for the signature."""
    name = candidate.path_in_repo.casefold()
    if project.manifest.sign is None or name not in ATTESTATION_FILES:
        return None
    message = f"'{candidate.source}' goes to '{candidate.path_in_repo}', and `sign` adds a file of that name"
    hint = "exclude it with patterns.ignore_patterns: an older signature is not released again"
    return Problem(_COLLISION, message, hint, _path_field(project, candidate))


def _path_field(project: Project, candidate: Candidate) -> str:
    """Return the field of the manifest that decides the path_in_repo of a file."""
    named = candidate.artifact is not None and project.manifest.artifacts[candidate.artifact].path_in_repo
    return f"artifacts[{candidate.artifact}].{'path_in_repo' if named else 'source'}"


def _same_release(project: Project, one: Candidate, other: Candidate) -> bool:
    # The same file under other options becomes another file: only one of them can have the path.
    if one.source != other.source or other.artifact is None:
        return False
    if one.artifact is None:  # the manifest, which a folder or glob collects too
        return project.manifest.publish_manifest == "as_written"
    first, second = project.manifest.artifacts[one.artifact], project.manifest.artifacts[other.artifact]
    return (first.serializer, first.options) == (second.serializer, second.options)
