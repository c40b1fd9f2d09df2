"""Files as the Hub lists them, and the tree of an earlier release."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from hublish.schemas.documents.lock import Lock


class Hashed(Protocol):
    """A file with both digests: a sealed file, or a locked one."""

    @property
    def sha256(self) -> str:
        """The digest of its bytes."""

    @property
    def blob_id(self) -> str:
        """The id of its bytes as a git blob."""


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the Hub lists it."""

    path_in_repo: str
    size: int
    blob_id: str
    """For an LFS file, the blob id of its pointer."""
    sha256: str | None = None
    """The digest of the content; only LFS files have it."""

    def holds(self, file: Hashed) -> bool:
        """Return whether the remote bytes are the sealed or locked ones."""
        # The blob id of an LFS file is that of its pointer: only the sha256 identifies the content.
        if self.sha256 is not None:
            return self.sha256 == file.sha256
        return self.blob_id == file.blob_id


@dataclass(frozen=True, repr=False)
class FormerRelease:
    """The tree of an earlier release, which a rollback publishes again."""

    name: str
    """Its tag or its commit, as it was named."""
    commit: str
    files: Mapping[str, RemoteFile]
    """Every file at the commit by its path, also those that were in the repo beside the release."""
    lock: "Lock | None" = None
    """The lock that records it; None without one."""

    def __repr__(self) -> str:
        return f"FormerRelease({self.name}, {self.commit[:12]}, {len(self.files)} files)"

    def is_stored(self, path: str) -> bool:
        """Return whether the Hub has a file outside of git: a commit then refers to it, and no byte of it is sent."""
        file = self.files.get(path)
        return file is not None and file.sha256 is not None
