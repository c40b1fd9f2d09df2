"""Collection -> Staged: convert every artifact to the format that the manifest declares."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path, PurePosixPath
from typing import Any, ClassVar, Final

from hublish.base.content import Content, ContentChangedError, OnDisk, copy
from hublish.base.errors import HublishError, SerializationError, SourceChangedError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Candidate, Collection, Origin, Staged, StagedFile
from hublish.formats import registry
from hublish.formats.catalogue import ARRAY_SUFFIXES, CHECKPOINT_SUFFIXES, COPY
from hublish.formats.format_options import validate_options
from hublish.formats.interface import Serializer, Written
from hublish.pipeline.serialize.conversion_cache import FORGETFUL, ConversionCache
from hublish.schemas.diagnose.problems import Problem, counted
from hublish.schemas.documents.field_types import Document
from hublish.schemas.documents.manifest import Artifact

# The serializers that write the arrays of a file.
_OF_ARRAYS: Final = ("safetensors", "torch")
# The checkpoint of a training run contains up to two numbers of the optimizer beside each weight.
_STATES: Final = 3


@dataclass(frozen=True)
class Serialize:
    """Convert files that have a serializer, and reference all others in place.

    Args:
        workspace: an empty folder for converted files; it must exist as long as the release is in use.
        progress: receives the bytes of input.
        cache: knows files that earlier runs have converted.

    Raises (from `run`):
        SerializationError: with one problem for each file that cannot be converted.
        SourceChangedError: when a file changed while it was read.
    """

    workspace: Path
    progress: Progress = SILENT
    cache: ConversionCache = FORGETFUL
    title: ClassVar[str] = "serializing the artifacts"

    def run(self, collection: Collection) -> Staged:
        """Return the files as they will be uploaded."""
        files: list[StagedFile] = []
        problems: list[Problem] = []
        artifacts = collection.project.manifest.artifacts
        # Once for each artifact, and not for each of its files.
        conversion = cache(lambda index: _Conversion.of(artifacts[index]))
        for number, candidate in enumerate(collection.included):
            try:
                files += self._converted(candidate, conversion, number)
            except ContentChangedError as error:
                msg = f"'{candidate.source}' {error}"
                raise SourceChangedError(msg, hint="wait until the files are complete, then run again") from None
            except SourceChangedError:
                raise
            # All other failures are collected, to be reported together.
            except HublishError as error:
                path = f"artifacts[{candidate.artifact}]"
                problems.append(Problem(error.code, f"'{candidate.source}': {error.message}", error.hint, path))
        if problems:
            raise SerializationError(f"{counted(problems, 'file')} cannot be serialized", problems=problems)
        return Staged(collection, _each_once(files), collection.warnings)

    def works_on(self, collection: Collection) -> bool:
        """Return whether any file is converted."""
        artifacts = collection.project.manifest.artifacts
        used = {one.artifact for one in collection.included if one.artifact is not None}
        return any(artifacts[index].serializer != COPY for index in used)

    def room(self, collection: Collection) -> int:
        """Return the least number of bytes that conversions will write, by the sizes of their sources.

        No file is read: what a conversion takes from its source may be less, and those of earlier runs take nothing.
        """
        artifacts = collection.project.manifest.artifacts
        conversion = cache(lambda index: _Conversion.of(artifacts[index]))
        return sum(self._least(candidate, conversion) for candidate in collection.included)

    def _least(self, candidate: Candidate, conversion: "Callable[[int], _Conversion]") -> int:
        if candidate.artifact is None or candidate.content is None:
            return 0
        how = conversion(candidate.artifact)
        selects = how.options.model_dump(include={"key", "include", "dtype"}, exclude_defaults=True)
        is_array = candidate.source.endswith(ARRAY_SUFFIXES) and not candidate.source.endswith(how.serializer.suffix)
        if how.serializer.name not in _OF_ARRAYS or selects or not is_array:
            return 0
        if self.cache.holds(candidate.content, how.what(candidate)):
            return 0
        checkpoint = candidate.source.endswith(CHECKPOINT_SUFFIXES)
        return candidate.content.size // (_STATES if checkpoint else 1)

    def _converted(
        self, candidate: Candidate, conversion: "Callable[[int], _Conversion]", number: int
    ) -> list[StagedFile]:
        if candidate.artifact is None:
            origin = Origin(None, candidate.source, COPY, verdict=candidate.verdict)
            return [StagedFile(candidate.path_in_repo, _content(candidate), origin)]
        how = conversion(candidate.artifact)
        serializer = how.serializer
        origin = Origin(candidate.artifact, candidate.source, serializer.name, how.parameters, candidate.verdict)
        # The content itself goes on: a large file is never copied, and remote bytes are not downloaded here.
        if serializer.name == COPY and candidate.content is not None:
            candidate.content.unchanged()
            return [StagedFile(candidate.path_in_repo, candidate.content, origin)]
        # A folder for each artifact file, since two serializers may write files of the same name.
        written = self.cache.converted(
            candidate.content,
            how.what(candidate),
            self.workspace / str(number),
            lambda folder: serializer.dump(
                _source(candidate, folder), candidate.path_in_repo, folder, how.options, self.progress
            ),
        )
        if candidate.content is not None:
            candidate.content.unchanged()
        origin = origin._replace(source_sha256=self.cache.digest(candidate.content))
        return [StagedFile(item.path_in_repo, _written_content(item, candidate), origin) for item in written]


@dataclass(frozen=True, slots=True)
class _Conversion:
    """How the files of an artifact are written."""

    serializer: Serializer
    options: Document
    parameters: Mapping[str, Any]
    """For the lock: with the same ones, the same source gives the same bytes."""

    def what(self, candidate: Candidate) -> Mapping[str, Any]:
        """Return what the result depends on beside the source."""
        parameters, path = self.parameters, candidate.path_in_repo
        return {"serializer": self.serializer.name, "parameters": parameters, "path_in_repo": path}

    @classmethod
    def of(cls, artifact: Artifact) -> "_Conversion":
        serializer = registry.get(artifact.serializer)
        options = validate_options(serializer, artifact.options)
        return cls(serializer, options, {"version": serializer.version, **options.model_dump(mode="json")})


def _each_once(files: list[StagedFile]) -> tuple[StagedFile, ...]:
    """Drop repeated files: an index brings in its shards, and a glob may match them as well."""
    if len({file.path_in_repo for file in files}) == len(files):
        return tuple(files)
    # Reversed twice, so that the first of equal files remains, in its place.
    return tuple({(file.path_in_repo, file.content.identity): file for file in reversed(files)}.values())[::-1]


def _source(candidate: Candidate, workspace: Path) -> Any:
    """Return the input of a serializer: the object in memory, or a path, to which other content is written first."""
    content = candidate.content
    if content is None:
        return candidate.value
    if content.local_path is not None:
        return content.local_path
    # Under its own name, as serializers recognize formats by the suffix.
    folder = workspace / "source"
    folder.mkdir(parents=True)
    path = folder / PurePosixPath(candidate.source).name
    copy(content, path)
    return path


def _content(candidate: Candidate) -> Content:
    if candidate.content is None:
        raise SerializationError(f"'{candidate.path_in_repo}' has no bytes")
    return candidate.content


def _written_content(written: Written, candidate: Candidate) -> Content:
    # A file that is in the right format already is not written again: its content keeps the identity of collection.
    if candidate.content is not None and written.path == candidate.content.local_path:
        return candidate.content
    return OnDisk.at(written.path)
