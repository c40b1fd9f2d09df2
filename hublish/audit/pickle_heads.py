"""Find a pickle that begins after leading bytes, which its loader skips.

There, a pickle is only one that imports something. Its possible beginnings are searched for by regular expressions at
about the speed of hashing, through all bytes: any limit on the leading bytes would be one for an attacker to exceed.
"""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final

from hublish.audit.pickle_walk import Budget, Ending, Walk, walk
from hublish.audit.standard_library import may_import
from hublish.formats.blob import Blob, SliceBlob

_PIECE: Final = 1 << 20
# Consecutive pieces share so many bytes: no importable name is longer, because no path is.
_OVERLAP: Final = 1 << 13
# For so many bytes, one more opcode is followed. In weights, one of 10,000 bytes may begin a pickle.
_BYTES_PER_OPERATION: Final = 8
# The cost of a walk before its first opcode.
_WALK_COST: Final = 3
# Bytes that identify a head that was walked already, and the most of these.
_KEY: Final = 32
_MOST_KEYS: Final = 1 << 16
# The third and fourth byte of a compiled module (PEP 552). Its literals may be pickles, and only a call of Python's
# own code reads them.
_COMPILED: Final = b"\r\n"
# Farther back, the beginning of a literal is not searched for.
_LONGEST_LITERAL: Final = 1 << 16
_PROTO: Final = 0x80
# The bytes of an opcode and the length of its argument.
_LONGEST_PREFIX: Final = 9

# The opcodes that push a value onto an empty stack, and FRAME. Of several headers, only the last is one to begin at.
_PUSH: Final = rb"(\]})NIJKLMFGVXUTSBCcP\x82-\x84\x88-\x8f\x95\x96"
_HEADER: Final = re.compile(rb"\x80[\x00-\x05](?=[" + _PUSH + rb"])")
_NAME: Final = rb"[A-Za-z_\x80-\xff][\w.\x80-\xff]*"
_NAME_BYTES: Final = bytes(code for code in range(256) if code >= 0x80 or re.match(rb"[\w.]", bytes([code])))
# The line feed between the two lines of GLOBAL, the name, and an opcode that may follow.
_LINES: Final = re.compile(rb"\n(?=" + _NAME + rb"\n(?:p\d|[.02Qqr\x85\x94" + _PUSH + rb"]))")
# A short string that may name a module, for STACK_GLOBAL. Its first characters dismiss most other bytes.
_STRING: Final = re.compile(rb"\x8c(?:[\2\3](?=[A-Za-z_][\w.])|[\x04-\xff](?=[A-Za-z_][\w.]{3}))")
_MODULE: Final = re.compile(rb"[\w.]+")
_LIKELY_MODULE: Final = re.compile(r"[A-Za-z_]\w{2,}(?:\.|\Z)", re.ASCII)
# STACK_GLOBAL behind a name, which may be a line, and be written to or read from the memo.
_STACK_GLOBAL: Final = re.compile(
    rb"\x93(?:(?<=[\w.\x94\n].)(?:(?<=[\0\2\w.][\w.]{2}.)|(?<=[\w.'\"]{2}[\x94\n].)|(?<=\d\n.))"
    rb"|(?<=[hq]..)(?:(?<=[\w.]{2}q..)|(?<=h[\0-\x1f].))|(?<=\0\0.)(?<=r.{5}))",
    re.DOTALL,
)
# Bytes before it in which the other forms of strings are searched for, because text has too many of them elsewhere.
_NAMES_BEFORE: Final = 256
_OTHER_STRINGS: Final = re.compile(
    rb"U(?=[\x02-\xff][A-Za-z_][\w.])|[XT](?=.[\x00-\x0f]\0\0[A-Za-z_])|\x8d(?=.[\x00-\x0f]\0{6}[A-Za-z_])"
    rb"|S(?=['\"][A-Za-z_\\])|V(?=[A-Za-z_\\][\w.\\]*\n)",
    re.DOTALL,
)

# Longer headers of safetensors are not parsed here, because their JSON may take twenty times the memory.
_LONGEST_HEADER: Final = 8 << 20


def led_pickle(blob: Blob) -> int | None:
    """Return the offset of a pickle after leading bytes, or None.

    Where so many opcodes would have to be followed that a part of the bytes cannot be inspected, that part counts as a
    pickle.
    """
    if _only_tensors(blob):
        return None
    search = _Search(blob, compiled=blob.read_at(2, 2) == _COMPILED)
    base, tail = 0, b""
    while piece := blob.read_at(base + len(tail), _PIECE):
        data = tail + piece
        search.budget.left += len(piece) // _BYTES_PER_OPERATION
        for start, marked in _heads(data, len(tail)):
            # At the first byte, another rule applies.
            if base + start and search.runs(base + start, data[start : start + _KEY], marked=marked):
                return base + start
        tail = data[-_OVERLAP:]
        base += len(data) - len(tail)
    return None


