"""The stores of one root and the settings of this server: everything a handler works with."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hublish.hub.server.accounts import Accounts
from hublish.hub.server.git.lfs_pointers import BlobFacts
from hublish.hub.server.git.repository import TreeCache
from hublish.hub.server.objects import ObjectStore
from hublish.hub.server.repositories import Repositories
from hublish.hub.server.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes at which the protocol changes."""

    regular_file: int = 10 << 20  # larger files go to LFS, as on the Hub
    multipart: int = 1 << 30  # larger LFS files are uploaded in parts
    part: int = 64 << 20  # size of such a part


class XetHashes(Protocol):
    """The part of the xet store that listings need."""

    def xet_hash(self, sha256: str) -> str | None:
        """Return the xet hash of the content with this sha256, or None when it was not uploaded by xet."""


class Hub:
    """The stores under one root. All of them are safe for many threads and processes."""

    def __init__(self, root: Path, limits: Limits, objects: ObjectStore, xet: XetHashes | None) -> None:
        self.limits = limits
        self.objects = objects
        self.repositories = Repositories(root)
        self.accounts = Accounts(root)
        self.uploads = Uploads(root, objects)
        self.facts = BlobFacts()
        self.trees = TreeCache()
        self._xet = xet

    def xet_hash(self, sha256: str) -> str | None:
        """Return the xet hash of stored content, or None without one or with xet switched off."""
        return self._xet.xet_hash(sha256) if self._xet else None
