"""List the files of any folder for an audit, without a manifest: a link or a pipe is a problem, and never followed.

The one exception is the cache of huggingface_hub, whose snapshots consist of links to blobs of the same repo.
"""

import os
import re
from pathlib import Path
from typing import Final, NamedTuple

from hublish.base.content import Identity, OnDisk
from hublish.base.values import Kind, Origin, StagedFile
from hublish.formats.catalogue import COPY
from hublish.pipeline.collect.walking import Entry, kind_of, walk
from hublish.schemas.diagnose.problems import Problem

_REPO_IN_CACHE: Final = re.compile(r"(?:model|dataset|space|kernel)s--[^/]+")
_SHARED_BLOB: Final = re.compile(r"([0-9a-f]{2})/\1[0-9a-f]{62}")


class FolderFiles(NamedTuple):
    """The regular files below a folder, and everything else that is there."""

    files: tuple[StagedFile, ...]
    problems: tuple[Problem, ...]
    """With the path below the folder."""


def folder_files(folder: Path) -> FolderFiles:
    """Return all files below a folder, except those of git and of tools that keep their state there."""
    problems: list[Problem] = []
    repo = _cached_repo(folder)
    # As the files of a release are named, for which the cache of fingerprints is shared.
    root = os.path.abspath(folder)  # noqa: PTH100 - without following links

    def failed(relative: str, error: OSError) -> None:
        problems.append(_unreadable(relative, error))

    files = []
    try:
        for entry in walk(folder, failed=failed):
            found = _file(root, entry, repo)
            if isinstance(found, Problem):
                problems.append(found)
            else:
                files.append(found)
    except OSError as error:
        failed("", error)
    return FolderFiles(tuple(files), tuple(problems))


def single_file(path: Path) -> FolderFiles:
    """Return one file that a person named; a link is followed, as the person chose it."""
    real = Path(os.path.realpath(path))
    try:
        status = os.lstat(real)
    except OSError as error:
        return FolderFiles((), (_unreadable(path.name, error),))
    kind = kind_of(status.st_mode)
    if kind is not Kind.FILE:
        return FolderFiles((), (_not_a_file(path.name, kind),))
    return FolderFiles((_staged(path.name, OnDisk(str(real), Identity.of(status))),), ())


def _file(root: str, entry: Entry, repo: Path | None) -> StagedFile | Problem:
    # Strings rather than paths: there may be 100,000 files.
    place = f"{root}/{entry.relative}"
    if entry.kind is Kind.FILE:
        return _staged(entry.relative, OnDisk(place, entry.identity))
    if entry.kind is not Kind.LINK:
        return _not_a_file(entry.relative, entry.kind)
    blob = None if repo is None else _blob(place, repo)
    return _link(entry.relative, place) if blob is None else _staged(entry.relative, blob)


def _staged(relative: str, content: OnDisk) -> StagedFile:
    # Of an artifact, as a person can open its source.
    return StagedFile(relative, content, Origin(0, relative, COPY))


def _cached_repo(folder: Path) -> Path | None:
    """Return the folder of a repo in huggingface_hub's cache, for a folder in one of its snapshots; else None."""
    parts = Path(os.path.realpath(folder)).parts
    for index in range(len(parts) - 2, 0, -1):
        if parts[index] == "snapshots" and _REPO_IN_CACHE.fullmatch(parts[index - 1]):
            return Path(*parts[:index])
    return None


def _blob(place: str, repo: Path) -> OnDisk | None:
    """Return the blob of the repo that a link in a snapshot leads to; None for any other link."""
    link = Path(place)
    try:
        target = link.parent / link.readlink()
        blob = repo / "blobs" / target.name
        if os.path.realpath(target.parent) != str(blob.parent):
            return None
        if blob.is_symlink():
            # Large files are stored once for all repos of the cache, by another digest.
            shared = Path(os.path.realpath(blob))
            if shared.parent.parent != repo.parent / "blobs" or not _SHARED_BLOB.fullmatch("/".join(shared.parts[-2:])):
                return None
            blob = shared
        return OnDisk.at(blob) if kind_of(blob.lstat().st_mode) is Kind.FILE else None
    except OSError:
        return None


def _link(relative: str, place: str) -> Problem:
    if not os.path.exists(place):  # noqa: PTH110 - one of 100,000
        return Problem("source.symlink", "a dangling symlink", "remove it", relative)
    hint = "remove it, or replace it by the file"
    return Problem("source.symlink", "a symlink, which is not followed", hint, relative)


def _not_a_file(relative: str, kind: Kind) -> Problem:
    return Problem("source.not_a_file", f"not a regular file ({kind})", "move it away", relative)


def _unreadable(relative: str, error: OSError) -> Problem:
    reason = "permission denied" if isinstance(error, PermissionError) else error.strerror or str(error)
    return Problem("source.unreadable", f"cannot be read: {reason}", "make it readable", relative or ".")