@dataclass(slots=True)
class _Search:
    """The search of one file."""

    blob: Blob
    compiled: bool
    """Whether it is a module that Python has compiled."""
    budget: Budget = field(default_factory=Budget)
    broken: set[bytes] = field(default_factory=set)
    """Bytes that a walk has found not to be a pickle: tensors repeat the same few without end."""
    followed: list[range] = field(default_factory=list)
    """The headers that the last walk went past."""
    strings: set[int] = field(default_factory=set)
    """The strings that the last walk went past."""

    def runs(self, start: int, key: bytes, *, marked: bool) -> bool:
        """Whether an unpickler that begins at `start` imports a name and acts on it."""
        if key in self.broken or start in self.strings or any(start in headers for headers in self.followed):
            return False
        self.budget.left -= _WALK_COST
        seen = walk(self.blob, start, self.budget, marked=marked)
        if seen.ending is Ending.LIMIT or self.budget.left <= 0:
            return True
        if seen.imports and _acts(seen, headed=key[0] == _PROTO):
            return not (self.compiled and self._in_literal(seen, start))
        # A walk from a later header of the same ones would find as little.
        self.followed, self.strings = seen.headers[1:], seen.strings
        # The same bytes break off again. Where too few bytes are left for an argument, fewer are left later.
        reached = seen.end + _LONGEST_PREFIX if seen.ending is Ending.CUT and not seen.imports else seen.reached
        if seen.ending is not Ending.STOPPED and reached <= start + len(key) and len(self.broken) < _MOST_KEYS:
            self.broken.add(key)
        return False

    def _in_literal(self, seen: Walk, start: int) -> bool:
        """Whether the bytes are a part of a literal of a compiled module that is a whole pickle."""
        first = max(0, start - _LONGEST_LITERAL)
        before = self.blob.read_at(first, start - first)
        for at in range(len(before) - 5, -1, -1):
            # The type of a literal of bytes, with or without the flag of a reference; then the length.
            if before[at] in b"s\xf3":
                begin, length = first + at + 5, int.from_bytes(before[at + 1 : at + 5], "little")
                if seen.end <= begin + length <= begin + _LONGEST_LITERAL and self._is_pickle(begin, length):
                    return True
        return False

    def _is_pickle(self, begin: int, length: int) -> bool:
        seen = walk(SliceBlob(self.blob, begin, length), 0, self.budget)
        return seen.ending is Ending.STOPPED and seen.end == length


def _acts(seen: Walk, *, headed: bool) -> bool:
    first = seen.first
    if seen.calls or first is None:
        return seen.calls > 0
    # By chance, weights have a header and the import of such a module once in ten terabytes; of a shorter one, or one
    # with other letters, in less than one.
    if headed and first.module is not None and _LIKELY_MODULE.match(first.module):
        return True
    acts = seen.actions or seen.ending is Ending.STOPPED
    if headed and acts:
        return True
    return bool(headed or acts) and first.module is not None and may_import(first.module, first.name)


def _heads(data: bytes, known: int) -> Iterator[tuple[int, bool]]:
    """Yield where a pickle may begin, and whether it needs a mark before it."""
    for match in _HEADER.finditer(data, max(0, known - 2)):
        yield match.start(), False
    for match in _STRING.finditer(data):
        begin = match.start() + 2
        if _MODULE.fullmatch(data, begin, begin + data[begin - 1]):
            yield match.start(), False
    for match in _STACK_GLOBAL.finditer(data, known):
        end = match.start()
        # A long name, such as `path.os.path.os.system`, may fill them.
        full = not data[end - _NAMES_BEFORE // 2 : end - _LONGEST_PREFIX].strip(_NAME_BYTES)
        reach = _OVERLAP if full else _NAMES_BEFORE
        for string in _OTHER_STRINGS.finditer(data, max(0, end - reach), end):
            yield string.start(), False
    for match in _LINES.finditer(data):
        end = match.start()
        before = data[max(0, end - _OVERLAP) : end]
        for at in range(len(before.rstrip(_NAME_BYTES)), len(before) - 1):
            if before[at] in b"ci" and before[at + 1] not in b".0123456789":
                yield end - len(before) + at, before[at] == ord("i")


def _only_tensors(blob: Blob) -> bool:
    """Whether the bytes are a safetensors file, each byte of which belongs to the header or to one tensor.

    Such a file has no place that a loader of another format could skip to, and its own loaders do not unpickle.
    """
    length = int.from_bytes(blob.read_at(0, 8), "little")
    if blob.size is None or not 2 <= length <= min(_LONGEST_HEADER, blob.size - 8):
        return False
    header = blob.read_at(8, length)
    if not header.startswith(b"{"):
        return False
    try:
        tensors = json.loads(header)
        tensors.pop("__metadata__", None)
        spans = sorted(tuple(tensor["data_offsets"]) for tensor in tensors.values())
        edges = [(0, 0), *spans, (blob.size - 8 - length,) * 2]
        return all(left[1] == right[0] <= right[1] for left, right in pairwise(edges))
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        return False
