"""What a repository is: its settings, its card, its files; and lists of repositories."""

from collections.abc import Iterable, Iterator
from typing import Any

from hublish.hub.server.access import authorize, identify, repo_of
from hublish.hub.server.accounts import Account
from hublish.hub.server.cards import card_data
from hublish.hub.server.http import HubError, Request, Response, json_response
from hublish.hub.server.hub import Hub
from hublish.hub.server.names import RepoId
from hublish.hub.server.paging import page_of
from hublish.hub.server.repositories import DEFAULT_BRANCH, timestamp
from hublish.hub.server.snapshots import Snapshot, open_snapshot
from hublish.schemas.documents.file_names import CARD_FILE

PAGE = 1000
"""Repositories of a listing in one answer."""

_ALWAYS = {"_id", "id", "modelId"}
_ONLY_FULL = {"siblings", "cardData", "usedStorage", "disabled", "config"}


def repo_info(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R` and `GET /api/P/R/revision/V`, with `blobs`, `securityStatus` and `expand`."""
    repo = repo_of(request)
    authorize(hub, request, repo)
    with open_snapshot(hub, repo, request.params.get("revision", DEFAULT_BRANCH)) as snapshot:
        info = _info(snapshot, blobs=request.flag("blobs"))
        if request.flag("securityStatus"):
            info["securityRepoStatus"] = {"scansDone": False, "filesWithIssues": []}
        return json_response(_selected(info, _expand(request)))


def list_repos(hub: Hub, request: Request) -> Response:
    """`GET /api/P?author=..&search=..&filter=..&sort=..&limit=..`."""
    caller = identify(hub, request)
    kind = request.params["kind"].removesuffix("s")
    found = [info for repo in hub.repositories.list(kind) if (info := _listed(hub, request, caller, repo))]
    page, headers = page_of(request, _sorted(request, found), PAGE)
    expand = _expand(request)
    hidden = set() if request.flag("full") else _ONLY_FULL - ({"cardData"} if request.flag("cardData") else set())
    shown = [
        _selected(info, expand) if expand else {key: info[key] for key in info if key not in hidden} for info in page
    ]
    return json_response(shown, headers=headers)


def _listed(hub: Hub, request: Request, caller: Account | None, repo: RepoId) -> dict[str, Any] | None:
    author, search = request.first("author"), request.first("search").lower()
    if (author and repo.namespace != author) or search not in repo.full_name.lower():
        return None
    try:
        private = hub.repositories.settings(repo).private
        if private and not (caller and caller.belongs_to(repo.namespace)):
            return None
        with open_snapshot(hub, repo, DEFAULT_BRANCH) as snapshot:
            info = _info(snapshot, blobs=False)
    except HubError:  # deleted while it was listed
        return None
    wanted = [tag for value in request.query.get("filter", ()) for tag in value.split(",")]
    return info if all(tag in info["tags"] for tag in wanted) else None


def _sorted(request: Request, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    key = request.first("sort", "lastModified")
    if key not in ("lastModified", "createdAt", "id"):
        return found  # by likes, downloads, trending: all have none
    return sorted(found, key=lambda info: str(info[key]), reverse=request.first("direction", "-1") == "-1")


def _expand(request: Request) -> set[str]:
    return {name for key in ("expand", "expand[]") for value in request.query.get(key, ()) for name in value.split(",")}


def _selected(info: dict[str, Any], expand: set[str]) -> dict[str, Any]:
    return {key: value for key, value in info.items() if key in _ALWAYS | expand} if expand else info


def _info(snapshot: Snapshot, *, blobs: bool) -> dict[str, Any]:
    repo = snapshot.repo
    settings = snapshot.hub.repositories.settings(repo)
    card = card_data(snapshot.read(CARD_FILE))
    files = list(snapshot.files())
    info: dict[str, Any] = {
        "_id": snapshot.commit.sha[:24],
        "id": repo.full_name,
        "author": repo.namespace,
        "sha": snapshot.commit.sha,
        "lastModified": timestamp(snapshot.commit.time),
        "createdAt": settings.created_at,
        "private": settings.private,
        "visibility": settings.visibility,
        "gated": settings.gated,
        "disabled": False,
        "downloads": 0,
        "likes": 0,
        "tags": list(dict.fromkeys(_tags(repo, card or {}))),
        "siblings": [_sibling(snapshot, path, entry.sha, blobs=blobs) for path, entry in files],
        "usedStorage": sum(snapshot.hub.facts.of(snapshot.git, entry.sha).size for _, entry in files),
    }
    if card is not None:
        info["cardData"] = card
    return info | _of_kind(snapshot, card or {}, settings.sdk)


def _of_kind(snapshot: Snapshot, card: dict[str, Any], sdk: str | None) -> dict[str, Any]:
    if snapshot.repo.kind == "space":
        return {"sdk": card.get("sdk", sdk), "runtime": {"stage": "NO_APP_FILE", "hardware": None}}
    if snapshot.repo.kind != "model":
        return {}
    known = {key: card[key] for key in ("pipeline_tag", "library_name") if isinstance(card.get(key), str)}
    return {"modelId": snapshot.repo.full_name, "spaces": [], **known}


def _sibling(snapshot: Snapshot, path: str, sha: str, *, blobs: bool) -> dict[str, Any]:
    if not blobs:
        return {"rfilename": path}
    facts = snapshot.hub.facts.of(snapshot.git, sha)
    sibling: dict[str, Any] = {"rfilename": path, "blobId": sha, "size": facts.size}
    if facts.pointer:
        sibling["lfs"] = {
            "sha256": facts.pointer.sha256,
            "size": facts.pointer.size,
            "pointerSize": facts.pointer_size,
        }
    return sibling


def _tags(repo: RepoId, card: dict[str, Any]) -> Iterator[str]:
    for key in ("library_name", "pipeline_tag"):
        yield from _texts([card.get(key)])
    yield from _texts(card.get("tags"))
    for key in ("language", *(["task_categories", "size_categories"] if repo.kind == "dataset" else [])):
        yield from (value if key == "language" else f"{key}:{value}" for value in _texts(card.get(key)))
    for key, prefix in (("datasets", "dataset"), ("base_model", "base_model"), ("license", "license")):
        yield from (f"{prefix}:{value}" for value in _texts(card.get(key)))
    yield "region:us"


def _texts(value: Any) -> Iterable[str]:
    return (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str))
