"""Compare the release with the remote."""

from typing import Unpack

from hublish.api.options import HubOptions, takes
from hublish.api.read_project import AnyManifest, read_project
from hublish.api.session import Session
from hublish.base.values import Plan
from hublish.pipeline.publish import planning
from hublish.schemas.documents.file_names import MANIFEST_FILE


@takes(HubOptions)
def plan(manifest: AnyManifest = MANIFEST_FILE, **options: Unpack[HubOptions]) -> Plan:
    """Compare the release with the remote; nothing is written anywhere.

    A plan with `refusals` shows the changes, but cannot be published: its tag is at another release.

    Args:
        manifest: the manifest.
        **options: see `HubOptions`.

    Raises:
        PolicyError: the release breaks the policy.
        CardError: the Hub rejects the metadata of README.md.
        RemoteError: the Hub rejects a request or cannot be reached.
    """
    with Session(read_project(manifest), **options) as session:
        return planned(session)


# Also the beginning of `publish`, of a rehearsal, and of publishing an object.
def planned(session: Session) -> Plan:
    """Compare the release of a session's project with its target."""
    # The head first, then the files: a file that changes meanwhile is compared with an older head, never with a newer.
    head = session.hub.head(session.target)
    compare = planning(
        session.workspace, session.hub, session.target, head, session.progress, executor=session.executor
    )
    return compare.run(session.project, session.progress)
