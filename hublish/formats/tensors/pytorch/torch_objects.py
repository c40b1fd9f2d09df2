"""Harmless placeholders for the objects in a checkpoint: nothing is imported for them, built or called.

A storage is a place, a tensor a description, and a function one of those below, which check their arguments and build
descriptions. They cover the names of `torch.load(weights_only=True)` (torch/_weights_only_unpickler.py) that weights
need; the functions are in torch/_utils.py and torch/_tensor.py. Every other name is kept as a name, and an object of
it as a `Placeholder`: objects beside the weights, such as a namespace of arguments, do not matter.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import BY_TORCH_NAME, Dtype
from hublish.formats.tensors.tensor import BEFORE_QUANTIZED, MAX_DIMENSIONS

# The hint for a pickle that torch.save would not write for weights.
REFUSED: Final = "nothing in it was executed; do not unpickle it, and get the weights from its author as safetensors"
QUANTIZED: Final = "a quantized tensor"
"""The kind of a `ForeignTensor` of a quantized module."""
# torch's own sizes, strides and offsets are signed 64-bit integers.
_MAX_NUMBER: Final = 2**63
# Characters of a name in a message.
_SHOWN: Final = 200


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
    width: int = 1
    """Bytes of an element, as torch counts them: the packed types count whole bytes."""


@dataclass(frozen=True, slots=True)
class StorageType:
    """A class of storages, such as `torch.FloatStorage`."""

    name: str
    element: ElementType | None
    """None for an untyped one, which counts in bytes."""


@dataclass(frozen=True, slots=True)
class Name:
    """A class, function or constant that has no meaning for weights."""

    name: str


class Placeholder(dict[Any, Any]):
    """The object that a `Name` would give, never built. Its entries, if the pickle adds some, are those of a mapping.

    Args:
        name: of its class, or of the function that would return it.
        parts: what it would be made of: arguments, items and state.
    """

    __slots__ = ("name", "parts")

    def __init__(self, name: str, parts: Iterable[object] = ()) -> None:
        super().__init__()
        self.name = name
        self.parts = list(parts)


# Without a hash of its own: that of a value from the pickle can be made to collide with others.
@dataclass(frozen=True, slots=True, eq=False)
class OtherKey:
    """A dictionary's key that is not a string or a small number."""

    shown: str
    """The key in a message."""


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


@dataclass(frozen=True, slots=True)
class ForeignTensor:
    """A tensor that safetensors cannot hold."""

    kind: str
    """With its article: `a quantized tensor`."""
    hint: str
    """How to save it instead."""


class Ordered(dict[Any, Any]):
    """A `collections.OrderedDict`; its attributes are dropped."""

    __slots__ = ()


@dataclass(slots=True)
class ScriptModule:
    """An object of a class that a TorchScript archive defines; its code is never run."""

    type: str
    attributes: dict[str, Any] = field(default_factory=dict)


def look_up(name: str) -> object:
    """Return the placeholder for a dotted name.

    Raises:
        InvalidFileError: naming it, when only a pickle that runs commands needs it.
    """
    if (known := _KNOWN.get(name)) is not None:
        return known
    # Nothing would be executed here either. But the author of such a file meant to, and its user should know.
    if name.partition(".")[0] in _COMMANDS or name in _RUNNING:
        raise InvalidFileError(f"it names {ascii(name)[1:-1][:_SHOWN]}, which no state dict needs", hint=REFUSED)
    return Name(name)


def placeholder(name: str, arguments: tuple[Any, ...]) -> Placeholder:
    """Return the placeholder for the result of a call."""
    # pickle's own helpers get the class of the object as their first argument.
    made = arguments[0] if arguments and name in _MAKERS else None
    return Placeholder(made.name if isinstance(made, Name) else name, arguments)


# ------------------------------------------------------------------------------------ functions of torch


def only_argument(arguments: tuple[Any, ...]) -> object:
    """Return the one argument: of a `torch.Size` or a set, only the elements matter here."""
    return arguments[0] if len(arguments) == 1 else arguments


def _rebuild_tensor(arguments: tuple[Any, ...]) -> StoredTensor | ForeignTensor:
    """Read `_rebuild_tensor(storage, offset, shape, strides)` and its version 2, which adds training state."""
    if len(arguments) not in (4, 6, 7):
        raise _misfit("_rebuild_tensor_v2")
    storage, offset, shape, strides = arguments[:4]
    if isinstance(storage, ForeignTensor):
        return storage
    if not isinstance(storage, Storage) or storage.type.element is None:
        raise _misfit("_rebuild_tensor_v2")
    metadata = arguments[6] if len(arguments) == 7 else None
    return _tensor(storage, storage.type.element, (offset, shape, strides), metadata)


