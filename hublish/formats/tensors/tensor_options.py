"""The options that change tensors on their way: which are written, under which names, and in which type."""

import difflib
import glob
import json
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any, Final, get_args

import numpy as np
from numpy.typing import NDArray

from hublish.formats.format_options import Float
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import BY_TORCH_NAME, Dtype
from hublish.formats.tensors.tensor import BLOCK_SIZE, Content, Sink, Tensor

# Finding near misses takes time for each name compared.
_MAX_COMPARED: Final = 2000
# Strings that YAML reads as strings without quotes; words such as `null` are quoted as well.
_PLAIN: Final = re.compile(r"(?!(?i:null|true|false)$)[A-Za-z_][\w.-]*", re.ASCII)
# The types that a hint suggests when a cast overflows, the smallest first.
_WIDER: Final[tuple[Float, ...]] = ("float16", "bfloat16", "float32")


def selected(names: Sequence[str], include: Sequence[str], exclude: Sequence[str]) -> frozenset[str]:
    """Return the names that match a pattern of `include` and none of `exclude`.

    Args:
        names: of all tensors.
        include: fnmatch patterns, case-sensitive, `*` matches dots as well; empty includes all.
        exclude: patterns that win over `include`.

    Raises:
        InvalidFileError: when a pattern matches nothing.
    """
    included = _matching(names, include, "include") if include else frozenset(names)
    return included - _matching(names, exclude, "exclude")


def exclusion(names: Iterable[str]) -> list[str]:
    """Return the patterns of `exclude` that match these names alone."""
    return [glob.escape(name) for name in names]


def in_yaml(values: Iterable[str]) -> str:
    """Return strings as the items of a YAML list on one line, for a hint."""
    return ", ".join(value if _PLAIN.fullmatch(value) else json.dumps(value) for value in values)


def renamed(tensors: Iterable[Tensor], rename: Mapping[str, str]) -> tuple[Tensor, ...]:
    """Return the tensors under their new names.

    Args:
        tensors: in any order.
        rename: new names by old ones. A key that is empty or ends with a dot is a prefix, which its value replaces;
            any other key is a whole name. A whole name wins over prefixes, a longer prefix over a shorter one.

    Raises:
        InvalidFileError: when a key matches nothing, or two tensors get the same name.
    """
    found = tuple(tensors)
    # Every name is replaced once, from the old names: two tensors can swap theirs.
    names = {tensor.name: _new_name(tensor.name, rename) for tensor in found}
    used = {key for _, key in names.values()}
    for key in rename:
        if key not in used:
            raise _unmatched("rename", key, tuple(names))
    owners: dict[str, str] = {}
    for old, (new, _) in names.items():
        if (owner := owners.setdefault(new, old)) != old:
            msg = f"rename gives both {ascii(owner)[:80]} and {ascii(old)[:80]} the name {ascii(new)[:80]}"
            raise InvalidFileError(msg)
    return tuple(replace(tensor, name=names[tensor.name][0]) for tensor in found)


def cast(tensor: Tensor, name: Float) -> Tensor:
    """Return the tensor with elements of the type `name`; a tensor that is not floating-point is returned as it is."""
    target = BY_TORCH_NAME[name]
    if tensor.dtype == target or tensor.dtype.torch not in get_args(Float):
        return tensor
    return Tensor(tensor.name, target, tensor.shape, _Cast(tensor.name, tensor.content, tensor.dtype, target))


def _matching(names: Sequence[str], patterns: Sequence[str], option: str) -> frozenset[str]:
    found: set[str] = set()
    for pattern in patterns:
        if not (matched := [name for name in names if fnmatchcase(name, pattern)]):
            raise _unmatched(option, pattern, names)
        found.update(matched)
    return frozenset(found)


