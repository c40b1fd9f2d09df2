"""Plan -> Receipt: everything in one visible step, or nothing, and never the same release twice."""

from dataclasses import dataclass, replace
from typing import ClassVar, Final

from hublish.base.errors import AuthenticationError, NotFoundError, RemoteConflictError, RemoteError, VerificationError
from hublish.base.values import Plan, Receipt
from hublish.base.values.commit_parts import CommitLimits, count_commits, in_commit_order
from hublish.hub.client import existing_release as existing
from hublish.hub.client import failures, transfer
from hublish.hub.client.hub import Hub
from hublish.pipeline.upload import commits
from hublish.pipeline.upload.in_parts import PartialUpload, can_divide, finish_interrupted
from hublish.pipeline.upload.withdraw import withdrawing

# A smaller release does not time out because of its size.
_WORTH_DIVIDING: Final = 20


@dataclass(frozen=True)
class Upload:
    """Send the changes in one commit on top of the planned parent; a larger release in parts that are merged at once.

    A commit whose response is lost may have been applied: the remote is read before the next try. A commit that
    contains the plan is success, a head equal to the parent allows another try, and anything else is a conflict.

    Raises (from `run`):
        SourceChangedError: a file changed since it was sealed; nothing was committed.
        RemoteConflictError: the head has moved; nothing was overwritten.
        RemoteError: the Hub rejects the commit, or cannot be reached.
    """

    hub: Hub
    title: ClassVar[str] = "uploading the release"

    def run(self, plan: Plan) -> Receipt:
        """Return the Hub's response."""
        if not plan.commits:
            finish_interrupted(self.hub, plan)
            commit = plan.existing_commit or plan.head.commit or ""
            return commits.receipt(self.hub, plan, commit, plan.open_pull_request, created=False)
        with withdrawing(self.hub, plan):
            receipt = self._in_parts(plan, CommitLimits.of(plan)) if count_commits(plan) > 1 else None
            if receipt is not None:
                return receipt
            try:
                # Where the Hub opens no pull requests, one commit is still one step.
                return self._committed(plan)
            except RemoteError as error:
                if failures.status_of(error) == 413 and (receipt := self._in_smaller_parts(plan)):
                    return receipt
                raise

    def works_on(self, plan: Plan) -> bool:
        """Return whether there is anything to commit."""
        return plan.commits

    def _committed(self, plan: Plan) -> Receipt:
        may_be_ours = False
        # Each round ends with certainty: the commit was made, it was not, or another one was.
        for wait in (*commits.WAITS, None):
            try:
                made = commits.send(self.hub, plan, plan.head.commit)
                return replace(
                    commits.receipt(self.hub, plan, made.commit, made.pull_request, created=True), url=made.url
                )
            except transfer.OutcomeUnknownError as unknown:
                # A conflict with the first request is one with another publisher, perhaps of the same release.
                may_be_ours = may_be_ours or not unknown.is_conflict
                receipt = self._recovered(plan, unknown)
                if receipt is not None:
                    return replace(receipt, created=may_be_ours)
                if failures.took_too_long(unknown) and (receipt := self._in_smaller_parts(plan)):
                    return receipt
                if wait is None or unknown.is_final:
                    raise self._last_failure(plan, unknown) from unknown.__cause__
                self.hub.retries.wait(max(wait, unknown.requested_wait))
        raise AssertionError  # the last try returns or raises

    def _in_parts(self, plan: Plan, limits: CommitLimits) -> Receipt | None:
        return PartialUpload(self.hub, plan, limits).run() if can_divide(plan) else None

    def _in_smaller_parts(self, plan: Plan) -> Receipt | None:
        changes = in_commit_order(plan)
        # A plan of several commits is here because this Hub opens no pull requests.
        if len(changes) < _WORTH_DIVIDING or count_commits(plan) > 1:
            return None
        return self._in_parts(plan, CommitLimits.of(plan).halved(changes))

    def _recovered(self, plan: Plan, unknown: transfer.OutcomeUnknownError) -> Receipt | None:
        """Find out whether the commit was applied, waiting until the Hub can be read; None when it was not."""
        for wait in (*commits.WAITS, None):
            try:
                return self._find_commit(plan, unknown)
            except RemoteError as error:
                # Waiting does not change a refusal.
                if wait is None or isinstance(error, AuthenticationError | NotFoundError):
                    raise self._undetermined(plan, unknown, error) from error
                self.hub.retries.wait(wait)
        raise AssertionError  # the last try returns or raises

    def _undetermined(self, plan: Plan, unknown: transfer.OutcomeUnknownError, reading: RemoteError) -> Exception:
        """Return the error for a commit without a usable response, on a Hub that cannot be read either."""
        if unknown.is_refusal:
            return self._last_failure(plan, unknown)
        answer = "the response to the commit was lost"
        if unknown.status is not None:
            answer = f"the Hub responded to the commit with {unknown.status} {unknown.words}".rstrip()
        msg = f"{answer}, and the Hub cannot be read: the commit may have been applied. {reading.message}"
        hint = "run the same command again: it finds out, and never commits twice"
        if wait := unknown.requested_wait:
            hint = f"run the same command again in {failures.duration(wait)}: it finds out, and never commits twice"
        error = type(reading)(msg, hint=hint)
        error.is_transient = reading.is_transient
        return error

    def _find_commit(self, plan: Plan, unknown: transfer.OutcomeUnknownError) -> Receipt | None:
        """Return the receipt of the planned commit when it is on the Hub; None when it provably is not.

        Raises:
            RemoteConflictError: the head has moved and the commit is not there; both commits are named.
            VerificationError: the commit is on main although a pull request was requested.
            RemoteError: the Hub cannot be read.
        """
        target = plan.target
        if target.create_pr:
            found = existing.with_pull_request(plan, self.hub)
            if found.open_pull_request and found.existing_commit:
                return commits.receipt(self.hub, plan, found.existing_commit, found.open_pull_request, created=True)
        head = self.hub.head(target)
        if head.commit == plan.head.commit:
            return None  # the head is the planned parent: no commit was applied
        commit = commits.find(self.hub, plan, head)
        if commit is None:
            msg = f"{target.repo_id} moved from {plan.head.commit} to {head.commit} while this release was sent"
            raise RemoteConflictError(msg, hint="nothing of it was committed; plan again and review what changed")
        if target.create_pr and unknown.is_conflict:
            msg = f"{target.repo_id} has the files of this release since {commit}: another publisher committed them"
            raise RemoteConflictError(msg, hint="nothing is left to propose; plan again")
        if target.create_pr:
            msg = f"the Hub put the commit on main ({commit}) although a pull request was requested"
            hint = "this Hub has no pull requests: revert it there, or publish without create_pr"
            raise VerificationError(msg, hint=hint)
        return commits.receipt(self.hub, plan, commit, created=True)

    def _last_failure(self, plan: Plan, unknown: transfer.OutcomeUnknownError) -> Exception:
        cause = unknown.__cause__
        assert isinstance(cause, Exception)
        error = self.hub.translated(cause, f"committing to {plan.target.repo_id}")
        if isinstance(error, RemoteConflictError):
            # Reading the head has just refuted the reported conflict.
            msg = f"{error.message} The head is {plan.head.commit}, as it was when this release was planned"
            return RemoteConflictError(msg, hint="nothing was committed; try again")
        return error
