"""The plan as a whole: a release against one head."""

from hublish.base.values import Head, Plan, Release, settings
from hublish.hub.client import existing as standing
from hublish.hub.client.hub import Hub
from hublish.pipeline.compare import changes


def make(release: Release, head: Head, hub: Hub) -> Plan:
    """Compare a release with a head.

    Raises:
        RemoteConflictError: when the release's tag stands elsewhere.
        RemoteError: when the Hub cannot be asked.
    """
    repo = release.project.manifest.repo
    found = changes.with_upload_modes(changes.of(release, head), release, head, hub)
    plan = Plan(
        release=release,
        head=head,
        changes=found,
        settings=settings.of(repo, head),
        commit_message=repo.commit_message or f"Release {repo.tag or repo.repo_id}",
    )
    return standing.with_tag(standing.with_pull_request(plan, hub), hub)
