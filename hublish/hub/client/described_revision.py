"""Resolve a revision together with what the Hub reads in its card: both come in one response."""

from typing import Any

from hublish.base.values import RepoRef
from hublish.hub.client import listings
from hublish.hub.client.hub import Hub
from hublish.hub.client.listings import quote
from hublish.schemas.diagnose.problems import InvalidValueError
from hublish.schemas.documents.hub_names import check_repo_id


def described_revision(hub: Hub, repo: RepoRef, revision: str) -> tuple[str, str | None]:
    """Return the commit of a branch, tag or pull request ref, and the repo that its card names to use instead.

    Raises:
        NotFoundError: the repo or the revision does not exist.
        RemoteError: the Hub cannot be read.
    """
    action = f"resolving {repo.repo_id} at {revision}"
    body = hub.request(action, "GET", f"{repo.repo_type}s/{repo.repo_id}/revision/{quote(revision)}")
    with hub.translating(action):
        return listings.commit_id(listings.field(body, "sha", str)), _new_version(body.get("cardData"))


def _new_version(card: Any) -> str | None:
    # The card is anybody's: a name that is none is not repeated.
    found = card.get("new_version") if isinstance(card, dict) else None
    try:
        return check_repo_id(found) if isinstance(found, str) else None
    except InvalidValueError:
        return None
