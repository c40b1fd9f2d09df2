"""Reading a pack that a client sent: object by object, every size checked before its bytes are in memory.

The objects are stored again, each by itself, so that nothing of an incoming pack needs to be trusted. The format is
described in gitformat-pack(5).
"""

import hashlib
import os
import struct
import zlib
from collections import OrderedDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

# Objects of one pack, and bytes of all of them, at most.
MAX_OBJECTS = 200_000
MAX_BYTES = 2 << 30

# Times that deltas whose base was not known are read again; git itself writes bases first.
MAX_ROUNDS = 8

# Bytes of objects that are kept as bases of the following ones.
CACHED = 16 << 20

# Bytes read at once: most objects are small.
_FIRST, _NEXT = 4 << 10, 64 << 10

_OFFSET_DELTA, _NAMED_DELTA = 6, 7
_KINDS = range(1, 5)  # commit, tree, blob, tag

Item = tuple[int, bytes]  # type number and content


class PackError(ValueError):
    """The bytes are not a pack that this server accepts."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """One object as it is in the pack."""

    position: int
    kind: int
    data: bytes  # the content, or a delta
    base: int | str | None  # position or id of the object that a delta changes


def read_header(descriptor: int, position: int) -> tuple[int, int, int]:
    """Return type number and size of the object at a position of a pack, and where its next field begins."""
    start = os.pread(descriptor, 16, position)
    number, at = _varint(start, 0, shift=4)
    if not start:
        raise PackError("the pack ends too early")
    return start[0] >> 4 & 7, number, position + at


def _varint(data: bytes, at: int, shift: int = 7) -> tuple[int, int]:
    """Return a little-endian number of 7 bits a byte (the first has `shift` bits), and the position after it."""
    number = bits = 0
    for index in range(at, min(len(data), at + 10)):
        mask = (1 << shift) - 1 if index == at else 127
        number |= (data[index] & mask) << bits
        bits += shift if index == at else 7
        if data[index] < 128:
            return number, index + 1
    raise PackError("a number in the pack does not end")


def inflate(descriptor: int, position: int, size: int) -> tuple[bytes, int]:
    """Return the `size` bytes that are compressed at a position of a file, and the position after them."""
    stream = zlib.decompressobj()
    parts, length, wanted = [], 0, _FIRST
    try:
        while not stream.eof:
            # The rest of the last piece comes first; one byte more than announced is enough to refuse it.
            if not (piece := stream.unconsumed_tail or os.pread(descriptor, wanted, position)):
                raise PackError("the pack ends too early")
            if not stream.unconsumed_tail:
                position, wanted = position + len(piece), _NEXT
            parts.append(stream.decompress(piece, size - length + 1))
            length += len(parts[-1])
            if length > size:
                raise PackError("an object is longer than announced")
    except zlib.error as error:
        raise PackError(f"an object is damaged: {error}") from None
    if length != size:
        raise PackError("an object is shorter than announced")
    return b"".join(parts), position - len(stream.unused_data)


def apply_delta(base: bytes, delta: bytes, limit: int) -> bytes:
    """Return the object that a delta makes of its base; raise PackError when it is larger than `limit` bytes."""
    expected, at = _varint(delta, 0)
    size, at = _varint(delta, at)
    if expected != len(base) or size > limit:
        raise PackError("a delta does not fit to its base" if expected != len(base) else "an object is too large")
    parts, length = [], 0
    while at < len(delta):
        command = delta[at]
        at += 1
        if command & 128:
            numbers = []
            for first, count in ((0, 4), (4, 3)):
                number = 0
                for index in range(count):
                    if command >> (first + index) & 1:
                        number |= delta[at] << 8 * index if at < len(delta) else 0
                        at += 1
                numbers.append(number)
            start, count = numbers[0], numbers[1] or 0x10000
            part = base[start : start + count]
        else:
            count = command
            part = delta[at : at + count]
            at += count
        length += count
        if not command or len(part) != count or length > size:
            raise PackError("a delta is damaged")
        parts.append(part)
    if length != size:
        raise PackError("a delta is damaged")
    return b"".join(parts)


@dataclass(slots=True)
class PackReader:
    """Reads one pack from a file that has nothing after it."""

    descriptor: int
    start: int
    end: int
    limit: int  # bytes of the largest object
    add: Callable[[int, bytes], str]  # stores an object and returns its id
    stored: Callable[[str], Item | None]  # returns an object that `add` has stored
    base: Callable[[str], Item | None]  # returns an object that the client may take for known
    _ids: dict[int, str] = field(default_factory=dict)  # of the objects so far, by position
    _cache: "OrderedDict[str, Item]" = field(default_factory=OrderedDict)
    _cached: int = 0
    _left: int = MAX_BYTES

    def read(self) -> None:
        """Read and add all objects; raise PackError when one is not acceptable."""
        self._check_digest()
        waiting = [entry.position for entry in self._entries() if not self._add(entry)]
        # A delta may name a base that follows it. Their bytes do not wait in memory.
        for _ in range(MAX_ROUNDS):
            waiting = [position for position in reversed(waiting) if not self._add(self._entry(position)[0])]
        if waiting:
            raise PackError("a delta has no base")

    def _check_digest(self) -> None:
        digest = hashlib.sha1(usedforsecurity=False)
        position, stop = self.start, self.end - digest.digest_size
        while position < stop and (chunk := os.pread(self.descriptor, min(1 << 20, stop - position), position)):
            digest.update(chunk)
            position += len(chunk)
        if os.pread(self.descriptor, 20, stop) != digest.digest():
            raise PackError("the pack is damaged: its checksum is another one")

    def _entries(self) -> Iterator[_Entry]:
        header = os.pread(self.descriptor, 12, self.start)
        if len(header) != 12 or header[:4] != b"PACK":
            raise PackError("this is not a pack")
        version, count = struct.unpack(">LL", header[4:])
        if version not in (2, 3) or count > MAX_OBJECTS:
            raise PackError(f"a pack has version 2 and at most {MAX_OBJECTS} objects")
        position = self.start + 12
        for _ in range(count):
            entry, position = self._entry(position)
            yield entry
        if position != self.end - 20:
            raise PackError("the pack has another number of objects than announced")

    def _entry(self, position: int) -> tuple[_Entry, int]:
        kind, size, at = read_header(self.descriptor, position)
        if size > self.limit:
            raise PackError(f"an object has {size} bytes; files this large must be pushed with git-lfs")
        base: int | str | None = None
        if kind == _OFFSET_DELTA:
            distance, at = self._distance(at)
            base = position - distance
        elif kind == _NAMED_DELTA:
            base = os.pread(self.descriptor, 20, at).hex()
            at += 20
        elif kind not in _KINDS:
            raise PackError("an object has an unknown type")
        self._spend(size)
        data, after = inflate(self.descriptor, at, size)
        return _Entry(position, kind, data, base), after

    def _distance(self, position: int) -> tuple[int, int]:
        data = os.pread(self.descriptor, 10, position)
        number = -1
        for index, byte in enumerate(data):
            number = (number + 1) << 7 | byte & 127
            if byte < 128:
                return number, position + index + 1
        raise PackError("a number in the pack does not end")

    def _add(self, entry: _Entry) -> bool:
        """Add an object; return False for a delta whose base is not known yet."""
        kind, data = entry.kind, entry.data
        if entry.base is not None:
            base = self._known(entry.base)
            if base is None:
                return False
            kind, data = base[0], apply_delta(base[1], data, self.limit)
        self._spend(len(data))
        sha = self.add(kind, data)
        self._ids[entry.position] = sha
        self._keep(sha, (kind, data))
        return True

    def _known(self, base: int | str) -> Item | None:
        sha = self._ids.get(base) if isinstance(base, int) else base
        if sha is None:
            return None
        found = self._cache.get(sha) or self.stored(sha) or self.base(sha)
        if found and len(found[1]) > self.limit:
            raise PackError("a delta has a base that is too large")
        return found

    def _keep(self, sha: str, item: Item) -> None:
        if sha in self._cache:
            return
        self._cache[sha] = item
        self._cached += len(item[1])
        while self._cached > CACHED:
            self._cached -= len(self._cache.popitem(last=False)[1][1])

    def _spend(self, size: int) -> None:
        self._left -= size
        if self._left < 0:
            raise PackError(f"the objects of a push have at most {MAX_BYTES} bytes")
