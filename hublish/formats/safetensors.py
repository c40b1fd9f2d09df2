"""Serializer `safetensors`: arrays in the Hub's format for weights, streamed in both directions."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hublish.base.errors import HublishError, LoadError, SerializationError, disk_full
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import SafetensorsOptions
from hublish.formats.frameworks import maps_any_to
from hublish.formats.input_files import InvalidFileError, invalid_file_as
from hublish.formats.interface import Written
from hublish.formats.release_files import output_path
from hublish.formats.tensors.mapped import MappedArrays
from hublish.formats.tensors.safetensors_file import SafetensorsSet, read_set
from hublish.formats.tensors.safetensors_writer import PlannedFile, replacing, write_planned
from hublish.formats.tensors.shards import index_path, is_split_well, render_index, shard_paths, split, weights_path
from hublish.formats.tensors.tensor import Tensor, Unwritable, check_names
from hublish.formats.tensors.tensor_options import cast, exclusion, in_yaml, renamed, selected
from hublish.formats.tensors.tensor_source import TensorSource, open_source
from hublish.formats.tensors.tied_tensors import find_ties, untied
from hublish.schemas.documents.sizes import format_size

_FORMAT = "format"
# As huggingface_hub writes it. transformers rejects files without it, and any value but pt, tf, flax and mlx.
_DEFAULT_FORMAT = "pt"
# Entries that a hint lists.
_MOST_EXCLUDED = 20


class Safetensors(BuiltIn, row="safetensors"):
    """Arrays by name, from PyTorch checkpoints, `.safetensors`, `.npz`, `.npy`, Keras' `.weights.h5` and mappings.

    Checkpoints (`.pt`, `.pth`, `.bin`, `.ckpt`, TorchScript archives, sharded sets with their index) are read without
    torch and never unpickled; an entry that is not a tensor is rejected by name. A safetensors source that already
    matches the options is passed on unchanged, never copied. A `.npy` array, and a bare tensor, is named after its
    file. Tied tensors are written once, and the metadata names the others.
    """

    version = 2  # 1 left a safetensors source without `format` as it was

    def holds(self, value: Any) -> bool:
        """Return whether it is a mapping with arrays, and without tensors of torch; `dump` rejects others by name."""
        return maps_any_to(value, "numpy.ndarray", "numpy.generic") and not maps_any_to(value, "torch.Tensor")

    def dump(
        self,
        source: Path | Mapping[str, Any],
        path_in_repo: str,
        workspace: Path,
        options: SafetensorsOptions,
        progress: Progress,
    ) -> tuple[Written, ...]:
        """Write `source` as one file, or as shards with their index.

        Memory stays within a few blocks for sources of any size.

        Raises:
            SerializationError: the source is damaged, or the format cannot hold it.
            SourceChangedError: it changed while it was read.
            MissingDependencyError: `.h5` needs h5py.
        """
        with _file_errors_as(SerializationError), open_source(source, workspace, options.key) as found:
            weights = weights_path(path_in_repo)
            tensors, ties = _chosen(found, options)
            metadata = {_FORMAT: _DEFAULT_FORMAT, **found.metadata, **ties, **options.metadata}
            # Tensors compare equal only when nothing was cast, renamed or excluded.
            same_tensors = (tensors, ties) == (found.tensors, found.ties)
            # A file without a format gets one, since transformers rejects it otherwise.
            has_format = all(_FORMAT in file.metadata for file in found.files)
            same_metadata = has_format and {**found.metadata, **options.metadata} == found.metadata
            # A source with smaller or larger shards than the options ask for is split again.
            sizes = [(len(file.entries), file.data_size) for file in found.files]
            if sizes and same_tensors and same_metadata and is_split_well(sizes, options.max_shard_size):
                return _unchanged(found, weights, workspace)
            return _convert(tensors, weights, workspace, metadata, options.max_shard_size, progress)

    def load(self, files: Mapping[str, Path]) -> MappedArrays:
        """Map the arrays of `files`; files of other formats are skipped.

        Raises:
            LoadError: a file is damaged, a shard is missing, or files disagree.
        """
        return MappedArrays(read_files(files))


def write_source(
    source: Path | Mapping[str, Any], target: Path, *, kind: type[HublishError] = SerializationError
) -> None:
    """Write the tensors of a source as `save_model` of the safetensors library does.

    Unlike a release's, the file has no `format` in its metadata, is never split, and may be without any tensor. Entries
    of a checkpoint that hold no tensors are left out.

    Raises:
        kind: the source is damaged, or the format cannot hold it.
    """
    with _file_errors_as(kind), open_source(source, target.parent) as found:
        tensors = untied(found.tensors, found.ties)
        _refuse([other for other in found.others.items() if other[1].hint or isinstance(source, Mapping)])
        ties = find_ties(tensors)
        _check_selected(found, tensors, ties)
        planned = PlannedFile.of((tensor for tensor in tensors if tensor.name not in ties), ties)
        target.parent.mkdir(parents=True, exist_ok=True)
        _check_room(target.parent, planned.size)
        write_planned(target, planned, lambda _: None)


def read_files(files: Mapping[str, Path]) -> SafetensorsSet:
    """Read the headers of the safetensors files and indexes among `files`, by path_in_repo.

    Raises:
        LoadError: a file is damaged, a shard is missing, or files disagree.
    """
    with _file_errors_as(LoadError):
        return read_set(files)


def _chosen(found: TensorSource, options: SafetensorsOptions) -> tuple[tuple[Tensor, ...], dict[str, str]]:
    """Return the tensors to write, and for each tied name the name that its tensor is written under."""
    # Options refer to every name of a tied tensor, so names that only the metadata records come back first.
    tensors = untied(found.tensors, found.ties)
    names = selected([*(tensor.name for tensor in tensors), *found.others], options.include, options.exclude)
    _refuse([(name, found.others[name]) for name in found.others if name in names])
    kept = renamed((tensor for tensor in tensors if tensor.name in names), options.rename)
    ties = find_ties(kept)
    written = tuple(tensor for tensor in kept if tensor.name not in ties)
    _check_selected(found, kept, ties)
    return tuple(cast(tensor, options.dtype) if options.dtype else tensor for tensor in written), ties


def _check_selected(found: TensorSource, tensors: Sequence[Tensor], ties: Mapping[str, str]) -> None:
    check_names(tensor.name for tensor in tensors)
    # Views may repeat data, as expanded masks do; they must not turn a small file into a huge one.
    size = sum(tensor.nbytes for tensor in tensors if tensor.name not in ties)
    if found.most_bytes is not None and size > found.most_bytes:
        msg = f"its tensors take {format_size(size)} when written, and the file has far less"
        raise InvalidFileError(msg, hint="save expanded tensors with tensor.contiguous(), or exclude them")


def _refuse(others: Sequence[tuple[str, Unwritable]]) -> None:
    """Raise the error for entries that are selected and cannot be written, if there are any."""
    # An entry with tensors first: without it, the release would lack weights.
    for _, entry in sorted(others, key=lambda other: not other[1].hint):
        patterns = in_yaml(exclusion(name for name, _ in others[:_MOST_EXCLUDED]))
        more = f" (and {len(others) - _MOST_EXCLUDED} more)" if len(others) > _MOST_EXCLUDED else ""
        raise InvalidFileError(
            entry.message, hint=entry.hint or f"exclude it: options: {{exclude: [{patterns}]}}{more}"
        )


def _unchanged(found: TensorSource, weights: str, workspace: Path) -> tuple[Written, ...]:
    """Pass on the source's own files; only an index whose shards are renamed is rewritten."""
    # Shards are published under the names that hublish gives them, so that equal tensors have equal paths.
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
    tensors: tuple[Tensor, ...],
    weights: str,
    workspace: Path,
    metadata: Mapping[str, str],
    max_shard_size: int,
    progress: Progress,
) -> tuple[Written, ...]:
    shards = split(tensors, max_shard_size)
    if not shards:
        raise InvalidFileError(f"nothing to write to {weights}: the source has no arrays")
    paths = shard_paths(weights, len(shards))
    # Readers of a sharded set take its metadata from the index, and check the format of each file.
    in_files = metadata if len(shards) == 1 else {_FORMAT: metadata[_FORMAT]}
    planned = {path: PlannedFile.of(shard, in_files) for path, shard in zip(paths, shards, strict=True)}
    workspace.mkdir(parents=True, exist_ok=True)
    _check_room(workspace, sum(file.size for file in planned.values()))
    written = _write_all(planned, workspace, progress, weights)
    if len(shards) == 1:
        return written
    # As huggingface_hub, which writes total_size before the rest of the metadata.
    in_index = {key: value for key, value in metadata.items() if key != _FORMAT}
    total_size = sum(tensor.nbytes for tensor in tensors)
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
    target = output_path(workspace, path)
    with replacing(target) as file:
        file.write(render_index(metadata, weight_map))
    return Written(path, target)


def _check_room(folder: Path, needed: int) -> None:
    # A few kilobytes of deflated zeros can expand to terabytes, which would otherwise fill the disk first.
    free = shutil.disk_usage(folder).free
    if needed > free:
        msg = f"the arrays take {format_size(needed)}, and {folder} has {format_size(free)} left"
        raise InvalidFileError(msg, hint="free some space, or set TMPDIR to a larger disk")


def _name(path: str) -> str:
    return path.rpartition("/")[2]


@contextmanager
def _file_errors_as(kind: type[HublishError]) -> Iterator[None]:
    try:
        with invalid_file_as(kind):
            yield
    except OSError as error:
        if full := disk_full(error):
            raise full from error
        msg = f"{error.filename or 'the file'}: {error.strerror}"
        raise kind(msg, hint="check whether the disk is full or read-only") from error
