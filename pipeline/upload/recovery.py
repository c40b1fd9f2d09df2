"""Whether a commit that nobody answered for has happened."""

from collections.abc import Mapping

from hublish.base.errors import RemoteConflictError, VerificationError
from hublish.base.values import Plan, Receipt, RemoteFile
from hublish.base.values.publication import plan_differences
from hublish.hub.client import existing as standing
from hublish.hub.client.hub import Hub


def find(plan: Plan, hub: Hub) -> Receipt | None:
    """Return the receipt of the planned commit when it stands on the Hub; None when it provably does not.

    Raises:
        RemoteConflictError: when the head moved and the commit is not there; both commits are named.
        VerificationError: when it stands on main although a pull request was asked for.
        RemoteError: when the Hub cannot be read.
    """
    target = plan.target
    if target.create_pr:
        found = standing.with_pull_request(plan, hub)
        if found.open_pull_request and found.existing_commit:
            return _receipt(plan, hub, found.existing_commit, found.open_pull_request)
    head = hub.head(target)
    if head.commit == plan.head.commit:
        return None
    commit = _commit_of(plan, hub, head.commit, head.files)
    if commit is None:
        msg = f"{target.repo_id} moved from {plan.head.commit} to {head.commit} while this release was sent"
        raise RemoteConflictError(msg, hint="nothing of it was committed; plan again and look at what changed")
    if target.create_pr:
        msg = f"the Hub put the commit on main ({commit}) although a pull request was asked for"
        raise VerificationError(
            msg, hint="this Hub has no pull requests: revert it there, or publish without create_pr"
        )
    return _receipt(plan, hub, commit, None)


def url(hub: Hub, plan: Plan, commit: str) -> str:
    """Return the page of a commit."""
    target = plan.target
    prefix = "" if target.repo_type == "model" else f"{target.repo_type}s/"
    return f"{hub.endpoint}/{prefix}{target.repo_id}/commit/{commit}"


def _commit_of(plan: Plan, hub: Hub, head: str | None, files: Mapping[str, RemoteFile]) -> str | None:
    if head is not None and not plan_differences(plan, files):
        return head
    child = None if head is None else _child(plan, hub, head)
    if child is None or plan_differences(plan, hub.tree(plan.target, child)):
        return None
    return child


def _child(plan: Plan, hub: Hub, head: str) -> str | None:
    """Return the commit made on top of the planned parent: somebody may have built on ours already."""
    history = hub.history(plan.target, head)
    if plan.head.commit not in history[1:]:
        return None
    return history[history.index(plan.head.commit) - 1]


def _receipt(plan: Plan, hub: Hub, commit: str, pull_request: int | None) -> Receipt:
    return Receipt(plan, commit, created=True, url=url(hub, plan, commit), pull_request=pull_request)
