"""Read the files that a manifest's card names, only inside the manifest's folder."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from hublish.base.content import open_below
from hublish.base.errors import CardError
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.diagnose.suggestions import nearest
from hublish.schemas.documents.path_rules import path_problems


def read_inside(folder: Path, relative: str, path: str, limit: int, hint: str = "") -> bytes:
    """Return the bytes of a file in the manifest's folder.

    Args:
        folder: the manifest's folder.
        relative: the file's path, with `/` between segments.
        path: the field of the manifest that names it, such as `card.template`.
        limit: the largest file that is read, in bytes.
        hint: the hint if the file does not exist.

    Raises:
        CardError: when the file is missing, too large, not a regular file, or behind a link.
    """
    with opened_inside(folder, relative, path, hint) as (file, _):
        data = file.read(limit + 1)  # one more byte shows that the file is too large
    if len(data) > limit:
        raise _refused(path, f"{relative} is larger than {limit >> 10} KiB", hint)
    return data


@contextmanager
def opened_inside(folder: Path, relative: str, path: str, hint: str = "") -> Iterator[tuple[BinaryIO, int]]:
    """Open a file in the manifest's folder, and return the stream and its size in bytes; see `read_inside`."""
    # Manifests that are built in Python have not been validated.
    wrong = path_problems(relative)
    if wrong:
        raise _refused(path, f"{relative}: {'; '.join(wrong)}", "give a path inside the manifest's folder")
    try:
        descriptor = open_below(folder, relative)
    except FileNotFoundError:
        raise _refused(path, f"there is no file {relative}", _near(folder, relative) or hint) from None
    except OSError as error:
        raise _refused(path, f"{relative} cannot be read: {error.strerror}", "links are not followed") from None
    # Checked on the descriptor: the path may name another file by now.
    status = os.fstat(descriptor)
    if not stat.S_ISREG(status.st_mode):
        os.close(descriptor)
        raise _refused(path, f"{relative} is not a regular file", hint)
    with open(descriptor, "rb") as file:
        yield file, status.st_size


def _near(folder: Path, relative: str) -> str:
    """Return a hint with the file in the same folder whose name is most similar."""
    parent, slash, name = relative.rpartition("/")
    try:
        names = [each.name for each in (folder / parent).iterdir()]
    except OSError:
        return ""
    near = nearest(name, names, cutoff=0.7)
    return f"did you mean '{parent}{slash}{near}'?" if near else ""


def _refused(path: str, message: str, hint: str) -> CardError:
    return CardError("the card cannot be rendered", problems=[Problem("card.file", message, hint, path)])
