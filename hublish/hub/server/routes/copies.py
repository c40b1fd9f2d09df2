"""Copying large files from one repository to another without moving their bytes."""

from typing import Any

from hublish.hub.server.access import authorize, authorize_contribution, repo_of
from hublish.hub.server.http import Request, Response, bad_request, json_response
from hublish.hub.server.hub import Hub
from hublish.hub.server.names import RepoId
from hublish.hub.server.objects import SHA256

MAX_FILES = 500
"""In one call, as on the Hub."""


def duplicate(hub: Hub, request: Request) -> Response:
    """`POST /api/P/R/lfs-files/duplicate`: R is the source; all content lies in one store already."""
    authorize(hub, request, repo_of(request), content=True)
    body = request.json_object()
    authorize_contribution(hub, request, _target(body.get("target")))
    files = body.get("files")
    if not isinstance(files, list) or len(files) > MAX_FILES:
        raise bad_request(f'"files" must be a list of at most {MAX_FILES} files')
    checked = [(str(file.get("sha256")) if isinstance(file, dict) else "") for file in files]
    missing = [sha256 for sha256 in checked if not SHA256.fullmatch(sha256) or not hub.objects.has(sha256)]
    failed = [{"sha256": sha256, "error": "Object does not exist"} for sha256 in missing]
    done = [{"sha256": sha256} for sha256 in checked if sha256 not in missing]
    return json_response({"success": done, "failed": failed})


def _target(target: Any) -> RepoId:
    try:
        return RepoId.parse(str(target["type"]), str(target["name"]))
    except (ValueError, KeyError, TypeError):
        raise bad_request('"target" must name a repository') from None
