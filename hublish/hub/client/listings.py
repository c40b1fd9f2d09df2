"""Read lists from a Hub's responses: every page and every field is checked, as the Hub may be hostile.

Without these checks, a list could be endless, and a value of another type or an invalid name would fail far from here.
"""

import re
import time
import urllib.parse
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Final

from hublish.base.values import RemoteFile, RepoRef
from hublish.hub.client.failures import MalformedResponseError
from hublish.hub.client.guarded_session import is_same_origin
from hublish.schemas.diagnose.problems import InvalidValueError
from hublish.schemas.documents.hub_names import check_repo_id

MAX_PAGES: Final = 1000
"""Pages of one list. The Hub's pages have 1,000 entries, and it advises at most 100,000 files in a repo."""
MAX_ENTRIES: Final = 1_000_000
"""Entries of one list."""

# Names of all files together; a path is limited to 1,024 bytes where files are written.
_MAX_PATH: Final = 4096
_MAX_PATHS: Final = 128 << 20
# The pages of the longest list together.
_LISTING_SECONDS: Final = 1800.0
# Git's ids are SHA-1, or SHA-256 in repositories of that format.
_OBJECT_ID: Final = re.compile(r"[0-9a-f]{40}(?:[0-9a-f]{24})?", re.ASCII)
_SHA256: Final = re.compile(r"[0-9a-f]{64}", re.ASCII)
# The Hub's limit for a file is 500 GB; more than a signed 64-bit number fits in no file system.
_MAX_SIZE: Final = 1 << 63


def quote(revision: str) -> str:
    """Return a revision as the Hub's URLs write it: `refs%2Fpr%2F1`."""
    return urllib.parse.quote(revision, safe="")


def tree_path(repo: RepoRef, revision: str) -> str:
    """Return the path below `/api/` of the list of all files at a revision."""
    return f"{repo.repo_type}s/{repo.repo_id}/tree/{quote(revision)}?recursive=true&expand=false"


def pages(get: Callable[[Any], Any], url: str, endpoint: str) -> Iterator[Any]:
    """Yield the pages of a list, decoded.

    Args:
        get: requests one page and returns the response.
        url: the first page.
        endpoint: the Hub; a page on another origin is refused.

    Raises:
        MalformedResponseError: the list is endless or leads elsewhere.
    """
    seen = {url}
    deadline = time.monotonic() + _LISTING_SECONDS
    for _ in range(MAX_PAGES):
        response = get(url)
        page = list_of(response.json(), "a page")
        yield page
        following = response.links.get("next", {}).get("url")
        if following is None:
            return
        url = _next_page(response, following, endpoint)
        # A page that was read already, or is empty, contains nothing new.
        if url in seen or not page or time.monotonic() > deadline:
            raise MalformedResponseError("the pages of the list do not end")
        seen.add(url)
    raise MalformedResponseError(f"the list has more than {MAX_PAGES} pages")


def _next_page(response: Any, following: str, endpoint: str) -> str:
    try:
        url = response.url.join(following)
    except Exception:  # of the HTTP client's parser
        raise MalformedResponseError("the address of the next page is not a URL") from None
    # It would be followed without the token, but a Hub's list is not continued elsewhere.
    if not is_same_origin(url, endpoint) or url.userinfo:
        raise MalformedResponseError(f"the next page is on another host, {url.host}")
    return str(url)


def tree_of(found: Iterator[Any]) -> Mapping[str, RemoteFile]:
    """Return the files on the pages of a tree, by path."""
    files: dict[str, RemoteFile] = {}
    entries = characters = 0
    for page in found:
        entries += len(page)
        for entry in page:
            path = _path(entry)
            characters += len(path)
            if field(entry, "type", str) != "file":
                continue
            if path in files:
                raise MalformedResponseError(f"the tree lists the path {path!r} twice")
            files[path] = _file(path, entry)
        if entries > MAX_ENTRIES or characters > _MAX_PATHS:
            raise MalformedResponseError(f"the tree has more than {MAX_ENTRIES:,} entries")
    return files


