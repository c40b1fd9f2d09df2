"""The `.gitignore` that stands in a repo: the Hub heeds it when the release holds none of its own."""

from typing import Final

from hublish.base.gitignore import GitIgnore
from hublish.base.values import Head, RepoRef
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.schemas.documents.file_names import GITIGNORE

_LARGEST: Final = 1 << 20
"""Bytes: no list of names that a person wrote is longer."""


def remote_rules(hub: Hub, repo: RepoRef, head: Head) -> GitIgnore | None:
    """Return the rules that stand at the head; None when there are none, or none that a person wrote.

    Raises:
        RemoteError: when the Hub cannot be read.
    """
    found = head.files.get(GITIGNORE)
    revision = head.commit or head.default_commit
    if found is None or revision is None or found.size > _LARGEST:
        return None
    return GitIgnore.read(transfer.read(hub, repo, GITIGNORE, revision), f"{repo.repo_id}/{GITIGNORE}")
