"""A checkpoint on disk, whatever its format: told by how it begins, not by its name."""

import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from hublish.formats.input_files import InvalidFileError, named, opened
from hublish.formats.tensors.pytorch import legacy_format, zip_format
from hublish.formats.tensors.pytorch.checkpoint import Checkpoint
from hublish.formats.tensors.pytorch.state_dict import find_state_dict
from hublish.formats.tensors.pytorch.values import StoredTensor
from hublish.formats.tensors.safetensors_header import MAX_TENSORS
from hublish.formats.tensors.tensor import Tensor
from hublish.schemas.documents.sizes import format_size

_HEAD: Final = 512
_TAR: Final = (b"ustar", 257)  # the mark of a tar, and where it stands
# Views may repeat what a file holds, as expanded masks do; a small file may not become a large one by it.
_MAX_REPEATS: Final = 16
_MAX_EXPANDED: Final = 256 << 20


@dataclass(frozen=True, slots=True)
class StateDict:
    """The state dict of a checkpoint."""

    tensors: tuple[Tensor, ...]
    """In its own order."""
    others: dict[str, str]
    """What is no tensor: by name, what it is."""


def read_state_dict(path: Path, key: str | None) -> StateDict:
    """Read a checkpoint up to its tensors' bytes.

    Args:
        path: the file. A bare tensor is named after it.
        key: where the state dict is in it, see `find_state_dict`.

    Raises:
        InvalidFileError: naming the file, when it is no checkpoint, damaged, or asks for more than weights need.
    """
    with named(path):
        checkpoint = _read(path)
        if isinstance(checkpoint.value, StoredTensor):
            return StateDict((checkpoint.tensor(path.name.partition(".")[0], checkpoint.value),), {})
        return _state_dict(checkpoint, key)


def _read(path: Path) -> Checkpoint:
    with opened(path) as (descriptor, identity):
        head = os.pread(descriptor, _HEAD, 0)
        if head.startswith(zip_format.MAGIC):
            return zip_format.read_zip(descriptor, path, identity)
        if head.startswith(legacy_format.MAGIC):
            return legacy_format.read_legacy(descriptor, path, identity)
    if head.startswith(_TAR[0], _TAR[1]):
        msg = "a checkpoint in a tar, as PyTorch wrote them before 0.2, is not read"
        raise InvalidFileError(msg, hint="load it with torch and save it anew")
    msg = "not a PyTorch checkpoint"
    raise InvalidFileError(msg, hint="torch.save writes them; is it cut short, or another format by this name?")


def _state_dict(checkpoint: Checkpoint, key: str | None) -> StateDict:
    tensors: list[Tensor] = []
    others: dict[str, str] = {}
    for name, value in find_state_dict(checkpoint.value, key).items():
        if not isinstance(name, str):
            msg = f"an entry of the state dict is named by a {type(name).__name__}: {ascii(name)[:40]}"
            raise InvalidFileError(msg)
        if isinstance(value, StoredTensor):
            tensors.append(checkpoint.tensor(name, value))
        else:
            others[name] = type(value).__name__
        if len(tensors) > MAX_TENSORS:
            msg = f"it holds more than {MAX_TENSORS} tensors"
            raise InvalidFileError(msg)
    _check_expansion(tensors, checkpoint.identity.size)
    return StateDict(tuple(tensors), others)


def _check_expansion(tensors: list[Tensor], size: int) -> None:
    total = sum(tensor.dtype.nbytes(math.prod(tensor.shape)) for tensor in tensors)
    if total > _MAX_EXPANDED + _MAX_REPEATS * size:
        msg = f"its tensors take {format_size(total)} written out, and the file has {format_size(size)}"
        raise InvalidFileError(msg, hint="save expanded tensors with tensor.contiguous(), or leave them out")
