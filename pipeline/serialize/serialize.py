"""Collection -> Staged: every file in the format the manifest asks for."""

import os
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from hublish.base.errors import HublishError, SerializationError, SourceChangedError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Candidate, Collection, Content, Identity, OnDisk, Origin, Staged, StagedFile
from hublish.formats import registry
from hublish.formats.interface import Written
from hublish.formats.options import validate_options
from hublish.schemas.diagnose.problems import Problem


@dataclass(frozen=True)
class Serialize:
    """Convert what has to be converted; everything else is referenced where it lies.

    Args:
        workspace: an empty folder for converted files; it must outlive what is made of the result.
        progress: told in bytes of input.

    Raises (from `run`):
        SerializationError: with one problem for each file that cannot be converted.
        SourceChangedError: when a file changed while it was read.
    """

    workspace: Path
    progress: Progress = SILENT
    title: ClassVar[str] = "serializing the artifacts"

    def run(self, collection: Collection) -> Staged:
        """Return the files as they will go up."""
        files: list[StagedFile] = []
        problems: list[Problem] = []
        for number, candidate in enumerate(collection.included):
            try:
                files += self._converted(collection, candidate, self.workspace / str(number))
            except SourceChangedError:
                raise
            except HublishError as error:
                path = f"artifacts[{candidate.artifact}]"
                problems.append(Problem(error.code, f"'{candidate.source}': {error.message}", error.hint, path))
        if problems:
            msg = f"{len(problems)} file{'s' if len(problems) > 1 else ''} cannot be serialized"
            raise SerializationError(msg, problems=problems)
        return Staged(collection, _each_once(files), collection.warnings)

    def _converted(self, collection: Collection, candidate: Candidate, workspace: Path) -> list[StagedFile]:
        if candidate.artifact is None:
            origin = Origin(None, candidate.source, "copy", verdict=candidate.verdict)
            return [StagedFile(candidate.path_in_repo, _content(candidate), origin)]
        artifact = collection.project.manifest.artifacts[candidate.artifact]
        serializer = registry.get(artifact.serializer)
        options = validate_options(serializer, artifact.options)
        source = candidate.content.path if isinstance(candidate.content, OnDisk) else candidate.value
        written = serializer.dump(source, candidate.path_in_repo, workspace, options, self.progress)
        _check_unchanged(candidate)
        parameters = {"version": serializer.version, **options.model_dump(mode="json")}
        origin = Origin(candidate.artifact, candidate.source, serializer.name, parameters, candidate.verdict)
        return [StagedFile(item.path_in_repo, _written_content(item, candidate), origin) for item in written]


def _each_once(files: list[StagedFile]) -> tuple[StagedFile, ...]:
    """Drop what came twice in the same way: an index brings its shards, and a glob may hit them as well."""
    return tuple({(file.path_in_repo, file.content): file for file in reversed(files)}.values())[::-1]


def _content(candidate: Candidate) -> Content:
    if candidate.content is None:
        msg = f"'{candidate.path_in_repo}' has no bytes"
        raise SerializationError(msg)
    return candidate.content


def _written_content(written: Written, candidate: Candidate) -> Content:
    if isinstance(candidate.content, OnDisk) and written.path == candidate.content.path:
        return candidate.content
    return OnDisk(written.path, Identity.of(os.lstat(written.path)))


def _check_unchanged(candidate: Candidate) -> None:
    content = candidate.content
    if not isinstance(content, OnDisk):
        return
    try:
        unchanged = Identity.of(os.lstat(content.path)) == content.identity
    except FileNotFoundError:
        unchanged = False
    if not unchanged:
        msg = f"'{candidate.source}' changed while it was serialized"
        raise SourceChangedError(msg, hint="let the writing end, then run again")
