"""Serializer `torch`: the state dict of a PyTorch module, as safetensors on disk.

torch's tensors become numpy arrays and back without a copy wherever both can use the same memory.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import TorchOptions
from hublish.formats.frameworks import imported, is_a, maps_to
from hublish.formats.interface import Trust, Written
from hublish.formats.release_files import output_path
from hublish.formats.safetensors import Safetensors, read_files, write_source
from hublish.formats.tensors.safetensors_file import SafetensorsFile
from hublish.formats.tensors.tied_tensors import kept_names

# Types that numpy itself lacks: the bits are viewed as integers of torch, then as the type of that name in ml_dtypes.
_FLOAT8 = ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu")
_BY_BITS = {"bfloat16": "int16", **dict.fromkeys(_FLOAT8, "uint8")}


class Torch(BuiltIn, row="torch"):
    """Parameters and buffers by name: of an `nn.Module`, of a state dict, or of a source of serializer `safetensors`.

    Holds every dtype that safetensors has, of tensors on any device and in any strides. Tied tensors are written once,
    and the file's metadata names the others, as safetensors' own `save_model` does: `{"lm_head.weight": "wte.weight"}`.
    Views that share only part of their memory are each written in full. Does not hold quantized and sparse tensors,
    nor other entries of a state dict. No checkpoint is unpickled, and torch is needed only for tensors in memory and
    for `rebuild`.
    """

    version = 2  # 1 left a safetensors source without `format` as it was

    def holds(self, value: Any) -> bool:
        """Return whether it is a module or a state dict."""
        return is_a(value, "torch.nn.modules.module.Module") or maps_to(value, "torch.Tensor")

    def dump(
        self, source: Any, path_in_repo: str, workspace: Path, options: TorchOptions, progress: Progress
    ) -> tuple[Written, ...]:
        """Write a module, a state dict or a checkpoint file.

        Memory: tensors in main memory are not copied; those on a device are, all of them at once.

        Raises:
            SerializationError: a value is not a tensor, or safetensors cannot hold it; the message names the first.
            MissingDependencyError: the tensors came from a torch that cannot be imported here.
        """
        if isinstance(source, Path):
            return Safetensors().dump(source, path_in_repo, workspace, options, progress)
        torch = imported("torch", serializer=self.name)
        given = _arrays(torch, source)
        # A module of functions alone, such as a dropout, has arguments and no weights.
        if not given and isinstance(source, torch.nn.Module):
            return self.dump_model(source, path_in_repo, workspace)
        return Safetensors().dump(given, path_in_repo, workspace, options, progress)

    def dump_model(self, module: Any, path_in_repo: str, workspace: Path) -> tuple[Written, ...]:
        """Write a module with the bytes that huggingface_hub's mixin writes: one file, also for a module without any.

        Raises:
            SerializationError, MissingDependencyError: as `dump` does.
        """
        target = output_path(workspace, path_in_repo)
        write_source(_arrays(imported("torch", serializer=self.name), module), target)
        return (Written(path_in_repo, target),)

    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Map the tensors as arrays, a tied one under each of its names; raise errors as `Safetensors.load` does."""
        return Safetensors().load(files)

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> dict[str, Any]:
        """Return the state dict: tensors mapped from the files, tied ones the same object.

        Raises:
            LoadError: as `load`, or torch has no type for a tensor.
            MissingDependencyError: torch is not installed.
        """
        torch = imported("torch", serializer=self.name)
        found = read_files(files)
        try:
            tensors = {name: tensor for file in found.files for name, tensor in mapped_tensors(torch, file)}
        except ValueError as error:
            raise LoadError(str(error)) from None
        return tensors | {name: tensors[kept] for name, kept in found.ties.items()}


def _arrays(torch: Any, source: Any) -> dict[str, NDArray[Any]]:
    tensors = _state_dict(torch, source)
    ties = tied(tensors)  # a tied tensor on a device is copied to main memory once, and stays tied there
    arrays = {name: to_array(torch, name, tensor) for name, tensor in tensors.items() if name not in ties}
    return {name: arrays[ties.get(name, name)] for name in tensors}