def _rebuild_tensor_v3(arguments: tuple[Any, ...]) -> StoredTensor | ForeignTensor:
    """Read `_rebuild_tensor_v3`, which names the element type beside an untyped storage."""
    if len(arguments) not in (7, 8):
        raise _misfit("_rebuild_tensor_v3")
    storage, offset, shape, strides, _, _, element, *rest = arguments
    if not isinstance(storage, Storage) or not isinstance(element, ElementType):
        raise _misfit("_rebuild_tensor_v3")
    return _tensor(storage, element, (offset, shape, strides), rest[0] if rest else None)


def _rebuild_parameter(arguments: tuple[Any, ...]) -> object:
    """Read `_rebuild_parameter(tensor, requires_grad, hooks)`, with or without the state that follows."""
    if len(arguments) not in (3, 4) or not isinstance(arguments[0], StoredTensor | ForeignTensor):
        raise _misfit("_rebuild_parameter")
    return arguments[0]


def _rebuild_from_cpu(arguments: tuple[Any, ...]) -> object:
    """Read `_rebuild_device_tensor_from_cpu_tensor(tensor, dtype, device, requires_grad)`, as for XLA and HPU."""
    tensor, element = arguments[:2] if len(arguments) == 4 else (None, None)
    if not isinstance(tensor, StoredTensor | ForeignTensor) or not isinstance(element, ElementType):
        raise _misfit("_rebuild_device_tensor_from_cpu_tensor")
    if isinstance(tensor, StoredTensor) and tensor.dtype != element.dtype:
        return ForeignTensor(f"a tensor that is cast to {element.name} when it is loaded", "save tensor.cpu()")
    return tensor


def _rebuild_from_type(arguments: tuple[Any, ...]) -> object:
    """Read `_rebuild_from_type_v2(function, type, arguments, state)`: a tensor with attributes, which are dropped."""
    function, kind, given = arguments[:3] if len(arguments) == 4 else (None, None, None)
    # A call of itself could recurse as deep as the pickle is long.
    recursive = isinstance(function, Function) and function.call is _rebuild_from_type
    if not isinstance(function, Function | Name) or recursive or not isinstance(given, tuple):
        raise _misfit("_rebuild_from_type_v2")
    # A subclass may give the elements another meaning, and an unknown function has its own arguments.
    if not isinstance(function, Function) or (isinstance(kind, Name) and kind.name not in _TENSORS):
        name = kind.name if isinstance(kind, Name) else function.name
        return ForeignTensor(f"a {ascii(name)[1:-1][:_SHOWN]}", "save tensor.as_subclass(torch.Tensor)")
    return function.call(given)


def _ordered_dict(arguments: tuple[Any, ...]) -> Ordered:
    """Read `collections.OrderedDict()`; Python 2 passed it a list of pairs."""
    pairs = arguments[0] if len(arguments) == 1 else []
    fits = isinstance(pairs, list) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs
    )
    if len(arguments) > 1 or not fits:
        raise _misfit("collections.OrderedDict")
    return Ordered(pairs)


def _tensor(
    storage: Storage, element: ElementType, place: tuple[object, object, object], metadata: object
) -> StoredTensor | ForeignTensor:
    # The bounds are compared with the storage later, when its size is known.
    sizes, steps = _numbers(place[1], "shape"), _numbers(place[2], "strides")
    (first,) = _numbers(place[:1], "offset")
    if len(sizes) != len(steps):
        raise InvalidFileError(f"a tensor has {len(sizes)} dimensions and {len(steps)} strides")
    if not isinstance(metadata, dict | None):
        raise _misfit("_rebuild_tensor_v2")
    # The lazy bits: the bytes of such a tensor are not its values.
    for bit in ("conj", "neg"):
        if metadata and metadata.get(bit):
            return ForeignTensor(f"a tensor with its {bit} bit set", f"save tensor.resolve_{bit}()")
    # A packed type needs an axis along which its elements are packed.
    if element.dtype is None or (element.dtype.bits < 8 and not sizes):
        return ForeignTensor(f"a tensor with elements of type {element.name}", "cast it before saving")
    return StoredTensor(storage, element.dtype, first, sizes, steps)


def _numbers(values: object, field: str) -> tuple[int, ...]:
    if not isinstance(values, tuple | list) or not all(type(value) is int for value in values):
        raise InvalidFileError(f"a tensor's {field} is not a sequence of integers")
    if len(values) > MAX_DIMENSIONS:
        raise InvalidFileError(f"a tensor has {len(values)} dimensions; the limit is {MAX_DIMENSIONS}")
    if not all(0 <= value < _MAX_NUMBER for value in values):
        raise InvalidFileError(f"a tensor's {field} is negative or beyond 63 bits")
    return tuple(values)


def _misfit(name: str) -> InvalidFileError:
    return InvalidFileError(f"the checkpoint is damaged: {name} has arguments that torch never passes")


# -------------------------------------------------------------------------------------------------- names

