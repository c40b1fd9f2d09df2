"""A tensor as a value: its name, its shape, and where its bytes come from."""

import math
from dataclasses import dataclass
from typing import Protocol

from hublish.formats.tensors.dtypes import Dtype
from hublish.formats.tensors.output import Sink

METADATA = "__metadata__"
"""The key of a header that is no tensor."""


class Content(Protocol):
    """Where the bytes of a tensor come from."""

    def write_to(self, output: Sink) -> None:
        """Write the elements in C order, little-endian, without holding them all.

        Raises:
            InvalidFileError: when the source turns out to be damaged.
            SourceChangedError: when it is no longer the file that was described.
        """


@dataclass(frozen=True, slots=True)
class Tensor:
    """A tensor that can be written."""

    name: str
    dtype: Dtype
    shape: tuple[int, ...]
    content: Content

    @property
    def nbytes(self) -> int:
        """Size in bytes, as stored."""
        return self.dtype.nbytes(math.prod(self.shape))


def name_problem(name: str) -> str:
    """Return why `name` may not name a tensor; empty when it may.

    Names become attribute paths, and in some readers file names: what could leave a folder is refused.
    """
    if not name:
        return "a tensor has an empty name"
    if not name.isprintable() and any(ord(char) < 0x20 or 0xD800 <= ord(char) <= 0xDFFF for char in name):
        return f"tensor name {ascii(name)[:80]} holds a control character or is not Unicode"
    if ".." in name and ".." in name.replace("\\", "/").split("/"):
        return f"tensor name {ascii(name)[:80]} has a '..' segment"
    if name == METADATA:
        return f"a tensor is named '{METADATA}', which the format reserves"
    return ""
