"""The stores of one root and the settings of this server: everything a handler works with."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from hublish.hub.server.accounts import Accounts
from hublish.hub.server.git.lfs_pointers import BlobFacts
from hublish.hub.server.git.references import References
from hublish.hub.server.git.repository import TreeCache, UnpackedFiles
from hublish.hub.server.metadata_cache import MetadataCache
from hublish.hub.server.objects import ObjectStore, Senders
from hublish.hub.server.repositories import Repositories
from hublish.hub.server.uploads import Uploads

# Returns the xet hash of the content with this sha256, or None when it was not uploaded by xet.
XetHash = Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class Limits:
    """Sizes in bytes at which the protocol changes."""

    regular_file: int = 10 << 20  # larger files go to LFS, as on the Hub
    multipart: int = 1 << 30  # larger LFS files are uploaded in parts
    part: int = 64 << 20  # size of such a part


class Hub:
    """The stores under one root. All of them are safe for many threads and processes."""

    def __init__(self, root: Path, limits: Limits, objects: ObjectStore, xet_hash: XetHash) -> None:
        self.limits = limits
        self.objects = objects
        self.root = root
        self.repositories = Repositories(root)
        self.accounts = Accounts(root)
        self.senders = Senders(root)
        self.uploads = Uploads(root, objects, self.senders)
        self.facts = BlobFacts()
        self.references = References(self.facts)
        self.trees = TreeCache()
        self.metadata = MetadataCache()
        self.unpacked = UnpackedFiles(objects.scratch)
        self.xet_hash = xet_hash
        # A push of many objects takes 100 MB of memory: others wait, without a thread.
        self.receiving = asyncio.Semaphore(2)
