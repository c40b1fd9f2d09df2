"""Descriptions of repositories: settings, card and files; and lists of repositories."""

from collections.abc import Iterable, Iterator
from typing import Any

from hublish.hub.server.access import identify
from hublish.hub.server.accounts import Account
from hublish.hub.server.card_checks import card_data
from hublish.hub.server.git.git_trees import Entry
from hublish.hub.server.http import Request, Response, json_response, page_of
from hublish.hub.server.refusals import HubError
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repositories import DEFAULT_BRANCH, timestamp
from hublish.hub.server.snapshots import Snapshot, open_snapshot, requested_snapshot
from hublish.hub.server.stores import Hub
from hublish.schemas.documents.file_names import CARD_FILE

# Repositories in one page of a list.
PAGE = 1000

# Sent even when `expand` does not name them: the client requires `id`.
_ALWAYS = {"_id", "id", "modelId"}
# Omitted from lists without `full`, as on the Hub.
_ONLY_FULL = {"siblings", "cardData", "usedStorage", "disabled", "config"}


def repo_info(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R` and `GET /api/P/R/revision/V`, with `blobs`, `securityStatus` and `expand`."""
    with requested_snapshot(hub, request) as snapshot:
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
    except HubError:  # deleted meanwhile
        return None
    wanted = [tag for value in request.query.get("filter", ()) for tag in value.split(",")]
    return info if all(tag in info["tags"] for tag in wanted) else None


def _sorted(request: Request, found: list[dict[str, Any]]) -> list[dict[str, Any]]:
    key = request.first("sort", "lastModified")
    if key not in ("lastModified", "createdAt", "id"):
        return found  # likes, downloads and trending scores are always 0 here
    return sorted(found, key=lambda info: str(info[key]), reverse=request.first("direction", "-1") == "-1")


def _expand(request: Request) -> set[str]:
    # huggingface_hub repeats `expand`; JavaScript clients send `expand[]`.
    return {name for key in ("expand", "expand[]") for value in request.query.get(key, ()) for name in value.split(",")}


def _selected(info: dict[str, Any], expand: set[str]) -> dict[str, Any]:
    return {key: value for key, value in info.items() if key in _ALWAYS | expand} if expand else info


def _info(snapshot: Snapshot, *, blobs: bool) -> dict[str, Any]:
    repo = snapshot.repo
    settings = snapshot.hub.repositories.settings(repo)
    card = card_data(snapshot.read(CARD_FILE))
    files = [(path, entry) for path, entry in snapshot.walk() if not entry.is_folder]
    info: dict[str, Any] = {
        "_id": snapshot.commit.sha[:24],  # the form of the Hub's ids: 24 hexadecimal digits
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
        "siblings": [_sibling(snapshot, path, entry, blobs=blobs) for path, entry in files],
        "usedStorage": sum(snapshot.facts(entry).size for _, entry in files),
    }
    if card is not None:
        info["cardData"] = card
    return info | _of_kind(snapshot, card or {}, settings.sdk)


def _of_kind(snapshot: Snapshot, card: dict[str, Any], sdk: str | None) -> dict[str, Any]:
    if snapshot.repo.kind == "space":
        # An object: huggingface_hub before 2.0 calls methods of it.
        hardware = {"current": None, "requested": None}
        return {"sdk": card.get("sdk", sdk), "runtime": {"stage": "NO_APP_FILE", "hardware": hardware}}
    if snapshot.repo.kind != "model":
        return {}
    known = {key: card[key] for key in ("pipeline_tag", "library_name") if isinstance(card.get(key), str)}
    return {"modelId": snapshot.repo.full_name, "spaces": [], **known}


def _sibling(snapshot: Snapshot, path: str, entry: Entry, *, blobs: bool) -> dict[str, Any]:
    if not blobs:
        return {"rfilename": path}
    facts = snapshot.facts(entry)
    sibling: dict[str, Any] = {"rfilename": path, "blobId": entry.sha, "size": facts.size}
    if pointer := facts.pointer:
        sibling["lfs"] = {"sha256": pointer.sha256, "size": pointer.size, "pointerSize": facts.pointer_size}
    return sibling


def _tags(repo: RepoId, card: dict[str, Any]) -> Iterator[str]:
    for key in ("library_name", "pipeline_tag", "tags", "language"):
        yield from _strings(card.get(key))
    for key in ("task_categories", "size_categories") if repo.kind == "dataset" else ():
        yield from (f"{key}:{value}" for value in _strings(card.get(key)))
    for key, prefix in (("datasets", "dataset"), ("base_model", "base_model"), ("license", "license")):
        yield from (f"{prefix}:{value}" for value in _strings(card.get(key)))
    yield "region:us"  # a tag of every repository on the Hub


def _strings(value: Any) -> Iterable[str]:
    return (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str))
