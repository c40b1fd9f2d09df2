"""Find what would stop a publication, before a file is read: missing rights, the lock, a full disk."""

import shutil
from collections.abc import Iterator
from pathlib import Path

from hublish.api.lock_target import last_release
from hublish.api.session import Session
from hublish.base.errors import AuthenticationError, DiskFullError, HublishError, PreflightError
from hublish.base.values import Collection, Head, Target
from hublish.formats.catalogue import COPY
from hublish.hub.client.account import objections
from hublish.pipeline.collect.collect import survey
from hublish.pipeline.lock.lock import require_writable
from hublish.pipeline.serialize.serialize import Serialize
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import SIGNATURE_FILE
from hublish.schemas.documents.sizes import format_size


def preflight(
    session: Session, head: Head, lock: Path | None, *, converts: bool = True, target: Target | None = None
) -> None:
    """Refuse a publication that cannot succeed. The sizes of files are enough, and the Hub gets at most one request.

    Args:
        session: the session.
        head: the head of the target's branch.
        lock: the lock to write; None if that is checked elsewhere.
        converts: whether the release is made of the sources of the manifest.
        target: the place of the commit. Default: that of the project.

    Raises:
        AuthenticationError: the token may not write there.
        HublishError: the lock cannot be written.
        DiskFullError: the conversions do not fit on the disk.
        PreflightError: with each of these, if there are several.
        OfflineError: the Hub cannot be reached.
    """
    found = [*_rights(session, target or session.target, head)]
    found += _lock(session, head, lock) if lock else ()
    found += _signer(session, head) if converts else ()
    found += _room(session) if converts else ()
    if len(found) == 1:
        raise found[0]
    if found:
        problems = [Problem(error.code, error.message, error.hint) for error in found]
        msg = f"publishing would fail for {len(found)} reasons"
        raise PreflightError(msg, hint="no file was read, and nothing was sent", problems=problems)


def _rights(session: Session, target: Target, head: Head) -> Iterator[HublishError]:
    # Asked for already to complete a repo_id without a namespace.
    known = session.__dict__.get("account")
    for found in objections(session.hub, target, exists=head.repo_exists, proposes=target.create_pr, known=known):
        yield AuthenticationError(found.message, hint=found.hint)


def _lock(session: Session, head: Head, lock: Path) -> Iterator[HublishError]:
    last = last_release(session.project, session.target)
    # Unless files have changed since, there is nothing to write: that is known when they have been read.
    is_locked = last is not None and last.commit == head.commit
    try:
        require_writable(lock, None if is_locked else 0)
    except HublishError as error:
        yield error


def _signer(session: Session, head: Head) -> Iterator[HublishError]:
    try:
        own = session.signer
    except HublishError as error:
        yield error
        return
    # Whether the signature on the Hub is that of this release is known when the files have been read.
    if own is not None and own.missing is not None and SIGNATURE_FILE not in head.files:
        yield own.missing


def _room(session: Session) -> Iterator[HublishError]:
    if all(artifact.serializer == COPY for artifact in session.project.manifest.artifacts):
        return
    # Problems with the sources are those of the stages, which report them with their places.
    collection = Collection(session.project, survey(session.project).candidates)
    try:
        needed = Serialize(session.workspace, cache=session.conversions).room(collection)
    except HublishError:
        return
    places = {folder.stat().st_dev: folder for folder in (session.workspace, session.conversions.place) if folder}
    free = sum(shutil.disk_usage(folder).free for folder in places.values())
    if needed > free:
        named = " and ".join(str(folder) for folder in places.values())
        msg = f"the conversions need about {format_size(needed)}, and {format_size(free)} are free in {named}"
        yield DiskFullError(msg, hint="free some space, or set TMPDIR to a folder on a larger disk")