# Types that safetensors lacks, with the bytes of an element: only a tensor that uses one is refused.
_FOREIGN_ELEMENTS: Final[Mapping[str, int]] = {
    "bits16": 2,
    "complex32": 4,
    "complex128": 16,
    "qint32": 4,
    **dict.fromkeys(("qint8", "quint8", "quint4x2", "quint2x4", "bits1x8", "bits2x4", "bits4x2", "bits8"), 1),
    **{f"{sign}int{bits}": 1 for sign in ("", "u") for bits in range(1, 8)},
}
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
    "QInt8Storage": "qint8",
    "QUInt8Storage": "quint8",
    "QInt32Storage": "qint32",
    "QUInt4x2Storage": "quint4x2",
    "QUInt2x4Storage": "quint2x4",
}
_FUNCTIONS: Final[Mapping[str, Callable[[tuple[Any, ...]], object]]] = {
    "collections.OrderedDict": _ordered_dict,
    "torch._utils._rebuild_tensor": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v2": _rebuild_tensor,
    "torch._utils._rebuild_tensor_v3": _rebuild_tensor_v3,
    "torch._utils._rebuild_parameter": _rebuild_parameter,
    "torch._utils._rebuild_parameter_with_state": _rebuild_parameter,
    "torch._utils._rebuild_device_tensor_from_cpu_tensor": _rebuild_from_cpu,
    "torch._tensor._rebuild_from_type_v2": _rebuild_from_type,
    # Found beside weights, never as weights; Python 2 has `__builtin__`.
    **dict.fromkeys(("_codecs.encode", "collections.Counter", "torch.Size", "torch.device"), only_argument),
    **dict.fromkeys(("builtins.bytearray", "builtins.complex", "builtins.set"), only_argument),
    **dict.fromkeys(("__builtin__.bytearray", "__builtin__.complex", "__builtin__.set"), only_argument),
    "torch.serialization._get_layout": only_argument,
}
# Types of tensors, which `_rebuild_from_type_v2` receives, whose elements are their values.
_TENSORS: Final = ("torch.Tensor", "torch.nn.parameter.Parameter", "torch.nn.parameter.Buffer")
# Tensors that torch rebuilds and safetensors cannot hold, with a hint.
_UNSUPPORTED: Final = {
    "torch._utils._rebuild_sparse_tensor": ("a sparse tensor", "save tensor.to_dense()"),
    "torch._utils._rebuild_nested_tensor": ("a nested tensor", "save tensor.to_padded_tensor(0.0)"),
    "torch._utils._rebuild_qtensor": (QUANTIZED, f"{BEFORE_QUANTIZED}, or tensor.dequantize()"),
    "torch._utils._rebuild_meta_tensor_no_storage": (
        "a tensor on the meta device without data",
        "load the weights before saving",
    ),
    "torch._utils._rebuild_wrapper_subclass": ("a tensor subclass without data of its own", "save a plain tensor"),
    "torch._utils._rebuild_device_tensor_from_numpy": ("a tensor stored as a numpy array", "save tensor.cpu()"),
    "torch.storage._load_from_bytes": ("a tensor pickled without torch.save", "save it with torch.save"),
}
# Packages whose functions run commands, and the functions of `builtins` that do; Python 2 has `__builtin__`.
_COMMANDS: Final = frozenset(
    [
        *("posix", "nt", "os", "sys", "subprocess", "commands", "pty", "runpy", "importlib", "imp", "ctypes"),
        *("pickle", "_pickle", "cPickle", "code", "codeop", "pdb", "bdb", "timeit", "webbrowser", "socket", "shutil"),
    ]
)
_RUNNING: Final = frozenset(
    f"{module}.{name}"
    for module in ("builtins", "__builtin__")
    for name in ("exec", "eval", "execfile", "compile", "open", "__import__", "input", "breakpoint", "apply")
)
# Functions that pickle writes for objects, whose first argument is the class.
_MAKERS: Final = frozenset(
    [
        *("copyreg._reconstructor", "copy_reg._reconstructor", "copyreg.__newobj__", "copyreg.__newobj_ex__"),
        *("numpy._core.multiarray._reconstruct", "numpy.core.multiarray._reconstruct"),
    ]
)


def _table() -> dict[str, object]:
    elements = {
        name: ElementType(f"torch.{name}", dtype, max(dtype.bits // 8, 1)) for name, dtype in BY_TORCH_NAME.items()
    }
    elements |= {name: ElementType(f"torch.{name}", None, width) for name, width in _FOREIGN_ELEMENTS.items()}
    table: dict[str, object] = {element.name: element for element in elements.values()}
    # The device is part of the class in old checkpoints, and does not matter to the bytes.
    for module in ("torch", "torch.cuda"):
        for name, element in _STORAGES.items():
            table[f"{module}.{name}"] = StorageType(f"{module}.{name}", elements[element])
    for name in ("torch.storage.UntypedStorage", "torch.UntypedStorage"):
        table[name] = StorageType(name, None)
    for name, (kind, hint) in _UNSUPPORTED.items():
        tensor = ForeignTensor(kind, hint)
        table[name] = Function(name, lambda _, tensor=tensor: tensor)  # type: ignore[misc]  # bound for each name
    return table | {name: Function(name, call) for name, call in _FUNCTIONS.items()}


_KNOWN: Final[Mapping[str, object]] = _table()
