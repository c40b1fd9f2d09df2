"""Read a small file that the card names, never outside the manifest's folder."""

import os
import stat
from pathlib import Path

from hublish.base.content import Content, ContentChangedError
from hublish.base.errors import CardError
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.path_rules import path_problems

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def read_inside(folder: Path, relative: str, path: str, limit: int, hint: str = "") -> bytes:
    """Return the bytes of a file.

    Args:
        folder: of the manifest.
        relative: the file, with `/` between its segments.
        path: where the manifest names it: `card.template`.
        limit: the largest file that is read, in bytes.
        hint: what to do when there is no such file.

    Raises:
        CardError: when it is missing, too large, no regular file, or reached through a link.
    """
    wrong = path_problems(relative)
    if wrong:
        raise _refused(path, f"{relative}: {'; '.join(wrong)}", "give a path inside the manifest's folder")
    try:
        descriptor = open_inside(folder, relative)
    except FileNotFoundError:
        raise _refused(path, f"there is no file {relative}", _near(folder, relative) or hint) from None
    except OSError as error:
        raise _refused(path, f"{relative} cannot be read: {error.strerror}", "links are not followed") from None
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise _refused(path, f"{relative} is not a regular file", hint)
    with open(descriptor, "rb") as file:
        data = file.read(limit + 1)
    if len(data) > limit:
        raise _refused(path, f"{relative} is larger than {limit >> 10} KiB", hint)
    return data


def read_start(content: Content, name: str, limit: int) -> bytes:
    """Return up to `limit` bytes from the start of a staged file.

    Raises:
        CardError: when it cannot be read any more.
    """
    try:
        return content.read_at(0, limit)
    except (ContentChangedError, OSError) as error:
        msg = f"{name} cannot be read: {getattr(error, 'strerror', None) or error}"
        raise CardError(msg) from None


def open_inside(folder: Path, relative: str) -> int:
    """Open segment by segment, so that no component can be a link that leads out."""
    *parents, name = relative.split("/")
    current = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for segment in parents:
            below = os.open(segment, _FLAGS | os.O_DIRECTORY, dir_fd=current)
            os.close(current)
            current = below
        return os.open(name, _FLAGS, dir_fd=current)
    finally:
        os.close(current)


def _near(folder: Path, relative: str) -> str:
    """Return the file beside the missing one that has nearly its name."""
    from difflib import get_close_matches

    parent, slash, name = relative.rpartition("/")
    try:
        there = [each.name for each in (folder / parent).iterdir()]
    except OSError:
        return ""
    names = get_close_matches(name, there, n=1, cutoff=0.7)
    return f"did you mean '{parent}{slash}{names[0]}'?" if names else ""


def _refused(path: str, message: str, hint: str) -> CardError:
    return CardError("the card cannot be made", problems=[Problem("card.file", message, hint, path)])
