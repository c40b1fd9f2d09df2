"""The bytes of a file at a revision."""

from urllib.parse import quote

from hublish.hub.server.access import authorize, repo_of
from hublish.hub.server.http import Request, Response, content_response
from hublish.hub.server.hub import Hub
from hublish.hub.server.refusals import entry_not_found
from hublish.hub.server.snapshots import Snapshot, open_snapshot


def resolve(hub: Hub, request: Request) -> Response:
    """`GET` and `HEAD R/resolve/V/path`.

    Answered here, never by a redirect to this origin: the client follows those on HEAD and then misses
    X-Repo-Commit.
    """
    repo = repo_of(request)
    authorize(hub, request, repo, content=True)
    path = request.params["path"]
    with open_snapshot(hub, repo, request.params["revision"]) as snapshot:
        entry = snapshot.entry(path)
        if entry.is_folder:
            raise entry_not_found(path, snapshot.commit.sha)
        facts = hub.facts.of(snapshot.git, entry.sha)
        sha256 = facts.pointer.sha256 if facts.pointer else None
        headers = {
            "x-repo-commit": snapshot.commit.sha,
            "etag": f'"{sha256 or entry.sha}"',
            "content-disposition": f"inline; filename*=UTF-8''{quote(path.rpartition('/')[2])}",
        }
        if sha256 is None:
            return content_response(request, snapshot.git.blob(entry.sha), headers)
        if not hub.objects.has(sha256):
            raise entry_not_found(path, snapshot.commit.sha)
        headers |= {"x-linked-etag": f'"{sha256}"', "x-linked-size": str(facts.size)}
        return content_response(request, hub.objects.path(sha256), headers | _xet(snapshot, request, sha256))


def _xet(snapshot: Snapshot, request: Request, sha256: str) -> dict[str, str]:
    xet_hash = snapshot.hub.xet_hash(sha256)
    if not xet_hash:
        return {}
    repo = snapshot.repo
    url = f"{request.base_url}/api/{repo.plural}/{repo.full_name}/xet-read-token/{snapshot.commit.sha}"
    return {"x-xet-hash": xet_hash, "link": f'<{url}>; rel="xet-auth"'}
