"""Buckets: files without a history, as `HfFileSystem`, `hf buckets` and `batch_bucket_files` use them."""

import base64
import binascii
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlencode

from hublish.hub.server import bucket_files
from hublish.hub.server.access import (
    authorize_write,
    bucket_has,
    identify,
    repo_to_read,
    repo_to_write,
    require_account,
    require_namespace,
    require_readable,
    served_objects,
)
from hublish.hub.server.accounts import Account
from hublish.hub.server.bucket_files import BucketFile, BucketFiles, BucketFolder
from hublish.hub.server.http import Request, Response, json_response, page_of, parse_json
from hublish.hub.server.objects import is_sha256
from hublish.hub.server.refusals import HubError, bad_request, conflict, entry_not_found, invalid_option, repo_not_found
from hublish.hub.server.repo_ids import BUCKET, RepoId, path_problem
from hublish.hub.server.repositories import Settings, precise_timestamp, timestamp
from hublish.hub.server.routes.browse import file_name, large_file, xet_links
from hublish.hub.server.routes.repos import placement
from hublish.hub.server.stores import Hub

# Entries in one page of a listing, and buckets in one page of a list.
PAGE = 1000

# Paths in one call, and operations: all of them are one transaction.
MAX_PATHS = 10_000
MAX_OPERATIONS = 10_000

# Milliseconds: dates of files from 1653 up to the year 9999, which every client can read.
_TIMES = range(-(10**13), 253_402_300_800_000)

_MAX_CONTENT_TYPE = 255

# The xet hash of a file without content; no upload records it.
_EMPTY_HASH = "0" * 64
_EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


def create(hub: Hub, request: Request) -> Response:
    """`POST /api/buckets/R`; the namespace `me` is the caller's own."""
    account = require_account(hub, request)
    bucket = _wanted(hub, request, account)
    require_namespace(account, bucket.namespace)
    body = request.json_object()
    url = request.base_url + bucket.url_path
    taken = f"You already created this bucket: {bucket.full_name}"
    visibility = _visibility(body) or hub.accounts.default_visibility(bucket.namespace)
    settings = Settings(timestamp(), visibility, **placement(hub, bucket, body))
    try:
        hub.repositories.build(bucket, settings, bucket_files.create)
    except HubError as error:
        # With exist_ok, the client parses `url` even from a 409.
        raise (conflict(taken, url=url) if error.status == 409 else error) from None
    return json_response({"url": url, "name": bucket.full_name, "id": bucket.full_name})


def _wanted(hub: Hub, request: Request, account: Account) -> RepoId:
    """Return the bucket to create, spelled as an existing one or as its owner writes the namespace."""
    try:
        bucket = RepoId.parse_bucket("{owner}/{name}".format_map(request.params))
    except ValueError as error:
        raise bad_request(str(error)) from None
    if bucket.namespace == "me":
        bucket = replace(bucket, namespace=account.user)
    if found := hub.repositories.spelled(bucket):
        return found
    owned = [name for name in (account.user, *account.orgs) if name.lower() == bucket.namespace.lower()]
    return replace(bucket, namespace=owned[0]) if owned else hub.repositories.in_known_namespace(bucket)


def _visibility(body: dict[str, Any]) -> str | None:
    visibility, private = body.get("visibility"), body.get("private")
    if visibility not in (None, "public", "private"):
        raise invalid_option(("public", "private"), "visibility")
    if private is not None and not isinstance(private, bool):
        raise bad_request('"private" must be true or false')
    return visibility or (None if private is None else "private" if private else "public")


def update_settings(hub: Hub, request: Request) -> Response:
    """`PUT /api/buckets/R/settings`: the visibility."""
    bucket, _ = repo_to_write(hub, request)
    visibility = _visibility(request.json_object())
    changes = {"visibility": visibility} if visibility else {}
    settings = hub.repositories.update_settings(bucket, **changes)
    return json_response({"visibility": settings.visibility, "private": settings.private})


def delete(hub: Hub, request: Request) -> Response:
    """`DELETE /api/buckets/R`."""
    try:
        bucket = RepoId.parse_bucket("{owner}/{name}".format_map(request.params))
    except ValueError:
        raise repo_not_found() from None
    bucket = hub.repositories.spelled(bucket) or bucket
    authorize_write(hub, request, bucket)
    hub.repositories.delete(bucket)
    return json_response({})


def info(hub: Hub, request: Request) -> Response:
    """`GET /api/buckets/R`."""
    return json_response(describe(hub, repo_to_read(hub, request)))


def describe(hub: Hub, bucket: RepoId) -> dict[str, Any]:
    """Return a bucket in the form of its info."""
    settings = hub.repositories.settings(bucket)
    with _files(hub, bucket) as files:
        count, size = files.totals()
    return {
        "id": bucket.full_name,
        "author": bucket.namespace,
        "private": settings.private,
        "visibility": settings.visibility,
        "createdAt": settings.created_at,
        "size": size,
        "totalFiles": count,
    }


