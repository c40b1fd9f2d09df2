"""Find a tag, a commit or a pull request on the Hub that contains this very release."""

from dataclasses import replace
from typing import Final

from hublish.base.values import Plan
from hublish.base.values.publication import file_differences, plan_differences
from hublish.hub.client import pull_requests
from hublish.hub.client.hub import Hub
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import ATTESTATION_FILES, CARD_FILE

# A signature is over the card as well, and is renewed with it.
_OF_THE_CARD: Final = frozenset([CARD_FILE, *ATTESTATION_FILES])


def with_tag(plan: Plan, hub: Hub) -> Plan:
    """Return the plan with the tag to create, with the commit that has the tag already, or with a refusal.

    It is refused when the tag is at a commit that does not contain this release: a released version never moves.
    """
    tag, head = plan.target.tag, plan.head
    # Nothing to commit: the head is the release, unless an open pull request is.
    if not plan.commits and plan.existing_commit is None:
        plan = replace(plan, existing_commit=head.commit)
    if tag is None or tag not in head.tags:
        return replace(plan, tag=tag)
    commit = head.tags[tag]
    # The tag may be behind the head; what counts is whether its own commit has these files.
    tree = head.files if commit == head.commit else hub.tree(plan.target, commit)
    # With changes to commit, the tag cannot be of this release, whatever its tree.
    if not (plan.commits or any(file_differences(plan.release.files, tree))):
        return replace(plan, existing_commit=commit)
    msg = f"the tag {tag} is already at {commit[:12]}, which does not contain this release"
    hint = "a released version never moves: raise the version, or delete the tag"
    others = (file for file in plan.release.files if file.path_in_repo not in _OF_THE_CARD)
    if not (plan.commits or any(file_differences(others, tree))):
        # Edited by people on the Hub, or by `hublish deprecate`.
        msg = f"{tag} is released at {commit[:12]}, and only its card has changed since"
        hint = "nothing is left to publish; raise the version to give the changed card a tag of its own"
    return replace(plan, refusals=(*plan.refusals, Problem("remote.conflict", msg, hint, "repo.tag")))


def with_pull_request(plan: Plan, hub: Hub) -> Plan:
    """Return the plan with the open pull request that proposes exactly this release, when there is one."""
    target = plan.target
    if not (target.create_pr and plan.head.repo_exists and plan.commits):
        return plan
    # A file that is not made yet is in no pull request.
    if any(change.made_at_publish for change in plan.changes):
        return plan
    for number in pull_requests.newest_open(hub, target):
        ref = pull_requests.ref_of(number)
        if not plan_differences(plan, hub.tree(target, ref)):
            return replace(plan, open_pull_request=number, existing_commit=hub.commit_of(target, ref))
    return plan
