"""What a file becomes, as far as it can be told without converting it."""

from dataclasses import dataclass
from typing import Final

from hublish.base.errors import HublishError
from hublish.base.values import Candidate, Project
from hublish.formats import registry
from hublish.formats.catalogue import SHARD_INDEX_SUFFIX
from hublish.formats.format_options import validate_options
from hublish.schemas.documents.sizes import format_size

_COPY: Final = "copy"
_GROWTH: Final = 10_000
"""What unpacking and casting can make of a byte at the very most."""


@dataclass(frozen=True, slots=True)
class Outputs:
    """The files that come of one."""

    paths: tuple[str, ...]
    """Each path_in_repo."""
    serializer: str
    more: str = ""
    """What there may be beside or instead, when only converting tells."""


def outputs(project: Project, candidate: Candidate) -> Outputs:
    """Return what comes of a candidate."""
    path = candidate.path_in_repo
    if candidate.artifact is None:
        return Outputs((path,), _COPY)
    artifact = project.manifest.artifacts[candidate.artifact]
    if artifact.serializer == _COPY:
        return Outputs((path,), _COPY)
    try:
        declared = registry.declared(artifact.serializer)
        options = validate_options(declared, artifact.options)
    except HublishError:  # told as a problem of the artifact
        return Outputs((path,), artifact.serializer)
    if (limit := getattr(options, "max_shard_size", None)) is not None:
        return _weights(candidate, artifact.serializer, int(limit))
    if artifact.serializer == "onnx":
        return Outputs((path,), artifact.serializer, "with the files beside it that its tensors lie in")
    return Outputs((path,), artifact.serializer)


def _weights(candidate: Candidate, serializer: str, limit: int) -> Outputs:
    from hublish.formats.input_files import InvalidFileError
    from hublish.formats.tensors.shards import index_path, weights_path

    try:
        weights = weights_path(candidate.path_in_repo)
    except InvalidFileError:  # converting will say so
        return Outputs((candidate.path_in_repo,), serializer)
    index = candidate.source.endswith(SHARD_INDEX_SUFFIX)
    if candidate.content is not None and not index and candidate.content.size * _GROWTH <= limit:
        return Outputs((weights,), serializer)
    stem = weights.rpartition("/")[2].removesuffix(".safetensors")
    shards = f"shards such as {stem}-00001-of-00002.safetensors with {index_path(weights)}"
    return Outputs((weights,), serializer, f"or, above {format_size(limit)}, {shards}")
