"""LFS pointers: the small text that git stores in place of a large file (git-lfs, docs/spec.md)."""

import re
from dataclasses import dataclass

from hublish.hub.server.git.repository import GitRepository

# Bytes; the specification does not allow longer pointers.
MAX_POINTER_SIZE = 1024

# Blobs whose facts are cached, about 30 MB, and folders whose sizes are.
MAX_CACHED = 200_000

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-[^\n]*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n?"
)


@dataclass(frozen=True, slots=True)
class Pointer:
    """The large file that a pointer names."""

    sha256: str
    size: int

    def serialize(self) -> bytes:
        """Return the pointer as git-lfs writes it."""
        return f"version https://git-lfs.github.com/spec/v1\noid sha256:{self.sha256}\nsize {self.size}\n".encode()


def parse_pointer(data: bytes) -> Pointer | None:
    """Return the pointer in `data`, or None when it is not a pointer."""
    if len(data) > MAX_POINTER_SIZE or not (match := _POINTER.fullmatch(data)):
        return None
    return Pointer(match.group(1).decode(), int(match.group(2)))


@dataclass(frozen=True, slots=True)
class Facts:
    """Size and pointer of a file, for listings."""

    size: int  # bytes of the file itself; for a large file, not of its pointer
    pointer: Pointer | None
    pointer_size: int  # bytes of the blob in git

    @property
    def digest(self) -> str | None:
        """The sha256 of a large file, None for a regular one."""
        return self.pointer.sha256 if self.pointer else None


class BlobFacts:
    """Facts by blob id, cached: a listing of thousands of files reads each blob once."""

    def __init__(self) -> None:
        # An id determines the content, so a cached value never becomes stale.
        self._facts: dict[str, Facts] = {}
        self._sizes: dict[str, int] = {}

    def of(self, git: GitRepository, sha: str) -> Facts:
        """Return the facts of a blob of `git`."""
        return self._facts.get(sha) or self.learn(sha, git.blob(sha))

    def learn(self, sha: str, data: bytes) -> Facts:
        """Return the facts of a blob with a known content."""
        pointer = parse_pointer(data)
        facts = Facts(pointer.size if pointer else len(data), pointer, len(data))
        if len(self._facts) >= MAX_CACHED:
            self._facts.clear()  # the next listing fills it again
        self._facts[sha] = facts
        return facts

    def size_of(self, git: GitRepository, tree: str) -> int:
        """Return the bytes of all files below a tree; those of folders that are known are not read again."""
        size = self._sizes.get(tree)
        if size is None:
            below = git.load_tree(tree).values()
            size = sum((self.size_of if entry.is_folder else self._size)(git, entry.sha) for entry in below)
            if len(self._sizes) >= MAX_CACHED:
                self._sizes.clear()
            self._sizes[tree] = size
        return size

    def _size(self, git: GitRepository, sha: str) -> int:
        return self.of(git, sha).size
