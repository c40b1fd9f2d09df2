"""Which tensor goes to which file, and what the files are called: the same answers as huggingface_hub's.

Its `split_state_dict_into_shards_factory` and `save_torch_state_dict` set the rules; tests compare with them.
"""

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from hublish.formats.catalogue import ARRAY_SUFFIXES, CHECKPOINT_INDEX_SUFFIXES
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.index import INDEX_SUFFIX

if TYPE_CHECKING:
    # Names alone are asked for where no tensor is read: numpy stays out.
    from hublish.formats.tensors.tensor import Tensor

_SUFFIX = ".safetensors"
_REPLACED = (INDEX_SUFFIX, *CHECKPOINT_INDEX_SUFFIXES, *ARRAY_SUFFIXES)


def split(tensors: "Iterable[Tensor]", max_shard_size: int) -> "tuple[tuple[Tensor, ...], ...]":
    """Fill shards in the order of `tensors`, each up to `max_shard_size` bytes of data.

    A tensor larger than that gets a shard of its own, and the shard before it stays open for those that follow.
    """
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


def weights_path(path_in_repo: str) -> str:
    """Return where a single file goes: a source's own extension gives way to `.safetensors`.

    Raises:
        InvalidFileError: when the path has another extension.
    """
    for suffix in _REPLACED:
        if path_in_repo.endswith(suffix) and len(path_in_repo.rpartition("/")[2]) > len(suffix):
            return path_in_repo.removesuffix(suffix) + _SUFFIX
    msg = f"path_in_repo {path_in_repo!r} does not end with {_SUFFIX}"
    raise InvalidFileError(msg, hint=f"write for instance path_in_repo: model{_SUFFIX}")


def shard_paths(weights: str, count: int) -> tuple[str, ...]:
    """Return the names of `count` files for the single file's name `weights`."""
    if count == 1:
        return (weights,)
    stem = weights.removesuffix(_SUFFIX)
    return tuple(f"{stem}-{number:05d}-of-{count:05d}{_SUFFIX}" for number in range(1, count + 1))


def index_path(weights: str) -> str:
    """Return the name of the index beside the shards of `weights`."""
    return weights.removesuffix(_SUFFIX) + INDEX_SUFFIX


def is_split_well(shards: Sequence[tuple[int, int]], max_shard_size: int) -> bool:
    """Whether shards already are as large as `max_shard_size` lets them be.

    True of everything `split` makes: no shard is too large, and no two neighbours would fit into one.

    Args:
        shards: of each, the number of its tensors and its bytes of data.
        max_shard_size: in bytes.
    """
    fits = all(size <= max_shard_size or tensors == 1 for tensors, size in shards)
    sizes = [size for _, size in shards if size <= max_shard_size]
    return fits and all(first + second > max_shard_size for first, second in pairwise(sizes))
