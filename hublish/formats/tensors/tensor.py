"""A tensor as a value: its name, its type and shape, and the source of its bytes."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from hublish.formats.input_files import InvalidFileError

if TYPE_CHECKING:
    # The facts of a card are read from headers, without the tensors: this module must not import numpy.
    from hublish.formats.tensors.dtypes import Dtype

# The one key of a safetensors header that does not name a tensor.
METADATA: Final = "__metadata__"
# The limit of numpy 1.x; 2.x allows 64.
MAX_DIMENSIONS: Final = 32
# Bytes that pass through memory at a time; blocks that leave the processor's cache take twice the time.
BLOCK_SIZE: Final = 256 << 10
BEFORE_QUANTIZED: Final = "publish the state dict of the module before it was quantized"
"""The hint for tensors of a quantized module."""


class Sink(Protocol):
    """The destination of a tensor's bytes."""

    def write(self, data: bytes | memoryview) -> None:
        """Append `data`, a flat buffer of bytes."""

    def copy(self, source: int, offset: int, length: int) -> int:
        """Append `length` bytes of the open file `source` from `offset`; return the number of bytes found there."""


class Content(Protocol):
    """The source of a tensor's bytes."""

    def write_to(self, output: Sink) -> None:
        """Write the elements in C order, little-endian, without holding all of them in memory.

        Raises:
            InvalidFileError: when the source turns out to be damaged.
            SourceChangedError: when the source changed after it was described.
        """


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that can be written."""

    name: str
    dtype: "Dtype"
    shape: tuple[int, ...]
    content: Content

    @property
    def nbytes(self) -> int:
        """Size in bytes, as stored."""
        return self.dtype.nbytes(math.prod(self.shape))


@dataclass(frozen=True, slots=True)
class Unwritable:
    """An entry of a source that safetensors cannot hold, which the options may leave out."""

    message: str
    """The reason, for the case that the options select it."""
    hint: str = ""
    """How to keep the tensors in it; empty when it has none, and leaving it out loses no weights."""


def packed_weights(name: str) -> Unwritable | None:
    """Return the reason against an entry that holds the packed weights of a quantized module, by its name."""
    # The last part of the name of quantized linear and convolutional layers; tuples and objects, not tensors.
    if name.rpartition(".")[2] != "_packed_params":
        return None
    message = f"entry {ascii(name)[:80]} of the state dict holds the packed weights of a quantized module"
    return Unwritable(f"{message}, which safetensors cannot hold", BEFORE_QUANTIZED)


def check_names(names: Iterable[str]) -> None:
    """Reject names that are not allowed.

    Raises:
        InvalidFileError: naming the first of them.
    """
    for name in names:
        if problem := name_problem(name):
            raise InvalidFileError(problem)


def check_unique(names: Iterable[str]) -> None:
    """Reject a name that occurs twice, as one of the tensors would silently be lost.

    Raises:
        InvalidFileError: naming it.
    """
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise InvalidFileError(f"two tensors are named {ascii(name)[:80]}")
        seen.add(name)


def name_problem(name: str) -> str:
    """Return why `name` is not allowed as the name of a tensor; empty when it is.

    Names become attribute paths, and in some readers file names, so a name must not lead out of a folder.
    """
    if not name:
        return "a tensor has an empty name"
    # `isprintable` is a fast first test: it also rejects characters that are harmless here.
    if not name.isprintable() and any(ord(char) < 0x20 or 0xD800 <= ord(char) <= 0xDFFF for char in name):
        return f"tensor name {ascii(name)[:80]} contains a control character or is not Unicode"
    if ".." in name and ".." in name.replace("\\", "/").split("/"):
        return f"tensor name {ascii(name)[:80]} has a '..' segment"
    if name == METADATA:
        return f"a tensor is named '{METADATA}', which the format reserves"
    return ""
