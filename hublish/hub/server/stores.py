"""The stores of one root and the settings of this server: everything a handler works with."""

import asyncio
import json
import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import astuple, dataclass
from pathlib import Path
from typing import Any, Protocol

from hublish.hub.server.accounts import Accounts
from hublish.hub.server.browser_sessions import Sessions
from hublish.hub.server.collection_store import Collections
from hublish.hub.server.git.last_changes import ChangedPaths
from hublish.hub.server.git.lfs_pointers import BlobFacts
from hublish.hub.server.git.references import References
from hublish.hub.server.git.repository import CommitCache, TreeCache, UnpackedFiles
from hublish.hub.server.objects import ObjectStore, Senders
from hublish.hub.server.repositories import Repositories
from hublish.hub.server.trusted_publishers import Publishers
from hublish.hub.server.uploads import Uploads


class Xet(Protocol):
    """The content store of the xet protocol, as far as other calls refer to it."""

    def xet_hash(self, sha256: str) -> str | None:
        """Return the xet hash of the content with this sha256, or None when it was not uploaded by xet."""

    def known_file(self, xet_hash: str) -> tuple[str, int] | None:
        """Return the sha256 and the size of the file with this xet hash, or None when it was not uploaded here."""

    def cas_path(self, user: str) -> str:
        """Return the path under which a user (empty: an anonymous caller) reaches the store."""

    def write_token(self, repo: str, user: str) -> tuple[str, int]:
        """Return a token for uploads to a repository, and the second of its expiry."""


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes at which the protocol changes."""

    regular_file: int = 10 << 20  # larger files go to LFS, as on the Hub
    multipart: int = 1 << 30  # larger LFS files are uploaded in parts
    part: int = 64 << 20  # size of such a part


class Hub:
    """The stores under one root. All of them are safe for many threads and processes."""

    def __init__(self, root: Path, limits: Limits, objects: ObjectStore, xet: Xet | None) -> None:
        self.limits = limits
        self.objects = objects
        self.root = root
        self.repositories = Repositories(root)
        self.collections = Collections(root)
        self.accounts = Accounts(root)
        self.publishers = Publishers(root)
        self.senders = Senders(root)
        self.uploads = Uploads(root, objects, self.senders)
        self.facts = BlobFacts()
        self.references = References(self.facts)
        self.commits = CommitCache()
        self.changed_paths = ChangedPaths()
        self.trees = TreeCache()
        self.metadata = MetadataCache()
        self.unpacked = UnpackedFiles(objects.scratch)
        self.xet = xet
        self.sessions = Sessions()
        self.hosts: frozenset[str] = frozenset()  # beside the names of this machine, under which pages are shown
        # A push of many objects takes 100 MB of memory: others wait, without a thread.
        self.receiving = asyncio.Semaphore(2)

    def xet_hash(self, sha256: str) -> str | None:
        """Return the xet hash of the content with this sha256, or None when it was not uploaded by xet."""
        return self.xet.xet_hash(sha256) if self.xet else None


# Bytes of all of it together, as JSON; in memory they take about five times as much.
MAX_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Metadata:
    """The metadata of one tree; None for a property that it does not have."""

    card: dict[str, Any] | None
    tags: tuple[str, ...]
    library_name: str | None = None
    pipeline_tag: str | None = None
    config: dict[str, Any] | None = None
    transformers_info: dict[str, Any] | None = None
    safetensors: dict[str, Any] | None = None
    gguf: dict[str, Any] | None = None
    results: tuple[dict[str, Any], ...] = ()  # of evaluations, of a model
    has_app: bool = False  # of a Space

    def strings(self, key: str) -> list[str]:
        """Return the strings under a key of the card, one or a list."""
        return list(strings((self.card or {}).get(key)))


class MetadataCache:
    """The most recently used metadata, by the type of repository and the id of its tree."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._known: OrderedDict[tuple[str, str], tuple[Metadata, int]] = OrderedDict()
        self._bytes = 0
        self._lock = threading.Lock()

    def get(self, key: tuple[str, str]) -> Metadata | None:
        """Return the metadata under a key, or None."""
        with self._lock:
            if found := self._known.get(key):
                self._known.move_to_end(key)
                return found[0]
            return None

    def put(self, key: tuple[str, str], metadata: Metadata) -> None:
        """Keep the metadata under a key, and drop the least recently used ones."""
        size = len(json.dumps(astuple(metadata)))
        with self._lock:
            if key not in self._known:
                self._known[key] = (metadata, size)
                self._bytes += size
            while self._bytes > self._max_bytes:
                self._bytes -= self._known.popitem(last=False)[1][1]


def strings(value: Any) -> Iterator[str]:
    """Yield the strings of a value in a card, which may be one or a list."""
    return (item for item in (value if isinstance(value, list) else [value]) if isinstance(item, str))
