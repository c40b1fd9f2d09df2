"""One repository at a revision, as a person sees it: its frame, and the addresses in its texts."""

import posixpath
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from hublish.formats.markdown_links import relative_path
from hublish.hub.server.access import identify, may_read_content, repo_to_read
from hublish.hub.server.git.git_trees import Entry
from hublish.hub.server.git.repository import GitRepository
from hublish.hub.server.http import Request, Response
from hublish.hub.server.pages.web_page import address, render
from hublish.hub.server.pull_requests import Discussions
from hublish.hub.server.refusals import HubError, entry_not_found, revision_not_found
from hublish.hub.server.repositories import DEFAULT_BRANCH, Settings
from hublish.hub.server.snapshots import Snapshot, commit_of
from hublish.hub.server.stores import Hub
from hublish.pages.markdown_html import ABSOLUTE, EMBEDDED, PICTURES, Addresses, markdown_html

# Branches and tags in a menu, and segments that a revision may have.
_MOST_REFS: Final = 100
_MOST_SEGMENTS: Final = 16
# Characters of Markdown that a page renders: brackets and tags without end take seconds, which grow with the square.
MOST_MARKDOWN: Final = 100_000


@dataclass(frozen=True, slots=True)
class Visit:
    """A request for a page of a repository that the person may know about."""

    hub: Hub
    request: Request
    snapshot: Snapshot
    revision: str
    """As written: a branch, a tag, a full name of a ref or the id of a commit."""
    path: str
    """In the repository; empty for its root."""
    settings: Settings
    may_read: bool
    """Whether the person may read the content of files: gating protects nothing else."""

    @property
    def root(self) -> str:
        """The address of the repository's own page."""
        return self.snapshot.repo.url_path

    def url(self, tab: str, path: str = "", revision: str | None = None) -> str:
        """Return the address of a page of the repository that has a revision."""
        return address(f"{self.root}/{tab}", self.revision if revision is None else revision, path)

    def download(self, path: str) -> str:
        """Return an address of the bytes of a file that the person's browser may load."""
        # Programs can use the first one as well. It accepts tokens, and a browser has a cookie.
        if self.settings.private or self.settings.gated:
            return self.url("media", path) + "?download=true"
        return self.url("resolve", path) + "?download=true"

    def crumbs(self) -> list[dict[str, str]]:
        """Return the folders above the path and its own name, with their addresses."""
        parts = self.path.split("/") if self.path else []
        above = [(part, "/".join(parts[:count])) for count, part in enumerate(parts, 1)]
        return [{"name": name, "href": self.url("tree", path)} for name, path in above]

    def require_entry(self) -> Entry:
        """Return the entry at the path; raise 404."""
        entry = self.snapshot.find(self.path)
        if entry is None:
            raise entry_not_found(self.path)
        return entry

    def require_content(self) -> None:
        """Raise GatedRepo unless the person may read the content of files."""
        repo_to_read(self.hub, self.request, content=True)

    def render(self, template: str, tab: str, **values: Any) -> Response:
        """Return a page in the frame of the repository; `tab` is the section it belongs to."""
        git, sha = self.snapshot.git, self.snapshot.commit.sha
        frame: dict[str, Any] = {
            "repo": self.snapshot.repo,
            "root": self.root,
            "settings": self.settings,
            "revision": self.revision,
            "path": self.path,
            "commit": self.snapshot.commit,
            "commits": len(self.hub.references.order(git, sha)),
            "conversations": len(Discussions(git.path).numbers()),
            "branches": _names(git, "refs/heads/"),
            "tags_of_git": _names(git, "refs/tags/"),
        }
        return render(self.hub, self.request, template, visit=self, tab=tab, may_read=self.may_read, **frame, **values)

    def markdown(self, text: str, folder: str = "") -> str:
        """Return a text of the repository, in the file of a folder, as safe HTML."""
        return markdown_html(text, Addresses(lambda to: self._link(to, folder), lambda to: self._picture(to, folder)))

    def _link(self, target: str, folder: str) -> str | None:
        if ABSOLUTE.match(target) or target.startswith("/"):
            return target
        path, fragment = _joined(folder, target), target.partition("#")[2]
        if path is None:
            return None
        return self.url("blob", path) + (f"#{quote(fragment)}" if fragment else "")

    def _picture(self, target: str, folder: str) -> str | None:
        if EMBEDDED.fullmatch(target):
            return target
        # The address of a file of this repository, on this Hub or on the Hub that the card was written for.
        own = re.sub(r"https?://[^/]+(?=/)", "", target, count=1)
        path = _joined(folder, own.removeprefix(f"{self.root}/"))
        # Others are never loaded: their servers would learn who reads the card.
        if path is None or PurePosixPath(path).suffix.lower() not in PICTURES or not self.may_read:
            return None
        return self.url("media", path) if self.snapshot.find_file(path) else None


def _joined(folder: str, target: str) -> str | None:
    # From the root for an address of a page, which `relative_path` reduces to the path in the repository.
    path = relative_path(target)
    if not path:
        return None
    path = posixpath.normpath(posixpath.join(folder, path))
    return None if path.startswith("..") else path


def _names(git: GitRepository, prefix: str) -> Sequence[str]:
    return [name.removeprefix(prefix) for name in git.refs.list(prefix)][:_MOST_REFS]


@contextmanager
def visiting(hub: Hub, request: Request) -> Iterator[Visit]:
    """Open the repository in a request's path, at the revision and the path there; raise 404.

    The rest of the path begins with the revision, whose slashes may be quoted or not.
    """
    repo = repo_to_read(hub, request)
    with hub.repositories.open(repo) as git:
        rest = request.params.get("path", DEFAULT_BRANCH).strip("/")
        revision, path, sha = _split(hub, git, rest)
        snapshot = Snapshot(hub, repo, git, hub.commits.load(git, sha))
        may_read = may_read_content(hub, identify(hub, request), repo)
        yield Visit(hub, request, snapshot, revision, path, hub.repositories.settings(repo), may_read)


def _split(hub: Hub, git: GitRepository, rest: str) -> tuple[str, str, str]:
    parts = rest.split("/")
    # git has no ref below another one, so that the first match is the only one.
    for count in range(1, min(len(parts), _MOST_SEGMENTS) + 1):
        revision = "/".join(parts[:count])
        try:
            return revision, "/".join(parts[count:]), commit_of(hub, git, revision)
        except HubError:
            continue
    raise revision_not_found(parts[0])
