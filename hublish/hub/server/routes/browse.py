"""Reading a revision: listings, single paths, the last change of each, and the bytes of a file."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, quote

from hublish.hub.server.access import identify
from hublish.hub.server.git.git_trees import Entry
from hublish.hub.server.git.last_changes import last_commits
from hublish.hub.server.http import Request, Response, content_response, json_response, page_after
from hublish.hub.server.refusals import bad_request, entry_not_found
from hublish.hub.server.repositories import timestamp
from hublish.hub.server.snapshots import Snapshot, requested_snapshot
from hublish.hub.server.stores import Hub
from hublish.hub.server.weight_headers import shard_headers

# Entries in one page of a listing, as on the Hub; fewer with `expand`, which reads the history.
PAGE = 1000
EXPANDED_PAGE = 50

# Paths in one call.
MAX_PATHS = 100_000

# The media type that the official JavaScript client accepts in place of a file.
XET_FILE = "application/vnd.xet-fileinfo+json"

# Bytes of a regular file that is sent from memory.
SMALL = 64 << 10


def list_tree(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/tree/V[/path]?recursive=..&expand=..`."""
    path = request.params.get("path", "").strip("/")
    expand = request.flag("expand")
    with requested_snapshot(hub, request) as snapshot:

        def read(after: str | None) -> Iterator[tuple[str, Entry]]:
            return snapshot.walk(path, recursive=request.flag("recursive"), after=after)

        page, headers = page_after(request, read, cursor_of, EXPANDED_PAGE if expand else PAGE)
        shown = [snapshot.describe(path, entry) for path, entry in page]
        return json_response(_expanded(snapshot, shown) if expand else shown, headers=headers)


def cursor_of(item: tuple[str, Entry]) -> str:
    """Return the name by which a page of a folder continues after an item; see `list_folder`."""
    path, entry = item
    return f"{path}/" if entry.is_folder else path


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
    hub, git = snapshot.hub, snapshot.git
    nodes, paths = hub.references.nodes(git, snapshot.commit.sha), [entry["path"] for entry in shown]
    found = last_commits(nodes, snapshot.load, hub.changed_paths, snapshot.commit.sha, paths)
    for entry in shown:
        if sha := found.get(entry["path"]):
            commit = hub.commits.load(git, sha)
            entry["lastCommit"] = {"id": commit.sha, "title": commit.title, "date": timestamp(commit.time)}
        if entry["type"] == "file":
            entry["securityFileStatus"] = {"status": "unscanned", "avScan": None, "pickleImportScan": None}
    return shown


def safetensors_metadata(hub: Hub, request: Request) -> Response:
    """`GET /api/models/R/safetensors-metadata/path`: an index of shards on the default branch, with their headers."""
    # The names of the tensors are content: of a gated repository, not everybody may read them.
    with requested_snapshot(hub, request, content=True) as snapshot:
        path = request.params["path"]
        if snapshot.find_file(path) is None:
            raise entry_not_found(path, snapshot.commit.sha)
        found = shard_headers(snapshot, path)
        if found is None:
            raise bad_request(f"{path!r} is not an index of safetensors files, or a file that it names has no header")
        return json_response(found)


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
        }
        return content_response(request, stored_file(snapshot, entry), headers)


def resolve(hub: Hub, request: Request) -> Response:
    """`GET` and `HEAD R/resolve/V/path`."""
    # Never answered by a redirect to this origin: the client follows those on HEAD, and then misses X-Repo-Commit.
    path = request.params["path"]
    with requested_snapshot(hub, request, content=True) as snapshot:
        entry = snapshot.find_file(path)
        if entry is None:
            raise entry_not_found(path, snapshot.commit.sha)
        sha256 = snapshot.facts(entry).digest
        # The client names the file in its cache by the ETag: the sha256 of a large file, else the blob id.
        headers = {"x-repo-commit": snapshot.commit.sha, "etag": f'"{sha256 or entry.sha}"'}
        headers |= file_name(request, path)
        if sha256 is None:
            return content_response(request, stored_file(snapshot, entry), headers)
        size = hub.objects.size(sha256)
        if size is None:
            raise entry_not_found(path, snapshot.commit.sha)
        # For a large file, the client prefers these to ETag and Content-Length.
        headers |= {"x-linked-etag": f'"{sha256}"', "x-linked-size": str(size)}
        xet_hash = hub.xet_hash(sha256)
        route = f"{snapshot.repo.plural}/{snapshot.repo.full_name}/xet-read-token/{snapshot.commit.sha}"
        links = xet_links(hub, request, route, xet_hash) if xet_hash else None
        return large_file(request, hub.objects.path(sha256), headers, links)


def file_name(request: Request, path: str) -> dict[str, str]:
    """Return the header with the name of a download, unless the caller wants none."""
    if request.flag("noContentDisposition"):
        return {}
    return disposition("attachment" if request.flag("download") else "inline", path)


def disposition(form: str, path: str) -> dict[str, str]:
    """Return the header by which a browser shows a file (`inline`) or saves it (`attachment`), with its name."""
    return {"content-disposition": f"{form}; filename*=UTF-8''{quote(path.rpartition('/')[2])}"}


def stored_file(snapshot: Snapshot, entry: Entry) -> bytes | Path:
    """Return the bytes that git stores for a file, or a file with them."""
    # From a file: clients that read slowly, or not at all, must not fill the memory.
    if snapshot.facts(entry).pointer_size <= SMALL:
        return snapshot.git.blob(entry.sha)
    return snapshot.hub.unpacked.path(snapshot.git, entry.sha)


@dataclass(frozen=True, slots=True)
class XetLinks:
    """Where the content of a file is in the xet store."""

    xet_hash: str
    token: str  # the call that returns a token
    reconstruction: str  # the call that returns the parts of the file

    @property
    def headers(self) -> dict[str, str]:
        """The headers that name the places."""
        # huggingface_hub downloads by xet only when it gets both: the hash, and where to get a token.
        link = f'<{self.token}>; rel="xet-auth", <{self.reconstruction}>; rel="xet-reconstruction-info"'
        return {"x-xet-hash": self.xet_hash, "link": link}


def xet_links(hub: Hub, request: Request, route: str, xet_hash: str) -> XetLinks | None:
    """Return where the caller finds content with this xet hash, after a token of `/api/{route}`; None without xet."""
    if hub.xet is None:
        return None
    account = identify(hub, request)
    store = request.base_url + hub.xet.cas_path(account.user if account else "")
    return XetLinks(xet_hash, f"{request.base_url}/api/{route}", f"{store}/v1/reconstructions/{xet_hash}")


def large_file(request: Request, source: Path | bytes, headers: dict[str, str], links: XetLinks | None) -> Response:
    """Respond with the content of a large file or, to a client that accepts that, with where to get it by xet."""
    if links is None:
        return content_response(request, source, headers)
    headers = headers | links.headers
    if XET_FILE not in request.headers.get("accept", ""):
        return content_response(request, source, headers)
    places = {"hash": links.xet_hash, "refreshUrl": links.token, "reconstructionUrl": links.reconstruction}
    file = {"etag": headers["x-linked-etag"].strip('"'), "size": int(headers["x-linked-size"])}
    return json_response({**file, **places}, headers={**headers, "content-type": XET_FILE})
