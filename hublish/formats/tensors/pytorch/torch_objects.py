"""The names a checkpoint may use, and the harmless placeholders for torch's objects that they resolve to.

A storage is a place, a tensor a description, and a function one of those below, which check their arguments and build
descriptions. Every other name is refused. The names are those of `torch.load(weights_only=True)`
(torch/_weights_only_unpickler.py), except for the kinds of tensors that safetensors cannot hold. The functions are in
torch/_utils.py and torch/_tensor.py.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import BY_TORCH_NAME, Dtype
from hublish.formats.tensors.tensor import MAX_DIMENSIONS

# The hint for a pickle that requires more than weights need.
REFUSED: Final = "nothing in it was executed; save the state dict alone: torch.save(model.state_dict(), path)"
# torch's own sizes, strides and offsets are signed 64-bit integers.
_MAX_NUMBER: Final = 2**63


@dataclass(frozen=True, slots=True)
class Function:
    """A function that a checkpoint may call."""

    name: str
    call: Callable[[tuple[Any, ...]], object]
    """Builds a value from the arguments in the pickle, which are not checked yet."""


@dataclass(frozen=True, slots=True)
class ElementType:
    """A `torch.dtype`."""

    name: str
    dtype: Dtype | None
    """None when safetensors cannot hold it."""


@dataclass(frozen=True, slots=True)
class StorageType:
    """A class of storages, such as `torch.FloatStorage`."""

    name: str
    element: ElementType | None
    """None for an untyped one, which counts in bytes."""


@dataclass(frozen=True, slots=True)
class Symbol:
    """A class or constant that is passed on and never used."""

    name: str


@dataclass(frozen=True, slots=True)
class Storage:
    """A range of bytes that tensors share."""

    key: str
    type: StorageType
    count: int
    """Elements; bytes when the type has none."""
    first: int = 0
    """Its offset in the storage with that key, in elements."""


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """A tensor as a view of a storage, whose bounds are not checked yet."""

    storage: Storage
    dtype: Dtype
    offset: int
    """Of its first element, in elements."""
    shape: tuple[int, ...]
    strides: tuple[int, ...]
    """In elements."""


class Ordered(dict[Any, Any]):
    """A `collections.OrderedDict`, the one mapping that may have attributes; they are dropped."""

    __slots__ = ()


@dataclass(slots=True)
class ScriptModule:
    """An object of a class that a TorchScript archive defines; its code is never run."""

    type: str
    attributes: dict[str, Any] = field(default_factory=dict)


def look_up(name: str) -> object:
    """Return the placeholder for a dotted name.

    Raises:
        InvalidFileError: naming it, when checkpoints do not need it.
    """
    if name in _UNSUPPORTED:
        kind, hint = _UNSUPPORTED[name]
        raise InvalidFileError(f"it contains {kind}", hint=hint or "save a plain tensor")
    if name not in _KNOWN:
        raise InvalidFileError(f"it names {ascii(name)[1:-1][:200]}, which no state dict needs", hint=REFUSED)
    return _KNOWN[name]


# ------------------------------------------------------------------------------------ functions of torch


def only_argument(arguments: tuple[Any, ...]) -> object:
    """Return the one argument: of a `torch.Size` or a set, only the elements matter here."""
    return arguments[0] if len(arguments) == 1 else arguments


def _rebuild_tensor(arguments: tuple[Any, ...]) -> StoredTensor:
    """Read `_rebuild_tensor(storage, offset, shape, strides)` and its version 2, which adds training state."""
    if len(arguments) not in (4, 6, 7):
        raise _misfit("_rebuild_tensor_v2")
    storage, offset, shape, strides = arguments[:4]
    if not isinstance(storage, Storage) or storage.type.element is None:
        raise _misfit("_rebuild_tensor_v2")
    _check_metadata(arguments[6] if len(arguments) == 7 else None)
    return _tensor(storage, storage.type.element, offset, shape, strides)


def _rebuild_tensor_v3(arguments: tuple[Any, ...]) -> StoredTensor:
    """Read `_rebuild_tensor_v3`, which names the element type beside an untyped storage."""
    if len(arguments) not in (7, 8):
        raise _misfit("_rebuild_tensor_v3")
    storage, offset, shape, strides, _, _, element, *rest = arguments
    if not isinstance(storage, Storage) or not isinstance(element, ElementType):
        raise _misfit("_rebuild_tensor_v3")
    _check_metadata(rest[0] if rest else None)
    return _tensor(storage, element, offset, shape, strides)


def _rebuild_parameter(arguments: tuple[Any, ...]) -> StoredTensor:
    """Read `_rebuild_parameter(tensor, requires_grad, hooks)`, with or without the state that follows."""
    if len(arguments) not in (3, 4) or not isinstance(arguments[0], StoredTensor):
        raise _misfit("_rebuild_parameter")
    return arguments[0]


def _rebuild_from_type(arguments: tuple[Any, ...]) -> object:
    """Read `_rebuild_from_type_v2(function, type, arguments, state)`: a tensor with attributes, which are dropped."""
    function = arguments[0] if len(arguments) == 4 else None
    # A call of itself could recurse as deep as the pickle is long.
    recursive = isinstance(function, Function) and function.call is _rebuild_from_type
    if not isinstance(function, Function) or recursive or not isinstance(arguments[2], tuple):
        raise _misfit("_rebuild_from_type_v2")
    return function.call(arguments[2])


def _ordered_dict(arguments: tuple[Any, ...]) -> Ordered:
    """Read `collections.OrderedDict()`; Python 2 passed it a list of pairs."""
    pairs = arguments[0] if len(arguments) == 1 else []
    fits = isinstance(pairs, list) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs
    )
    if len(arguments) > 1 or not fits:
        raise _misfit("collections.OrderedDict")
    return Ordered(pairs)


def _tensor(storage: Storage, element: ElementType, offset: object, shape: object, strides: object) -> StoredTensor:
    # The bounds are compared with the storage later, when its size is known.
    sizes, steps = _numbers(shape, "shape"), _numbers(strides, "strides")
    (first,) = _numbers((offset,), "offset")
    if len(sizes) != len(steps):
        raise InvalidFileError(f"a tensor has {len(sizes)} dimensions and {len(steps)} strides")
    if element.dtype is None:
        msg = f"a tensor has elements of type {element.name}, which safetensors cannot hold"
        raise InvalidFileError(msg, hint="cast it before saving")
    return StoredTensor(storage, element.dtype, first, sizes, steps)


def _numbers(values: object, field: str) -> tuple[int, ...]:
    if not isinstance(values, tuple | list) or not all(type(value) is int for value in values):
        raise InvalidFileError(f"a tensor's {field} is not a sequence of integers")
    if len(values) > MAX_DIMENSIONS:
        raise InvalidFileError(f"a tensor has {len(values)} dimensions; the limit is {MAX_DIMENSIONS}")
    if not all(0 <= value < _MAX_NUMBER for value in values):
        raise InvalidFileError(f"a tensor's {field} is negative or beyond 63 bits")
    return tuple(values)


def _check_metadata(metadata: object) -> None:
    """Refuse the lazy bits: the bytes of such a tensor are not its values."""
    if not isinstance(metadata, dict | None):
        raise _misfit("_rebuild_tensor_v2")
    for bit in ("conj", "neg"):
        if metadata and metadata.get(bit):
            msg = f"a tensor has its {bit} bit set, so its bytes are not its values"
            raise InvalidFileError(msg, hint=f"save tensor.resolve_{bit}()")


def _misfit(name: str) -> InvalidFileError:
    return InvalidFileError(f"the checkpoint is damaged: {name} has arguments that torch never passes")


# -------------------------------------------------------------------------------------------------- names

# Types that safetensors lacks: they may be named, and only a tensor that uses one is refused.
_FOREIGN_ELEMENTS: Final = ("complex32", "complex128", "float4_e2m1fn_x2")
# The classes of storages before torch had untyped ones. They are still written, for old readers.
_STORAGES: Final = {
    "BoolStorage": "bool",
    "ByteStorage": "uint8",
    "CharStorage": "int8",
    "ShortStorage": "int16",
    "IntStorage": "int32",
    "LongStorage": "int64",
    "HalfStorage": "float16",
    "BFloat16Storage": "bfloat16",
    "FloatStorage": "float32",
    "DoubleStorage": "float64",
    "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128",
}
_FUNCTIONS: Final[Mapping[str, Callable[[tuple[Any, ...]], object]]] = {
    "collections.OrderedDict": _ordered_dict,
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v3": _rebuild_tensor_v3,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": _rebuild_parameter,
    "torch._tensor._rebuild_from_type_v2": _rebuild_from_type,
    # Found beside weights, never as weights; Python 2 has `__builtin__`.
    **dict.fromkeys(("_codecs.encode", "collections.Counter", "torch.Size", "torch.device"), only_argument),
    **dict.fromkeys(("builtins.bytearray", "builtins.complex", "builtins.set"), only_argument),
    **dict.fromkeys(("__builtin__.bytearray", "__builtin__.complex", "__builtin__.set"), only_argument),
    "torch.serialization._get_layout": only_argument,
}
# Types of tensors, which `_rebuild_from_type_v2` receives.
_SYMBOLS: Final = ("torch.Tensor", "torch.nn.parameter.Parameter")
# Tensors that torch rebuilds and safetensors cannot hold, with a hint.
_UNSUPPORTED: Final = {
    "torch._utils._rebuild_sparse_tensor": ("a sparse tensor", "save tensor.to_dense()"),
    "torch._utils._rebuild_nested_tensor": ("a nested tensor", "save tensor.to_padded_tensor(0.0)"),
    "torch._utils._rebuild_qtensor": ("a quantized tensor", "save tensor.dequantize(), or its int_repr() and scales"),
    "torch._utils._rebuild_meta_tensor_no_storage": ("a tensor on the meta device, which has no data", ""),
    "torch._utils._rebuild_wrapper_subclass": ("a tensor subclass without data of its own", ""),
    "torch.storage._load_from_bytes": ("tensors pickled without torch.save", "save them with torch.save"),
}


def _table() -> dict[str, object]:
    elements = {name: ElementType(f"torch.{name}", dtype) for name, dtype in BY_TORCH_NAME.items()}
    elements |= {name: ElementType(f"torch.{name}", None) for name in _FOREIGN_ELEMENTS}
    table: dict[str, object] = {element.name: element for element in elements.values()}
    # The device is part of the class in old checkpoints, and does not matter to the bytes.
    for module in ("torch", "torch.cuda"):
        for name, element in _STORAGES.items():
            table[f"{module}.{name}"] = StorageType(f"{module}.{name}", elements[element])
    for name in ("torch.storage.UntypedStorage", "torch.UntypedStorage"):
        table[name] = StorageType(name, None)
    table |= {name: Function(name, call) for name, call in _FUNCTIONS.items()}
    return table | {name: Symbol(name) for name in _SYMBOLS}


_KNOWN: Final[Mapping[str, object]] = _table()
