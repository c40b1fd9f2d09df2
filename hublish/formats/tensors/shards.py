"""Sharded checkpoints: the division into shards, the names of shards, and the index.

The index, `model.safetensors.index.json`, maps every tensor to its shard. PyTorch's `pytorch_model.bin.index.json`
differs in the names of the shards only. `split_state_dict_into_shards_factory` and `save_torch_state_dict` of
huggingface_hub define the rules; tests compare with them.
"""

import json
import os
import posixpath
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path, PureWindowsPath
from typing import TYPE_CHECKING, Any, Final

from hublish.formats.catalogue import ARRAY_SUFFIXES, CHECKPOINT_INDEX_SUFFIXES, SHARD_INDEX_SUFFIX
from hublish.formats.input_files import InvalidFileError, named, opened

if TYPE_CHECKING:
    # `hublish check` computes names without reading tensors, so this module must not import numpy.
    from hublish.formats.tensors.tensor import Tensor

SUFFIX: Final = ".safetensors"
INDEX_SUFFIX: Final = SUFFIX + SHARD_INDEX_SUFFIX
_REPLACED: Final = (INDEX_SUFFIX, *CHECKPOINT_INDEX_SUFFIXES, *ARRAY_SUFFIXES)
# The limit of huggingface_hub's own reader.
_MAX_INDEX_SIZE: Final = 10 << 20


def split(tensors: "Iterable[Tensor]", max_shard_size: int) -> "tuple[tuple[Tensor, ...], ...]":
    """Fill shards in the order of `tensors`, each with at most `max_shard_size` bytes of data.

    A tensor larger than that gets a shard of its own, and the shard before it stays open for the tensors after it.
    """
    # Greedy and in the given order, as huggingface_hub splits: the same model gets the same shards from both.
    shards: list[list[Tensor]] = []
    current: list[Tensor] = []
    room = max_shard_size
    for tensor in tensors:
        if tensor.nbytes > max_shard_size:
            shards.append([tensor])
            continue
        if tensor.nbytes > room:
            shards.append(current)
            current, room = [], max_shard_size
        current.append(tensor)
        room -= tensor.nbytes
    if current:
        shards.append(current)
    return tuple(map(tuple, shards))


def is_split_well(shards: Sequence[tuple[int, int]], max_shard_size: int) -> bool:
    """Whether no shard is too large, and no two neighbors would fit into one, as in every result of `split`.

    Args:
        shards: for each, the number of its tensors and its bytes of data.
        max_shard_size: in bytes.
    """
    # A tensor larger than the limit has its shard to itself, which is not a neighbor of the others.
    fits = all(size <= max_shard_size or tensors == 1 for tensors, size in shards)
    sizes = [size for _, size in shards if size <= max_shard_size]
    return fits and all(first + second > max_shard_size for first, second in pairwise(sizes))


def weights_path(path_in_repo: str) -> str:
    """Return the path of a single file of weights: `.safetensors` replaces the source's own suffix.

    Raises:
        InvalidFileError: when the path has another suffix.
    """
    for suffix in _REPLACED:
        if path_in_repo.endswith(suffix) and len(path_in_repo.rpartition("/")[2]) > len(suffix):
            return path_in_repo.removesuffix(suffix) + SUFFIX
    msg = f"path_in_repo {path_in_repo!r} does not end with {SUFFIX}"
    raise InvalidFileError(msg, hint=f"for example, path_in_repo: model{SUFFIX}")


def shard_paths(weights: str, count: int) -> tuple[str, ...]:
    """Return the paths of `count` files that replace the single file `weights`."""
    # Loaders look for a single file by its plain name, and for shards by the index.
    if count == 1:
        return (weights,)
    stem = weights.removesuffix(SUFFIX)
    return tuple(f"{stem}-{number:05d}-of-{count:05d}{SUFFIX}" for number in range(1, count + 1))


def index_path(weights: str) -> str:
    """Return the path of the index for the shards of `weights`."""
    return weights.removesuffix(SUFFIX) + INDEX_SUFFIX


