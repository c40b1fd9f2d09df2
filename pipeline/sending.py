"""The bytes that leave are the bytes that were sealed.

Small files leave as the bytes that were hashed, read and hashed once more here. Large ones are hashed again while
they are sent (by the server with LFS, by the client with xet), and compared before the commit.
"""

import hashlib
import os
from collections.abc import Mapping

from hublish.pipeline.errors import SourceChangedError
from hublish.pipeline.hub.transfer import Addition
from hublish.pipeline.values import Action, Identity, InMemory, Plan, ReleaseFile
from hublish.schemas.problems import Problem


def additions(plan: Plan) -> tuple[Addition, ...]:
    """Return the files to send, each as bytes or as a path that still holds what was sealed.

    Raises:
        SourceChangedError: naming every file that changed, before any request.
    """
    ready: list[Addition] = []
    problems: list[Problem] = []
    for change in plan.of(Action.ADD, Action.CHANGE):
        if change.file is None:
            continue
        try:
            ready.append(_addition(change.file, as_bytes=change.upload_mode == "regular"))
        except OSError as error:
            problems.append(_changed(change.file, error.strerror or "cannot be read"))
        except _ChangedError as error:
            problems.append(_changed(change.file, str(error)))
    _refuse(problems)
    return tuple(ready)


def check_sent(plan: Plan, digests: Mapping[str, str]) -> None:
    """Compare the sha256 of what was sent with the plan, before the commit.

    Raises:
        SourceChangedError: when they differ; nothing was committed.
    """
    sealed = {file.path_in_repo: file for file in plan.release.files}
    _refuse(
        [
            _changed(sealed[path], "changed since it was sealed")
            for path in digests
            if digests[path] != sealed[path].sha256
        ]
    )


class _ChangedError(Exception):
    """A file is not what was sealed."""


def _addition(file: ReleaseFile, *, as_bytes: bool) -> Addition:
    if isinstance(file.content, InMemory):
        return Addition(file, file.content.data)
    path = file.content.path
    if not as_bytes:
        if Identity.of(os.lstat(path)) != file.content.identity:
            raise _ChangedError("changed since it was sealed")
        return Addition(file, path)
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as stream:
        if os.fstat(descriptor).st_size != file.size:
            raise _ChangedError("changed since it was sealed")
        data = stream.read()
    if hashlib.sha256(data).hexdigest() != file.sha256:
        raise _ChangedError("changed since it was sealed")
    return Addition(file, data)


def _changed(file: ReleaseFile, why: str) -> Problem:
    return Problem("source.changed", f"'{file.origin.source}' ({file.path_in_repo}): {why}")


def _refuse(problems: list[Problem]) -> None:
    if problems:
        msg = "files changed after they were sealed; nothing was committed"
        raise SourceChangedError(msg, hint="let the writing end, then run again", problems=problems)
