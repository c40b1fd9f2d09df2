"""Receipt -> Receipt (verified): the Hub matches the plan."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import ClassVar

from hublish.base.errors import NotFoundError, RemoteError, VerificationError
from hublish.base.values import Receipt
from hublish.base.values.publication import file_differences, plan_differences
from hublish.hub.client.hub import Hub
from hublish.schemas.diagnose.problems import Problem


@dataclass(frozen=True)
class Verify:
    """Read back the tree at the commit, and the ref that should contain it; do not trust the responses to the upload.

    Some self-hosted Hubs commit a pull request to main, and accept a parent that is not the head.

    Raises (from `run`):
        VerificationError: with every difference. No tag is created and no lock is written.
    """

    hub: Hub
    title: ClassVar[str] = "verifying the release on the Hub"

    def run(self, receipt: Receipt) -> Receipt:
        """Return the receipt, verified."""
        target = receipt.plan.target
        try:
            problems = self._problems(receipt)
        except RemoteError as error:
            known = f"the release is committed as {receipt.commit}, but not verified"
            error.put_in_context(known, "publish again: it verifies, without a second commit")
            raise
        if problems:
            msg = f"commit {receipt.commit} on {target.repo_id} is not what was planned"
            hint = "no tag was created and no lock was written; review the repo's history"
            raise VerificationError(msg, hint=hint, problems=problems)
        return replace(receipt, verified=True)

    def _problems(self, receipt: Receipt) -> tuple[Problem, ...]:
        # At the commit rather than the branch: a later commit of another user must not fail this release.
        tree = self.hub.tree(receipt.plan.target, receipt.commit)
        if receipt.created:
            return (*plan_differences(receipt.plan, tree), *self._place_problems(receipt))
        # An existing commit may be behind the head, or no longer in the branch after a squash.
        return tuple(file_differences(receipt.plan.release.files, tree))

    def _place_problems(self, receipt: Receipt) -> Iterator[Problem]:
        head, target = receipt.plan.head, receipt.plan.target
        # Another commit may be on top of ours by now, so that the history counts as well.
        at = self.hub.commit_of(target, receipt.revision)
        if at != receipt.commit and receipt.commit not in self.hub.history(target, receipt.revision):
            message = f"{receipt.revision} is at {at}, whose history does not contain {receipt.commit}"
            yield Problem("verify.ref", message)
        if target.create_pr and self.hub.commit_of(target, "main") == receipt.commit:
            message = "the Hub put the commit on main although a pull request was requested"
            yield Problem("verify.not_a_pull_request", message)
        # A merge brings both sides together, and depending on the Hub, its commit is one of several.
        if receipt.parts_in:
            return
        # A Hub that ignores `parent_commit` would let two publishers overwrite each other.
        parent = self._parent(receipt)
        if head.commit and parent and parent != head.commit:
            message = f"the Hub put the commit on {parent}, not on the planned {head.commit}: work may be overwritten"
            yield Problem("verify.parent", message)

    def _parent(self, receipt: Receipt) -> str | None:
        try:
            history = self.hub.history(receipt.plan.target, receipt.commit)
        except NotFoundError:  # this Hub lists no history
            return None
        return history[1] if history[:1] == (receipt.commit,) and len(history) > 1 else None
