"""Delete a repo or branch again that this run created, when its release is refused."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from hublish.base.errors import HublishError, RemoteError
from hublish.base.values import Action, Plan
from hublish.hub.client.hub import Hub


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
    # The large files that were sent need not be sent again when the same command succeeds a moment later.
    large = any(change.upload_mode != "regular" for change in plan.of(Action.ADD, Action.CHANGE))
    return large and isinstance(error, RemoteError) and error.is_transient


def _withdraw(hub: Hub, plan: Plan) -> None:
    target = plan.target
    if hub.commit_of(target, target.revision) != plan.head.commit:
        return
    if plan.created == "branch":
        hub.delete_branch(target)
        return
    # Another publisher may have used the repo meanwhile: another branch, a tag or a proposal is theirs.
    main = hub.head(replace(target, revision="main"))
    branches = hub.branches(target) - {"main", target.revision}
    if main.commit == plan.head.commit and not (main.tags or branches or hub.open_pull_requests(target)):
        hub.delete_repo(target)
