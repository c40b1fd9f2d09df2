"""The tags and branches that follow the releases: which of them move, and which must not."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from hublish.base.values import Plan
from hublish.base.values.moving_ref import MovingRef, moving_refs
from hublish.hub.client.hub import Hub
from hublish.hub.client.moving_refs import outside_history
from hublish.schemas.diagnose.problems import Problem


def with_moves(plan: Plan, hub: Hub) -> Plan:
    """Return the plan with the refs that move to its release, and a refusal for each that would lose a commit.

    Raises:
        RemoteError: the Hub cannot be read.
    """
    head = plan.head
    # A commit that is still to be made has no ref yet.
    release = None if plan.commits else plan.existing_commit
    declared = moving_refs(plan.target, head.tags, head.branches)
    moves = tuple(ref for ref in declared if release is None or ref.at != release)
    return replace(plan, moves=moves, refusals=(*plan.refusals, *_losses(plan, moves, hub)))


def _losses(plan: Plan, moves: Sequence[MovingRef], hub: Hub) -> Iterator[Problem]:
    """Yield the branches with commits that only they have; a tag that moves loses no more than its name."""
    target, head = plan.target, plan.head
    # The commits of tags stay, except for those of tags that move themselves.
    kept = {commit for name, commit in head.tags.items() if name not in target.moving_tags}
    kept |= {commit for commit in (head.commit, head.default_commit) if commit is not None}
    doubtful = {ref.at for ref in moves if ref.kind == "branch" and ref.at is not None} - kept
    lost = outside_history(hub, target, head.commit or head.default_commit or "", doubtful)
    for ref in moves:
        if ref.kind == "branch" and ref.at in lost:
            msg = f"the branch {ref.name} is at {ref.at[:12]}, which is not in the history of {target.revision}"
            hint = "moving it would lose that commit: merge it, tag it, or delete the branch"
            place = f"repo.moving_branches[{target.moving_branches.index(ref.name)}]"
            yield Problem("remote.conflict", msg, hint, place)
