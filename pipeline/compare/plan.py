"""The plan as a whole: a release against one head."""

from hublish.base.values import Head, Plan, Release, Target
from hublish.base.values.publication import setting_changes
from hublish.hub.client import existing as standing
from hublish.hub.client.hub import Hub
from hublish.pipeline.compare import changes


def make(release: Release, target: Target, head: Head, hub: Hub) -> Plan:
    """Compare a release with the head of a target.

    Raises:
        RemoteConflictError: when the release's tag stands elsewhere.
        RemoteError: when the Hub cannot be asked.
    """
    found = changes.with_upload_modes(changes.of(release, head), release, target, head, hub)
    plan = Plan(
        release=release,
        target=target,
        head=head,
        changes=found,
        settings=setting_changes(target, head),
    )
    return standing.with_tag(standing.with_pull_request(plan, hub), hub)
