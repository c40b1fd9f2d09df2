"""Questions to the history of a repository."""

from collections.abc import Iterable
from functools import cache

from hublish.hub.server.git.repository import CommitInfo, GitRepository
from hublish.hub.server.git.tree import Entry, Loader, find


def last_commits(git: GitRepository, head: str, paths: Iterable[str]) -> dict[str, CommitInfo]:
    """Return, for each path in the commit `head`, the latest commit that changed it.

    Follows first parents: what a merge brought counts as changed by the merge.
    """
    load = cache(git.load_tree)  # neighbouring commits share most of their trees
    commit = git.commit(head)
    current = _entries(load, commit, paths)
    found: dict[str, CommitInfo] = {}
    while current:
        parent = git.commit(commit.parents[0]) if commit.parents else None
        before = _entries(load, parent, current) if parent else {}
        changed = [path for path, entry in current.items() if before.get(path) != entry]
        found.update(dict.fromkeys(changed, commit))
        current = {path: entry for path, entry in current.items() if path not in found}
        if parent is None:
            break
        commit = parent
    return found


def _entries(load: Loader, commit: CommitInfo, paths: Iterable[str]) -> dict[str, Entry]:
    found = ((path, find(load, commit.tree, path.split("/"))) for path in paths)
    return {path: entry for path, entry in found if entry}
