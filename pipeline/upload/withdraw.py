"""Delete a repo or branch again that this run created, when its release is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from hublish.base.errors import HublishError, RemoteError
from hublish.base.values import Action, Head, Plan, Target
from hublish.hub.client import pull_requests
from hublish.hub.client.hub import Hub
from hublish.schemas.documents.file_names import CARD_FILE, GITATTRIBUTES


@contextmanager
def withdrawing(hub: Hub, plan: Plan) -> Iterator[None]:
    """Delete `plan.created` when the block raises one of our errors, unless it contains more than the Hub's own files.

    After an interruption nothing is deleted: the next run continues with the same repo.
    """
    try:
        yield
    except HublishError as error:
        if plan.created and not _is_worth_keeping(plan, error):
            try:
                _withdraw(hub, plan)
            except HublishError as failure:
                name = plan.target.repo_id if plan.created == "repo" else f"the branch {plan.target.revision}"
                left = f"{name} was created for this release and is still there: {failure.message}"
                error.hint = f"{error.hint}; {left}" if error.hint else left
        raise


def _is_worth_keeping(plan: Plan, error: HublishError) -> bool:
    # The large files that were sent need not be sent again when the same command succeeds a moment later. A rate limit
    # is a refusal: it may last for hours.
    large = any(change.upload_mode != "regular" for change in plan.of(Action.ADD, Action.CHANGE))
    return large and isinstance(error, RemoteError) and error.is_transient


def _withdraw(hub: Hub, plan: Plan) -> None:
    target = plan.target
    if plan.created == "branch":
        if hub.commit_of(target, target.revision) == plan.head.commit:
            hub.delete_branch(target)
        return
    # Another publisher may have used the repo meanwhile: another branch, a tag or a proposal is theirs.
    main = hub.head(replace(target, revision="main"))
    first = plan.head.commit or main.commit
    branches = hub.branches(target).items()
    others = [name for name, commit in branches if name not in ("main", target.revision) or commit != first]
    used = main.commit != first or main.tags or others or pull_requests.open_numbers(hub, target)
    if not used and holds_only_first_commit(hub, target, main):
        hub.delete_repo(target)


def holds_only_first_commit(hub: Hub, target: Target, head: Head) -> bool:
    """Return whether a repo contains only the files that the Hub itself adds to a new one, in its first commit."""
    # Which files these are depends on the Hub, and on the SDK of a Space: the history decides.
    commit = head.commit or head.default_commit
    try:
        return commit is None or len(hub.history(target, commit)) == 1
    except RemoteError as error:
        if error.is_transient:
            raise
        # This Hub lists no history, or refuses to.
        return not set(head.files) - {GITATTRIBUTES, CARD_FILE}
