"""LFS pointers: the small text git stores where a large file stands (git-lfs, docs/spec.md)."""

import re
from dataclasses import dataclass

MAX_POINTER_SIZE = 1024
"""Bytes; the specification lets no pointer be longer."""

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n?"
)


@dataclass(frozen=True, slots=True)
class Pointer:
    """What a pointer points at."""

    sha256: str
    size: int

    def serialize(self) -> bytes:
        """Return the pointer as git-lfs writes it."""
        text = f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {self.size}\n"
        return text.encode()


def parse_pointer(data: bytes) -> Pointer | None:
    """Return what `data` points at, or None when it is no pointer."""
    if len(data) > MAX_POINTER_SIZE or not (match := _POINTER.fullmatch(data)):
        return None
    return Pointer(match.group(1).decode(), int(match.group(2)))
