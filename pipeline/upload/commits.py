"""One commit of a plan, or of a part of it: sent, found again, and described by a receipt."""

from typing import Final

from hublish.base.errors import RemoteError
from hublish.base.values import Action, Head, Plan, Receipt
from hublish.base.values.publication import plan_differences
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.hub.client.sending import sending
from hublish.pipeline.upload.additions import additions, check_sent, require_unchanged

WAITS: Final = (1.0, 4.0, 10.0)
"""Seconds before each new try of a commit that was provably not applied, and before each attempt to find that out."""


def send(hub: Hub, plan: Plan, parent: str | None) -> transfer.Committed:
    """Send the changes of a plan, and commit them on top of `parent`.

    Raises:
        OutcomeUnknownError: the commit may have been applied.
        SourceChangedError: a file changed since it was sealed; nothing was committed.
        RemoteError: the commit was rejected.
    """
    deleted = [change.path_in_repo for change in plan.of(Action.DELETE)]
    try:
        with sending(hub, plan.target, additions(plan)) as sent:
            check_sent(plan, sent.digests)
            return transfer.commit(hub, plan.target, sent, deleted, parent_commit=parent)
    except RemoteError:
        # The server also rejects a file that changed while it was sent. Report the change, which explains more.
        require_unchanged(plan)
        raise


def find(hub: Hub, plan: Plan, head: Head) -> str | None:
    """Return the commit on the branch that contains a plan, which was made against an earlier head; None without one.

    Raises:
        RemoteError: the Hub cannot be read.
    """
    if head.commit is None:
        return None
    if not plan_differences(plan, head.files):
        return head.commit
    # Another commit may be on top of ours already: ours is the child of the planned parent.
    history = hub.history(plan.target, head.commit)
    if plan.head.commit not in history[1:]:
        return None
    child = history[history.index(plan.head.commit) - 1]
    return None if plan_differences(plan, hub.tree(plan.target, child)) else child


def receipt(
    hub: Hub, plan: Plan, commit: str, pull_request: int | None = None, *, created: bool, parts_in: int | None = None
) -> Receipt:
    """Return the receipt of a commit that contains a plan."""
    target = plan.target
    prefix = "" if target.repo_type == "model" else f"{target.repo_type}s/"
    url = f"{hub.endpoint}/{prefix}{target.repo_id}/commit/{commit}"
    return Receipt(plan, commit, created=created, url=url, pull_request=pull_request, parts_in=parts_in)
