"""Pages for a person with a browser: the list of repositories, and one repository with its files and its card.

They only show, and without a token only what everybody may see. All texts are escaped, and no page runs a script or
loads anything.
"""

from collections.abc import Iterator
from functools import cache
from importlib import resources
from itertools import islice
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from hublish.hub.server.access import identify, known_repos, may_read_content
from hublish.hub.server.accounts import Account
from hublish.hub.server.http import Request, Response
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repo_properties import Described
from hublish.hub.server.repositories import DEFAULT_BRANCH
from hublish.hub.server.snapshots import Snapshot, requested_snapshot
from hublish.hub.server.stores import Hub
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.hub_names import REPO_TYPES
from hublish.schemas.documents.sizes import format_size

if TYPE_CHECKING:
    from jinja2 import Template

# Repositories of each type on the first page, and files of a repository on its page.
MOST = 1000
# Bytes of a card that is shown.
MOST_CARD = 1 << 20

_HEADERS = {
    "content-type": "text/html; charset=utf-8",
    "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
}


def index(hub: Hub, request: Request) -> Response:
    """`GET /`: the repositories that the caller may know about."""
    caller = identify(hub, request)
    # One more than is shown: whether there are more.
    found = {kind: list(islice(_readable(hub, caller, kind), MOST + 1)) for kind in REPO_TYPES}
    groups = [
        (f"{kind.capitalize()}s", [{"href": repo.url_path, "name": repo.full_name} for repo in repos[:MOST]])
        for kind, repos in found.items()
        if repos
    ]
    more = any(len(repos) > MOST for repos in found.values())
    return _page(title="Repositories", endpoint=request.base_url, groups=groups, more=more)


def repo_page(hub: Hub, request: Request) -> Response:
    """`GET /R`: one repository, with the files and the card of its default branch."""
    with requested_snapshot(hub, request) as snapshot:
        repo = snapshot.repo
        described = Described(snapshot, hub.repositories.settings(repo))
        may_read = may_read_content(hub, identify(hub, request), repo)
        files = list(islice(_files(snapshot, linked=may_read), MOST + 1))
        card = snapshot.read(CARD_FILE, MOST_CARD) if may_read else None
        return _page(
            title=repo.full_name,
            repo=repo.full_name,
            kind=repo.kind.capitalize(),
            option="" if repo.kind == "model" else f" --repo-type {repo.kind}",
            path=repo.url_path,
            endpoint=request.base_url,
            private=described.settings.private,
            gated=described.settings.gated,
            commit=snapshot.commit.sha,
            tags=described.tags,
            files=files[:MOST],
            more=len(files) > MOST,
            card=None if card is None else card.decode("utf-8", "replace"),
        )


def _readable(hub: Hub, caller: Account | None, kind: str) -> Iterator[RepoId]:
    repos = sorted(hub.repositories.list(kind), key=lambda repo: repo.full_name.lower())
    return (repo for repo, _ in known_repos(hub, caller, repos))


def _files(snapshot: Snapshot, *, linked: bool) -> Iterator[dict[str, str | None]]:
    for path, entry in snapshot.walk(recursive=False):
        if entry.is_folder:
            yield {"name": f"{path}/", "href": None, "size": ""}
        else:
            href = f"{snapshot.repo.url_path}/resolve/{DEFAULT_BRANCH}/{quote(path)}" if linked else None
            yield {"name": path, "href": href, "size": format_size(snapshot.facts(entry).size)}


def _page(**values: Any) -> Response:
    # Names on a disk may be bytes that are not UTF-8.
    return Response(200, _HEADERS, _template().render(values).encode("utf-8", "replace"))


@cache
def _template() -> "Template":
    # Imported here: most servers are never opened in a browser.
    from jinja2 import Environment

    text = (resources.files("hublish") / "templates" / "hub.html.j2").read_text("utf-8")
    return Environment(autoescape=True, trim_blocks=True).from_string(text)
