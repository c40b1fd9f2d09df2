"""The body of a commit call: NDJSON, read line by line, its files stored as git objects as they arrive."""

import base64
import binascii
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any

from hublish.hub.server.git.lfs_pointers import Pointer, parse_pointer
from hublish.hub.server.http import parse_json
from hublish.hub.server.objects import is_hash_algorithm, is_sha256
from hublish.hub.server.refusals import HubError, bad_request, invalid_path
from hublish.hub.server.repo_ids import path_problem

# Operations of one commit, and folders above their paths, at most: all of them are in memory at once. The Hub advises
# against more files than this in a whole repository.
MAX_OPERATIONS = 100_000
MAX_FOLDERS = 200_000


@dataclass(frozen=True, slots=True)
class Header:
    """The first line."""

    summary: str
    description: str
    parent_commit: str | None

    @property
    def message(self) -> str:
        """The commit message."""
        return f"{self.summary}\n\n{self.description}" if self.description else self.summary


@dataclass(frozen=True, slots=True)
class Operation:
    """One change of a path."""

    path: str
    blob: str | None = None  # of the file to add or replace, already stored; None to remove the path
    folder: bool = False  # remove a folder with its content, not a file


@dataclass(frozen=True, slots=True)
class BodyReader:
    """Reads the lines of one commit."""

    size_of: Callable[[str], int | None]  # returns the size of an object that the author may refer to, or None
    add_blob: Callable[[bytes], str]  # stores a git blob and returns its id
    check: Callable[[str, bytes], None]  # raises when a regular file at this path may not have this content
    largest_file: int  # bytes of the largest regular file

    def read(self, file: IO[bytes]) -> tuple[Header, list[Operation]]:
        """Read a whole body, one line in memory at a time; raise 400 or 413 when it is not acceptable."""
        lines = self._lines(file)
        first = next(lines, None)
        if first is None or first[0] != "header":
            raise bad_request("The first line of a commit must be its header")
        operations: list[Operation] = []
        folders: set[str] = set()
        depth = 0
        for key, value in lines:
            operations.append(self.operation(key, value))
            folder = operations[-1].path.rpartition("/")[0]
            if folder not in folders:
                folders.add(folder)
                depth += folder.count("/") + 1
            if len(operations) > MAX_OPERATIONS or depth > MAX_FOLDERS:
                raise bad_request(f"A commit has at most {MAX_OPERATIONS} operations and {MAX_FOLDERS} folders")
        return _header(first[1]), operations

    def _lines(self, file: IO[bytes]) -> Iterator[tuple[str, dict[str, Any]]]:
        # Base64 adds a third; the rest is room for the path and the JSON around it.
        limit = self.largest_file * 4 // 3 + (64 << 10)
        while line := file.readline(limit + 1):
            if len(line) > limit:
                raise HubError(413, None, "A regular file is too large; files this large must be uploaded to LFS")
            if not line.isspace():
                yield _parse_line(line)

    def operation(self, key: str, value: dict[str, Any]) -> Operation:
        """Check one line, and store its file."""
        path = value.get("path")
        if not isinstance(path, str):
            raise bad_request(f"{key} needs a path")
        if key == "deletedFolder":
            path = path.rstrip("/")  # the client keeps the slash that its user wrote
        if problem := path_problem(path):
            raise invalid_path(path, problem)
        match key:
            case "file":
                return Operation(path, self._regular(path, value))
            case "lfsFile":
                return Operation(path, self._large(path, value))
            case "deletedFile" | "deletedFolder":
                return Operation(path, folder=key == "deletedFolder")
        raise bad_request(f"Unknown operation {key!r}")

    def _regular(self, path: str, value: dict[str, Any]) -> str:
        content = _content(path, value)
        if len(content) > self.largest_file:
            raise bad_request(f"{path!r} has {len(content)} bytes; files this large must be uploaded to LFS")
        self.check(path, content)
        # A pointer sent as a regular file would otherwise promise content that the store does not have.
        if pointer := parse_pointer(content):
            self._require(path, pointer)
        return self.add_blob(content)

    def _large(self, path: str, value: dict[str, Any]) -> str:
        sha256 = value.get("oid")
        if not is_hash_algorithm(value.get("algo") or "sha256") or not is_sha256(sha256):
            raise bad_request(f"{path!r} needs a sha256 oid")
        size = value.get("size")
        if not isinstance(size, int):  # the client sends copies without a size
            size = self.size_of(sha256) or 0
        pointer = Pointer(sha256, size)
        self._require(path, pointer)
        return self.add_blob(pointer.serialize())

    def _require(self, path: str, pointer: Pointer) -> None:
        stored = self.size_of(pointer.sha256)
        if stored is None:
            raise bad_request(f"LFS pointer of {path!r} points to an object that was not uploaded: {pointer.sha256}")
        if stored != pointer.size:
            raise bad_request(f"LFS pointer of {path!r} declares {pointer.size} bytes, the object has {stored}")


def _parse_line(line: bytes) -> tuple[str, dict[str, Any]]:
    try:
        item = parse_json(line)
        key, value = item["key"], item["value"]
    except (ValueError, KeyError, TypeError):
        key = value = None
    if not isinstance(key, str) or not isinstance(value, dict):
        raise bad_request('Every line of a commit must be {"key": .., "value": ..}')
    return key, value


def _header(value: dict[str, Any]) -> Header:
    summary = value.get("summary")
    if not isinstance(summary, str) or not summary.strip():
        raise bad_request("Commit message cannot be empty")
    parent = value.get("parentCommit")
    if parent is not None and not isinstance(parent, str):
        raise bad_request('"parentCommit" must be a string')
    return Header(summary.strip(), str(value.get("description") or "").strip(), parent or None)


def _content(path: str, value: dict[str, Any]) -> bytes:
    content = value.get("content")
    if not isinstance(content, str):
        raise bad_request(f"{path!r} needs content")
    if value.get("encoding", "utf-8") != "base64":
        return content.encode("utf-8", "surrogatepass")  # JSON can carry lone surrogates
    try:
        return base64.b64decode(content, validate=True)
    except (binascii.Error, ValueError):
        raise bad_request(f"The content of {path!r} is not base64") from None
