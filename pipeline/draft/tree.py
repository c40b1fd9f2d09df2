"""What lies in a folder, or in a repo on a Hub, as a draft sees it: names, sizes, and the text of small files."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from hublish.base.values import Kind

SMALL: Final = 1 << 20
"""Bytes of the largest file that is read whole."""
HEAD: Final = 64 << 10
"""Bytes that are read of a text whose beginning says enough."""


@dataclass(frozen=True, slots=True)
class Item:
    """A name in the tree that is no folder."""

    path: str
    """Below the root, with `/` between segments."""
    size: int
    kind: Kind = Kind.FILE


def _nothing(path: str, limit: int) -> bytes:
    del path, limit
    return b""


@dataclass(frozen=True)
class Tree:
    """A folder that was listed; its files are read only where a name says that it is worth it."""

    name: str
    """Of the folder, or of the repo."""
    items: tuple[Item, ...]
    """Sorted by path."""
    closed: Mapping[str, str] = field(default_factory=dict)
    """Folders that were not looked into, with the reason."""
    reader: Callable[[str, int], bytes] = _nothing
    """Gives up to so many bytes from the start of a file; none where it cannot be read."""
    folder: Path | None = None
    """Where it lies on this machine; None for a repo on a Hub."""
    curated: bool = False
    """Whether somebody chose these files already: a repo on a Hub holds what is released."""

    @cached_property
    def sizes(self) -> Mapping[str, int]:
        """The regular files, by path."""
        return {item.path: item.size for item in self.items if item.kind is Kind.FILE}

    def __contains__(self, path: str) -> bool:
        return path in self.sizes

    def head(self, path: str, limit: int = HEAD) -> bytes:
        """Return up to `limit` bytes from the start of a file; none when there is no such file."""
        return self.reader(path, limit) if path in self.sizes else b""

    def text(self, path: str, limit: int = HEAD) -> str:
        """Return the beginning of a file as text, whatever its bytes are."""
        return self.head(path, limit).decode("utf-8", "replace")

    def json(self, path: str) -> Any:
        """Return what a small JSON file holds; None when it is none, or not small."""
        if self.sizes.get(path, SMALL + 1) > SMALL:
            return None
        try:
            return json.loads(self.head(path, SMALL))
        except (ValueError, RecursionError):
            return None

    def table(self, path: str) -> Mapping[str, Any]:
        """Return what a small JSON file holds when that is an object; else an empty one."""
        found = self.json(path)
        return found if isinstance(found, dict) else {}


def folder_of(path: str) -> str:
    """Return the folder a path lies in; the root is ''."""
    return path.rpartition("/")[0]


def name_of(path: str) -> str:
    """Return the last segment of a path."""
    return path.rpartition("/")[2]


def joined(folder: str, name: str) -> str:
    """Return the path of a name in a folder."""
    return f"{folder}/{name}" if folder else name


def below(paths: Iterable[str], folder: str) -> tuple[str, ...]:
    """Return the paths that lie in a folder, however deep."""
    return tuple(path for path in paths if not folder or path.startswith(f"{folder}/"))


def directly_in(paths: Iterable[str], folder: str) -> tuple[str, ...]:
    """Return the paths that lie in a folder itself."""
    return tuple(path for path in paths if folder_of(path) == folder)
