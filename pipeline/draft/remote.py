"""A repo on a Hub as a tree: its listing at one commit, and the small files that say what it is."""

from pathlib import Path

from hublish.base.values import Reference
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.pipeline.draft.tree import SMALL, Item, Tree
from hublish.schemas.documents.manifest import RepoType


def look_at(hub: Hub, repo_id: str, repo_type: RepoType, revision: str) -> tuple[Tree, str]:
    """Return the files of a repo and the commit they are of.

    Raises:
        NotFoundError, AuthenticationError, RemoteError: as the Hub answers.
    """
    repo = Reference(repo_id, repo_type)
    commit = hub.commit_of(repo, revision)
    files = hub.tree(repo, commit)
    sizes = {path: file.size for path, file in files.items()}

    def read(path: str, limit: int) -> bytes:
        if sizes[path] > SMALL:
            return b""
        return _downloaded(hub, repo_id, repo_type, commit, path).read_bytes()[:limit]

    items = tuple(Item(path, size) for path, size in sorted(sizes.items()))
    return Tree(repo_id.rpartition("/")[2], items, reader=read, curated=True), commit


def _downloaded(hub: Hub, repo_id: str, repo_type: RepoType, commit: str, path: str) -> Path:
    with hub.watched():
        return transfer.download(hub, repo_id, path, advance=lambda _: None, repo_type=repo_type, revision=commit)
