"""Plan -> Receipt: everything in one commit, or nothing."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from hublish.pipeline.errors import HublishError, RemoteConflictError
from hublish.pipeline.hub import failures, transfer
from hublish.pipeline.hub.client import Hub
from hublish.pipeline.planning import standing
from hublish.pipeline.planning.expectation import differences
from hublish.pipeline.sending import additions, check_sent
from hublish.pipeline.values import Action, Plan, Receipt

_WAITS = (1.0, 4.0, 10.0)
"""Seconds before each new try of a commit that provably did not happen."""


@dataclass(frozen=True)
class Upload:
    """Send what changed in one commit on top of the planned parent.

    A commit whose answer is lost may have happened: before it is tried again the head is read. A tree equal to the
    plan is success, a head equal to the parent may be tried again, anything else is a conflict.

    Args:
        hub: where to.
        sleep: waits between tries.

    Raises (from `run`):
        SourceChangedError: a file is not what was sealed; nothing was committed.
        RemoteConflictError: the head moved; nothing was overwritten.
        RemoteError: the Hub refused, or cannot be reached.
    """

    hub: Hub
    sleep: Callable[[float], None] = time.sleep
    title: ClassVar[str] = "uploading in one commit"

    def run(self, plan: Plan) -> Receipt:
        """Return what the Hub answered."""
        if not plan.commits:
            commit = plan.standing_commit or plan.head.commit or ""
            return Receipt(
                plan, commit, created=False, url=self._url(plan, commit), pull_request=plan.open_pull_request
            )
        for wait in (*_WAITS, None):
            receipt = self._attempt(plan, wait)
            if receipt is not None:
                return receipt
        raise AssertionError  # the last attempt returns or raises

    def _attempt(self, plan: Plan, wait: float | None) -> Receipt | None:
        try:
            sent = transfer.commit(
                self.hub,
                plan.release.project.manifest.repo,
                additions(plan),
                [change.path_in_repo for change in plan.of(Action.DELETE)],
                message=plan.commit_message,
                parent_commit=plan.head.commit or "",
                check_sent=lambda digests: check_sent(plan, digests),
            )
        except HublishError:
            raise
        except Exception as error:
            if not failures.in_doubt(error):
                raise failures.translate(error, f"committing to {plan.head.repo_id}") from error
            landed = self._landed(plan)
            if landed is None and wait is None:
                raise failures.translate(error, f"committing to {plan.head.repo_id}") from error
            if landed is None:
                self.sleep(wait or 0)
            return landed
        return Receipt(plan, sent.commit, created=True, url=sent.url, pull_request=sent.pull_request)

    def _landed(self, plan: Plan) -> Receipt | None:
        """Return the receipt of a commit that happened although its answer was lost; None when it did not."""
        repo = plan.release.project.manifest.repo
        if repo.create_pr:
            found = standing.with_pull_request(plan, self.hub)
            if found.open_pull_request and found.standing_commit:
                url = self._url(plan, found.standing_commit)
                return Receipt(plan, found.standing_commit, True, url, found.open_pull_request)
        head = self.hub.head(repo)
        if head.commit == plan.head.commit:
            return None
        if head.commit and not repo.create_pr and not differences(plan, head.files):
            return Receipt(plan, head.commit, created=True, url=self._url(plan, head.commit))
        msg = f"{repo.repo_id} moved from {plan.head.commit} to {head.commit} while this release was sent"
        raise RemoteConflictError(msg, hint="nothing of it was committed; plan again and look at what changed")

    def _url(self, plan: Plan, commit: str) -> str:
        prefix = "" if plan.head.repo_type == "model" else f"{plan.head.repo_type}s/"
        return f"{self.hub.endpoint}/{prefix}{plan.head.repo_id}/commit/{commit}"
