"""The bytes that are sent are the bytes that were sealed.

Small files are kept in memory since they were hashed, or read and hashed once more here; exactly those bytes are sent.
Large files are hashed again while they are sent (by the server with LFS, by the client with xet), and compared before
the commit.
"""

from collections.abc import Mapping
from pathlib import Path

from hublish.base.content import ContentChangedError
from hublish.base.digests import each_sealed, sealed_bytes
from hublish.base.values import Action, Change, Plan, ReleaseFile
from hublish.hub.client.sending import Addition, Stored

# Smaller files are sent as bytes also by LFS: bytes in memory cannot change between the check and the transfer.
_SMALL = 64 << 10


def additions(plan: Plan) -> tuple[Addition, ...]:
    """Return the files to send, each as bytes, or as the path of a file that is unchanged since it was sealed.

    Raises:
        SourceChangedError: before any request, with every file that changed.
    """

    modes = {change.path_in_repo: change.upload_mode for change in _sent(plan)}
    former = plan.release.former

    def addition(file: ReleaseFile) -> Addition:
        if former and former.is_stored(file.path_in_repo):
            return Addition(file, Stored(former.commit), "lfs")
        # The bytes are those that were hashed; a path is only checked, because the transfer hashes the file.
        mode = modes[file.path_in_repo]
        path = _path_to_send(file, in_lfs=mode != "regular")
        if path is None:
            return Addition(file, sealed_bytes(file), mode)
        file.content.unchanged()
        return Addition(file, path, mode)

    return each_sealed(_files(plan), addition)


def check_sent(plan: Plan, digests: Mapping[str, str]) -> None:
    """Compare the sha256 of the sent bytes with the plan, and check the files once more, before the commit.

    The second check is for Hubs that do not compare the bytes of LFS with their sha256.

    Raises:
        SourceChangedError: a file changed; nothing was committed.
    """

    # A digest that is missing was not sent: it counts as different.
    def check(file: ReleaseFile) -> None:
        if digests.get(file.path_in_repo) != file.sha256:
            raise ContentChangedError("changed while it was sent")

    each_sealed(_files(plan), check)
    require_unchanged(plan)


def require_unchanged(plan: Plan) -> None:
    """Check that the files that are sent by path are unchanged since they were sealed.

    Raises:
        SourceChangedError: with every file that changed.
    """
    in_lfs = _in_lfs(plan)
    by_path = (file for file in _files(plan) if _path_to_send(file, in_lfs=file.path_in_repo in in_lfs))
    each_sealed(by_path, lambda file: file.content.unchanged())


def _path_to_send(file: ReleaseFile, *, in_lfs: bool) -> Path | None:
    """Return the path from which the client reads the file; None when its bytes are sent."""
    return file.content.local_path if in_lfs and file.size > _SMALL else None


def _in_lfs(plan: Plan) -> frozenset[str]:
    # A file without an upload mode counts as large: it is then compared while it is sent.
    return frozenset(change.path_in_repo for change in _sent(plan) if change.upload_mode != "regular")


def _files(plan: Plan) -> tuple[ReleaseFile, ...]:
    return tuple(change.file for change in _sent(plan) if change.file is not None)


def _sent(plan: Plan) -> tuple[Change, ...]:
    return plan.of(Action.ADD, Action.CHANGE)
