"""Trees out of names and bytes."""

from collections.abc import Mapping
from typing import Any

from hublish.pipeline.draft.tree import Item, Tree


def tree_of(files: Mapping[str, bytes], **more: Any) -> Tree:
    """A tree whose files are read from memory, as those of a repo on a Hub are."""
    items = tuple(Item(path, max(1, len(data))) for path, data in sorted(files.items()))
    return Tree("folder", items, reader=lambda path, limit: files[path][:limit], **more)


def named(*paths: str, **more: Any) -> Tree:
    """A tree of files that hold something."""
    return tree_of(dict.fromkeys(paths, b"x"), **more)
