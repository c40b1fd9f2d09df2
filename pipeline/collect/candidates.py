"""What a manifest speaks of: its artifacts' files as candidates, before any pattern or policy is applied."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath

from hublish.base.content import InMemory, OnDisk
from hublish.base.errors import HublishError
from hublish.base.values import Candidate, Effect, Project, Step, Verdict
from hublish.formats import registry
from hublish.formats.catalogue import SHARD_INDEX_SUFFIX
from hublish.formats.format_options import InvalidOptionsError, validate_options
from hublish.formats.interface import Format
from hublish.pipeline.collect.sources import SourceProblemError, find
from hublish.pipeline.collect.verdicts import of_name
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.manifest import Artifact

_ITSELF = Verdict.of([Step("manifest", Effect.COLLECTS, "the manifest is published as written")])


def manifest_itself(project: Project) -> Candidate:
    """Return the manifest as a file of the release."""
    # Without the way it was named by: a lock does not depend on where the command was run.
    return Candidate(MANIFEST_FILE, Path(project.name).name, InMemory(project.text), None, _ITSELF)


def of_artifact(project: Project, index: int) -> tuple[tuple[Candidate, ...], tuple[Problem, ...]]:
    """Return the files of one artifact, and everything that is wrong with it."""
    artifact = project.manifest.artifacts[index]
    path = f"artifacts[{index}]"
    try:
        declared = registry.declared(artifact.serializer)
    except HublishError as error:
        return (), (Problem(error.code, error.message, error.hint, f"{path}.serializer"),)
    problems = _option_problems(declared, artifact, f"{path}.options")
    try:
        return tuple(_candidates(project, index, artifact, declared.suffix)), problems
    except SourceProblemError as error:
        found = Problem("source.missing", error.message, error.hint, f"{path}.source")
    except OSError as error:
        found = Problem("source.unreadable", f"'{artifact.source}': {error.strerror}", path=f"{path}.source")
    return (), (*problems, found)


def loading(project: Project) -> Iterator[Problem]:
    """Report a load plan that names a format nobody knows."""
    name = project.manifest.load.serializer
    try:
        if name is not None:
            registry.declared(name)
    except HublishError as error:
        yield Problem(error.code, error.message, error.hint, "load.serializer")


def _option_problems(declared: Format, artifact: Artifact, path: str) -> tuple[Problem, ...]:
    try:
        validate_options(declared, artifact.options)
    except InvalidOptionsError as error:
        return tuple(replace(problem, path=f"{path}.{problem.path}") for problem in error.problems)
    return ()


def _candidates(project: Project, index: int, artifact: Artifact, suffix: str) -> Iterator[Candidate]:
    place = f"artifacts[{index}].source"
    collects = Step("source", Effect.COLLECTS, f"{place}: {artifact.source}", place)
    key = artifact.path_in_repo or artifact.source
    if key in project.objects:
        verdict, value = Verdict.of([collects]), project.objects[key]
        yield Candidate(_target(artifact, suffix), "<memory>", None, index, verdict, value=value)
        return
    for found in find(project.folder, artifact):
        relative, target = found.entry.relative, found.path_in_repo
        if not (found.named and artifact.path_in_repo):
            target = _with_suffix(target, suffix)
        verdict = Verdict.of([collects, *of_name(relative, named=found.named)])
        content = OnDisk(project.folder / relative, found.entry.identity)
        yield Candidate(target, relative, content, index, verdict, found.entry.kind)


def _target(artifact: Artifact, suffix: str) -> str:
    """Return where a value in memory goes: where the file would that it stands in for."""
    path = artifact.path_in_repo or ""
    return path if path and not path.endswith("/") else path + _with_suffix(PurePosixPath(artifact.source).name, suffix)


def _with_suffix(path: str, suffix: str) -> str:
    """Return the name a converted file gets; an index of shards stands for the whole they make up."""
    whole = path.removesuffix(SHARD_INDEX_SUFFIX)
    if not suffix or whole.endswith(suffix):
        return whole if suffix else path
    folder, slash, name = whole.rpartition("/")
    return f"{folder}{slash}{name.rpartition('.')[0] or name}{suffix}"
