"""Serializer `torch`: the state dict of a PyTorch module, as safetensors on disk.

torch's tensors become numpy arrays and back without a copy wherever both can use the same memory.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import TorchOptions
from hublish.formats.frameworks import imported, is_a, maps_any_to
from hublish.formats.interface import Trust, Written
from hublish.formats.release_files import CHECKPOINT, CHECKPOINT_INDEX, checkpoint_files, output_path
from hublish.formats.safetensors import Safetensors, read_files, write_source
from hublish.formats.tensors.dtypes import BY_TORCH_NAME, dtype_of
from hublish.formats.tensors.safetensors_file import SafetensorsFile
from hublish.formats.tensors.tensor import BEFORE_QUANTIZED, Tensor, Unwritable, packed_weights
from hublish.formats.tensors.tensor_data import InMemoryArray
from hublish.formats.tensors.tensor_source import unwritable
from hublish.formats.tensors.tied_tensors import kept_names
from hublish.schemas.diagnose.problems import shortened

# Types that numpy itself lacks: the bits are viewed as integers of torch, then as the type of that name in ml_dtypes.
_FLOAT8 = ("float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu")
_BY_BITS = {"bfloat16": "int16", **dict.fromkeys(_FLOAT8, "uint8")}
# The one type of torch that packs elements: two in a byte, which safetensors counts as two.
_PACKED = "float4_e2m1fn_x2"
_PLAIN_TENSOR = "publish a plain tensor, or exclude it if it is not needed"


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
        """Return whether it is a module or a mapping with tensors; `dump` rejects its other entries by name."""
        return is_a(value, "torch.nn.modules.module.Module") or maps_any_to(value, "torch.Tensor")

    def dump(
        self, source: Any, path_in_repo: str, workspace: Path, options: TorchOptions, progress: Progress
    ) -> tuple[Written, ...]:
        """Write a module, a state dict or a checkpoint file.

        Memory: tensors in main memory are not copied; those on a device are, all of them at once.

        Raises:
            SerializationError: a value that the options do not exclude is not a tensor, or safetensors cannot hold it;
                the message names the first.
            MissingDependencyError: the tensors came from a torch that cannot be imported here.
        """
        if isinstance(source, Path):
            return Safetensors().dump(source, path_in_repo, workspace, options, progress)
        torch = imported("torch", serializer=self.name)
        given = _entries(torch, source)
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
        write_source(_entries(imported("torch", serializer=self.name), module), target)
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


class Checkpoints:
    """Reads `pytorch_model.bin`, alone or sharded: the weights of repos from before safetensors. Nothing is unpickled.

    The serializers' own reader builds no object and calls no function. huggingface_hub's mixin falls back to
    `torch.load(weights_only=True)` for these files; entries that are not tensors are skipped, as a module does.
    """

    name = "pytorch_model.bin"

    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Return the arrays by name, mapped.

        Raises:
            LoadError: a file is damaged, a shard is missing, or it holds objects that are not read.
        """
        with _converted(files) as found:
            # Each array keeps its file mapped, also when the folder is gone.
            return dict(Safetensors().load(found))

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> dict[str, Any]:
        """Return the state dict of tensors; raise errors as `load` does."""
        with _converted(files) as found:
            # Tensors of a file without any need no mapping, and so no torch.
            return Torch().rebuild(found, trust) if read_files(found).files else {}


@contextmanager
def _converted(files: Mapping[str, Path]) -> Iterator[Mapping[str, Path]]:
    # The shards are next to their index: in the cache too, all files of a commit are in one folder.
    names = checkpoint_files(files)
    source = next((files[name] for name in (CHECKPOINT_INDEX, CHECKPOINT) if name in names), None)
    if source is None:
        raise LoadError(f"the shards of {CHECKPOINT} have no index", hint=f"download {CHECKPOINT_INDEX} as well")
    # A mapped file cannot be removed on Windows.
    with TemporaryDirectory(prefix="hublish-", ignore_cleanup_errors=True) as folder:
        target = Path(folder) / "model.safetensors"
        write_source(source, target, kind=LoadError)
        yield {target.name: target}


