"""Divide the changes of a plan into commits that the Hub accepts within its time limit."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from hublish.base.values.publication import Action, Change, Plan
from hublish.schemas.documents.file_names import GITATTRIBUTES, GITIGNORE

# Regular files travel inside the request of a commit, in base64; the client's own uploads end a commit here as well.
_BYTES_PER_COMMIT: Final = 100 << 20
# The Hub applies the files that are in the repo already to a commit: those of the release must be there first.
_RULES: Final = frozenset([GITIGNORE, GITATTRIBUTES])


@dataclass(frozen=True, slots=True)
class CommitLimits:
    """The most that one commit contains; a single larger file is a commit of its own."""

    files: int
    """Files to add, change or delete."""
    size: int = _BYTES_PER_COMMIT
    """Bytes of regular files: those of large files are sent before the commit."""

    @classmethod
    def of(cls, plan: Plan) -> "CommitLimits":
        """Return the limits of a plan's target."""
        return cls(plan.target.files_per_commit)

    def first_part(self, changes: Sequence[Change]) -> Sequence[Change]:
        """Return the changes at the beginning that one commit takes: at least one."""
        size = 0
        for count, change in enumerate(changes[: self.files]):
            size += regular_bytes(change)
            if count and size > self.size:
                return changes[:count]
        return changes[: self.files]

    def halved(self, part: Sequence[Change]) -> "CommitLimits":
        """Return the limits that divide a part which was too large for the Hub."""
        size = sum(map(regular_bytes, part))
        return CommitLimits(max(1, len(part) // 2), min(self.size, max(1, size // 2)))


def regular_bytes(change: Change) -> int:
    """Return the bytes of a change that its commit contains."""
    return change.size if change.file is not None and change.upload_mode == "regular" else 0


def in_commit_order(plan: Plan) -> tuple[Change, ...]:
    """Return the changes to commit: deletions, the repo's own rules, large files by size, and then regular ones.

    A deleted file may give its path to a folder. The bytes of large files are the ones that a rerun does not repeat.
    """

    deleted: list[Change] = []
    rules: list[Change] = []
    large: list[Change] = []
    regular: list[Change] = []
    # The changes of a plan are sorted by path, and stay so: sorting 100,000 again takes half a second.
    for change in plan.of(Action.ADD, Action.CHANGE, Action.DELETE):
        if change.action is Action.DELETE:
            deleted.append(change)
        elif change.path_in_repo in _RULES:
            rules.append(change)
        else:
            (regular if change.upload_mode == "regular" else large).append(change)
    large.sort(key=lambda change: -change.size)
    return (*deleted, *rules, *large, *regular)


def count_commits(plan: Plan) -> int:
    """Return the number of commits that a plan needs; more than one are merged into the branch in one step."""
    left, count, limits = in_commit_order(plan) if plan.commits else (), 0, CommitLimits.of(plan)
    # Pull requests are opened against the default branch.
    if plan.target.revision != "main":
        return min(len(left), 1)
    while left:
        left, count = left[len(limits.first_part(left)) :], count + 1
    return count
