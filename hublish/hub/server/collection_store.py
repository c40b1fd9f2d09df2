"""Collections: curated lists of repositories, papers and other collections; one JSON file each.

A file is replaced by a rename, so that a reader, or a killed server, sees the old list or the new one. Changes of all
collections take turns: a lock each would stay behind on the disk for every deleted one.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from hublish.base.durable import sync_folder
from hublish.hub.server.durable_files import locked, read_json, write_json
from hublish.hub.server.repo_ids import is_valid_name
from hublish.hub.server.repositories import precise_timestamp

THEMES = ("orange", "blue", "green", "purple", "pink", "indigo")

ITEM_TYPES = ("model", "dataset", "space", "paper", "collection", "bucket")

# Characters, as on the Hub.
MAX_TITLE = 60
MAX_DESCRIPTION = 150
MAX_NOTE = 500

# Items of a collection: each costs a look at its repository.
MAX_ITEMS = 500

_ID = re.compile(r"(?:.*-)?([0-9a-f]{24})", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Item:
    """An entry of a collection."""

    id: str  # of the entry itself
    type: str  # one of ITEM_TYPES
    name: str  # of a repository when it was added, of a paper, or the slug of a collection when it was added
    identity: str = ""  # of a repository, which may be moved, or the id of a collection
    note: str | None = None

    @property
    def target(self) -> tuple[str, str]:
        """The target of the entry: no two entries of a collection have the same."""
        return self.type, self.identity or self.name


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection as it is stored."""

    id: str
    namespace: str
    title: str
    last_updated: str
    description: str | None = None
    private: bool = False
    theme: str = "orange"
    position: int = 0  # among those of its owner; deleted ones leave gaps
    items: tuple[Item, ...] = field(default=())

    @property
    def slug(self) -> str:
        """`namespace/title-in-lower-case-<id>`; a new title changes it, and the former ones keep their meaning."""
        words = re.sub(r"[^a-z0-9]+", "-", self.title.lower()).strip("-")
        return f"{self.namespace}/{words}-{self.id}"

    def with_items(self, items: tuple[Item, ...]) -> "Collection":
        """Return the collection with other items."""
        return replace(self, items=items)


def new_id() -> str:
    """Return an id in the Hub's form."""
    return secrets.token_hex(12)


class Collections:
    """The collections of one root, under `root/collections/<namespace>/<id>.json`."""

    def __init__(self, root: Path) -> None:
        self._folder = root / "collections"
        self._lock = root / "locks" / "collections.lock"
        self._scratch = root / "incoming"

    def changing(self) -> AbstractContextManager[None]:
        """Hold the lock of all collections, in a `with` block."""
        return locked(self._lock)

    def find(self, namespace: str, slug: str) -> Collection | None:
        """Return the collection with a slug, or with any former one; else None."""
        # Only the id counts. Names and ids come from requests: others could lead to any file.
        match = _ID.fullmatch(slug)
        return self._read(self._path(namespace, match[1])) if match and is_valid_name(namespace) else None

    def of(self, namespace: str) -> Iterator[Collection]:
        """Yield the collections of an owner."""
        if is_valid_name(namespace):
            yield from self._all(f"{namespace.lower()}/*.json")

    def list(self) -> Iterator[Collection]:
        """Yield all collections."""
        yield from self._all("*/*.json")

    def save(self, collection: Collection) -> Collection:
        """Store a collection with the current time; the caller holds the lock."""
        collection = replace(collection, last_updated=precise_timestamp())
        write_json(self._path(collection.namespace, collection.id), asdict(collection), scratch=self._scratch)
        return collection

    def delete(self, collection: Collection) -> None:
        """Delete a collection; the caller holds the lock."""
        path = self._path(collection.namespace, collection.id)
        path.unlink(missing_ok=True)
        sync_folder(path.parent)

    def move_to(self, collection: Collection, position: int) -> Collection:
        """Store a collection at another position among those of its owner, and renumber the others."""
        others = [other for other in self.of(collection.namespace) if other.id != collection.id]
        others.sort(key=lambda other: (other.position, other.id))
        moved = replace(collection, position=min(position, len(others)))
        for number, other in enumerate([*others[: moved.position], moved, *others[moved.position :]]):
            if other.position != number:
                self._renumber(replace(other, position=number))
        return moved

    def _renumber(self, collection: Collection) -> None:
        # Not an update: the time of the last one stays.
        write_json(self._path(collection.namespace, collection.id), asdict(collection), scratch=self._scratch)

    def _all(self, pattern: str) -> Iterator[Collection]:
        for path in sorted(self._folder.glob(pattern)):
            if found := self._read(path):  # else deleted meanwhile
                yield found

    def _read(self, path: Path) -> Collection | None:
        content: dict[str, Any] | None = read_json(path)
        if content is None:
            return None
        return Collection(**{**content, "items": tuple(Item(**item) for item in content["items"])})

    def _path(self, namespace: str, number: str) -> Path:
        # In lower case: some file systems would take the folders of two spellings for one.
        return self._folder / namespace.lower() / f"{number}.json"