def list_buckets(hub: Hub, request: Request) -> Response:
    """`GET /api/buckets/NAMESPACE?search=..`; the namespace `me` is the caller's own."""
    caller = identify(hub, request)
    owner, search = request.params["owner"], request.first("search").lower()
    if owner == "me":
        owner = require_account(hub, request).user
    readable = [bucket for bucket in hub.repositories.list(BUCKET) if _is_readable(hub, caller, bucket, owner)]
    # A name without a namespace comes here as well: `bucket_info("data")`.
    if not readable and not hub.accounts.is_known(owner):
        raise repo_not_found()
    page, headers = page_of(request, [bucket for bucket in readable if search in bucket.name.lower()], PAGE)
    shown = []
    for bucket in page:
        with suppress(HubError):  # deleted meanwhile
            shown.append(describe(hub, bucket))
    return json_response(shown, headers=headers)


def _is_readable(hub: Hub, caller: Account | None, bucket: RepoId, owner: str) -> bool:
    if bucket.namespace.lower() != owner.lower():
        return False
    try:
        require_readable(hub, caller, bucket)
    except HubError:
        return False
    return True


def list_tree(hub: Hub, request: Request) -> Response:
    """`GET /api/buckets/R/tree[/PREFIX]?recursive=..`: by default all files whose path begins with the prefix."""
    bucket = repo_to_read(hub, request)
    prefix = request.params.get("path", "")
    after = _unpacked(request.first("cursor"))
    size = min(PAGE, request.number("limit", PAGE)) or PAGE
    recursive = request.flag("recursive") if request.first("recursive") else True
    with _files(hub, bucket) as files:
        entries = files.walk(prefix, after) if recursive else files.children(prefix, after)
        page = [entry for entry, _ in zip(entries, range(size + 1), strict=False)]
    headers = {}
    if len(page) > size:
        last = page[size - 1]
        cursor = _packed(f"{last.path}/" if isinstance(last, BucketFolder) else last.path)
        query = urlencode({**request.query, "cursor": (cursor,)}, doseq=True)
        headers["link"] = f'<{request.base_url}{request.path}?{query}>; rel="next"'
    return json_response([_shown(entry) for entry in page[:size]], headers=headers)


def _packed(path: str) -> str:
    return base64.urlsafe_b64encode(path.encode()).decode()


def _unpacked(cursor: str) -> str:
    try:
        return base64.b64decode(cursor.encode(), b"-_", validate=True).decode()
    except (binascii.Error, UnicodeError):
        raise bad_request('"cursor" is not one of a previous page') from None


def _shown(entry: BucketFile | BucketFolder) -> dict[str, Any]:
    uploaded = precise_timestamp(entry.uploaded)
    if isinstance(entry, BucketFolder):
        return {"type": "directory", "path": entry.path, "uploadedAt": uploaded}
    shown = {"type": "file", "path": entry.path, "size": entry.size, "xetHash": entry.xet_hash}
    times = {"mtime": precise_timestamp(entry.mtime), "uploadedAt": uploaded}
    return {**shown, **times, **({"contentType": entry.content_type} if entry.content_type else {})}


def paths_info(hub: Hub, request: Request) -> Response:
    """`POST /api/buckets/R/paths-info`: files alone; missing paths are omitted."""
    bucket = repo_to_read(hub, request)
    paths = request.json_object().get("paths")
    if not isinstance(paths, list) or len(paths) > MAX_PATHS or not all(isinstance(path, str) for path in paths):
        raise bad_request(f'"paths" must be a list of at most {MAX_PATHS} paths')
    with _files(hub, bucket) as files:
        found = (files.get(path) for path in dict.fromkeys(paths) if not path_problem(path))
        return json_response([_shown(file) for file in found if file])


