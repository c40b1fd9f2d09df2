"""What torch's own functions make of a storage, checked argument by argument: descriptions of tensors.

The functions: torch/_utils.py and torch/_tensor.py, whose names a checkpoint calls.
"""

from typing import Any, Final

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import Dtype
from hublish.formats.tensors.pytorch.values import ElementType, Function, Ordered, Storage, StoredTensor
from hublish.formats.tensors.tensor import MAX_DIMENSIONS

_MAX_NUMBER: Final = 2**63


def tensor(arguments: tuple[Any, ...]) -> StoredTensor:
    """Read `_rebuild_tensor(storage, offset, shape, strides)` and its version 2, which adds what training needs."""
    if len(arguments) not in (4, 6, 7):
        raise _misfit("_rebuild_tensor_v2")
    storage, offset, shape, strides, *rest = arguments
    if not isinstance(storage, Storage) or storage.type.element is None:
        raise _misfit("_rebuild_tensor_v2")
    _check_metadata(rest[2] if len(rest) == 3 else None)
    return _tensor(storage, storage.type.element, offset, shape, strides)


def tensor_of_type(arguments: tuple[Any, ...]) -> StoredTensor:
    """Read `_rebuild_tensor_v3`, which names the element type beside an untyped storage."""
    if len(arguments) not in (7, 8):
        raise _misfit("_rebuild_tensor_v3")
    storage, offset, shape, strides, _, _, element, *rest = arguments
    if not isinstance(storage, Storage) or not isinstance(element, ElementType):
        raise _misfit("_rebuild_tensor_v3")
    _check_metadata(rest[0] if rest else None)
    return _tensor(storage, element, offset, shape, strides)


def parameter(arguments: tuple[Any, ...]) -> StoredTensor:
    """Read `_rebuild_parameter(tensor, requires_grad, hooks)`, with or without the state that follows."""
    if len(arguments) not in (3, 4) or not isinstance(arguments[0], StoredTensor):
        raise _misfit("_rebuild_parameter")
    return arguments[0]


def subclass(arguments: tuple[Any, ...]) -> object:
    """Read `_rebuild_from_type_v2(function, type, arguments, state)`: a tensor with attributes, which are dropped."""
    function = arguments[0] if len(arguments) == 4 else None
    if not isinstance(function, Function) or function.call is subclass or not isinstance(arguments[2], tuple):
        raise _misfit("_rebuild_from_type_v2")
    return function.call(arguments[2])


def ordered(arguments: tuple[Any, ...]) -> Ordered:
    """Read `collections.OrderedDict()`; Python 2 gave it a list of pairs."""
    pairs = arguments[0] if len(arguments) == 1 else []
    fits = isinstance(pairs, list) and all(
        isinstance(pair, list | tuple) and len(pair) == 2 and isinstance(pair[0], str) for pair in pairs
    )
    if len(arguments) > 1 or not fits:
        raise _misfit("collections.OrderedDict")
    return Ordered(pairs)


def same(arguments: tuple[Any, ...]) -> object:
    """Return the one argument, as `torch.Size` or `set` are no more to us than what they hold."""
    return arguments[0] if len(arguments) == 1 else arguments


def _tensor(storage: Storage, element: ElementType, offset: object, shape: object, strides: object) -> StoredTensor:
    sizes, steps = _numbers(shape, "shape"), _numbers(strides, "strides")
    (first,) = _numbers((offset,), "offset")
    if len(sizes) != len(steps):
        msg = f"a tensor has {len(sizes)} dimensions and {len(steps)} strides"
        raise InvalidFileError(msg)
    return StoredTensor(storage, _dtype(element), first, sizes, steps)


def _dtype(element: ElementType) -> Dtype:
    if element.dtype is None:
        msg = f"a tensor has elements of type {element.name}, for which safetensors has no place"
        raise InvalidFileError(msg, hint="cast it before saving")
    return element.dtype


def _numbers(values: object, what: str) -> tuple[int, ...]:
    if not isinstance(values, tuple | list) or not all(type(value) is int for value in values):
        msg = f"a tensor's {what} is not made of whole numbers"
        raise InvalidFileError(msg)
    if len(values) > MAX_DIMENSIONS:
        msg = f"a tensor has {len(values)} dimensions; the limit is {MAX_DIMENSIONS}"
        raise InvalidFileError(msg)
    if not all(0 <= value < _MAX_NUMBER for value in values):
        msg = f"a tensor's {what} is negative or beyond 63 bits"
        raise InvalidFileError(msg)
    return tuple(values)


def _check_metadata(metadata: object) -> None:
    """Refuse the lazy bits: the bytes of such a tensor are not its values."""
    if metadata is None:
        return
    if not isinstance(metadata, dict):
        raise _misfit("_rebuild_tensor_v2")
    for bit, function in (("conj", "resolve_conj"), ("neg", "resolve_neg")):
        if metadata.get(bit):
            msg = f"a tensor has its {bit} bit set, so that its bytes are not its values"
            raise InvalidFileError(msg, hint=f"save tensor.{function}()")


def _misfit(name: str) -> InvalidFileError:
    return InvalidFileError(f"the checkpoint is damaged: {name} is called with what torch never gives it")
