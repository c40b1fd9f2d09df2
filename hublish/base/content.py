"""The bytes of one file, wherever they are: on disk, in memory, or in a kind of place that is added here.

Every stage reads through the `Content` protocol and never tests for a kind. A new kind implements the protocol in
this file; nothing else changes.
"""

import hashlib
import io
import os
import stat
from collections.abc import Hashable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, NamedTuple, Protocol

from hublish.base.errors import NO_ROOM

# A link that replaced the file is not followed (ELOOP), and a FIFO that replaced it does not block the open.
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
# Large enough that system calls do not matter, small enough for a handful of threads.
_CHUNK = 1 << 20
_MISSING = "missing since it was collected"


# Without a file name, which the stages know better: the artifact, the source, or the path in the repo.
class ContentChangedError(Exception):
    """The bytes are not those that were collected any more; the message gives the reason, without the file's name."""


class Content(Protocol):
    """The bytes of one file, as they were when the file was collected.

    Implementations are frozen and hashable. All methods may be called from several threads at once.
    """

    @property
    def size(self) -> int:
        """Number of bytes, known without reading them."""

    @property
    def identity(self) -> Hashable:
        """A value that two contents share only when they are the same bytes, known without reading them."""

    @property
    def local_path(self) -> Path | None:
        """A file on this machine with exactly these bytes, for libraries that take only a path; None without one."""

    def open(self) -> AbstractContextManager[BinaryIO]:
        """Open the bytes as a seekable stream, and check them on entry and on exit.

        Never follows a link and never blocks on a FIFO.

        Raises:
            ContentChangedError: on entry or on exit, when the bytes are not those that were collected.
            OSError: when they cannot be read.
        """

    def read(self) -> bytes:
        """Return all bytes of a small file, checked as those of `open` are.

        Raises:
            ContentChangedError, OSError: as `open` does.
        """

    def read_at(self, offset: int, length: int) -> bytes:
        """Return up to `length` bytes from `offset`: fewer only at the end. The caller checks them, by a digest.

        Raises:
            ContentChangedError: when there is nothing left to read from.
            OSError: when the bytes cannot be read.
        """

    def unchanged(self) -> None:
        """Check, without reading, that the bytes are still those that were collected.

        Raises:
            ContentChangedError: when they are not.
            OSError: when this cannot be determined.
        """


# A tuple, as `OnDisk` is: made, compared and hashed in a third of the time of a dataclass, for each of 100,000 files.
class Identity(NamedTuple):
    """Identifies a file on disk; changes when the file is replaced or modified."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Identity":
        """Return the identity in the result of an `os.stat` call."""
        # mtime can be set back with utime(); ctime cannot, so a rewrite with a restored mtime is noticed.
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


class OnDisk(NamedTuple):
    """A file on this machine, which is read in place and never copied for a release."""

    file: str | Path
    """Its path: a string where there are many files, since a `Path` takes more memory than the rest of the value."""
    identity: Identity

    @classmethod
    def at(cls, path: Path) -> "OnDisk":
        """Return the file at `path` as it is now.

        Raises:
            OSError: when it does not exist.
        """
        # lstat: a link has an identity of its own, and is never taken for the file that it leads to.
        return cls(path, Identity.of(os.lstat(path)))

    @property
    def size(self) -> int:
        """Number of bytes when the file was collected."""
        return self.identity.size

    @property
    def local_path(self) -> Path | None:
        """The file itself."""
        return self.path

    @property
    def path(self) -> Path:
        """The file itself."""
        return Path(self.file)

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the file; see `Content.open`."""
        with os.fdopen(self._descriptor(), "rb") as stream:
            # The descriptor is checked rather than the path: the path may name another file by now.
            self._require(os.fstat(stream.fileno()))
            yield stream
            # Checked again: bytes that were read while a writer was at work belong to neither version.
            self._require(os.fstat(stream.fileno()))

    def read(self) -> bytes:
        """Return the whole file; see `Content.read`."""
        # Without a stream, whose buffer and checks take longer than reading a small file.
        descriptor = self._descriptor()
        try:
            self._require(os.fstat(descriptor))
            data = os.read(descriptor, self.size)
            while len(data) < self.size and (more := os.read(descriptor, self.size - len(data))):
                data += more
            self._require(os.fstat(descriptor))
        finally:
            os.close(descriptor)
        return data

    def read_at(self, offset: int, length: int) -> bytes:
        """Return a part of the file; see `Content.read_at`."""
        with os.fdopen(self._descriptor(), "rb") as stream:
            # A FIFO cannot be positioned, and reading from a device may block or never end.
            _require_regular(os.fstat(stream.fileno()))
            stream.seek(offset)
            return stream.read(length)

    def unchanged(self) -> None:
        """Check the inode, size and times of the file; see `Content.unchanged`."""
        try:
            status = os.lstat(self.file)
        except FileNotFoundError:
            raise ContentChangedError(_MISSING) from None
        self._require(status)

    def _descriptor(self) -> int:
        try:
            return os.open(self.file, _FLAGS)
        except FileNotFoundError:
            raise ContentChangedError(_MISSING) from None

    def _require(self, status: os.stat_result) -> None:
        _require_regular(status)
        known = self.identity
        # Field by field: comparing two objects takes three times as long, twice for each of 100,000 files.
        if (
            status.st_ino != known.inode
            or status.st_dev != known.device
            or status.st_size != known.size
            or status.st_mtime_ns != known.mtime_ns
            or status.st_ctime_ns != known.ctime_ns
        ):
            raise ContentChangedError("changed since it was collected")