def _entries(torch: Any, source: Any) -> dict[str, Tensor | Unwritable]:
    state = _state_dict(torch, source)
    others = {name: _other(name, value) for name, value in state.items() if not isinstance(value, torch.Tensor)}
    tensors = {name: tensor for name, tensor in state.items() if name not in others}
    ties = tied(tensors)  # a tied tensor on a device is copied to main memory once, and stays tied there
    made = {name: _entry(torch, name, tensor) for name, tensor in tensors.items() if name not in ties}
    return {name: others.get(name) or _under(name, made[ties.get(name, name)]) for name in state}


def _state_dict(torch: Any, source: Any) -> Mapping[str, Any]:
    # `state_dict` runs the module's hooks, so subclasses that customize it publish their own entries.
    found = source.state_dict() if isinstance(source, torch.nn.Module) else source
    if not isinstance(found, Mapping):
        msg = f"a {type(source).__name__} is neither a torch.nn.Module nor a state dict"
        raise SerializationError(msg, hint="give the module, or its state_dict()")
    return found


def _other(name: object, value: object) -> Unwritable:
    if (packed := packed_weights(str(name))) is not None:
        return packed
    # Quantized recurrent layers keep their weights in objects of C++, and others have a type among their entries.
    if is_a(value, "torch.ScriptObject", "torch._C.ScriptObject") or _is_quantized(value):
        msg = f"{name!r} in the state dict belongs to a quantized module, which safetensors cannot hold"
        return Unwritable(msg, BEFORE_QUANTIZED)
    return unwritable(str(name), value, "tensor", " in the state dict")


def _is_quantized(value: object) -> bool:
    return is_a(value, "torch.dtype") and str(value).startswith(("torch.qint", "torch.quint"))


