"""Descriptions of single repositories: settings, card, files, and what the files tell."""

from hublish.hub.server.http import Request, Response, expanded, json_response
from hublish.hub.server.repo_properties import EXPANDABLE, INFO, Described
from hublish.hub.server.snapshots import requested_snapshot
from hublish.hub.server.stores import Hub


def repo_info(hub: Hub, request: Request) -> Response:
    """`GET /api/P/R` and `GET /api/P/R/revision/V`, with `blobs`, `securityStatus` and `expand`."""
    kind = request.params["kind"].removesuffix("s")
    # First of all, as on the Hub: the same 400 for a repository that does not exist.
    wanted = expanded(request, EXPANDABLE[kind])
    with requested_snapshot(hub, request) as snapshot:
        described = Described(snapshot, hub.repositories.settings(snapshot.repo), request.flag("blobs"))
        info = described.select(("_id", "id", *wanted) if wanted else INFO[kind])
        if request.flag("securityStatus"):
            info["securityRepoStatus"] = {"scansDone": False, "filesWithIssues": []}
        return json_response(info)
