"""Receipt (verified) -> Receipt: admit readers, and give the commit its tag and the names that follow the releases."""

from dataclasses import dataclass, replace
from typing import ClassVar

from hublish.base.errors import RemoteConflictError, RemoteError
from hublish.base.values import Receipt
from hublish.base.values.moving_ref import MovingRef
from hublish.base.values.publication import opening_settings
from hublish.hub.client.hub import Hub
from hublish.hub.client.moving_refs import current_refs, move, outside_history

# Seconds before the call that creates the tag is repeated, or those that move refs.
_WAITS = (1.0, 2.0)
_AGAIN = "publish again: it creates the tag, without a second commit"
_MOVE_AGAIN = "publish again: it moves them, without a second commit"


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


@dataclass(frozen=True)
class Move:
    """Set the tags and branches that follow the releases to the commit, and read them back.

    A ref that is there already is left alone, as is one at a newer release, which another publisher made meanwhile.

    Raises (from `run`):
        RemoteConflictError: another publisher moved one elsewhere since the plan was made.
        RemoteError: the Hub does not move one.
    """

    hub: Hub
    title: ClassVar[str] = "moving tags and branches to the release"

    def run(self, receipt: Receipt) -> Receipt:
        """Return the receipt with the refs at its commit."""
        if not self.works_on(receipt):
            return receipt
        try:
            there = self._moved(receipt)
        except RemoteError as error:
            names = ", ".join(map(str, receipt.plan.moves))
            known = f"the release is published as {receipt.commit}, but not all that follows it has moved: {names}"
            error.put_in_context(known, _MOVE_AGAIN)
            raise
        tags, branches = (
            tuple(ref.name for ref in there if ref.kind == kind and ref.at == receipt.commit)
            for kind in ("tag", "branch")
        )
        return replace(receipt, moving_tags=tags, moving_branches=branches)

    def works_on(self, receipt: Receipt) -> bool:
        """Return whether a tag or branch follows the releases."""
        target = receipt.plan.target
        return bool(target.moving_tags or target.moving_branches)

    def _moved(self, receipt: Receipt) -> tuple[MovingRef, ...]:
        """Move the refs until all of them are where they belong, and return them as they are then."""
        target = receipt.plan.target
        for wait in (0.0, *_WAITS):
            refs = current_refs(self.hub, target, target)
            behind = [ref for ref in refs if self._is_behind(ref, receipt)]
            if not behind:
                return refs
            self.hub.retries.wait(wait)
            for ref in behind:
                # Only at first: some Hubs accept the request, and do not move the branch.
                move(self.hub, target, ref, receipt.commit, in_place=not wait)
        refs = current_refs(self.hub, target, target)
        if behind := [ref for ref in refs if self._is_behind(ref, receipt)]:
            msg = f"the Hub does not move the {', the '.join(map(str, behind))}"
            raise RemoteError(msg)
        return refs

    def _is_behind(self, ref: MovingRef, receipt: Receipt) -> bool:
        commit, target = receipt.commit, receipt.plan.target
        if ref.at == commit:
            return False
        # Where it was planned to be, or gone: this run, or one that was killed, has deleted it.
        planned = {(each.kind, each.name): each.at for each in receipt.plan.moves}
        if ref.at is None or ref.at == planned.get((ref.kind, ref.name)):
            return True
        # Another publisher moved it since: to a release before this one, or to one on top of it.
        if not outside_history(self.hub, target, commit, [ref.at]):
            return True
        if not outside_history(self.hub, target, ref.at, [commit]):
            return False
        msg = f"the release is published as {commit}, but another publisher moved the {ref} to {ref.at} meanwhile"
        raise RemoteConflictError(msg, hint="publish again: the plan shows how it moves")
