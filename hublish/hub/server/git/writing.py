"""Writing git objects: a handful of them loose, more of them as one pack, durable before a ref names them."""

import hashlib
import os
import tempfile
import zlib
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.objects import Blob, Commit, Tag, Tree
from dulwich.pack import write_pack_header, write_pack_index, write_pack_object

from hublish.hub.server.files import replace_durably, write_atomically

LOOSE_OBJECTS = 16
"""Up to this many objects a commit is written loose: git finds those by name, and packs stay few."""
LOOSE_BYTES = 4 << 20
"""Up to this many bytes wait in memory to be written loose; more go to a pack at once."""

_TYPE_NAMES = {Commit.type_num: b"commit", Tree.type_num: b"tree", Blob.type_num: b"blob", Tag.type_num: b"tag"}


def object_id(type_num: int, data: bytes) -> str:
    """Return the id git gives to an object: sha1 over its type, size and content."""
    header = b"%s %d\0" % (_TYPE_NAMES[type_num], len(data))
    return hashlib.sha1(header + data, usedforsecurity=False).hexdigest()


class ObjectWriter:
    """Collects the new objects of one change; `finish` makes them part of the repository, all durable.

    Without `finish` the `with` block leaves nothing behind. Not safe for several threads.
    """

    def __init__(self, repository: Path, scratch: Path) -> None:
        self._objects = repository / "objects"
        self._scratch = scratch
        self._waiting: dict[str, tuple[int, bytes]] = {}
        self._waiting_bytes = 0
        self._pack: _PackWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pack:
            self._pack.discard()

    def add(self, type_num: int, data: bytes) -> str:
        """Add an object and return its id; adding one twice is harmless."""
        sha = object_id(type_num, data)
        if self._pack:
            self._pack.add(sha, type_num, data)
            return sha
        if sha not in self._waiting:
            self._waiting[sha] = (type_num, data)
            self._waiting_bytes += len(data)
        if len(self._waiting) > LOOSE_OBJECTS or self._waiting_bytes > LOOSE_BYTES:
            self._begin_pack()
        return sha

    def read(self, sha: str) -> bytes | None:
        """Return an object that is still in memory, None for any other."""
        found = self._waiting.get(sha)
        return found[1] if found else None

    def finish(self) -> None:
        """Put all objects in place. Refs may name them from here on."""
        if self._pack:
            self._pack.install(self._objects / "pack")
            return
        for sha, (type_num, data) in self._waiting.items():
            self._write_loose(sha, type_num, data)

    def _begin_pack(self) -> None:
        self._pack = _PackWriter(self._scratch)
        for sha, (type_num, data) in self._waiting.items():
            self._pack.add(sha, type_num, data)
        self._waiting.clear()

    def _write_loose(self, sha: str, type_num: int, data: bytes) -> None:
        target = self._objects / sha[:2] / sha[2:]
        if not target.exists():
            content = zlib.compress(b"%s %d\0" % (_TYPE_NAMES[type_num], len(data)) + data, 1)
            write_atomically(target, content, scratch=self._scratch, mode=0o444)


class _PackWriter:
    """One pack, written as its objects come in, so that their number need not be known or held in memory."""

    def __init__(self, scratch: Path) -> None:
        scratch.mkdir(parents=True, exist_ok=True)
        descriptor, name = tempfile.mkstemp(dir=scratch)
        self._path = Path(name)
        self._index_path = Path(name + ".idx")
        self._file = os.fdopen(descriptor, "w+b", buffering=1 << 20)
        self._entries: dict[str, tuple[int, int]] = {}  # (offset, crc32) by id
        write_pack_header(self._file.write, 0)

    def add(self, sha: str, type_num: int, data: bytes) -> None:
        if sha not in self._entries:
            offset = self._file.tell()
            crc32 = write_pack_object(self._file.write, type_num, [data], DEFAULT_OBJECT_FORMAT, compression_level=1)
            self._entries[sha] = (offset, crc32)

    def install(self, directory: Path) -> None:
        checksum = self._seal()
        self._write_index(checksum)
        name = f"pack-{checksum.hex()}"
        # The index goes last: a pack without one is not part of the repository.
        replace_durably(self._path, directory / f"{name}.pack")
        replace_durably(self._index_path, directory / f"{name}.idx")

    def _seal(self) -> bytes:
        self._file.seek(0)
        write_pack_header(self._file.write, len(self._entries))
        self._file.seek(0)
        checksum = self._sha1()
        self._file.seek(0, os.SEEK_END)
        self._file.write(checksum)
        self._file.flush()
        os.fchmod(self._file.fileno(), 0o444)
        os.fsync(self._file.fileno())
        return checksum

    def _sha1(self) -> bytes:
        digest = hashlib.sha1(usedforsecurity=False)
        while chunk := self._file.read(1 << 20):
            digest.update(chunk)
        return digest.digest()

    def _write_index(self, checksum: bytes) -> None:
        entries = sorted((bytes.fromhex(sha), offset, crc) for sha, (offset, crc) in self._entries.items())
        with self._index_path.open("wb") as file:
            write_pack_index(file, entries, checksum)
            file.flush()
            os.fchmod(file.fileno(), 0o444)
            os.fsync(file.fileno())

    def discard(self) -> None:
        """Close, and remove what was not installed."""
        self._file.close()
        for path in (self._path, self._index_path):
            with suppress(FileNotFoundError):
                path.unlink()


def init_repository(path: Path, head: str) -> None:
    """Lay out an empty bare repository at `path`, with HEAD on the branch `head`."""
    for folder in ("objects/pack", "objects/info", "refs/heads", "refs/tags"):
        (path / folder).mkdir(parents=True)
    config = "[core]\n\trepositoryformatversion = 0\n\tfilemode = false\n\tbare = true\n"
    for name, content in (("HEAD", f"ref: refs/heads/{head}\n"), ("config", config)):
        write_atomically(path / name, content.encode(), scratch=path / "objects" / "info")
