"""torch's tensors as numpy arrays and back, without a copy where both can see the same memory."""

from collections.abc import Iterator, Mapping
from typing import Any

import ml_dtypes
import numpy as np
from numpy.typing import NDArray

from hublish.base.errors import SerializationError
from hublish.formats.tensors.safetensors_file import SafetensorsFile

# What numpy itself has no type for: the bits are looked at as whole numbers, then under the right name.
_BY_BITS = {
    "bfloat16": ("int16", ml_dtypes.bfloat16),
    "float8_e4m3fn": ("uint8", ml_dtypes.float8_e4m3fn),
    "float8_e5m2": ("uint8", ml_dtypes.float8_e5m2),
    "float8_e4m3fnuz": ("uint8", ml_dtypes.float8_e4m3fnuz),
    "float8_e5m2fnuz": ("uint8", ml_dtypes.float8_e5m2fnuz),
    "float8_e8m0fnu": ("uint8", ml_dtypes.float8_e8m0fnu),
}


def to_array(torch: Any, name: str, tensor: Any) -> NDArray[Any]:
    """Return the tensor's elements as an array; of a tensor in main memory, the same memory.

    Raises:
        SerializationError: naming the tensor, when its elements are not laid out in memory one by one.
    """
    if tensor.is_meta:
        msg = f"tensor {name!r} is on the meta device and has no elements"
        raise SerializationError(msg, hint="load the weights before they are published")
    if tensor.layout is not torch.strided or tensor.is_quantized:
        kind = "quantized" if tensor.is_quantized else str(tensor.layout).removeprefix("torch.")
        msg = f"tensor {name!r} is {kind}, for which safetensors has no place"
        raise SerializationError(msg, hint="call .to_dense() or .dequantize() on it")
    plain = tensor.detach().cpu().resolve_conj().resolve_neg()
    spelled = str(plain.dtype).removeprefix("torch.")
    if spelled not in _BY_BITS:
        array: NDArray[Any] = plain.numpy()
        return array
    bits, real = _BY_BITS[spelled]
    return np.asarray(plain.view(getattr(torch, bits)).numpy()).view(real)


def mapped_tensors(torch: Any, file: SafetensorsFile) -> Iterator[tuple[str, Any]]:
    """Yield the file's tensors by name, mapped: pages are read when touched, and changes stay in this process.

    Raises:
        ValueError: when torch has no type for the elements.
    """
    if not file.entries:
        return
    size = file.data_offset + file.data_size
    storage = torch.UntypedStorage.from_file(str(file.path), False, size)  # not shared: copied on writing
    whole = torch.empty(0, dtype=torch.uint8).set_(storage)
    for entry in file.entries:
        dtype = getattr(torch, entry.dtype.torch, None)
        if dtype is None:
            msg = f"torch has no type for the {entry.dtype.name} elements of tensor {entry.name!r}"
            raise ValueError(msg)
        begin, end = file.data_offset + entry.begin, file.data_offset + entry.end
        part = whole[begin:end]
        # A view must begin at a multiple of the element's size, which old files do not promise.
        aligned = part if begin % dtype.itemsize == 0 else part.clone()
        yield entry.name, aligned.view(dtype).view(entry.shape)


def tied(tensors: Mapping[str, Any]) -> dict[str, str]:
    """Return which names stand for the very tensor that another name holds: the other by the one.

    The name that is kept is the first in alphabetical order, as safetensors and huggingface_hub choose it.
    """
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, tensor in tensors.items():
        if tensor.numel() and not tensor.is_meta and str(tensor.layout) == "torch.strided":
            place = (tensor.device, tensor.data_ptr(), tensor.dtype, tuple(tensor.shape), tensor.stride())
            groups.setdefault(place, []).append(name)
    pairs = {name: min(names) for names in groups.values() for name in names if name != min(names)}
    return dict(sorted(pairs.items()))
