"""The bytes of a file on the Hub, read in small parts: the header of weights is enough, and they are not downloaded."""

import errno
import io
import urllib.parse
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO, Final

from hublish.base.errors import RemoteError
from hublish.base.values import RemoteFile, RepoRef
from hublish.hub.client.hub import Hub

# Headers and footers are read in several small parts, each of which would be a request.
_PART: Final = 64 << 10
# The largest file that is read as a whole: metrics and logs, but no weights.
_LARGEST: Final = 16 << 20
# The bytes that one command reads from all files.
_TOTAL: Final = 256 << 20
_PARTIAL: Final = 206


@dataclass(slots=True)
class ReadBudget:
    """The bytes that may still be read, and the files that were refused."""

    left: int = _TOTAL
    refused: set[str] = field(default_factory=set)
    """The paths of files of which more was asked for than is allowed: nothing is known about them."""

    def take(self, path: str, length: int, most: int) -> None:
        """Count bytes that are about to be read.

        Raises:
            OSError: when they are too many.
        """
        if length > min(self.left, most):
            self.refused.add(path)
            raise OSError(errno.EFBIG, "is too large to be read from the Hub")
        self.left -= length


@dataclass(frozen=True)
class OnHub:
    """A file at a commit; see `Content`. A read that the budget does not allow is an OSError."""

    hub: Hub
    repo: RepoRef
    commit: str
    file: RemoteFile
    budget: ReadBudget = field(compare=False, repr=False)
    _parts: dict[int, bytes] = field(default_factory=dict, compare=False, repr=False)

    @property
    def size(self) -> int:
        """Number of bytes, as the Hub lists it."""
        return self.file.size

    @property
    def identity(self) -> Hashable:
        """The ids of the bytes."""
        return self.file.blob_id, self.file.sha256

    @property
    def local_path(self) -> Path | None:
        """None: no file on this machine has the bytes."""
        return None

    @contextmanager
    def open(self) -> Iterator[BinaryIO]:
        """Open a small file."""
        with io.BytesIO(self.read()) as stream:
            yield stream

    def read(self) -> bytes:
        """Return all bytes of a small file."""
        if self.size > _LARGEST:
            self.budget.take(self.file.path_in_repo, self.size, _LARGEST)
        return self.read_at(0, self.size)

    def read_at(self, offset: int, length: int) -> bytes:
        """Return a part of the file."""
        end = min(offset + length, self.size)
        if end <= offset:
            return b""
        first, last = offset // _PART, (end - 1) // _PART
        missing = [index for index in range(first, last + 1) if index not in self._parts]
        if missing:
            self._fetch(missing[0], missing[-1])
        data = b"".join(self._parts[index] for index in range(first, last + 1))
        return data[offset - first * _PART : end - first * _PART]

    def unchanged(self) -> None:
        """Do nothing: a commit does not change."""

    def _fetch(self, first: int, last: int) -> None:
        start, end = first * _PART, min((last + 1) * _PART, self.size)
        self.budget.take(self.file.path_in_repo, end - start, _LARGEST)
        action = f"reading {self.file.path_in_repo} of {self.repo.repo_id}"
        with self.hub.translating(action):
            data = self.hub.retries.retrying(lambda: self._requested(start, end))
        if len(data) != end - start:
            raise RemoteError(f"{action}: the Hub sent {len(data)} bytes of {end - start}")
        for index in range(first, last + 1):
            self._parts[index] = data[(index - first) * _PART : (index - first + 1) * _PART]

    def _requested(self, start: int, end: int) -> bytes:
        path = urllib.parse.quote(self.file.path_in_repo)
        prefix = "" if self.repo.repo_type == "model" else f"{self.repo.repo_type}s/"
        url = f"{self.hub.endpoint}/{prefix}{self.repo.repo_id}/resolve/{self.commit}/{path}"
        # A compressed response would have other offsets.
        headers = {"range": f"bytes={start}-{end - 1}", "accept-encoding": "identity"}
        from huggingface_hub.utils import get_session, hf_raise_for_status

        with get_session().stream("GET", url, headers={**self.hub.request_headers, **headers}) as response:
            if response.is_error:
                # Its explanation is read by the client, as far as it is one.
                response._content = _bytes_of(response, 0, _PART)  # noqa: SLF001
            hf_raise_for_status(response)
            # A server that ignores the range sends the file from its start.
            skipped = 0 if response.status_code == _PARTIAL else start
            return _bytes_of(response, skipped, end - start)


def _bytes_of(response: Any, skipped: int, length: int) -> bytes:
    data = b""
    for piece in response.iter_bytes():
        data += piece
        # The rest of the response is not read: the connection ends with the `with` block.
        if len(data) >= skipped + length:
            break
        if skipped and len(data) > skipped:
            data, skipped = data[skipped:], 0
    return data[skipped : skipped + length]