def _entry(torch: Any, name: str, tensor: Any) -> Tensor | Unwritable:
    """Return the entry for a tensor, or the reason why it cannot be written."""
    try:
        array = to_array(torch, name, tensor)
    except SerializationError as error:
        return Unwritable(error.message, error.hint or _PLAIN_TENSOR)
    # On a device, or in a layout of its own, a tensor may fail in any way.
    except (RuntimeError, TypeError, ValueError, NotImplementedError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        return Unwritable(f"tensor {name!r} cannot be read: {shortened(reason, 200)}", _PLAIN_TENSOR)
    if str(tensor.dtype) == f"torch.{_PACKED}":
        shape = (*array.shape[:-1], array.shape[-1] * 2)
        return Tensor(name, BY_TORCH_NAME[_PACKED], shape, InMemoryArray(array, BY_TORCH_NAME["uint8"]))
    dtype = dtype_of(array.dtype)
    assert dtype is not None
    return Tensor(name, dtype, array.shape, InMemoryArray(array, dtype))


def _under(name: str, entry: Tensor | Unwritable) -> Tensor | Unwritable:
    return replace(entry, name=name) if isinstance(entry, Tensor) else entry


def to_array(torch: Any, name: str, tensor: Any) -> NDArray[Any]:
    """Return the tensor's elements as an array, which shares the memory of a tensor in main memory.

    The elements of a packed type are returned as bytes.

    Raises:
        SerializationError: its elements are not stored in memory one by one, or safetensors cannot hold them; the
            message names the tensor.
    """
    if kind := _foreign(torch, tensor):
        msg = f"tensor {name!r} is {kind[0]}, which safetensors cannot hold"
        raise SerializationError(msg, hint=kind[1])
    # A model that was created on the meta device has shapes and no elements.
    if tensor.is_meta:
        msg = f"tensor {name!r} is on the meta device and has no elements"
        raise SerializationError(msg, hint="load the weights before publishing")
    spelled = str(tensor.dtype).removeprefix("torch.")
    if spelled not in BY_TORCH_NAME or (spelled == _PACKED and not tensor.ndim):
        msg = f"tensor {name!r} has elements of type {spelled}, which safetensors cannot hold"
        raise SerializationError(msg, hint="cast it to a type that it has, or exclude it if it is not needed")
    # Conjugated and negated tensors are views with a flag that numpy does not know.
    plain = tensor.detach().cpu().resolve_conj().resolve_neg()
    if spelled == _PACKED:
        # torch cannot copy elements of this type into another order, and can copy bytes.
        packed: NDArray[Any] = plain.view(torch.uint8).numpy()
        return packed
    if spelled not in _BY_BITS:
        array: NDArray[Any] = plain.numpy()
        return array
    return np.asarray(plain.view(getattr(torch, _BY_BITS[spelled])).numpy()).view(getattr(ml_dtypes, spelled))


def _foreign(torch: Any, tensor: Any) -> tuple[str, str] | None:
    """Return the kind of a tensor, with a hint, when its elements are not in memory one by one."""
    if tensor.is_quantized:
        return "quantized", f"{BEFORE_QUANTIZED}, or tensor.dequantize()"
    if getattr(tensor, "is_nested", False):
        return "nested", "call .to_padded_tensor(0.0) on it"
    if tensor.layout is not torch.strided:
        return str(tensor.layout).removeprefix("torch."), "call .to_dense() on it"
    if isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin):
        return "not initialized", "run the module once, which gives a lazy parameter its shape"
    # A subclass without data of its own, such as a tensor distributed over devices, keeps it in other tensors.
    if hasattr(type(tensor), "__tensor_flatten__") or type(tensor).__name__ == "DTensor":
        return f"a {type(tensor).__name__}", "publish a plain tensor, such as tensor.full_tensor() or .dequantize()"
    return None


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
        dtype, shape = getattr(torch, entry.dtype.torch, None), entry.shape
        if entry.dtype.torch == _PACKED and dtype is not None:
            # torch counts pairs of elements, along the last axis.
            dtype, shape = (None, shape) if not shape or shape[-1] % 2 else (dtype, (*shape[:-1], shape[-1] // 2))
        if dtype is None:
            raise ValueError(f"torch has no type for the {entry.dtype.name} elements of tensor {entry.name!r}")
        begin, end = file.data_offset + entry.begin, file.data_offset + entry.end
        part = whole[begin:end]
        # A view must begin at a multiple of the element's size, which files of old writers do not guarantee.
        aligned = part if begin % dtype.itemsize == 0 else part.clone()
        yield entry.name, aligned.view(dtype).view(shape)


def tied(tensors: Mapping[str, Any]) -> dict[str, str]:
    """Return, for each name of a tensor that has several names, the name that is kept.

    Names are tied when they refer to the same view of the same memory. The name that is kept, and is not in the result,
    is the first in alphabetical order, as safetensors and huggingface_hub choose it.
    """
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, tensor in tensors.items():
        if (place := _place(tensor)) is not None:
            groups.setdefault(place, []).append(name)
    return kept_names(groups.values())


def _place(tensor: Any) -> tuple[object, ...] | None:
    """Return a value that only the same view of the same memory has; None when it is unknown."""
    # The shape of a nested or an uninitialized tensor raises an error.
    if str(tensor.layout) != "torch.strided" or getattr(tensor, "is_nested", False) or hasattr(tensor, "materialize"):
        return None
    # The device of a meta tensor has no addresses, but its storage is an object as any other.
    where = tensor.untyped_storage()._cdata if tensor.is_meta else tensor.data_ptr()  # noqa: SLF001 - no public name
    # Empty tensors share the null address, as do subclasses that keep their data in other tensors.
    if not where or not tensor.numel():
        return None
    view = (tensor.storage_offset() if tensor.is_meta else 0, tuple(tensor.shape), tensor.stride())
    # A conjugated or negated view has the same elements in memory, with a flag.
    return (tensor.device, where, tensor.dtype, *view, tensor.is_conj(), tensor.is_neg())
