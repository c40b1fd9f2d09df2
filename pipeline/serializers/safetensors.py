"""Serializer `safetensors`: arrays in the Hub's format for weights, streamed both ways."""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import Field

from hublish.pipeline.errors import HublishError, LoadError, SerializationError
from hublish.pipeline.progress import Progress
from hublish.pipeline.serializers.interface import Written
from hublish.pipeline.serializers.tensors.checkpoint import read_checkpoint
from hublish.pipeline.serializers.tensors.errors import InvalidFileError
from hublish.pipeline.serializers.tensors.index import render_index
from hublish.pipeline.serializers.tensors.mapped import MappedArrays
from hublish.pipeline.serializers.tensors.sharding import index_path, is_split_well, shard_paths, split, weights_path
from hublish.pipeline.serializers.tensors.source import TensorSource, open_source
from hublish.pipeline.serializers.tensors.writing import PlannedFile, replacing, write_planned
from hublish.schemas.base import Document
from hublish.schemas.sizes import Size, format_size

_FORMAT = "format"
# What huggingface_hub writes. transformers refuses files without it, and with any value but pt, tf, flax and mlx.
_DEFAULT_FORMAT = "pt"


class SafetensorsOptions(Document):
    """How arrays become safetensors files."""

    max_shard_size: Annotated[Size, Field(gt=0)] = 5 * 10**9
    """The most tensor data one file holds, as in huggingface_hub; a larger tensor gets a file of its own."""
    metadata: dict[str, str] = Field(default_factory=dict, examples=[{"format": "pt"}])
    """Texts for the file's `__metadata__`, added to those of a safetensors source. `format` is `pt` unless one of
    them says otherwise, as huggingface_hub writes it. In a sharded set all but `format` stand in the index."""


class Safetensors:
    """Arrays by name, from `.safetensors`, sharded sets, `.npz`, `.npy` and mappings of numpy arrays.

    A safetensors source that already is what its options ask for is passed on as it is, never copied. A `.npy` array
    is named after its file.
    """

    name: ClassVar[str] = "safetensors"
    suffix: ClassVar[str] = ".safetensors"
    version: ClassVar[int] = 1
    options: ClassVar[type[Document]] = SafetensorsOptions

    def dump(
        self,
        source: Path | Mapping[str, Any],
        path_in_repo: str,
        workspace: Path,
        options: SafetensorsOptions,
        progress: Progress,
    ) -> tuple[Written, ...]:
        """Write `source` as one file, or as shards with their index.

        Memory stays within a few blocks, whatever the source's size.

        Raises:
            SerializationError: when the source is damaged or cannot be held by the format.
            SourceChangedError: when it changed while it was read.
        """
        with _failing_as(SerializationError), open_source(source, workspace) as found:
            weights = weights_path(path_in_repo)
            metadata = {_FORMAT: _DEFAULT_FORMAT, **found.metadata, **options.metadata}
            asked = {**found.metadata, **options.metadata}
            if found.files and asked == found.metadata and _fits(found, options.max_shard_size):
                return _as_it_is(found, weights, workspace)
            return _convert(found, weights, workspace, metadata, options.max_shard_size, progress)

    def load(self, files: Mapping[str, Path]) -> MappedArrays:
        """Map the arrays of `files`; those that are not safetensors are passed over.

        Raises:
            LoadError: when a file is damaged, a shard is missing, or files disagree.
        """
        with _failing_as(LoadError):
            return MappedArrays(read_checkpoint(files))


def _fits(found: TensorSource, max_shard_size: int) -> bool:
    return is_split_well([(len(file.header.entries), file.data_size) for file in found.files], max_shard_size)


def _as_it_is(found: TensorSource, weights: str, workspace: Path) -> tuple[Written, ...]:
    """Pass the source's own files on; only an index whose shards get other names is written anew."""
    paths = shard_paths(weights, len(found.files))
    shards = tuple(Written(path, file.path) for path, file in zip(paths, found.files, strict=True))
    if found.index is None or len(shards) == 1:
        return shards
    index, path = found.index
    names = dict(zip(index.shards, (_name(path) for path in paths), strict=True))
    if all(before == after for before, after in names.items()):
        return (*shards, Written(index_path(weights), path))
    weight_map = {tensor: names[shard] for tensor, shard in index.weight_map.items()}
    return (*shards, _write_index(index.metadata, weight_map, weights, workspace))


def _convert(
    found: TensorSource,
    weights: str,
    workspace: Path,
    metadata: Mapping[str, str],
    max_shard_size: int,
    progress: Progress,
) -> tuple[Written, ...]:
    shards = split(found.tensors, max_shard_size)
    if not shards:
        msg = f"nothing to write to {weights}: the source holds no arrays"
        raise InvalidFileError(msg)
    paths = shard_paths(weights, len(shards))
    in_files = metadata if len(shards) == 1 else {_FORMAT: metadata[_FORMAT]}
    planned = {path: PlannedFile.of(shard, in_files) for path, shard in zip(paths, shards, strict=True)}
    workspace.mkdir(parents=True, exist_ok=True)
    _check_room(workspace, sum(file.size for file in planned.values()))
    written = _write_all(planned, workspace, progress, weights)
    if len(shards) == 1:
        return written
    in_index = {key: value for key, value in metadata.items() if key != _FORMAT}
    total_size = sum(tensor.nbytes for tensor in found.tensors)
    weight_map = {tensor.name: _name(path) for path, shard in zip(paths, shards, strict=True) for tensor in shard}
    return (*written, _write_index({"total_size": total_size, **in_index}, weight_map, weights, workspace))


def _write_all(
    planned: Mapping[str, PlannedFile], workspace: Path, progress: Progress, label: str
) -> tuple[Written, ...]:
    with progress.task(label, sum(file.size for file in planned.values())) as task:
        for path, file in planned.items():
            write_planned(workspace / _name(path), file, task.advance)
    return tuple(Written(path, workspace / _name(path)) for path in planned)


def _write_index(metadata: Mapping[str, Any], weight_map: Mapping[str, str], weights: str, workspace: Path) -> Written:
    path = index_path(weights)
    workspace.mkdir(parents=True, exist_ok=True)
    with replacing(workspace / _name(path)) as descriptor, open(descriptor, "wb", closefd=False) as file:
        file.write(render_index(metadata, weight_map))
    return Written(path, workspace / _name(path))


def _check_room(folder: Path, needed: int) -> None:
    # A few kilobytes of deflated zeros can ask for terabytes: better said before than found out half way.
    free = shutil.disk_usage(folder).free
    if needed > free:
        msg = f"the arrays take {format_size(needed)}, and {folder} has {format_size(free)} left"
        raise InvalidFileError(msg, hint="make room, or set TMPDIR to a larger disk")


def _name(path: str) -> str:
    return path.rpartition("/")[2]


@contextmanager
def _failing_as(kind: type[HublishError]) -> Iterator[None]:
    try:
        yield
    except InvalidFileError as error:
        raise kind(error.message, hint=error.hint) from None
    except OSError as error:
        raise kind(
            f"{error.filename or 'the file'}: {error.strerror}", hint="is the disk full or read-only?"
        ) from error
