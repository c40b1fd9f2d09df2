"""Read a file once, for its digests and for the audit: is it a pickle, does it contain a secret?"""

import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from hublish.audit.containers import inspected
from hublish.audit.member_secrets import HiddenSecret, search_members
from hublish.audit.secret_scan import Secret, SecretScanner
from hublish.audit.tensor_ranges import tensor_ranges
from hublish.base.content import Content, ContentChangedError, OnDisk, blob_hasher
from hublish.formats.blob import Blob, MemoryBlob, StreamBlob
from hublish.formats.tar_archives import HeaderSearch

if TYPE_CHECKING:
    from concurrent.futures import Executor

    # Importing it takes longer than all else that a process for fingerprints needs.
    from hublish.schemas.documents.manifest import Policy

# Bytes that are read at once.
CHUNK: Final = 1 << 20
# From this size on, handing the digests to other threads takes less time than it saves.
_PARALLEL: Final = 8 << 20
_TRUNCATED: Final = "truncated since it was collected"


@dataclass(frozen=True, slots=True)
class Interest:
    """The findings to search for; those that the policy allows are not searched for."""

    pickles: bool = True
    secrets: bool = True

    @classmethod
    def of(cls, policy: "Policy") -> "Interest":
        """Return the findings that a policy does not allow."""
        return cls(pickles=policy.pickle != "allow", secrets=policy.secrets != "allow")


@dataclass(frozen=True, slots=True)
class Inspection:
    """The findings in one file."""

    pickle: str | None = None
    """A description of the pickle; None when the file neither is nor contains one."""
    secrets: tuple[HiddenSecret, ...] = ()
    unsearched: str = ""
    """A description of the first member that could not be searched for secrets; empty when all were."""
    binary: bool = False
    """Whether lines and columns have no meaning."""

    @classmethod
    def of_plain(cls, findings: list[Any] | None, *, binary: bool) -> "Inspection":
        """Return the inspection with the findings that `plain` gave; the same object for all files without any."""
        if findings is None:
            return _CLEAN[binary]
        pickle, secrets, unsearched = findings
        return cls(pickle, tuple(HiddenSecret(Secret(*each[:-1]), each[-1]) for each in secrets), unsearched, binary)

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found, which is the case for nearly all files."""
        return self.pickle is None and not self.secrets and not self.unsearched

    def plain(self) -> list[Any] | None:
        """Return the findings as values of JSON; None without any."""
        if self.is_clean:
            return None
        # Places and kinds of secrets, never their text.
        return [self.pickle, [[*astuple(each.secret), each.member] for each in self.secrets], self.unsearched]


_CLEAN: Final = (Inspection(), Inspection(binary=True))


class Fingerprint(NamedTuple):
    """A file's digests and the audit of its content."""

    size: int
    """In bytes."""
    sha256: str
    blob_id: str
    """git's id of the bytes as a blob: sha1 over `blob <size>`, a NUL and the bytes."""
    links: int
    """Names the file has on this disk."""
    inspection: Inspection


def fingerprint(
    content: Content,
    interest: Interest,
    advance: Callable[[int], None],
    executor: "Executor | None" = None,
    keep: Callable[[bytes], None] | None = None,
) -> Fingerprint:
    """Read `content` once and return its digests and the findings of the audit.

    Args:
        content: the bytes to read.
        interest: the kinds of findings to search for.
        advance: called after every chunk with its size in bytes.
        executor: computes the digests of a large file while this thread scans it; it may be the one that runs this
            call. None computes everything in this thread.
        keep: receives the bytes of a small file, once they are known to be those that were collected.

    Raises:
        ContentChangedError: when the bytes are not, or do not stay, those that were collected.
        OSError: when they cannot be read.
    """
    # A small file is read once; of a large one, only the parts that the audit inspects are read again.
    if content.size <= CHUNK:
        data = content.read()
        if len(data) != content.size:
            raise ContentChangedError(_TRUNCATED)
        if keep:
            keep(data)
        return _of_small(data, _links(content), interest, advance)
    with content.open() as stream:
        return _of_large(StreamBlob(stream, content.size), _links(content), interest, advance, executor)


