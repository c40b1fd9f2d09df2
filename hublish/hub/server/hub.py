"""Everything a handler works with: the stores of one root, and how this server is set up."""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from hublish.hub.server.accounts import Accounts
from hublish.hub.server.facts import BlobFacts
from hublish.hub.server.git.cache import TreeCache
from hublish.hub.server.objects import ObjectStore
from hublish.hub.server.repositories import Repositories
from hublish.hub.server.uploads import Uploads


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes at which the protocol changes."""

    regular_file: int = 10 << 20
    """Larger files go to LFS, as on the Hub."""
    multipart: int = 1 << 30
    """Larger LFS files are uploaded in parts."""
    part: int = 64 << 20
    """Of such a part."""


class XetHashes(Protocol):
    """What the listings need to know of the xet store."""

    def xet_hash(self, sha256: str) -> str | None:
        """Return the xet hash of the content with this sha256, None if it never came by xet."""


@dataclass(frozen=True, slots=True)
class Hub:
    """The stores under one root. All of them are safe for many threads and processes."""

    root: Path
    repositories: Repositories
    objects: ObjectStore
    accounts: Accounts
    uploads: Uploads
    facts: BlobFacts
    trees: TreeCache
    limits: Limits
    xet: XetHashes | None

    def xet_hash(self, sha256: str) -> str | None:
        """Return the xet hash of stored content, None without one or with xet switched off."""
        return self.xet.xet_hash(sha256) if self.xet else None


def open_hub(root: Path, limits: Limits, objects: ObjectStore, xet: XetHashes | None) -> Hub:
    """Open the stores under `root`."""
    return Hub(
        root=root,
        repositories=Repositories(root),
        objects=objects,
        accounts=Accounts(root),
        uploads=Uploads(root, objects),
        facts=BlobFacts(),
        trees=TreeCache(),
        limits=limits,
        xet=xet,
    )