@dataclass(frozen=True, slots=True)
class Index:
    """Maps tensors to shards."""

    name: str
    """The name for errors: its path in the repo, or on disk."""
    metadata: Mapping[str, Any]
    """`total_size`, and anything else the writer added."""
    weight_map: Mapping[str, str]
    """Shard by tensor name; shards are relative to the index's folder."""

    @property
    def shards(self) -> tuple[str, ...]:
        """The shards' names, sorted."""
        return tuple(sorted(set(self.weight_map.values())))

    def path_of(self, shard: str) -> str:
        """Return a shard's path, relative to the same folder as the index's own path."""
        return posixpath.join(posixpath.dirname(self.name), shard)

    def check(self, held: Mapping[str, Collection[str]]) -> None:
        """Check that the index and its shards name the same tensors.

        Args:
            held: the names of the tensors in every shard, by the shard's name.

        Raises:
            InvalidFileError: naming the first tensor they disagree about.
        """
        for tensor, shard in self.weight_map.items():
            if tensor not in held[shard]:
                raise InvalidFileError(f"{self.name}: tensor {ascii(tensor)[:80]} is not in {shard}")
        for shard, tensors in held.items():
            for tensor in sorted(tensors):
                if self.weight_map.get(tensor) != shard:
                    msg = f"{self.name}: tensor {ascii(tensor)[:80]} of {shard} is not listed"
                    hint = "the index and the shards come from different saves; save them again"
                    raise InvalidFileError(msg, hint=hint)


def read_index(path: Path, name: str, suffix: str = SUFFIX) -> Index:
    """Read the index at `path`, whose shards end with `suffix`; `name` is the name for errors.

    Raises:
        InvalidFileError: naming the file, when it is not an index or points outside its folder.
    """
    with named(name), opened(path) as (descriptor, identity):
        if identity.size > _MAX_INDEX_SIZE:
            raise InvalidFileError(f"an index of {identity.size} bytes; the limit is {_MAX_INDEX_SIZE}")
        return _parse_index(os.pread(descriptor, identity.size, 0), name, suffix)


def render_index(metadata: Mapping[str, Any], weight_map: Mapping[str, str]) -> bytes:
    """Return the bytes of an index, as huggingface_hub writes it."""
    return json.dumps({"metadata": dict(metadata), "weight_map": dict(weight_map)}, indent=2).encode()


def _parse_index(data: bytes, name: str, suffix: str) -> Index:
    try:
        value = json.loads(data.decode(), object_pairs_hook=_unique)
    except InvalidFileError:
        raise
    # The parser recurses, and limits the digits of an integer.
    except (ValueError, RecursionError):
        raise InvalidFileError("not JSON") from None
    weight_map = value.get("weight_map") if isinstance(value, dict) else None
    if not isinstance(weight_map, dict) or not all(isinstance(shard, str) for shard in weight_map.values()):
        raise InvalidFileError("not an index: it has no 'weight_map' of tensor names to files")
    # An index is data from others: its shards are opened next, so they must not be any file of this machine.
    for shard in set(weight_map.values()):
        _check_inside(shard, suffix)
    metadata = value.get("metadata")
    return Index(name, metadata if isinstance(metadata, dict) else {}, weight_map)


# Readers differ on which of two equal keys wins.
def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise InvalidFileError("it has a duplicate key")
    return members


def _check_inside(shard: str, suffix: str) -> None:
    # Parsed with the rules of Windows on every system: they know both separators, drives and shares.
    path = PureWindowsPath(shard)
    inside = not (path.drive or path.root or "\\" in shard) and posixpath.normpath(shard) == shard
    if not inside or ".." in path.parts or not shard.isprintable():
        raise InvalidFileError(f"shard {ascii(shard)[:80]} points outside the index's folder")
    if not shard.endswith(suffix):
        raise InvalidFileError(f"shard {ascii(shard)[:80]} is not a {suffix} file")
