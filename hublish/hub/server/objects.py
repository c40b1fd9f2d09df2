"""Large content by its sha256, beside the git repositories: the targets of LFS pointers."""

import hashlib
import re
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import TypeGuard

from hublish.hub.server.durable_files import IncomingFile
from hublish.hub.server.refusals import HubError

# Bytes of a temporary file that stay in memory.
IN_MEMORY = 64 << 10

# Bytes of an object, at most: the Hub's hard limit.
MAX_FILE = 500 * 10**9


def is_sha256(value: object) -> TypeGuard[str]:
    """Return whether `value` is a sha256 as the protocol writes it: 64 lower-case hexadecimal digits."""
    return isinstance(value, str) and re.fullmatch(r"[0-9a-f]{64}", value) is not None


def is_hash_algorithm(name: object) -> bool:
    """Return whether a client names sha256, the only algorithm; huggingface.js writes `sha_256`."""
    return isinstance(name, str) and re.sub(r"[-_]", "", name).lower() == "sha256"


class MismatchError(HubError):
    """400: the bytes that arrived are not those that were announced; nothing was stored."""

    def __init__(self, message: str) -> None:
        super().__init__(400, None, message)


class ObjectStore:
    """Files under `root/objects/ab/cd/<sha256>`; each is complete and has the right content.

    Safe for many threads and processes on one root: an object appears by a rename, and two writers of
    the same object write the same bytes.
    """

    def __init__(self, root: Path) -> None:
        self._objects = root / "objects"
        self.scratch = root / "incoming"  # for arriving bytes; on the file system of the objects
        self._objects.mkdir(parents=True, exist_ok=True)
        self.scratch.mkdir(parents=True, exist_ok=True)

    def path(self, sha256: str) -> Path:
        """Return the path of the content with this sha256, stored or not; raise ValueError for any other string."""
        # Another string could name any path.
        if not is_sha256(sha256):
            raise ValueError(f"not a sha256 in lower-case hexadecimal: {sha256[:80]!r}")
        return self._objects / sha256[:2] / sha256[2:4] / sha256

    def has(self, sha256: str) -> bool:
        """Return whether the content with this sha256 is stored."""
        return self.path(sha256).is_file()

    def size(self, sha256: str) -> int | None:
        """Return the size of the stored content in bytes, or None when it is not stored."""
        try:
            return self.path(sha256).stat().st_size
        except FileNotFoundError:
            return None

    def spooled(self) -> "tempfile.SpooledTemporaryFile[bytes]":
        """Return a temporary file that stays in memory while it is small."""
        return tempfile.SpooledTemporaryFile(IN_MEMORY, dir=str(self.scratch))

    def incoming(self) -> "Incoming":
        """Return a writer for new content; use it in a `with` block and end with `seal`."""
        return Incoming(self)


class Senders:
    """Which users have sent which objects: they may refer to these in any repository that they may write to.

    Knowing a sha256 is not enough, since the listings of gated repositories are public. The marks are empty files
    under `root/sent/<user>/ab/<sha256>`. A lost one costs another upload.
    """

    def __init__(self, root: Path) -> None:
        self._root = root / "sent"

    def add(self, user: str, sha256s: Iterable[str]) -> bool:
        """Record that a user has the content of some objects; return whether any of it is new."""
        new = False
        for path in (self._path(user, sha256) for sha256 in sha256s):
            if not path.exists():
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
                new = True
        return new

    def has(self, user: str, sha256: str) -> bool:
        """Return whether a user is known to have the content of an object."""
        return self._path(user, sha256).exists()

    def _path(self, user: str, sha256: str) -> Path:
        assert is_sha256(sha256)
        # Hashed: some file systems would take the names of two users, `ann` and `Ann`, for one.
        return self._root / hashlib.sha256(user.encode()).hexdigest()[:32] / sha256[:2] / sha256


class Incoming(IncomingFile):
    """Content that is hashed while it is written, and kept only when it is sealed.

    Its methods block on the disk; call them off the event loop (`http.receive_into` does).
    """

    def __init__(self, store: ObjectStore) -> None:
        super().__init__(store.scratch)
        self._store = store
        self._sha256 = hashlib.sha256()

    def write(self, data: bytes | memoryview) -> None:
        """Append `data`."""
        self._sha256.update(data)
        super().write(data)

    def seal(self, expected_sha256: str | None = None, expected_size: int | None = None) -> str:
        """Store the written bytes under their sha256, durably, and return that sha256.

        Raise MismatchError, and store nothing, when the sha256 or the size is not the expected one.
        """
        sha256 = self._sha256.hexdigest()
        if expected_size is not None and self.size != expected_size:
            raise MismatchError(f"expected {expected_size} bytes, received {self.size}")
        # The client does not check a sha256 that its caller preset: this is the only check of it.
        if expected_sha256 is not None and sha256 != expected_sha256:
            raise MismatchError(f"expected sha256 {expected_sha256}, received {sha256}")
        if not self._store.has(sha256):  # else another upload brought the same content
            self.keep(self._store.path(sha256))
        return sha256
