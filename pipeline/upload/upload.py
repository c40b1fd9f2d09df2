"""Plan -> Receipt: everything in one commit, or nothing."""

from dataclasses import dataclass
from typing import ClassVar

from hublish.base.errors import AuthenticationError, NotFoundError, RemoteConflictError, RemoteError
from hublish.base.values import Action, Plan, Receipt
from hublish.hub.client import transfer
from hublish.hub.client.hub import Hub
from hublish.pipeline.upload import recovery as landing
from hublish.pipeline.upload.sending import additions, check_sent, require_unchanged

_WAITS = (1.0, 4.0, 10.0)
"""Seconds before each new try of a commit that provably did not happen, and before each new look whether it did."""


@dataclass(frozen=True)
class Upload:
    """Send what changed in one commit on top of the planned parent.

    A commit whose answer is lost may have happened: before it is tried again the remote is read. A commit that holds
    the plan is success, a head equal to the parent may be tried again, anything else is a conflict.

    Raises (from `run`):
        SourceChangedError: a file is not what was sealed; nothing was committed.
        RemoteConflictError: the head moved; nothing was overwritten.
        RemoteError: the Hub refused, or cannot be reached.
    """

    hub: Hub
    title: ClassVar[str] = "uploading in one commit"

    def run(self, plan: Plan) -> Receipt:
        """Return what the Hub answered."""
        if not plan.commits:
            commit = plan.existing_commit or plan.head.commit or ""
            url = landing.url(self.hub, plan, commit)
            return Receipt(plan, commit, created=False, url=url, pull_request=plan.open_pull_request)
        for wait in (*_WAITS, None):
            try:
                return self._attempt(plan)
            except transfer.OutcomeUnknownError as doubt:
                receipt = self._landed(plan)
                if receipt is not None:
                    return receipt
                if wait is None:
                    raise self._given_up(plan, doubt) from doubt.__cause__
                self.hub.retries.wait(wait)
        raise AssertionError  # the last try returns or raises

    def _attempt(self, plan: Plan) -> Receipt:
        deleted = [change.path_in_repo for change in plan.of(Action.DELETE)]
        try:
            with transfer.sending(self.hub, plan.target, additions(plan)) as sent:
                check_sent(plan, sent.digests)
                answer = transfer.commit(self.hub, plan.target, sent, deleted, parent_commit=plan.head.commit)
        except RemoteError:
            # A file that changed on its way is refused by the server: say that, not that the server complained.
            require_unchanged(plan)
            raise
        return Receipt(plan, answer.commit, created=True, url=answer.url, pull_request=answer.pull_request)

    def _landed(self, plan: Plan) -> Receipt | None:
        """Look until the Hub can be read whether the commit happened; None when it did not."""
        for wait in _WAITS:
            try:
                return landing.find(plan, self.hub)
            except (AuthenticationError, NotFoundError):
                raise
            except RemoteError:
                self.hub.retries.wait(wait)
        try:
            return landing.find(plan, self.hub)
        except RemoteError as error:
            msg = f"the answer to the commit was lost and the Hub cannot be read: it may have happened. {error.message}"
            raise type(error)(msg, hint="run the same command again: it finds out, and never commits twice") from error

    def _given_up(self, plan: Plan, doubt: transfer.OutcomeUnknownError) -> Exception:
        cause = doubt.__cause__
        assert isinstance(cause, Exception)
        error = self.hub.translated(cause, f"committing to {plan.target.repo_id}")
        if isinstance(error, RemoteConflictError):
            msg = f"{error.message} It stands at {plan.head.commit}, where it stood when this release was planned"
            return RemoteConflictError(msg, hint="nothing was committed; try again")
        return error
