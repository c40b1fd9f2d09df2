"""Writing git objects: a few as loose files, more as one pack; durable before a ref names them."""

import hashlib
import os
import zlib
from pathlib import Path
from typing import Self

from dulwich.object_format import DEFAULT_OBJECT_FORMAT
from dulwich.objects import Blob, Commit, Tag, Tree
from dulwich.pack import pack_object_header, write_pack_header, write_pack_index

from hublish.hub.server.durable_files import IncomingFile, write_atomically
from hublish.hub.server.git.pack_reader import inflate, read_header

# Up to this many objects, a commit is written loose: git finds those by name, and packs stay few.
LOOSE_OBJECTS = 16

# Up to this many bytes wait in memory to be written loose; more go to a pack at once.
LOOSE_BYTES = 4 << 20

_TYPE_NAMES = {Commit.type_num: b"commit", Tree.type_num: b"tree", Blob.type_num: b"blob", Tag.type_num: b"tag"}


def object_id(type_num: int, data: bytes) -> str:
    """Return git's id of an object: sha1 over its type, size and content."""
    return hashlib.sha1(_header(type_num, data) + data, usedforsecurity=False).hexdigest()


def _header(type_num: int, data: bytes) -> bytes:
    return b"%s %d\0" % (_TYPE_NAMES[type_num], len(data))


class ObjectWriter:
    """Collects the new objects of one change; `finish` adds them to the repository.

    Without `finish`, the `with` block leaves no files behind. Not safe for several threads.
    """

    def __init__(self, repository: Path, scratch: Path, *, packed: bool = False) -> None:
        self._objects = repository / "objects"
        self._scratch = scratch
        self._packed = packed  # also few objects
        self._waiting: dict[str, tuple[int, bytes]] = {}
        self._waiting_bytes = 0
        self._pack: _PackWriter | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._pack:
            self._pack.__exit__(*error)

    def add(self, type_num: int, data: bytes) -> str:
        """Add an object, once, and return its id."""
        sha = object_id(type_num, data)
        if self._pack:
            self._pack.add(sha, type_num, data)
            return sha
        if sha not in self._waiting:
            self._waiting[sha] = (type_num, data)
            self._waiting_bytes += len(data)
        if self._packed or len(self._waiting) > LOOSE_OBJECTS or self._waiting_bytes > LOOSE_BYTES:
            self._pack = _PackWriter(self._scratch).__enter__()
            for waiting, content in self._waiting.items():
                self._pack.add(waiting, *content)
            self._waiting.clear()
        return sha

    def read(self, sha: str) -> tuple[int, bytes] | None:
        """Return type number and content of an object that was added, or None."""
        return self._pack.read(sha) if self._pack else self._waiting.get(sha)

    def finish(self) -> str | None:
        """Put all objects in place, durably, and return the name of their pack. From now on, refs may name them."""
        if self._pack:
            return self._pack.install(self._objects / "pack")
        for sha, (type_num, data) in self._waiting.items():
            target = self._objects / sha[:2] / sha[2:]
            if not target.exists():
                content = zlib.compress(_header(type_num, data) + data, 1)
                write_atomically(target, content, scratch=self._scratch, mode=0o444)
        return None


class _PackWriter(IncomingFile):
    """One pack, written as its objects arrive: their number is not known in advance, their bytes not kept in memory."""

    def __enter__(self) -> Self:
        super().__enter__()
        self._entries: dict[str, tuple[int, int]] = {}  # (offset, crc32) by id
        write_pack_header(self.file.write, 0)  # the number of objects follows at the end
        return self

    def add(self, sha: str, type_num: int, data: bytes) -> None:
        if sha not in self._entries:
            offset = self.file.tell()
            header = pack_object_header(type_num, None, len(data), DEFAULT_OBJECT_FORMAT)
            compressor = _compressor(len(data))
            packed = bytes(header) + compressor.compress(data) + compressor.flush()
            self.file.write(packed)
            self._entries[sha] = (offset, zlib.crc32(packed))

    def read(self, sha: str) -> tuple[int, bytes] | None:
        if (entry := self._entries.get(sha)) is None:
            return None
        self.file.flush()
        kind, size, at = read_header(self.file.fileno(), entry[0])
        return kind, inflate(self.file.fileno(), at, size)[0]

    def install(self, directory: Path) -> str:
        checksum = self._seal()
        name = f"pack-{checksum.hex()}"
        self.keep(directory / f"{name}.pack")
        # The index comes last: without one, git ignores a pack.
        with IncomingFile(self._scratch) as index:
            entries = sorted((bytes.fromhex(sha), offset, crc) for sha, (offset, crc) in self._entries.items())
            write_pack_index(index.file, entries, checksum)
            index.keep(directory / f"{name}.idx")
        return name

    def _seal(self) -> bytes:
        self.file.seek(0)
        write_pack_header(self.file.write, len(self._entries))
        self.file.seek(0)
        digest = hashlib.sha1(usedforsecurity=False)
        while chunk := self.file.read(1 << 20):
            digest.update(chunk)
        self.file.seek(0, os.SEEK_END)
        self.file.write(digest.digest())
        return digest.digest()


def _compressor(size: int) -> "zlib._Compress":
    """Return a compressor for an object of so many bytes."""
    # The fastest compression: large files are in LFS. zlib reserves 256 KiB for a window of 32 KiB, which takes longer
    # than compressing a small file; a window of the file's own size finds all that there is to find.
    window = 12 if size <= 1 << 12 else 13 if size <= 1 << 13 else zlib.MAX_WBITS
    return zlib.compressobj(1, zlib.DEFLATED, window, 7 if window < zlib.MAX_WBITS else zlib.DEF_MEM_LEVEL)


def init_repository(path: Path, head: str) -> None:
    """Create an empty bare repository at `path`, with HEAD on the branch `head`."""
    for folder in ("objects/pack", "objects/info", "refs/heads", "refs/tags"):
        (path / folder).mkdir(parents=True)
    # The scratch folder of other writes, `hub`, does not exist yet.
    config = "[core]\n\trepositoryformatversion = 0\n\tfilemode = false\n\tbare = true\n"
    for name, content in (("HEAD", f"ref: refs/heads/{head}\n"), ("config", config)):
        write_atomically(path / name, content.encode(), scratch=path / "objects" / "info")
