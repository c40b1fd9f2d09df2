"""A release too large for one commit: in parts to a draft pull request that no reader sees, then merged in one step.

The pull request itself is the record of an interrupted upload. Its description names the changes and the parent they
were planned against, and its tree shows which of them have arrived.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Final, Literal

from hublish.base.errors import HublishError, NotFoundError, RemoteConflictError, RemoteError, VerificationError
from hublish.base.values import Action, Change, Plan, Receipt, RemoteFile, Target
from hublish.base.values.commit_parts import CommitLimits, in_commit_order
from hublish.base.values.publication import plan_differences
from hublish.hub.client import failures, pull_requests, transfer
from hublish.hub.client.account import account
from hublish.hub.client.hub import Hub
from hublish.hub.client.pull_requests import PullRequest
from hublish.pipeline.upload import commits
from hublish.schemas.documents.file_names import GITATTRIBUTES

_MARK: Final = re.compile(r"^hublish (release|proposal) ([0-9a-f]{64}) on ([0-9a-f]{40})\s*\Z", re.MULTILINE)
_FOR_PEOPLE: Final = (
    "hublish sends this release in parts, and merges it once all of them have arrived and are verified. "
    "Please do not merge it by hand."
)


@dataclass(frozen=True, slots=True)
class Mark:
    """The last line of a description: it names the upload that a pull request belongs to."""

    kind: Literal["release", "proposal"]
    """hublish merges a release; the reviewers merge a proposal, which `create_pr` asks for."""
    digest: str
    """The sha256 of the changes."""
    parent: str
    """The head of the branch that they were planned against."""

    @classmethod
    def of(cls, plan: Plan) -> "Mark":
        """Return the mark of a plan."""
        changes = [
            [change.action.value, change.path_in_repo, change.file.sha256 if change.file else ""]
            for change in plan.of(Action.ADD, Action.CHANGE, Action.DELETE)
        ]
        digest = hashlib.sha256(json.dumps(sorted(changes)).encode()).hexdigest()
        return cls("proposal" if plan.target.create_pr else "release", digest, plan.head.commit or "")

    @classmethod
    def find(cls, description: str) -> "Mark | None":
        """Return the mark in a description; None when hublish did not write it."""
        found = _MARK.search(description)
        return cls("release" if found[1] == "release" else "proposal", found[2], found[3]) if found else None

    def __str__(self) -> str:
        return f"hublish {self.kind} {self.digest} on {self.parent}"


@dataclass(frozen=True, slots=True)
class _State:
    """A pull request: its head, and the changes that have not arrived."""

    head: str
    missing: Sequence[Change]


@dataclass(frozen=True)
class PartialUpload:
    """One plan on its way to a pull request.

    Every part is committed on top of the head that this run knows, so that two publishers of the same release can
    complete one pull request together. The branch changes once, after the whole tree has been verified.

    Raises (from `run`):
        SourceChangedError: a file changed since it was sealed.
        RemoteConflictError: the branch has moved, or another user changed or closed the pull request.
        VerificationError: the pull request differs from the plan.
        RemoteError: the Hub rejects a part, or cannot be reached.
    """

    hub: Hub
    plan: Plan
    limits: CommitLimits

    @cached_property
    def _changes(self) -> Sequence[Change]:
        return in_commit_order(self.plan)

    def run(self) -> Receipt | None:
        """Return the receipt of the merge or of the proposal; None when this Hub opens no pull requests."""
        number = self._begin()
        if number is None:
            return None
        with self._closing(number):
            if not self._has_ref(number):
                return None
            self._fill(number)
            receipt = self._proposed(number) if self.plan.target.create_pr else self._merged(number)
            if receipt is None:
                self._close(number, "This Hub merges no pull requests, or not with this token.")
                return None
        head = self.plan.head.commit if self.plan.target.create_pr else receipt.commit
        close_leftovers(self.hub, self.plan.target, head, keep=number)
        return receipt

    def _begin(self) -> int | None:
        """Return the number of the pull request for this plan, opened unless an earlier run has opened it."""
        target, mark = self.plan.target, Mark.of(self.plan)
        note = "" if target.create_pr else _FOR_PEOPLE
        description = "\n\n".join(text for text in (target.commit_description, note, str(mark)) if text)
        for wait in (*commits.WAITS, None):
            try:
                # Also after a lost response: the pull request may have been opened.
                if (found := self._find(mark)) is not None:
                    return found
                opened = pull_requests.open_draft(self.hub, target, description)
                # Another publisher of the same release may open one at the same moment: both continue with the older.
                return None if opened is None else self._find(mark) or opened
            except RemoteError as error:
                if wait is None or not error.is_transient:
                    raise
                self.hub.retries.wait(wait)
        raise AssertionError  # the last try returns or raises

    def _find(self, mark: Mark) -> int | None:
        # A proposal that is open belongs to its reviewers, who may have changed it.
        found = (
            pull_request.number
            for pull_request in _own(self.hub, self.plan.target)
            if Mark.find(pull_request.description) == mark
            and (mark.kind == "release" or pull_request.status == "draft")
        )
        return min(found, default=None)

    def _has_ref(self, number: int) -> bool:
        # A Hub may need a moment to create the ref.
        for wait in (*commits.WAITS[:2], None):
            try:
                self.hub.commit_of(self.plan.target, pull_requests.ref_of(number))
            except NotFoundError:
                if wait is not None:
                    self.hub.retries.wait(wait)
            else:
                return True
        # This Hub opens a discussion in place of a pull request.
        self._close(number, "This Hub has no pull requests.")
        return False

    def _fill(self, number: int) -> None:
        """Commit all changes that are missing to the pull request, and verify it, while it is open."""
        state, limits, waits = self._state(number), self.limits, iter(commits.WAITS)
        while state.missing:
            part = limits.first_part(state.missing)
            try:
                state, waits = self._send(number, state, part), iter(commits.WAITS)
            except transfer.OutcomeUnknownError as unknown:
                before, state = state, self._state(number)
                # The part has arrived in spite of the failure, or another publisher of the release sent one.
                if state.head != before.head:
                    continue
                wait = next(waits, None)
                if wait is None or unknown.is_final:
                    raise self._failure(number, unknown) from unknown.__cause__
                limits = limits.halved(part) if failures.took_too_long(unknown) else limits
                self.hub.retries.wait(max(wait, unknown.requested_wait))
            except RemoteError as error:
                if not pull_requests.read(self.hub, self.plan.target, number).is_active:
                    return  # another publisher has merged the release, here or elsewhere
                if failures.status_of(error) != 413 or len(part) == 1:
                    raise
                limits = limits.halved(part)
        self._verify(number)

    def _state(self, number: int) -> _State:
        """Compare the pull request with the plan.

        Raises:
            RemoteConflictError: it contains anything else.
        """
        target = self.plan.target
        head = self.hub.commit_of(target, pull_requests.ref_of(number))
        if head == self.plan.head.commit:
            return _State(head, self._changes)
        tree = self.hub.tree(target, head)
        if not _is_between(self.plan, tree):
            # A new pull request begins at the head of the branch, which may have moved.
            self._refuse_moved()
            msg = f"pull request {number} of {target.repo_id} contains other changes than this release"
            raise RemoteConflictError(msg, hint="it is closed; publish again, which opens another one")
        return _State(head, [change for change in self._changes if not _has_arrived(change, tree)])

    def _send(self, number: int, state: _State, part: Sequence[Change]) -> _State:
        target, total = self.plan.target, len(self._changes)
        first = total - len(state.missing) + 1
        place = replace(
            target,
            revision=pull_requests.ref_of(number),
            create_pr=False,
            commit_message=f"{target.commit_message} ({first}-{first + len(part) - 1} of {total})",
        )
        made = commits.send(self.hub, replace(self.plan, changes=tuple(part), target=place), state.head)
        return _State(made.commit, state.missing[len(part) :])

    def _verify(self, number: int) -> None:
        tree = self.hub.tree(self.plan.target, pull_requests.ref_of(number))
        problems = plan_differences(self.plan, tree)
        if problems or not _is_between(self.plan, tree):
            msg = f"pull request {number} on {self.plan.target.repo_id} is not what was planned"
            raise VerificationError(msg, hint="it is closed, and nothing was merged", problems=problems)

    def _publish(self, number: int) -> None:
        if pull_requests.read(self.hub, self.plan.target, number).status == "draft":
            pull_requests.publish(self.hub, self.plan.target, number)

    def _proposed(self, number: int) -> Receipt:
        target = self.plan.target
        self._refuse_inactive(pull_requests.read(self.hub, target, number))
        self._publish(number)
        commit = self.hub.commit_of(target, pull_requests.ref_of(number))
        return commits.receipt(self.hub, self.plan, commit, number, created=True, parts_in=number)

    def _merged(self, number: int) -> Receipt | None:
        """Merge the pull request while the head of the branch is the planned parent; None when the Hub refuses it."""
        requested = False
        for wait in (*commits.WAITS, None):
            if receipt := self._published(number, created=requested):
                return receipt
            failure: RemoteError | RemoteConflictError | None = None
            try:
                self._publish(number)
                pull_requests.merge(self.hub, self.plan.target, number)
                requested = True
            except (RemoteError, RemoteConflictError) as error:
                # To a first request, the Hub refuses a merge that another publisher has made.
                requested = requested or bool(error.__cause__ and failures.outcome_is_unknown(error.__cause__))
                failure = error
            # Whatever the response was: the pull request itself shows whether it is merged.
            if receipt := self._published(number, created=requested):
                return receipt
            if failure is not None and failures.status_of(failure) in pull_requests.NOT_PERMITTED:
                return None
            if wait is None or (failure is not None and not _may_succeed(failure)):
                raise failure or RemoteError(
                    f"the Hub has accepted the merge of pull request {number}, without doing it"
                )
            self.hub.retries.wait(wait)
        raise AssertionError  # the last try returns or raises

    def _published(self, number: int, *, created: bool) -> Receipt | None:
        """Return the receipt when the branch contains the release; None when it is at the planned parent.

        Raises:
            RemoteConflictError: the branch has moved, or the pull request is closed.
        """
        target = self.plan.target
        state = pull_requests.read(self.hub, target, number)
        if state.status == "merged":
            commit = state.merge_commit or self.hub.commit_of(target, target.revision)
            return commits.receipt(self.hub, self.plan, commit, created=created, parts_in=number)
        if (other := self._refuse_moved()) is not None:
            self._close(number, f"{target.revision} contains this release since {other}.")
            return commits.receipt(self.hub, self.plan, other, created=False)
        self._refuse_inactive(state)
        return None

    def _refuse_moved(self) -> str | None:
        """Raise when the branch has moved; return the commit when another publisher put this release there."""
        plan, target = self.plan, self.plan.target
        if self.hub.commit_of(target, target.revision) == plan.head.commit:
            return None
        head = self.hub.head(target)
        if not target.create_pr and (commit := commits.find(self.hub, plan, head)) is not None:
            return commit
        msg = f"{target.repo_id} moved from {plan.head.commit} to {head.commit} while this release was sent"
        raise RemoteConflictError(msg, hint="nothing of it was merged; plan again and review what changed")

    def _refuse_inactive(self, state: PullRequest) -> None:
        if not state.is_active:
            msg = f"pull request {state.number} on {self.plan.target.repo_id} was {state.status} while it was sent"
            raise RemoteConflictError(msg, hint="publish again; it opens another one")

    def _failure(self, number: int, unknown: transfer.OutcomeUnknownError) -> HublishError:
        cause = unknown.__cause__
        assert isinstance(cause, Exception)
        return self.hub.translated(cause, f"committing to pull request {number} of {self.plan.target.repo_id}")

    @contextmanager
    def _closing(self, number: int) -> Iterator[None]:
        """Close the pull request when the release is refused; after a failure that may pass, a rerun continues it."""
        try:
            yield
        except HublishError as error:
            # A rate limit passes as well, although not within this run.
            if not (isinstance(error, RemoteError) and (error.is_transient or failures.status_of(error) == 429)):
                self._close(number, f"This release was refused: {error.message}")
            raise

    def _close(self, number: int, comment: str) -> None:
        with suppress(RemoteError, RemoteConflictError):
            pull_requests.close(self.hub, self.plan.target, number, comment)


def can_divide(plan: Plan) -> bool:
    """Return whether a plan can be sent in parts: pull requests are opened against the default branch."""
    # The client's call for a draft names no branch. With `create_pr`, a commit to another branch would open a pull
    # request against that one, but no draft: it could be merged before it is complete.
    return plan.target.revision == "main" and plan.head.commit is not None


def finish_interrupted(hub: Hub, plan: Plan) -> None:
    """Complete the rest of an upload in parts that ended before its last requests, when no commit is left to make."""
    # Only a release of this size is sent in parts: others save the requests.
    if len(plan.release.files) <= plan.target.files_per_commit or not can_divide(plan):
        return
    if plan.open_pull_request is None:
        close_leftovers(hub, plan.target, plan.head.commit)
        return
    proposal = pull_requests.read(hub, plan.target, plan.open_pull_request)
    mark = Mark.find(proposal.description)
    # The draft of another user with the same files is theirs to publish.
    if proposal.status == "draft" and mark is not None and mark.kind == "proposal":
        pull_requests.publish(hub, plan.target, proposal.number)


def close_leftovers(hub: Hub, target: Target, head: str | None, *, keep: int | None = None) -> None:
    """Close our own pull requests of uploads that cannot be continued, since the branch is at `head`."""
    # The release is published: a failure here must not make it look as if it were not.
    with suppress(RemoteError, RemoteConflictError):
        for pull_request in _own(hub, target):
            mark = Mark.find(pull_request.description)
            if mark is None or pull_request.number == keep or mark.parent == head:
                continue
            # The reviewers close an open proposal.
            if mark.kind == "release" or pull_request.status == "draft":
                comment = f"This upload was planned against {mark.parent}, and the branch is at {head}."
                pull_requests.close(hub, target, pull_request.number, comment)


def _own(hub: Hub, target: Target) -> tuple[PullRequest, ...]:
    """Return the open pull requests that hublish has opened with this very account."""
    # Another user may copy a mark, and push to a pull request between its verification and the merge.
    try:
        name = account(hub).name
        numbers = pull_requests.newest_open(hub, target, author=name)
        found = [pull_requests.read(hub, target, number) for number in numbers]
    except RemoteError as error:
        if error.is_transient:
            raise
        return ()  # this Hub has no pull requests, or does not name the account
    return tuple(each for each in found if each.author == name and each.is_active and Mark.find(each.description))


def _has_arrived(change: Change, tree: Mapping[str, RemoteFile]) -> bool:
    remote = tree.get(change.path_in_repo)
    if change.file is None:
        return remote is None
    return remote is not None and remote.holds(change.file)


def _is_between(plan: Plan, tree: Mapping[str, RemoteFile]) -> bool:
    """Return whether every file of a tree is as it was at the planned parent, or as it was planned."""
    known = {change.path_in_repo for change in plan.changes}
    sent = (Action.ADD, Action.CHANGE, Action.DELETE)
    # The Hub may write .gitattributes in the same commit, for the large files in it.
    return tree.keys() - known <= {GITATTRIBUTES} and all(
        change.path_in_repo == GITATTRIBUTES
        or tree.get(change.path_in_repo) == change.remote
        or (change.action in sent and _has_arrived(change, tree))
        for change in plan.changes
    )


def _may_succeed(error: RemoteError | RemoteConflictError) -> bool:
    # The Hub refuses to publish or to merge what another publisher of this release has published or is merging.
    return isinstance(error, RemoteConflictError) or error.is_transient or failures.status_of(error) == 400
