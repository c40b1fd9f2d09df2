"""What is in a revision: listings, single paths, and when each was last changed."""

from typing import Any
from urllib.parse import parse_qs

from hublish.hub.server.access import authorize, repo_of
from hublish.hub.server.git.history import last_commits
from hublish.hub.server.http import Request, Response, json_response
from hublish.hub.server.hub import Hub
from hublish.hub.server.paging import page_of
from hublish.hub.server.repositories import timestamp
from hublish.hub.server.snapshots import Snapshot, open_snapshot

PAGE = 1000
"""Entries of a listing in one answer, as on the Hub; with `expand` 50."""


def list_tree(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R/tree/V[/path]?recursive=..&expand=..`."""
    repo = repo_of(request)
    authorize(hub, request, repo)
    path = request.params.get("path", "").strip("/")
    expand = request.flag("expand")
    with open_snapshot(hub, repo, request.params["revision"]) as snapshot:
        entries = list(snapshot.walk(path, recursive=request.flag("recursive")))
        page, headers = page_of(request, entries, 50 if expand else PAGE)
        shown = [snapshot.describe(path, entry) for path, entry in page]
        return json_response(_expanded(snapshot, shown) if expand else shown, headers=headers)


def paths_info(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/paths-info/V`, form-encoded or JSON; paths that are missing are left out."""
    repo = repo_of(request)
    authorize(hub, request, repo)
    paths, expand = _wanted_paths(request)
    with open_snapshot(hub, repo, request.params["revision"]) as snapshot:
        found = ((path, snapshot.find(path)) for path in dict.fromkeys(path.strip("/") for path in paths))
        shown = [snapshot.describe(path, entry) for path, entry in found if entry and path]
        return json_response(_expanded(snapshot, shown) if expand else shown)


def _wanted_paths(request: Request) -> tuple[list[str], bool]:
    if request.headers.get("content-type", "").startswith("application/json"):
        body = request.json_object()
        paths = body.get("paths", [])
        return [str(path) for path in (paths if isinstance(paths, list) else [paths])], bool(body.get("expand"))
    form = parse_qs(request.content.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=100_000)
    return form.get("paths", []), form.get("expand", [""])[0].lower() in ("true", "1")


def _expanded(snapshot: Snapshot, shown: list[dict[str, Any]]) -> list[dict[str, Any]]:
    commits = last_commits(snapshot.git, snapshot.commit.sha, [entry["path"] for entry in shown])
    for entry in shown:
        if commit := commits.get(entry["path"]):
            entry["lastCommit"] = {"id": commit.sha, "title": commit.title, "date": timestamp(commit.time)}
        if entry["type"] == "file":
            entry["securityFileStatus"] = {"status": "unscanned", "avScan": None, "pickleImportScan": None}
    return shown
