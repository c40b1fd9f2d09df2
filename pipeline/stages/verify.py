"""Receipt -> Receipt (verified): what stands on the Hub is what was planned."""

from dataclasses import dataclass, replace
from typing import ClassVar

from hublish.pipeline.errors import VerificationError
from hublish.pipeline.hub.client import Hub
from hublish.pipeline.planning.expectation import differences, missing_or_different
from hublish.pipeline.values import Receipt
from hublish.schemas.problems import Problem


@dataclass(frozen=True)
class Verify:
    """Read the tree at the commit and the ref that should hold it; trust neither answer of the upload.

    Self-hosted Hubs were seen to land a pull request on main and to accept a stale parent.

    Raises (from `run`):
        VerificationError: naming every difference. No tag is created and no lock written.
    """

    hub: Hub
    title: ClassVar[str] = "verifying what stands on the Hub"

    def run(self, receipt: Receipt) -> Receipt:
        """Return the receipt, verified."""
        head = receipt.plan.head
        tree = self.hub.tree(head.repo_id, head.repo_type, receipt.commit)
        release = receipt.plan.release
        # A commit that stood there already may lie behind the head: only the release's own files are compared.
        found = differences(receipt.plan, tree) if receipt.created else missing_or_different(release.files, tree)
        problems = [*found, *self._ref_problems(receipt)]
        if problems:
            msg = f"commit {receipt.commit} on {head.repo_id} is not what was planned"
            hint = "no tag was created and no lock written; look at the repo's history"
            raise VerificationError(msg, hint=hint, problems=problems)
        return replace(receipt, verified=True)

    def _ref_problems(self, receipt: Receipt) -> list[Problem]:
        head, repo = receipt.plan.head, receipt.plan.release.project.manifest.repo
        problems = []
        at = self.hub.commit_of(head.repo_id, head.repo_type, receipt.revision)
        if at != receipt.commit and not self.hub.holds_in_history(repo, receipt.revision, receipt.commit):
            message = f"{receipt.revision} stands at {at}, whose history does not hold {receipt.commit}"
            problems.append(Problem("verify.ref", message))
        if repo.create_pr and self.hub.commit_of(head.repo_id, head.repo_type, "main") == receipt.commit:
            message = "the Hub put the commit on main although a pull request was asked for"
            problems.append(Problem("verify.not_a_pull_request", message))
        return problems
