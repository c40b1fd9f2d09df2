"""Compare the release with the remote."""

from dataclasses import replace
from typing import Unpack

from hublish.api.options import HubOptions, takes
from hublish.api.read_project import AnyManifest, read_lock_file, read_project
from hublish.api.session import Session
from hublish.base.errors import DocumentInvalidError
from hublish.base.values import Plan
from hublish.pipeline.compare.advice import with_advice
from hublish.pipeline.publish import planning
from hublish.schemas.documents.file_names import LOCK_FILE, MANIFEST_FILE


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
        return with_advice(planned(session), session.hub)


# Also the beginning of `publish`, of a rehearsal, and of publishing an object.
def planned(session: Session) -> Plan:
    """Compare the release of a session's project with its target."""
    session.complete_repo_id()
    # The head first, then the files: a file that changes meanwhile is compared with an older head, never with a newer.
    head = session.hub.head(session.target)
    compare = planning(
        session.workspace,
        session.hub,
        session.target,
        head,
        session.progress,
        executor=session.executor,
        released=_last_paths(session),
    )
    compared = compare.run(session.project, session.progress)
    return replace(compared, release=session.placed(compared.release))


def _last_paths(session: Session) -> frozenset[str]:
    """Return the paths of the last release to the same repo, as its lock records them."""
    path = session.project.folder / LOCK_FILE
    if not path.exists():
        return frozenset()
    try:
        lock = read_lock_file(path)
    except DocumentInvalidError:  # it is written anew, and nothing depends on it
        return frozenset()
    same = (lock.repo_id, lock.repo_type) == (session.target.repo_id, session.target.repo_type)
    return frozenset(file.path_in_repo for file in lock.files if same)
