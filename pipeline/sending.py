"""The bytes that leave are the bytes that were sealed.

Small files leave as the bytes that were hashed, read and hashed once more here. Large ones are hashed again while
they are sent (by the server with LFS, by the client with xet), and compared before the commit.
"""

from collections.abc import Mapping
from pathlib import Path

from hublish.pipeline import sealed
from hublish.pipeline.hub.transfer import Addition
from hublish.pipeline.values import Action, Change, InMemory, Plan, ReleaseFile

_SMALL = 64 << 10
"""Bytes below which a large-file upload, too, is of the bytes and not of the path: nothing is left to change."""


def additions(plan: Plan) -> tuple[Addition, ...]:
    """Return the files to send, each as bytes or as a path that still holds what was sealed.

    Raises:
        SourceChangedError: naming every file that changed, before any request.
    """
    regular = {change.path_in_repo for change in _sent(plan) if change.upload_mode == "regular"}

    def addition(file: ReleaseFile) -> Addition:
        in_lfs = file.path_in_repo not in regular
        return Addition(file, _path_of(file) if in_lfs and file.size > _SMALL else sealed.content(file), in_lfs)

    return sealed.each(_files(plan), addition)


def check_sent(plan: Plan, digests: Mapping[str, str]) -> None:
    """Compare the sha256 of what was sent with the plan, and look at the files once more, before the commit.

    The look is for the sake of Hubs that do not check what LFS brings them.

    Raises:
        SourceChangedError: when they differ; nothing was committed.
    """

    def check(file: ReleaseFile) -> None:
        if digests.get(file.path_in_repo) != file.sha256:
            msg = "changed while it was sent"
            raise sealed.ChangedError(msg)

    sealed.each(_files(plan), check)
    require_unchanged(plan)


def require_unchanged(plan: Plan) -> None:
    """Look whether the files that are sent from their place are untouched.

    Raises:
        SourceChangedError: naming every file that is not.
    """
    large = {change.path_in_repo for change in _sent(plan) if change.upload_mode != "regular"}
    sealed.each((file for file in _files(plan) if file.path_in_repo in large), sealed.require_identity)


def _sent(plan: Plan) -> tuple[Change, ...]:
    return plan.of(Action.ADD, Action.CHANGE)


def _files(plan: Plan) -> tuple[ReleaseFile, ...]:
    return tuple(change.file for change in _sent(plan) if change.file is not None)


def _path_of(file: ReleaseFile) -> Path | bytes:
    if isinstance(file.content, InMemory):
        return file.content.data
    sealed.require_identity(file)
    return file.content.path
