"""Plan -> Plan: the repo and the branch exist, and the files are not readable before they may be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

from hublish.base.errors import RemoteConflictError, RemoteIgnoredError
from hublish.base.values import Action, Head, Plan, Release, Target
from hublish.base.values.publication import restricting_settings
from hublish.hub.client.hub import Hub
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import GITATTRIBUTES


@dataclass(frozen=True)
class Prepare:
    """Create the repo and the branch if they are missing, so that the plan has a real parent commit.

    Raises (from `run`):
        RemoteIgnoredError: a .gitignore would make the Hub drop files of the release.
        RemoteConflictError: another commit was made in the new repo meanwhile.
    """

    hub: Hub
    # Stages do not import each other: the pipeline passes the comparison in.
    replan: Callable[[Release, Target, Head, Hub], Plan]
    """Compares the release with the head of a repo or branch that was just created."""
    title: ClassVar[str] = "preparing the repo"

    def run(self, plan: Plan) -> Plan:
        """Return the plan against the current head."""
        # Before anything is created: the release could not be published as planned.
        _refuse_ignored(plan)
        if plan.head.commit is None:
            plan = self._with_parent(plan)
        # Before the first byte: a release for a private repo is never public, not even for a moment.
        if restricting := restricting_settings(plan):
            self.hub.update_settings(plan.target, restricting)
        return plan

    def _with_parent(self, plan: Plan) -> Plan:
        target = plan.target
        self.hub.create_repo(target)
        head = self.hub.head(target)
        if head.commit is None and head.default_commit is not None:
            self.hub.create_branch(target, head.default_commit)
            head = self.hub.head(target)
        _refuse_other_commits(plan, head)
        # Only now does the Hub report upload modes, and the files that its .gitignore drops.
        fresh = self.replan(plan.release, target, head, self.hub)
        _refuse_ignored(fresh)
        return fresh


def _refuse_ignored(plan: Plan) -> None:
    ignored = plan.of(Action.IGNORE)
    if ignored:
        problems = [
            Problem("plan.remote_ignored", f"'{change.path_in_repo}': {change.reason}", location=change.location)
            for change in ignored
        ]
        hint = "change that .gitignore, or exclude the files on purpose with patterns.ignore_patterns"
        raise RemoteIgnoredError("the Hub would silently drop files of the release", hint=hint, problems=problems)


def _refuse_other_commits(plan: Plan, head: Head) -> None:
    # A new branch begins at the head of main that was planned with, and a new repo with nothing but the Hub's own file.
    expected = plan.head.default_commit
    if (expected and head.commit != expected) or (not expected and set(head.files) - {GITATTRIBUTES}):
        msg = f"another commit was made to {plan.target.repo_id} while this release was prepared ({head.commit})"
        raise RemoteConflictError(msg, hint="plan again and review what changed")
