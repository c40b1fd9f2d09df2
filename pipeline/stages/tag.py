"""Receipt (verified) -> Receipt: the tag stands at the commit."""

from dataclasses import dataclass, replace
from typing import ClassVar

from hublish.pipeline.errors import RemoteConflictError
from hublish.pipeline.hub.client import Hub
from hublish.pipeline.values import Receipt


@dataclass(frozen=True)
class Tag:
    """Create the tag, and look where it stands: a name taken meanwhile is never moved.

    Raises (from `run`):
        RemoteConflictError: when somebody created the tag elsewhere.
    """

    hub: Hub
    title: ClassVar[str] = "tagging the release"

    def run(self, receipt: Receipt) -> Receipt:
        """Return the receipt with the tag."""
        repo = receipt.plan.release.project.manifest.repo
        if repo.tag is None:
            return receipt
        if receipt.plan.tag is not None:
            self.hub.create_tag(repo, repo.tag, receipt.commit)
        at = self.hub.commit_of(repo.repo_id, repo.repo_type, repo.tag)
        if at != receipt.commit:
            msg = f"the tag {repo.tag} stands at {at}, not at {receipt.commit}"
            raise RemoteConflictError(msg, hint="the release is on the branch; raise the version or delete the tag")
        return replace(receipt, tag=repo.tag)