def search_secrets(content: Content) -> Inspection:
    """Return the secrets in `content` alone, without digests.

    Raises:
        ContentChangedError, OSError: as `fingerprint` does.
    """
    with content.open() as stream:
        small = content.size <= CHUNK
        blob = MemoryBlob(stream.read(content.size)) if small else StreamBlob(stream, content.size)
        scanner = SecretScanner(tensor_ranges(blob))
        for chunk in _buffered(blob):
            scanner.feed(chunk)
        return inspect(blob, scanner, Interest(pickles=False))


def _links(content: Content) -> int:
    # Making a `Path` takes longer than the call.
    path = content.file if isinstance(content, OnDisk) else content.local_path
    return 1 if path is None else os.lstat(path).st_nlink


# Apart from large files: a release may have 100,000 small ones.
def _of_small(data: bytes, links: int, interest: Interest, advance: Callable[[int], None]) -> Fingerprint:
    scanner = SecretScanner() if interest.secrets else None
    if data and scanner:
        scanner.feed(data)
    sha1 = blob_hasher(len(data))
    sha1.update(data)
    inspection = inspect(MemoryBlob(data), scanner, interest)
    advance(len(data))
    return Fingerprint(len(data), hashlib.sha256(data).hexdigest(), sha1.hexdigest(), links, inspection)


def _of_large(
    blob: StreamBlob, links: int, interest: Interest, advance: Callable[[int], None], executor: "Executor | None"
) -> Fingerprint:
    sha256, sha1 = hashlib.sha256(), blob_hasher(blob.size)
    scanner = SecretScanner(tensor_ranges(blob)) if interest.secrets else None
    helper = executor if blob.size >= _PARALLEL else None
    # Afterwards, the search for archives need not read the file again.
    headers = HeaderSearch()
    read = 0
    for chunk in _buffered(blob):
        # hashlib releases the interpreter's lock: meanwhile this thread scans. Without text to scan, it hashes, too.
        scans = scanner is not None and not scanner.skips(len(chunk))
        futures = {hasher: helper.submit(hasher.update, chunk) for hasher in (sha1, sha256)[: 1 + scans] if helper}
        if scanner:
            scanner.feed(chunk)
        headers.feed(chunk)
        advance(len(chunk))
        read += len(chunk)
        for hasher in (sha256, sha1):
            # A future that no worker has begun is cancelled: when every worker hashes a file and waits here, none
            # would ever begin it.
            future = futures.get(hasher)
            if future is None or future.cancel():
                hasher.update(chunk)
            else:
                future.result()
    if read < blob.size:
        raise ContentChangedError(_TRUNCATED)
    inspection = inspect(headers.result(blob), scanner, interest)
    return Fingerprint(blob.size, sha256.hexdigest(), sha1.hexdigest(), links, inspection)


def inspect(blob: Blob, scanner: SecretScanner | None, interest: Interest) -> Inspection:
    """Return the findings in a file, after `scanner` has received all its bytes."""
    pickle, may_have_members = inspected(blob) if interest.pickles else (None, True)
    if scanner is None:
        return Inspection(pickle)
    if not may_have_members:
        return Inspection(pickle, tuple(map(HiddenSecret, scanner.found)), binary=scanner.binary)
    inside = search_members(blob)
    found = (*map(HiddenSecret, scanner.found), *inside.found)
    return Inspection(pickle, found, inside.unsearched, scanner.binary)


def _buffered(blob: MemoryBlob | StreamBlob) -> Iterator[bytes | memoryview]:
    """Yield the bytes in pieces, each of which is overwritten by the next."""
    if isinstance(blob, MemoryBlob):
        yield blob.data
        return
    # One buffer for the whole file: the allocator keeps many new ones, and the system clears each.
    buffer = memoryview(bytearray(CHUNK))
    offset = 0
    while count := blob.read_into(offset, buffer):
        yield buffer[:count]
        offset += count
