"""Plan -> Plan: the repo and the branch exist, and the files are not readable before they may be."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import ClassVar

from hublish.base.errors import AuthenticationError, RemoteConflictError, RemoteIgnoredError
from hublish.base.values import Action, Plan
from hublish.base.values.publication import restricting_settings
from hublish.hub.client.hub import Hub
from hublish.pipeline.upload.withdraw import holds_only_first_commit, withdrawing
from hublish.schemas.diagnose.problems import Problem


@dataclass(frozen=True)
class Prepare:
    """Create the repo and the branch if they are missing, so that the plan has a real parent commit.

    Raises (from `run`):
        RemoteIgnoredError: a .gitignore would make the Hub drop files of the release.
        RemoteConflictError: the tag is at another release, or another commit was made in the new repo meanwhile.
    """

    hub: Hub
    # Stages do not import each other: the pipeline passes the comparison in.
    replan: Callable[[Plan, Hub], Plan]
    """Compares the release of a plan again, with the head of a repo or branch that was just created."""
    title: ClassVar[str] = "preparing the repo"

    def run(self, plan: Plan) -> Plan:
        """Return the plan against the current head."""
        # Before anything is created: the release could not be published as planned.
        refuse_impossible(plan)
        if plan.head.commit is None:
            plan = self._with_parent(plan)
        # Before the first byte: a release for a private repo is never public, not even for a moment.
        if restricting := restricting_settings(plan):
            with withdrawing(self.hub, plan):
                self.hub.update_settings(plan.target, restricting)
        return plan

    def works_on(self, plan: Plan) -> bool:
        """Return whether the repo needs a change before the upload."""
        return plan.head.commit is None or bool(restricting_settings(plan))

    def _with_parent(self, plan: Plan) -> Plan:
        start = self._with_repo(plan)
        with withdrawing(self.hub, start):
            start = self._with_branch(start)
        with withdrawing(self.hub, start):
            # Only now does the Hub report upload modes, and the files that its .gitignore drops.
            fresh = self.replan(start, self.hub)
            if fresh.commits:
                _refuse_other_commits(plan, start, self.hub)
            refuse_impossible(fresh)
        return fresh

    def _with_repo(self, plan: Plan) -> Plan:
        """Return the plan against the repo as it is now, created if it is missing."""
        if plan.head.repo_exists:
            return plan
        repo_id, made = self.hub.create_repo(plan.target)
        # The Hub decides about the name: it adds the namespace, and knows the spelling of one that exists.
        start = replace(plan, target=replace(plan.target, repo_id=repo_id), created="repo" if made else None)
        with withdrawing(self.hub, start):
            head = self.hub.head(start.target)
            ours = made and holds_only_first_commit(self.hub, start.target, head)
        return replace(start, head=head, created="repo" if ours else None)

    def _with_branch(self, plan: Plan) -> Plan:
        start = plan.head.default_commit
        if plan.head.commit is not None or start is None:
            return plan
        made = self.hub.create_branch(plan.target, start)
        return replace(plan, head=self.hub.head(plan.target), created=plan.created or ("branch" if made else None))


def refuse_impossible(plan: Plan) -> None:
    """Raise when a release cannot be published as planned.

    Raises:
        AuthenticationError: the token may only read.
        RemoteConflictError: the tag is at another release.
        RemoteIgnoredError: a .gitignore would make the Hub drop files of the release.
    """
    if plan.is_read_only:
        hint = "log in with `hf auth login`, or set HF_TOKEN to a token with write access"
        raise AuthenticationError(f"publishing to {plan.target.repo_id}: the token may not write there", hint=hint)
    if plan.refusals:
        first, *others = plan.refusals
        if not others:
            raise RemoteConflictError(first.message, hint=first.hint)
        raise RemoteConflictError("the release conflicts with the repo on the Hub", problems=plan.refusals)
    ignored = plan.of(Action.IGNORE)
    if ignored:
        problems = [
            Problem("plan.remote_ignored", f"'{change.path_in_repo}': {change.reason}", location=change.location)
            for change in ignored
        ]
        hint = "change that .gitignore, or exclude the files on purpose with patterns.ignore_patterns"
        if former := plan.release.former:
            restoring = f"`git read-tree -u --reset {former.commit}`"
            hint = f"restore it with git, which keeps tracked files: clone the repo, {restoring}, commit and push"
        raise RemoteIgnoredError("the Hub would silently drop files of the release", hint=hint, problems=problems)


def _refuse_other_commits(plan: Plan, start: Plan, hub: Hub) -> None:
    # A new branch begins at the head of main that was planned with, and a new repo with the Hub's own files.
    head, expected = start.head, plan.head.default_commit
    if head.commit == expected if expected else start.created or holds_only_first_commit(hub, start.target, head):
        return
    msg = f"another commit was made to {start.target.repo_id} while this release was prepared ({head.commit})"
    raise RemoteConflictError(msg, hint="plan again and review what changed")