def _new_name(name: str, rename: Mapping[str, str]) -> tuple[str, str | None]:
    """Return the new name, and the key it comes from."""
    if name in rename and not _is_prefix(name):
        return rename[name], name
    # The prefixes of the name and not the keys: both may be many. The longest comes first.
    longest = name[: name.rfind(".") + 1]
    while longest and longest not in rename:
        longest = longest[: longest.rfind(".", 0, len(longest) - 1) + 1]
    if longest not in rename:
        return name, None
    return rename[longest] + name.removeprefix(longest), longest


def _is_prefix(key: str) -> bool:
    return not key or key.endswith(".")


def _unmatched(option: str, pattern: str, names: Sequence[str]) -> InvalidFileError:
    close = difflib.get_close_matches(pattern, islice(names, _MAX_COMPARED), n=3, cutoff=0.4)
    # Names come from files and may contain control characters.
    some = ", ".join(ascii(name)[1:81].rstrip("'") for name in close or names[:3])
    hint = f"{'near misses' if close else 'the tensors'}: {some}" if names else "there are no tensors"
    return InvalidFileError(f"{option} {pattern!r} matches no tensor", hint=hint)


@dataclass(frozen=True, slots=True)
class _Cast:
    """Content that is converted on its way."""

    name: str
    content: Content
    stored: Dtype
    target: Dtype

    def write_to(self, output: Sink) -> None:
        """Write the elements, rounded to the nearest value of their new type, ties to even."""
        self.content.write_to(_CastingSink(output, self))

    def convert(self, data: bytes | memoryview) -> memoryview:
        """Return whole elements converted.

        Raises:
            InvalidFileError: when a number would become infinite or NaN.
        """
        before = np.frombuffer(data, self.stored.numpy)
        after = _converted(before, self.target)
        if not _keeps_range(before, after):
            msg = f"tensor {ascii(self.name)[:80]} has values that {self.target.name} cannot represent"
            raise InvalidFileError(msg, hint=self._advice(before))
        return after.view(np.uint8).data

    def _advice(self, values: NDArray[Any]) -> str:
        # Tried on these very values: bfloat16 rounds the largest float32 to infinity.
        for name in _WIDER:
            kind = BY_TORCH_NAME[name]
            if kind != self.target and kind.bits < self.stored.bits and _keeps_range(values, _converted(values, kind)):
                return f"choose a dtype with a wider range, such as {name}"
        return f"leave dtype out, which keeps the type {self.stored.torch}"


def _converted(values: NDArray[Any], dtype: Dtype) -> NDArray[Any]:
    # The caller checks the range, and numpy's warnings would go to standard error.
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        return values.astype(dtype.numpy)


def _keeps_range(before: NDArray[Any], after: NDArray[Any]) -> bool:
    # Overflow gives infinity or, in types without one, NaN. Both would silently destroy weights; underflow to zero is
    # rounding.
    return all(np.array_equal(kind(before), kind(after)) for kind in (np.isfinite, np.isnan))


class _CastingSink:
    """Converts the bytes that pass through it; a block may end within an element."""

    def __init__(self, output: Sink, cast: _Cast) -> None:
        assert cast.stored.numpy is not None
        self._output = output
        self._cast = cast
        self._width = cast.stored.numpy.itemsize
        self._rest = b""

    def write(self, data: bytes | memoryview) -> None:
        """Append elements of the stored type."""
        # Blocks are copied only after one that ended within an element.
        view = memoryview(self._rest + bytes(data) if self._rest else data)
        whole = len(view) - len(view) % self._width
        for first in range(0, whole, BLOCK_SIZE):
            self._output.write(self._cast.convert(view[first : min(first + BLOCK_SIZE, whole)]))
        self._rest = bytes(view[whole:])

    def copy(self, source: int, offset: int, length: int) -> int:
        """Append elements of the stored type from a file."""
        done = 0
        while done < length and (block := os.pread(source, min(length - done, BLOCK_SIZE), offset + done)):
            self.write(block)
            done += len(block)
        return done
