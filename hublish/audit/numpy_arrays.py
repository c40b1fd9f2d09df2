"""Read the descriptors of `.npy` arrays as numpy does: an array of Python objects is a pickle after its header.

The format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html. numpy itself decides whether a type
has objects, because it has many names for them: `O`, `|O8`, `object`, and any of these in a record or a list of types.
"""

import ast
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from hublish.audit.format_readers import NUMPY, Finding
from hublish.audit.pickles import pickle_in
from hublish.formats.blob import Blob, SliceBlob, TailBlob
from hublish.formats.tar_archives import Member, UnreadableError

# The bytes of the header's length, and its encoding, by the version of the format.
_VERSIONS: Final = {b"\1\0": (2, "latin-1"), b"\2\0": (4, "latin-1"), b"\3\0": (4, "utf-8")}
_PREAMBLE: Final = 12
# numpy's own limit is 10,000 bytes, and it lifts that one for callers who trust the file.
_MAX_HEADER: Final = 1 << 18
# `np.save` appends to an open file, and `np.load` reads the arrays one by one.
_MAX_ARRAYS: Final = 10_000
_MAX_NESTING: Final = 32
_FIELDS: Final = {"descr", "fortran_order", "shape"}
# The literals that numpy writes. Anything else, such as operators, can exhaust Python's parser, and numpy once
# evaluated it. Python 2 wrote long integers with a suffix.
_TOKEN: Final = re.compile(
    r"""(?P<text>'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*")|(?P<number>\d+)L?|(?P<word>True|False|None)\b|(?P<open>[({\[])"""
    r"""|(?P<close>[)}\]])|(?P<plain>[:,\s])"""
)


@dataclass(frozen=True, slots=True)
class _Array:
    """One array."""

    begin: int
    """Offset of its elements."""
    nbytes: int
    """Bytes of its elements."""
    objects: bool
    """Whether its elements are or contain Python objects."""


def numpy_arrays(blob: Blob) -> Iterator[Member | Finding]:
    """Inspect every array of a `.npy` file, and yield the data after the last one."""
    offset, known = 0, dict[bytes, tuple[int, bool]]()
    for _ in range(_MAX_ARRAYS):
        array = _read(blob, offset, known)
        if array.objects:
            yield Finding("a NumPy array of Python objects, which are pickled")
            return
        offset = array.begin + array.nbytes
        if found := pickle_in(SliceBlob(blob, array.begin, array.nbytes)):
            yield Finding(f"{found} after a NumPy header")
        if array.nbytes and not blob.read_at(offset - 1, 1):
            raise UnreadableError("a NumPy array that is cut short")
        following = blob.read_at(offset, len(NUMPY))
        if following != NUMPY:
            if following:
                yield Member("the data after the array", TailBlob(blob, offset))
            return
    raise UnreadableError(f"more than {_MAX_ARRAYS} NumPy arrays in a row")


def _read(blob: Blob, offset: int, known: dict[bytes, tuple[int, bool]]) -> _Array:
    preamble = blob.read_at(offset, _PREAMBLE)
    if (version := preamble[6:8]) not in _VERSIONS:
        raise UnreadableError("a NumPy array of an unknown version")
    width, encoding = _VERSIONS[version]
    length = int.from_bytes(preamble[8 : 8 + width], "little")
    if length > _MAX_HEADER:
        raise UnreadableError(f"a NumPy array with a header of {length} bytes")
    header = blob.read_at(offset + 8 + width, length)
    key = version + header
    if key not in known:
        known[key] = _described(header, encoding)
    return _Array(offset + 8 + width + length, *known[key])


def _described(header: bytes, encoding: str) -> tuple[int, bool]:
    """Return the bytes of the elements, and whether there are objects among them."""
    # Imported on use: start-up does without numpy.
    from numpy.lib.format import descr_to_dtype

    try:
        fields = ast.literal_eval(_literal(header.decode(encoding)))
        if type(fields) is not dict or fields.keys() != _FIELDS or type(fields["fortran_order"]) is not bool:
            raise ValueError
        dtype, shape = descr_to_dtype(fields["descr"]), fields["shape"]
    # Hostile headers cause errors of many kinds in ast and numpy: MemoryError, RecursionError, OverflowError.
    except Exception:
        raise UnreadableError("a NumPy array with a header that numpy does not write") from None
    if type(shape) is not tuple or not all(type(length) is int and length >= 0 for length in shape):
        raise UnreadableError("a NumPy array with an impossible shape")
    return math.prod(shape) * dtype.itemsize, bool(dtype.hasobject)


def _literal(header: str) -> str:
    """Return the header without Python 2's suffixes of integers.

    Raises:
        ValueError: when it has anything but literals, or too many within each other.
    """
    # Strings with three quotes end elsewhere.
    if "'''" in header or '"""' in header:
        raise ValueError
    parts, position, depth = [], 0, 0
    while position < len(header):
        match = _TOKEN.match(header, position)
        if match is None:
            raise ValueError
        depth += (match.lastgroup == "open") - (match.lastgroup == "close")
        if depth > _MAX_NESTING:
            raise ValueError
        parts.append(match["number"] or match[0])
        position = match.end()
    return "".join(parts).strip()