def _require_regular(status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ContentChangedError("is not a regular file any more")


@dataclass(frozen=True, slots=True)
class InMemory:
    """Small bytes that this process made: the card, the manifest."""

    data: bytes

    @property
    def size(self) -> int:
        """Number of bytes."""
        return len(self.data)

    @property
    def identity(self) -> Hashable:
        """The bytes themselves."""
        return self.data

    @property
    def local_path(self) -> Path | None:
        """None, as no file contains these bytes."""
        return None

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open the bytes."""
        with io.BytesIO(self.data) as stream:
            yield stream

    def read(self) -> bytes:
        """Return the bytes."""
        return self.data

    def read_at(self, offset: int, length: int) -> bytes:
        """Return a slice."""
        return self.data[offset : offset + length]

    def unchanged(self) -> None:
        """Do nothing: bytes in memory do not change."""


def blob_hasher(size: int) -> "hashlib._Hash":
    """Return a hasher that is fed with the `size` bytes of a file and then gives git's id of the blob."""
    # SHA-1 is git's format, not a security choice: the Hub lists this id for files outside LFS.
    return hashlib.sha1(b"blob %d\0" % size, usedforsecurity=False)


@contextmanager
def folder_below(root: Path, relative: str = "") -> Iterator[int]:
    """Open the folder at `relative` below `root`, none of whose segments may be a link, and give its descriptor.

    Raises:
        OSError: when it is not a folder, or a segment is a link.
    """
    # The root itself may be a link: the user named it.
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        # Segment by segment: O_NOFOLLOW applies to the last segment of a path only.
        for segment in filter(None, relative.split("/")):
            below = os.open(segment, _FLAGS | os.O_DIRECTORY, dir_fd=descriptor)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def open_below(root: Path, relative: str) -> int:
    """Return a descriptor of the file at `relative` below `root`, without following links or blocking on a FIFO.

    Raises:
        OSError: when it cannot be opened, or a segment of its path is a link.
    """
    folder, _, name = relative.rpartition("/")
    with folder_below(root, folder) as descriptor:
        return os.open(name, _FLAGS, dir_fd=descriptor)


def copy(content: Content, target: Path) -> None:
    """Write the bytes to a new file.

    Raises:
        ContentChangedError: when they are not those that were collected.
        OSError: when they cannot be read, or the file cannot be written.
    """
    # "xb": no existing file is overwritten, and no link in its place is followed.
    try:
        with content.open() as source, target.open("xb") as sink:
            while chunk := source.read(_CHUNK):
                sink.write(chunk)
    except OSError as error:
        # The system names no file when a write fails. Closing a file may write as well.
        if error.errno in NO_ROOM and error.filename is None:
            error.filename = str(target)
        raise


def same_bytes(content: Content, path: Path) -> bool:
    """Return whether the file at `path` has the same bytes.

    Raises:
        ContentChangedError: when the bytes are not those that were collected.
        OSError: when either cannot be read.
    """
    # Most differences show in the size, without reading gigabytes.
    if path.stat().st_size != content.size:
        return False
    with content.open() as ours, path.open("rb") as theirs:
        while chunk := ours.read(_CHUNK):
            if theirs.read(len(chunk)) != chunk:
                return False
    return True