def refs_of(body: Any, kind: str) -> Mapping[str, str]:
    """Return the commit of each of the `tags` or `branches` in a response about refs."""
    refs = field(body, kind, list)
    if len(refs) > MAX_ENTRIES:
        raise MalformedResponseError(f"the repo has more than {MAX_ENTRIES:,} {kind}")
    return {valid_text(field(ref, "name", str), "a ref"): commit_id(field(ref, "targetCommit", str)) for ref in refs}


def open_discussions(get: Callable[[int], Any]) -> Iterator[int]:
    """Yield the numbers of the open discussions and drafts on the pages that `get` requests by number."""
    for number in range(MAX_PAGES):
        page = get(number)
        found = field(page, "discussions", list)
        for entry in found:
            if field(entry, "status", str) in ("open", "draft"):
                yield field(entry, "num", int)
        if not found or field(page, "start", int) + len(found) >= field(page, "count", int):
            return
    raise MalformedResponseError(f"the list has more than {MAX_PAGES} pages")


def field(entry: Any, name: str, kind: type) -> Any:
    """Return a field of a JSON object, which must have exactly this type: True is not an int."""
    if not isinstance(entry, dict):
        raise MalformedResponseError(f"expected an object with '{name}', got {_kind(type(entry))}")
    if name not in entry:
        raise MalformedResponseError(f"'{name}' is missing")
    value = entry[name]
    if type(value) is not kind:
        raise MalformedResponseError(f"'{name}' is not {_kind(kind)} but {_kind(type(value))}")
    return value


def list_of(value: Any, what: str) -> list[Any]:
    """Return a JSON list."""
    if not isinstance(value, list):
        raise MalformedResponseError(f"{what} is not a list but {_kind(type(value))}")
    return value


def _kind(kind: type) -> str:
    names = {dict: "an object", list: "a list", str: "a string", int: "a number", bool: "a boolean", type(None): "null"}
    return names.get(kind, f"a {kind.__name__}")


def commit_id(value: Any) -> str:
    """Return the id of a commit. It becomes part of URLs and of the names of files."""
    if not isinstance(value, str) or not _OBJECT_ID.fullmatch(value):
        raise MalformedResponseError(f"{_shown(value)} is not the id of a commit")
    return value


def repo_id(value: str) -> str:
    """Return the id of a repo, with its namespace. It becomes part of URLs, and of the lock."""
    try:
        return check_repo_id(value)
    except InvalidValueError:
        raise MalformedResponseError(f"{_shown(value)} is not the id of a repo") from None


def valid_text(value: str, what: str) -> str:
    """Return a string if it is valid Unicode; JSON can contain half of a surrogate pair."""
    try:
        value.encode()
    except UnicodeEncodeError:
        raise MalformedResponseError(f"the name of {what} is not valid Unicode: {_shown(value)}") from None
    return value


def _path(entry: Any) -> str:
    path = valid_text(field(entry, "path", str), "a file")
    if not 0 < len(path) <= _MAX_PATH:
        raise MalformedResponseError(f"the path of a file has {len(path)} characters: {_shown(path)}")
    return path


def _file(path: str, entry: Any) -> RemoteFile:
    size = field(entry, "size", int)
    lfs = entry.get("lfs")
    sha256 = None if lfs is None else field(lfs, "oid", str)
    if not 0 <= size < _MAX_SIZE:
        raise MalformedResponseError(f"the size of {_shown(path)} is {_shown(size)}")
    if sha256 is not None and not _SHA256.fullmatch(sha256):
        raise MalformedResponseError(f"the sha256 of {_shown(path)} is {_shown(sha256)}")
    blob_id = field(entry, "oid", str)
    if not _OBJECT_ID.fullmatch(blob_id):
        raise MalformedResponseError(f"the blob id of {_shown(path)} is {_shown(blob_id)}")
    return RemoteFile(path, size, blob_id, sha256)


def _shown(value: Any) -> str:
    # `ascii`, since the value may be text that no terminal can print; and it may be long.
    text = ascii(value)
    return text if len(text) <= 80 else f"{text[:77]}..."
