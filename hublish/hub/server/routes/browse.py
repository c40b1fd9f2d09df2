"""Reading a revision: listings, single paths, the last change of each, and the bytes of a file."""

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from hublish.hub.server.git.git_trees import Entry
from hublish.hub.server.git.repository import last_commits
from hublish.hub.server.http import Request, Response, content_response, json_response, page_of
from hublish.hub.server.refusals import bad_request, entry_not_found
from hublish.hub.server.repositories import timestamp
from hublish.hub.server.snapshots import Snapshot, requested_snapshot
from hublish.hub.server.stores import Hub

# Entries in one page of a listing, as on the Hub; fewer with `expand`, which reads the history.
PAGE = 1000
EXPANDED_PAGE = 50

# Paths in one call.
MAX_PATHS = 100_000

# Bytes of a regular file that is sent from memory.
SMALL = 64 << 10


def list_tree(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/tree/V[/path]?recursive=..&expand=..`."""
    path = request.params.get("path", "").strip("/")
    expand = request.flag("expand")
    with requested_snapshot(hub, request) as snapshot:
        entries = list(snapshot.walk(path, recursive=request.flag("recursive")))
        page, headers = page_of(request, entries, EXPANDED_PAGE if expand else PAGE)
        shown = [snapshot.describe(path, entry) for path, entry in page]
        return json_response(_expanded(snapshot, shown) if expand else shown, headers=headers)


def paths_info(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/paths-info/V`; missing paths are omitted."""
    with requested_snapshot(hub, request) as snapshot:
        paths, expand = _wanted_paths(request)
        found = ((path, snapshot.find(path)) for path in dict.fromkeys(path.strip("/") for path in paths))
        shown = [snapshot.describe(path, entry) for path, entry in found if entry and path]
        return json_response(_expanded(snapshot, shown) if expand else shown)


def _wanted_paths(request: Request) -> tuple[list[str], bool]:
    # huggingface_hub sends a form, JavaScript clients send JSON.
    if request.headers.get("content-type", "").startswith("application/json"):
        body = request.json_object()
        paths = body.get("paths", [])
        return [str(path) for path in (paths if isinstance(paths, list) else [paths])], bool(body.get("expand"))
    try:
        form = parse_qs(request.content.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MAX_PATHS)
    except ValueError:
        raise bad_request(f"A form has at most {MAX_PATHS} fields") from None
    return form.get("paths", []), form.get("expand", [""])[0].lower() in ("true", "1")


def _expanded(snapshot: Snapshot, shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    commits = last_commits(snapshot.git, snapshot.commit.sha, [entry["path"] for entry in shown])
    for entry in shown:
        if commit := commits.get(entry["path"]):
            entry["lastCommit"] = {"id": commit.sha, "title": commit.title, "date": timestamp(commit.time)}
        if entry["type"] == "file":
            entry["securityFileStatus"] = {"status": "unscanned", "avScan": None, "pickleImportScan": None}
    return shown


def raw(hub: Hub, request: Request) -> Response:
    """`GET` and `HEAD R/raw/V/path`: a file as git stores it, for a large file its LFS pointer."""
    path = request.params["path"]
    with requested_snapshot(hub, request, content=True) as snapshot:
        entry = snapshot.find_file(path)
        if entry is None:
            raise entry_not_found(path, snapshot.commit.sha)
        headers = {
            "x-repo-commit": snapshot.commit.sha,
            "etag": f'"{entry.sha}"',
            # Never a type that a browser would execute.
            "content-type": "text/plain; charset=utf-8",
            "x-content-type-options": "nosniff",
        }
        return content_response(request, _stored(snapshot, entry), headers)


def resolve(hub: Hub, request: Request) -> Response:
    """`GET` and `HEAD R/resolve/V/path`."""
    # Never answered by a redirect to this origin: the client follows those on HEAD, and then misses X-Repo-Commit.
    path = request.params["path"]
    with requested_snapshot(hub, request, content=True) as snapshot:
        entry = snapshot.find_file(path)
        if entry is None:
            raise entry_not_found(path, snapshot.commit.sha)
        sha256 = snapshot.facts(entry).digest
        headers = {
            "x-repo-commit": snapshot.commit.sha,
            # The client names the file in its cache by the ETag: the sha256 of a large file, else the blob id.
            "etag": f'"{sha256 or entry.sha}"',
            "content-disposition": f"inline; filename*=UTF-8''{quote(path.rpartition('/')[2])}",
        }
        if sha256 is None:
            return content_response(request, _stored(snapshot, entry), headers)
        size = hub.objects.size(sha256)
        if size is None:
            raise entry_not_found(path, snapshot.commit.sha)
        # For a large file, the client prefers these to ETag and Content-Length.
        headers |= {"x-linked-etag": f'"{sha256}"', "x-linked-size": str(size)}
        return content_response(request, hub.objects.path(sha256), headers | _xet(snapshot, request, sha256))


def _stored(snapshot: Snapshot, entry: Entry) -> bytes | Path:
    # From a file: clients that read slowly, or not at all, must not fill the memory.
    if snapshot.facts(entry).pointer_size <= SMALL:
        return snapshot.git.blob(entry.sha)
    return snapshot.hub.unpacked.path(snapshot.git, entry.sha)


def _xet(snapshot: Snapshot, request: Request, sha256: str) -> dict[str, str]:
    xet_hash = snapshot.hub.xet_hash(sha256)
    if not xet_hash:
        return {}
    repo = snapshot.repo
    url = f"{request.base_url}/api/{repo.plural}/{repo.full_name}/xet-read-token/{snapshot.commit.sha}"
    # The client downloads by xet only when it gets both: the hash, and where to get a token.
    return {"x-xet-hash": xet_hash, "link": f'<{url}>; rel="xet-auth"'}
