"""List the files under a folder, without following a link, opening a device or blocking on a pipe.

Every folder is opened relative to its parent with O_NOFOLLOW: a component that is replaced by a link during the walk is
an error, and never a way out of the tree.
"""

import errno
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, NamedTuple

from hublish.base.content import Identity, folder_below
from hublish.base.values import Kind
from hublish.schemas.documents.file_names import STATE_FOLDER

Failed = Callable[[str, OSError], None]


class Entry(NamedTuple):
    """A name found in the tree."""

    relative: str
    """Below the root, with `/` between segments."""
    kind: Kind
    identity: Identity


# Names that are never released: git's and our own. huggingface_hub leaves out `.git` and `.cache/huggingface` too.
_PRUNED: Final = frozenset([".git", STATE_FOLDER])
_CACHE: Final = (".cache", "huggingface")
_DEEPEST: Final = 256
# The bits of `stat.S_IFMT`, which is slower than all else that is done with a file here.
_FORMAT: Final = 0o170000
_KINDS: Final = {
    stat.S_IFREG: Kind.FILE,
    stat.S_IFLNK: Kind.LINK,
    stat.S_IFDIR: Kind.FOLDER,
    stat.S_IFIFO: Kind.FIFO,
    stat.S_IFSOCK: Kind.SOCKET,
}


def pruned_folder(relative: str) -> str | None:
    """Return the topmost folder of a path that is never entered, the path itself included; None without one."""
    folder = ""
    for name in relative.split("/"):
        below = f"{folder}/{name}" if folder else name
        if _is_pruned(name, folder):
            return below
        folder = below
    return None


def walk(
    root: Path, below: str = "", enter: Callable[[str], bool] | None = None, failed: Failed | None = None
) -> Iterator[Entry]:
    """List everything that is not a folder under `root/below`, sorted by name, folder by folder.

    The root may be reached through links, the folder below it may not. `enter` decides by its path below the root
    whether a folder is searched; without it, all that are not pruned are. `failed` receives the folders that cannot be
    read, and the walk goes on with the others.

    Raises:
        OSError: when a folder cannot be read, or became a link meanwhile; with `failed`, only for the first one.
    """
    with folder_below(root, below) as descriptor:
        yield from _walk(descriptor, below, enter or (lambda _: True), failed)


def look(root: Path, relative: str) -> Entry | None:
    """Return the entry of `relative` under `root`, None without one; components that are links are not followed."""
    folder, _, name = relative.rpartition("/")
    try:
        # os.stat on the whole path would follow links on the way.
        with folder_below(root, folder) as descriptor:
            status = os.stat(name, dir_fd=descriptor, follow_symlinks=False)
    # NotADirectoryError: a component of the path is a file, or a link.
    except (FileNotFoundError, NotADirectoryError):
        return None
    return Entry(relative, kind_of(status.st_mode), Identity.of(status))


def kind_of(mode: int) -> Kind:
    """Return the kind of file that an `st_mode` encodes."""
    return _KINDS.get(mode & _FORMAT, Kind.DEVICE)


def _is_pruned(name: str, parent: str) -> bool:
    return name in _PRUNED or (name == _CACHE[1] and parent.rpartition("/")[2] == _CACHE[0])


def _walk(descriptor: int, prefix: str, enter: Callable[[str], bool], failed: Failed | None) -> Iterator[Entry]:
    with os.scandir(descriptor) as listing:
        # Sorted, as the order of a directory differs between file systems and a release must not.
        found = sorted(((entry.name, entry.stat(follow_symlinks=False)) for entry in listing), key=lambda pair: pair[0])
    for name, status in found:
        # Not only folders: in a submodule, and in a linked working tree, `.git` is a file.
        if _is_pruned(name, prefix):
            continue
        relative, kind = f"{prefix}/{name}" if prefix else name, kind_of(status.st_mode)
        if kind is not Kind.FOLDER:
            yield Entry(relative, kind, Identity.of(status))
        elif enter(relative):
            try:
                yield from _descend(descriptor, name, relative, enter, failed)
            except OSError as error:
                if failed is None:
                    raise
                failed(relative, error)


def _descend(
    parent: int, name: str, relative: str, enter: Callable[[str], bool], failed: Failed | None
) -> Iterator[Entry]:
    # No path of a release has as many folders, and each takes a descriptor and two frames of the stack.
    if relative.count("/") >= _DEEPEST:
        raise OSError(errno.ENAMETOOLONG, f"nested more than {_DEEPEST} folders deep")
    child = os.open(name, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=parent)
    try:
        yield from _walk(child, relative, enter, failed)
    finally:
        os.close(child)
