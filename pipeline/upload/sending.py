"""The bytes that leave are the bytes that were sealed.

Small files leave as the bytes that were hashed, read and hashed once more here. Large ones are hashed again while
they are sent (by the server with LFS, by the client with xet), and compared before the commit.
"""

from collections.abc import Mapping
from pathlib import Path

from hublish.base.content import ContentChangedError
from hublish.base.digests import each_sealed, sealed_bytes
from hublish.base.values import Action, Change, Plan, ReleaseFile
from hublish.hub.client.transfer import Addition

_SMALL = 64 << 10
"""Bytes below which a large-file upload, too, is of the bytes and not of the path: nothing is left to change."""


def additions(plan: Plan) -> tuple[Addition, ...]:
    """Return the files to send, each as bytes or as a path that still holds what was sealed.

    Raises:
        SourceChangedError: naming every file that changed, before any request.
    """

    def addition(file: ReleaseFile, *, in_lfs: bool) -> Addition:
        path = _path_to_send(file, in_lfs=in_lfs)
        if path is None:
            return Addition(file, sealed_bytes(file), in_lfs)
        file.content.unchanged()
        return Addition(file, path, in_lfs)

    in_lfs = _in_lfs(plan)
    return each_sealed(_files(plan), lambda file: addition(file, in_lfs=file.path_in_repo in in_lfs))


def check_sent(plan: Plan, digests: Mapping[str, str]) -> None:
    """Compare the sha256 of what was sent with the plan, and look at the files once more, before the commit.

    The look is for the sake of Hubs that do not check what LFS brings them.

    Raises:
        SourceChangedError: when they differ; nothing was committed.
    """

    def check(file: ReleaseFile) -> None:
        if digests.get(file.path_in_repo) != file.sha256:
            msg = "changed while it was sent"
            raise ContentChangedError(msg)

    each_sealed(_files(plan), check)
    require_unchanged(plan)


def require_unchanged(plan: Plan) -> None:
    """Look whether the files that are sent from their place are untouched.

    Raises:
        SourceChangedError: naming every file that is not.
    """
    in_lfs = _in_lfs(plan)
    by_path = (file for file in _files(plan) if _path_to_send(file, in_lfs=file.path_in_repo in in_lfs))
    each_sealed(by_path, lambda file: file.content.unchanged())


def _path_to_send(file: ReleaseFile, *, in_lfs: bool) -> Path | None:
    """Return the path that the client reads the file from; None when the bytes themselves are sent."""
    return file.content.local_path if in_lfs and file.size > _SMALL else None


def _in_lfs(plan: Plan) -> frozenset[str]:
    # What the Hub was not asked about, or answered strangely, is treated as large: compared while it is sent.
    return frozenset(change.path_in_repo for change in _sent(plan) if change.upload_mode != "regular")


def _files(plan: Plan) -> tuple[ReleaseFile, ...]:
    return tuple(change.file for change in _sent(plan) if change.file is not None)


def _sent(plan: Plan) -> tuple[Change, ...]:
    return plan.of(Action.ADD, Action.CHANGE)
