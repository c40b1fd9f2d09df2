"""Serializer `torch`: the state dict of a PyTorch module, as safetensors on disk."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import TorchOptions
from hublish.formats.frameworks import imported, is_a, maps_to
from hublish.formats.input_files import InvalidFileError
from hublish.formats.interface import Trust, Written
from hublish.formats.safetensors import Safetensors
from hublish.formats.tensors.safetensors_file import SafetensorsSet, read_set
from hublish.formats.torch_tensors import mapped_tensors, tied, to_array


class Torch(BuiltIn, row="torch"):
    """Parameters and buffers by name: of an `nn.Module`, of a state dict, or of what serializer `safetensors` reads.

    Holds every dtype that safetensors has, of tensors on any device and in any strides. Tied tensors are written once,
    and the file's metadata names the others, as safetensors' own `save_model` does: `{"lm_head.weight": "wte.weight"}`.
    Views that share only part of their memory are each written in full. Does not hold quantized and sparse tensors,
    nor what a state dict may carry beside tensors. No checkpoint is unpickled, and torch is needed only for tensors
    in memory and for `rebuild`.
    """

    version: ClassVar[int] = 1

    def holds(self, value: Any) -> bool:
        """Whether it is a module, or a state dict."""
        return is_a(value, "torch.nn.modules.module.Module") or maps_to(value, "torch.Tensor")

    def dump(
        self, source: Any, path_in_repo: str, workspace: Path, options: TorchOptions, progress: Progress
    ) -> tuple[Written, ...]:
        """Write a module, a state dict or a checkpoint file.

        Memory: tensors in main memory are not copied; those on a device are, all of them at once.

        Raises:
            SerializationError: naming the first value that is no tensor, or one that safetensors cannot hold.
            MissingDependencyError: tensors came from a torch that cannot be imported here.
        """
        if isinstance(source, Path):
            return Safetensors().dump(source, path_in_repo, workspace, options, progress)
        torch = _torch()
        tensors = _state_dict(torch, source)
        ties = tied(tensors)  # a tied tensor on a device is brought to main memory once, and stays tied there
        arrays = {name: to_array(torch, name, tensor) for name, tensor in tensors.items() if name not in ties}
        given = {name: arrays[ties.get(name, name)] for name in tensors}
        return Safetensors().dump(given, path_in_repo, workspace, options, progress)

    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Map the tensors as arrays; a tied one is there under each of its names.

        Raises:
            LoadError: when a file is damaged, a shard is missing, or files disagree.
        """
        return Safetensors().load(files)

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> dict[str, Any]:  # noqa: ARG002 - needs none
        """Return the state dict: tensors mapped from the files, tied ones the same object.

        Raises:
            LoadError: as `load`, or when torch has no type for a tensor.
            MissingDependencyError: torch is not installed.
        """
        torch = _torch()
        read = _read(files)
        try:
            tensors = {name: tensor for file in read.files for name, tensor in mapped_tensors(torch, file)}
        except ValueError as error:
            raise LoadError(str(error)) from None
        return tensors | {name: tensors[kept] for name, kept in read.ties.items()}


def _torch() -> Any:
    return imported("torch", serializer="torch")


def _state_dict(torch: Any, source: Any) -> Mapping[str, Any]:
    found = source.state_dict() if isinstance(source, torch.nn.Module) else source
    if not isinstance(found, Mapping):
        msg = f"a {type(source).__name__} is neither a torch.nn.Module nor a state dict"
        raise SerializationError(msg, hint="give the module, or its state_dict()")
    for name, value in found.items():
        if not isinstance(value, torch.Tensor):
            msg = f"{name!r} in the state dict is a {type(value).__name__}, not a tensor"
            raise SerializationError(msg, hint="give the part that holds tensors by name; keep the rest as JSON")
    return found


def _read(files: Mapping[str, Path]) -> SafetensorsSet:
    try:
        return read_set(files)
    except InvalidFileError as error:
        raise LoadError(error.message, hint=error.hint) from None
