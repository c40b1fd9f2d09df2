"""The hashes of xet: keyed BLAKE3 over chunks, and trees of them over xorbs and files.

Source: Xet protocol specification, "Hashing". A hash has 32 bytes. Its text form, used in URLs, is
not their plain hexadecimal but four little-endian 64-bit numbers of 16 digits each.
"""

import struct
from collections.abc import Iterable

from blake3 import blake3

# Bytes in a hash.
SIZE = 32

# The hash of an empty file, which has no chunks.
NOTHING = bytes(SIZE)

# A hash, and the number of content bytes below it.
Node = tuple[bytes, int]

# Fixed by the specification.
_CHUNK_KEY = bytes.fromhex("6697f5775b9550de3135cbaca597181c9de421109beb2b58b4d0b04b93adf229")
_NODE_KEY = bytes.fromhex("017ec5c7a5472996fd946666b48a02e65ddd536f37c76dd2f86352e64a53713f")

# A node of the tree has 4 children on average: the tree is cut after a hash divisible by 4, but never
# below 3 children (unless no more are left) and never above 9.
_BRANCHING = 4
_FEWEST = 3
_MOST = 2 * _BRANCHING + 1

_WORDS = struct.Struct("<4Q")


class MalformedError(ValueError):
    """Received bytes do not match the format, or their own hash."""


def to_text(digest: bytes) -> str:
    """Return the text form of 32 bytes."""
    first, second, third, fourth = _WORDS.unpack(digest)
    return f"{first:016x}{second:016x}{third:016x}{fourth:016x}"


def from_text(text: str) -> bytes:
    """Parse the text form; raise MalformedError for anything but 64 lower-case hexadecimal digits."""
    # int() alone would accept signs, spaces and other scripts' digits.
    if len(text) != 2 * SIZE or text.strip("0123456789abcdef"):
        raise MalformedError(f"not a xet hash: {text[:80]!r}")
    return _WORDS.pack(*(int(text[at : at + 16], 16) for at in range(0, 2 * SIZE, 16)))


def hash_chunk(data: bytes | memoryview) -> bytes:
    """Hash the plain content of one chunk."""
    return blake3(data, key=_CHUNK_KEY).digest()


def hash_xorb(chunks: Iterable[Node]) -> bytes:
    """Hash a xorb, given the hash and the plain length of each of its chunks, in order."""
    # Only the open group of each level is kept: a file may claim millions of chunks.
    open_groups: list[list[Node]] = []
    for chunk in chunks:
        _push(open_groups, 0, chunk)
    level = 0
    while level < len(open_groups):
        group = open_groups[level]
        if level == len(open_groups) - 1 and len(group) == 1:  # a single node is the root itself
            return group[0][0]
        if group:
            _push(open_groups, level + 1, _parent(group))
        level += 1
    return NOTHING


def hash_file(chunks: Iterable[Node]) -> bytes:
    """Hash a file, given the hash and the plain length of each of its chunks, in order."""
    tree = hash_xorb(chunks)
    return tree if tree == NOTHING else keyed(bytes(SIZE), tree)


def keyed(key: bytes, digest: bytes) -> bytes:
    """Hash a hash under a key of 32 bytes: only a party that knows the inner hash can recognize it."""
    return blake3(digest, key=key).digest()


def is_sampled(digest: bytes) -> bool:
    """Return whether clients query this chunk wherever it occurs: one in 1,024, selected by its hash."""
    return int.from_bytes(digest[24:], "little") % 1024 == 0


def _push(open_groups: list[list[Node]], level: int, node: Node) -> None:
    """Append a node to a level of the tree, and close its group where the tree is cut."""
    if level == len(open_groups):
        open_groups.append([])
    group = open_groups[level]
    group.append(node)
    if len(group) == _MOST or (len(group) >= _FEWEST and node[0][24] % _BRANCHING == 0):
        open_groups[level] = []
        _push(open_groups, level + 1, _parent(group))


def _parent(children: list[Node]) -> Node:
    lines = "".join(f"{to_text(digest)} : {size}\n" for digest, size in children)
    return blake3(lines.encode(), key=_NODE_KEY).digest(), sum(size for _, size in children)
