"""A folder on this machine as a tree: no link is followed, nothing is opened that is not a regular file."""

import os
import stat
from pathlib import Path
from typing import Final

from hublish.base.errors import UsageError
from hublish.pipeline.collect.walking import walk
from hublish.pipeline.draft.left_out import folder_reason
from hublish.pipeline.draft.tree import Item, Tree
from hublish.pipeline.render_card.reading import open_inside

MOST_FILES: Final = 200_000
"""More than the Hub takes in one repo; a folder with more is no release, and would take minutes to look at."""


def look_into(folder: Path) -> Tree:
    """List a folder; what is never released is not entered.

    Raises:
        UsageError: when it is no folder, or holds more files than any release.
        OSError: when it cannot be read.
    """
    if not folder.is_dir():
        msg = f"{folder} is not a folder"
        raise UsageError(msg, hint="name the folder that holds what you want to release")
    closed: dict[str, str] = {}

    def enter(path: str) -> bool:
        reason = folder_reason(path) or _unreadable(folder / path)
        if reason:
            closed[path] = reason
        return not reason

    items = []
    for entry in walk(folder, enter=enter):
        items.append(Item(entry.relative, entry.identity.size, entry.kind))
        if len(items) > MOST_FILES:
            msg = f"{folder} holds more than {MOST_FILES:,} files"
            raise UsageError(msg, hint="name the folder in it that holds what you want to release")
    items.sort(key=lambda item: item.path)
    return Tree(folder.resolve().name, tuple(items), closed, lambda path, limit: _head(folder, path, limit), folder)


def _unreadable(folder: Path) -> str:
    return "" if os.access(folder, os.R_OK | os.X_OK) else "cannot be read"


def _head(folder: Path, path: str, limit: int) -> bytes:
    try:
        descriptor = open_inside(folder, path)
    except OSError:
        return b""
    with open(descriptor, "rb") as file:
        return file.read(limit) if stat.S_ISREG(os.fstat(descriptor).st_mode) else b""