def resolve(hub: Hub, request: Request) -> Response:
    """`GET` and `HEAD /buckets/R/resolve/PATH`."""
    bucket, path = repo_to_read(hub, request), request.params["path"]
    with _files(hub, bucket) as files:
        file = None if path_problem(path) else files.get(path)
    if file is None or (file.size and not hub.objects.has(file.sha256)):
        raise entry_not_found(path)
    headers = {
        "etag": f'"{file.xet_hash}"',
        "x-linked-etag": f'"{file.xet_hash}"',
        "x-linked-size": str(file.size),
        # Never the sender's type, which a browser might execute.
        **file_name(request, path),
        "last-modified": time.strftime("%a, %d %b %Y %H:%M:%S GMT", time.gmtime(file.uploaded // 1000)),
    }
    links = xet_links(hub, request, f"buckets/{bucket.full_name}/xet-read-token", file.xet_hash)
    return large_file(request, hub.objects.path(file.sha256) if file.size else b"", headers, links)


@dataclass(frozen=True, slots=True)
class _Operation:
    """One line of a batch."""

    kind: str
    path: str
    xet_hash: str = ""
    mtime: int | None = None
    content_type: str | None = None
    source: tuple[str, str] = ("", "")  # of a copy: type and id of the repository


def batch(hub: Hub, request: Request) -> Response:
    """`POST /api/buckets/R/batch`: lines of NDJSON that add, copy and delete files, applied in their order.

    Operations that fail are listed, and the others applied: 422 when all of them failed.
    """
    bucket, account = repo_to_write(hub, request)
    operations = list(_operations(request.content))
    failed: list[dict[str, str]] = []
    # Before the lock: copies read other repositories.
    found = [_content(hub, account, bucket, operation) for operation in operations]
    with hub.repositories.locked(bucket), _files(hub, bucket, to_write=True) as files:
        now = time.time_ns() // 1_000_000
        for operation, content in zip(operations, found, strict=True):
            if problem := _apply(files, operation, content, now):
                failed.append({"path": operation.path, "error": problem})
    done = len(operations) - len(failed)
    shown = {"success": not failed, "processed": len(operations), "succeeded": done, "failed": failed}
    return json_response(shown, 422 if failed and not done else 200)


def _apply(files: BucketFiles, operation: _Operation, content: tuple[str, int] | str, now: int) -> str | None:
    """Apply an operation; return the reason why it is not possible."""
    if problem := path_problem(operation.path):
        return f"Invalid path: {problem}"
    if operation.kind == "deleteFile":
        # Also one that is not there: the client repeats a call whose response was lost.
        files.remove(operation.path)
        return None
    if isinstance(content, str):
        return content
    if files.collides(operation.path):
        return "The path would be a file and a folder at once"
    mtime = now if operation.mtime is None else operation.mtime
    files.put(BucketFile(operation.path, operation.xet_hash, *content, mtime, now, operation.content_type))
    return None


def _content(hub: Hub, account: Account, bucket: RepoId, operation: _Operation) -> tuple[str, int] | str:
    """Return the sha256 and the size of what an operation adds, or why the caller may not add it."""
    if operation.kind == "deleteFile":
        return "", 0
    if operation.kind == "addFile" and operation.xet_hash == _EMPTY_HASH:
        return _EMPTY_SHA256, 0
    missing = f"Xet file {operation.xet_hash[:64]} not found"
    if not is_sha256(operation.xet_hash):  # of the same form
        return missing
    known = hub.xet.known_file(operation.xet_hash) if hub.xet else None
    if operation.kind == "copyFile":
        source = _source(hub, account, operation)
        if source is None:
            return "Source repository not found"
        return _in_source(hub, source, operation.xet_hash, known) or missing
    if known is None:
        return missing
    # Knowing a hash is not enough: listings of gated repositories show them.
    may_use = account.admin or hub.senders.has(account.user, known[0]) or bucket_has(hub, bucket, known[0])
    return known if may_use else missing


def _source(hub: Hub, account: Account, operation: _Operation) -> RepoId | None:
    kind, name = operation.source
    try:
        found = hub.repositories.current(RepoId.parse_any(kind, name))
        require_readable(hub, account, found, content=True)
    except (ValueError, HubError):
        return None
    return found


def _in_source(hub: Hub, source: RepoId, xet_hash: str, known: tuple[str, int] | None) -> tuple[str, int] | None:
    with suppress(HubError):  # deleted meanwhile
        if source.kind == BUCKET:
            with _files(hub, source) as files:
                file = files.with_xet_hash(xet_hash)
            return (file.sha256, file.size) if file else None
        with hub.repositories.open(source) as git:
            return known if known and served_objects(hub, git, [known[0]]) else None
    return None


def _files(hub: Hub, bucket: RepoId, *, to_write: bool = False) -> AbstractContextManager[BucketFiles]:
    return bucket_files.opened(hub.repositories.path(bucket), to_write=to_write)


# The strings that each operation needs.
_NAMES = {
    "addFile": ("path", "xetHash"),
    "copyFile": ("path", "xetHash", "sourceRepoType", "sourceRepoId"),
    "deleteFile": ("path",),
}


def _operations(content: bytes) -> Iterator[_Operation]:
    lines = [line for line in content.split(b"\n") if line.strip()]
    if len(lines) > MAX_OPERATIONS:
        raise HubError(413, None, f"A batch has at most {MAX_OPERATIONS} operations")
    for number, line in enumerate(lines, 1):
        try:
            value = parse_json(line)
        except ValueError:
            raise bad_request(f"Line {number} is not valid JSON") from None
        yield _operation(number, value if isinstance(value, dict) else {})


def _operation(number: int, value: dict[str, Any]) -> _Operation:
    kind = value.get("type")
    if not isinstance(kind, str) or kind not in _NAMES:
        raise invalid_option(_NAMES, f"type of line {number}")
    for name in _NAMES[kind]:
        if not isinstance(value.get(name), str):
            raise bad_request(f'"{name}" must be a string at line {number}')
    mtime = value.get("mtime")
    if mtime is not None and (isinstance(mtime, bool) or not isinstance(mtime, int) or mtime not in _TIMES):
        raise bad_request(f'"mtime" must be a number of milliseconds at line {number}')
    content_type = value.get("contentType")
    if content_type is not None and not (isinstance(content_type, str) and len(content_type) <= _MAX_CONTENT_TYPE):
        raise bad_request(f'"contentType" must be a string at line {number}')
    source = (value.get("sourceRepoType", ""), value.get("sourceRepoId", ""))
    return _Operation(kind, value["path"], value.get("xetHash", ""), mtime, content_type, source)
