"""Resolve a revision together with what else the Hub says of the repo: it comes in one response."""

from typing import Any, NamedTuple

from hublish.base.values import RepoRef
from hublish.hub.client import listings
from hublish.hub.client.hub import Hub
from hublish.hub.client.listings import quote
from hublish.schemas.diagnose.problems import InvalidValueError
from hublish.schemas.documents.hub_names import check_repo_id


class DescribedRevision(NamedTuple):
    """A branch, tag or pull request ref of a repo."""

    commit: str
    new_version: str | None = None
    """The repo that its card names to use instead."""
    renamed_to: str | None = None
    """The id of the repo, where it was asked for by another one: a former name, or one without a namespace."""


def described_revision(hub: Hub, repo: RepoRef, revision: str) -> DescribedRevision:
    """Return the commit of a branch, tag or pull request ref, and the Hub's description of the repo there.

    Raises:
        NotFoundError: the repo or the revision does not exist.
        RemoteError: the Hub cannot be read.
    """
    action = f"resolving {repo.repo_id} at {revision}"
    body = hub.request(action, "GET", f"{repo.repo_type}s/{repo.repo_id}/revision/{quote(revision)}")
    with hub.translating(action):
        card, now = body.get("cardData"), _repo_id(body.get("id"))
        renamed = now if now is not None and now.lower() != repo.repo_id.lower() else None
        return DescribedRevision(listings.commit_id(listings.field(body, "sha", str)), _new_version(card), renamed)


def _new_version(card: Any) -> str | None:
    return _repo_id(card.get("new_version")) if isinstance(card, dict) else None


def _repo_id(found: Any) -> str | None:
    # The card is anybody's: a name that is none is not repeated.
    try:
        return check_repo_id(found) if isinstance(found, str) else None
    except InvalidValueError:
        return None
