"""Receipt (verified) -> Receipt: admit readers, and give the commit its tag."""

from dataclasses import dataclass, replace
from typing import ClassVar

from hublish.base.errors import RemoteConflictError, RemoteError
from hublish.base.values import Receipt
from hublish.base.values.publication import opening_settings
from hublish.hub.client.hub import Hub

# Seconds before the call that creates the tag is repeated.
_WAITS = (1.0, 2.0)
_AGAIN = "publish again: it creates the tag, without a second commit"


@dataclass(frozen=True)
class Reveal:
    """Apply the settings that admit readers. `Prepare` applied those that restrict them, before the upload."""

    hub: Hub
    title: ClassVar[str] = "opening the repo to its readers"

    def run(self, receipt: Receipt) -> Receipt:
        """Return the receipt unchanged."""
        if opening := opening_settings(receipt.plan):
            try:
                self.hub.update_settings(receipt.plan.target, opening)
            except RemoteError as error:
                known = f"the release is published as {receipt.commit}, but its settings did not change"
                error.put_in_context(known, "publish again: it applies them, without a second commit")
                raise
        return receipt

    def works_on(self, receipt: Receipt) -> bool:
        """Return whether a setting admits readers."""
        return bool(opening_settings(receipt.plan))


@dataclass(frozen=True)
class Tag:
    """Create the tag, and read back its commit: a tag that was created meanwhile is never moved.

    Raises (from `run`):
        RemoteConflictError: the tag is at another commit.
        RemoteError: the Hub does not create the tag.
    """

    hub: Hub
    title: ClassVar[str] = "tagging the release"

    def run(self, receipt: Receipt) -> Receipt:
        """Return the receipt with the tag."""
        target = receipt.plan.target
        if target.tag is None:
            return receipt
        # Without a tag in the plan it exists already; its commit is checked in both cases.
        try:
            at = (self._commit_of if receipt.plan.tag is None else self._created)(receipt, target.tag)
        except RemoteError as error:
            known = f"the release is published as {receipt.commit}, without a verified tag {target.tag}"
            error.put_in_context(known, _AGAIN)
            raise
        if at is None:
            msg = f"the release is published as {receipt.commit}, but the Hub has no tag {target.tag}"
            raise RemoteError(msg, hint=_AGAIN)
        if at != receipt.commit:
            msg = f"the tag {target.tag} is at {at}, not at {receipt.commit}"
            raise RemoteConflictError(msg, hint="the release is on the branch; raise the version or delete the tag")
        return replace(receipt, tag=target.tag)

    def works_on(self, receipt: Receipt) -> bool:
        """Return whether a tag was requested."""
        return receipt.plan.target.tag is not None

    def _created(self, receipt: Receipt, tag: str) -> str | None:
        """Create the tag and return its commit, after some tries None."""
        # Read back: the client's response does not tell whether the tag existed, nor at which commit. Without a tag, a
        # proxy responded in the Hub's place, and repeating the call is safe.
        for wait in _WAITS:
            self._create(receipt, tag)
            if (at := self._commit_of(receipt, tag)) is not None:
                return at
            self.hub.retries.wait(wait)
        self._create(receipt, tag)
        return self._commit_of(receipt, tag)

    def _commit_of(self, receipt: Receipt, tag: str) -> str | None:
        return self.hub.tags(receipt.plan.target).get(tag)

    def _create(self, receipt: Receipt, tag: str) -> None:
        try:
            self.hub.create_tag(receipt.plan.target, tag, receipt.commit)
        except RemoteError:
            # Some Hubs respond with 500 to a tag that exists, and it does when the first response was lost.
            if tag not in self.hub.tags(receipt.plan.target):
                raise
