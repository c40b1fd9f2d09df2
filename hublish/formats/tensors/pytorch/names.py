"""Everything a checkpoint may name, and what it stands for here; all else is refused by name.

It is what `torch.load(weights_only=True)` lets in (torch/_weights_only_unpickler.py), less the kinds of tensors that
safetensors cannot hold.
"""

from collections.abc import Mapping
from typing import Final

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import BY_TORCH_NAME
from hublish.formats.tensors.pytorch import rebuilding
from hublish.formats.tensors.pytorch.machine import REFUSED
from hublish.formats.tensors.pytorch.values import ElementType, Function, StorageType, Symbol

_FOREIGN_ELEMENTS: Final = ("complex32", "complex128", "float4_e2m1fn_x2")
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
_FUNCTIONS: Final = {
    "collections.OrderedDict": rebuilding.ordered,
    "torch._utils._rebuild_tensor": rebuilding.tensor,
    "torch._utils._rebuild_tensor_v2": rebuilding.tensor,
    "torch._utils._rebuild_tensor_v3": rebuilding.tensor_of_type,
    "torch._utils._rebuild_parameter": rebuilding.parameter,
    "torch._utils._rebuild_parameter_with_state": rebuilding.parameter,
    "torch._tensor._rebuild_from_type_v2": rebuilding.subclass,
    # Found beside weights, never as weights: what they hold is all that is kept.
    "_codecs.encode": rebuilding.same,
    "builtins.bytearray": rebuilding.same,
    "builtins.complex": rebuilding.same,
    "builtins.set": rebuilding.same,
    "__builtin__.bytearray": rebuilding.same,
    "__builtin__.complex": rebuilding.same,
    "__builtin__.set": rebuilding.same,
    "collections.Counter": rebuilding.same,
    "torch.Size": rebuilding.same,
    "torch.device": rebuilding.same,
    "torch.serialization._get_layout": rebuilding.same,
}
_SYMBOLS: Final = ("torch.Tensor", "torch.nn.parameter.Parameter")
# What torch would rebuild and we cannot write, with what to do about it.
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
    for module in ("torch", "torch.cuda"):
        for name, element in _STORAGES.items():
            table[f"{module}.{name}"] = StorageType(f"{module}.{name}", elements[element])
    for name in ("torch.storage.UntypedStorage", "torch.UntypedStorage"):
        table[name] = StorageType(name, None)
    table |= {name: Function(name, call) for name, call in _FUNCTIONS.items()}
    return table | {name: Symbol(name) for name in _SYMBOLS}


_KNOWN: Final[Mapping[str, object]] = _table()


def look_up(name: str) -> object:
    """Return what a dotted name stands for.

    Raises:
        InvalidFileError: naming it, when checkpoints have no business with it.
    """
    if name in _UNSUPPORTED:
        what, hint = _UNSUPPORTED[name]
        msg = f"it holds {what}"
        raise InvalidFileError(msg, hint=hint or "save a plain tensor")
    if name not in _KNOWN:
        msg = f"it names {ascii(name)[1:-1][:200]}, which no state dict needs"
        raise InvalidFileError(msg, hint=REFUSED)
    return _KNOWN[name]
