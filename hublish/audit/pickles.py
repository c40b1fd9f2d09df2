"""Recognise a pickle by its content, wherever it stands and whatever its name says.

A pickle is a program. Lists of dangerous imports keep being evaded, so none is kept here: what an unpickler
would begin to execute is a pickle, also when it breaks off later, for by then it may have run.
"""

import re
from typing import Final

from hublish.audit.blob import Blob, MemoryBlob
from hublish.audit.opcodes import OPERATION_LIMIT, Ending, Walk, walk

LEAD_LENGTH: Final = 1 << 12
"""How many leading bytes a pickle with a protocol header may hide behind."""
CHAIN_LIMIT: Final = 16
"""Pickles in a row that are followed: torch's legacy format begins with several."""

_HEADER = re.compile(rb"\x80[\x00-\x05]", re.DOTALL)
_NPY_MAGIC = b"\x93NUMPY"
# numpy's names for a dtype of Python objects, alone or in a structured dtype.
_OBJECT_DTYPE = re.compile(rb"""['"][|<>=]?(?:O\d*|object_?)['"]""")
# Shorter ones hold one small constant, and prose such as "K1." reads the same.
_SHORTEST_BARE = 4
_LONGEST_NPY_HEADER = 1 << 20


def pickle_in(blob: Blob) -> str | None:
    """Return what kind of pickle `blob` is or begins with; None when it is none.

    Containers are not opened here: see `containers.py`.
    """
    head = blob.read_at(0, LEAD_LENGTH)
    if head.startswith(_NPY_MAGIC):
        return _object_array(blob, head)
    return _chain(blob) or _after_lead(blob, head)


def _chain(blob: Blob) -> str | None:
    """Follow pickles that stand one after the other from the first byte on."""
    start = 0
    for _ in range(CHAIN_LIMIT):
        seen = walk(blob, start)
        if _is_pickle(seen, blob, start):
            return _described(seen)
        if seen.ending is not Ending.STOPPED:
            return None
        start = seen.end
    return None


def _is_pickle(seen: Walk, blob: Blob, start: int) -> bool:
    if seen.calls or seen.operations >= OPERATION_LIMIT:
        return True
    if seen.protocol is not None:
        return _is_headed_pickle(seen)
    # Without header and call only bytes that are a pickle to the very end count: anything less may be prose.
    at_end = not blob.read_at(seen.end, 1)
    if seen.ending is Ending.STOPPED:
        return at_end and seen.end - start >= _SHORTEST_BARE
    return seen.ending is Ending.CUT and seen.memo_writes > 1


def _is_headed_pickle(seen: Walk) -> bool:
    # The header is two bytes, which one weight file in ten thousand begins with by chance.
    needed = {Ending.STOPPED: 3, Ending.CUT: 1, Ending.BROKEN: 8}[seen.ending]
    return seen.operations >= needed


def _described(seen: Walk) -> str:
    kind = "a pickle" if seen.protocol is None else f"a pickle of protocol {seen.protocol}"
    return kind if seen.ending is Ending.STOPPED else f"{kind}, incomplete"


def _after_lead(blob: Blob, head: bytes) -> str | None:
    """Find a pickle with header that calls something, behind bytes a loader may skip."""
    for match in _HEADER.finditer(head, 1):
        if walk(blob, match.start()).calls:
            return f"a pickle behind {match.start()} leading bytes"
    return None


def _object_array(blob: Blob, head: bytes) -> str | None:
    """Look at a `.npy` header: format 1.0 has two length bytes, 2.0 and 3.0 have four (NEP 1)."""
    width = 2 if head[6:7] == b"\x01" else 4
    length = int.from_bytes(head[8 : 8 + width], "little")
    header = blob.read_at(8 + width, min(length, _LONGEST_NPY_HEADER))
    if length > _LONGEST_NPY_HEADER or _OBJECT_DTYPE.search(header):
        return "a NumPy array of Python objects, which are pickled"
    return (
        "a pickle behind a NumPy header" if _chain(MemoryBlob(blob.read_at(8 + width + length, LEAD_LENGTH))) else None
    )
