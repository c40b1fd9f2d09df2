"""Read from a repo's history who wrote its files: the messages of commits, and the last commit of a file."""

from collections.abc import Iterable, Mapping

from hublish.base.values import RepoRef
from hublish.hub.client import listings
from hublish.hub.client.hub import Hub
from hublish.hub.client.listings import quote


def messages(hub: Hub, repo: RepoRef, revision: str) -> Mapping[str, str]:
    """Return the messages of the newest commits of a revision, newest first, each without its first line.

    Raises:
        RemoteError: the Hub cannot be read, or lists no history.
    """
    action = f"reading the history of {repo.repo_id}"
    entries = hub.request(action, "GET", f"{repo.repo_type}s/{repo.repo_id}/commits/{quote(revision)}")
    with hub.translating(action):
        found = listings.list_of(entries, "the history")
        # Some Hubs list commits without it.
        return {listings.commit_id(listings.field(each, "id", str)): str(each.get("message") or "") for each in found}


def last_commits(hub: Hub, repo: RepoRef, paths: Iterable[str], revision: str) -> Mapping[str, str]:
    """Return the commit that changed each path last; a path that the Hub does not list is missing.

    Raises:
        RemoteError: the Hub cannot be read.
    """
    action = f"reading the history of files in {repo.repo_id}"
    body = {"paths": list(paths), "expand": True}
    path = f"{repo.repo_type}s/{repo.repo_id}/paths-info/{quote(revision)}"
    entries = hub.request(action, "POST", path, json=body)
    with hub.translating(action):
        found = [entry for entry in listings.list_of(entries, "the files") if isinstance(entry, dict)]
        commits = {str(entry.get("path")): entry.get("lastCommit") for entry in found}
        return {path: str(commit.get("id")) for path, commit in commits.items() if isinstance(commit, dict)}