def _state_dict(torch: Any, source: Any) -> Mapping[str, Any]:
    # `state_dict` runs the module's hooks, so subclasses that customize it publish their own entries.
    found = source.state_dict() if isinstance(source, torch.nn.Module) else source
    if not isinstance(found, Mapping):
        msg = f"a {type(source).__name__} is neither a torch.nn.Module nor a state dict"
        raise SerializationError(msg, hint="give the module, or its state_dict()")
    for name, value in found.items():
        if not isinstance(value, torch.Tensor):
            msg = f"{name!r} in the state dict is a {type(value).__name__}, not a tensor"
            raise SerializationError(msg, hint="give the part that holds tensors by name; keep the rest as JSON")
    return found


def to_array(torch: Any, name: str, tensor: Any) -> NDArray[Any]:
    """Return the tensor's elements as an array, which shares the memory of a tensor in main memory.

    Raises:
        SerializationError: its elements are not stored in memory one by one; the message names the tensor.
    """
    # A model that was created on the meta device has shapes and no elements.
    if tensor.is_meta:
        msg = f"tensor {name!r} is on the meta device and has no elements"
        raise SerializationError(msg, hint="load the weights before publishing")
    if tensor.layout is not torch.strided or tensor.is_quantized:
        kind = "quantized" if tensor.is_quantized else str(tensor.layout).removeprefix("torch.")
        msg = f"tensor {name!r} is {kind}, which safetensors cannot hold"
        raise SerializationError(msg, hint="call .to_dense() or .dequantize() on it")
    # Conjugated and negated tensors are views with a flag that numpy does not know.
    plain = tensor.detach().cpu().resolve_conj().resolve_neg()
    spelled = str(plain.dtype).removeprefix("torch.")
    if spelled not in _BY_BITS:
        array: NDArray[Any] = plain.numpy()
        return array
    return np.asarray(plain.view(getattr(torch, _BY_BITS[spelled])).numpy()).view(getattr(ml_dtypes, spelled))


def mapped_tensors(torch: Any, file: SafetensorsFile) -> Iterator[tuple[str, Any]]:
    """Yield the file's tensors by name, mapped: pages are read when touched, and changes stay in this process.

    Raises:
        ValueError: torch has no type for the elements.
    """
    if not file.entries:
        return
    # One storage for the file: a tensor is a view of it, and a page is read when an element on it is used.
    size = file.data_offset + file.data_size
    storage = torch.UntypedStorage.from_file(str(file.path), False, size)  # not shared: copy on write
    whole = torch.empty(0, dtype=torch.uint8).set_(storage)
    for entry in file.entries:
        dtype = getattr(torch, entry.dtype.torch, None)
        if dtype is None:
            raise ValueError(f"torch has no type for the {entry.dtype.name} elements of tensor {entry.name!r}")
        begin, end = file.data_offset + entry.begin, file.data_offset + entry.end
        part = whole[begin:end]
        # A view must begin at a multiple of the element's size, which files of old writers do not guarantee.
        aligned = part if begin % dtype.itemsize == 0 else part.clone()
        yield entry.name, aligned.view(dtype).view(entry.shape)


def tied(tensors: Mapping[str, Any]) -> dict[str, str]:
    """Return, for each name of a tensor that has several names, the name that is kept.

    Names are tied when they refer to the same view of the same memory. The name that is kept, and is not in the result,
    is the first in alphabetical order, as safetensors and huggingface_hub choose it.
    """
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, tensor in tensors.items():
        # Empty tensors share the null address.
        if tensor.numel() and not tensor.is_meta and str(tensor.layout) == "torch.strided":
            place = (tensor.device, tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride())
            groups.setdefault(place, []).append(name)
    return kept_names(groups.values())
