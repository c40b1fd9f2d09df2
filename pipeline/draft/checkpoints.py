"""What a PyTorch checkpoint holds beside its weights: which options its conversion needs, or why there is none."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

from hublish.formats.input_files import InvalidFileError
from hublish.pipeline.draft.tree import Tree

_USUAL_KEYS: Final = ("state_dict", "model_state_dict", "model", "net", "module", "generator", "model_ema", "ema")
"""Where training scripts put the weights, the likeliest first."""
_MOST_EXCLUDED: Final = 8


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What was read of a checkpoint; nothing was unpickled."""

    options: Mapping[str, Any] = field(default_factory=dict)
    """Of the serializer `safetensors`."""
    refused: str = ""
    """Why it cannot be converted."""


def look_at(tree: Tree, path: str) -> Checkpoint:
    """Read the structure of a checkpoint; one that lies on a Hub is taken for a state dict."""
    if tree.folder is None:
        return Checkpoint()
    try:
        return _with_key(tree, path, None)
    except InvalidFileError as error:
        told = error.message.removeprefix(f"{tree.folder / path}: ")
        first = f"{told}; {error.hint}" if error.hint else told
    except OSError as error:
        return Checkpoint(refused=f"cannot be read: {error.strerror}")
    for key in _USUAL_KEYS:
        with suppress(InvalidFileError, OSError):
            return _with_key(tree, path, key)
    return Checkpoint(refused=f"cannot be converted: {first}")


def _with_key(tree: Tree, path: str, key: str | None) -> Checkpoint:
    from hublish.formats.tensors.pytorch.checkpoint_file import read_state_dict  # brings numpy

    assert tree.folder is not None  # the caller looked
    found = read_state_dict(tree.folder / path, key)
    if not found.tensors or len(found.others) > _MOST_EXCLUDED:
        msg = f"{len(found.others)} entries of it are no tensors"
        raise InvalidFileError(msg)
    options: dict[str, Any] = {} if key is None else {"key": key}
    return Checkpoint({**options, "exclude": sorted(found.others)} if found.others else options)
