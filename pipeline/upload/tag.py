"""Receipt (verified) -> Receipt: the tag stands at the commit."""

from dataclasses import dataclass, replace
from typing import ClassVar

from hublish.base.errors import RemoteConflictError, RemoteError
from hublish.base.values import Receipt
from hublish.hub.client.hub import Hub


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
        target = receipt.plan.target
        if target.tag is None:
            return receipt
        if receipt.plan.tag is not None:
            self._create(receipt, target.tag)
        at = self.hub.tags(target).get(target.tag)
        if at != receipt.commit:
            msg = f"the tag {target.tag} stands at {at}, not at {receipt.commit}"
            raise RemoteConflictError(msg, hint="the release is on the branch; raise the version or delete the tag")
        return replace(receipt, tag=target.tag)

    def _create(self, receipt: Receipt, tag: str) -> None:
        try:
            self.hub.create_tag(receipt.plan.target, tag, receipt.commit)
        except RemoteError:
            # Some Hubs answer 500 to a tag that stands already, as it does after a lost answer.
            if tag not in self.hub.tags(receipt.plan.target):
                raise
