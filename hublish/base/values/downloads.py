"""From a reference to arrays or an object: Reference -> RemoteRelease -> DownloadPlan -> LocalRelease -> Loaded."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from hublish.base.content import Identity
from hublish.base.values.examined import Examination
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.lock import LockedSignature
from hublish.schemas.documents.manifest import Load


def module_path(target: str) -> str:
    """Return the path in a release of the module of `module:Class`."""
    return target.partition(":")[0].replace(".", "/") + ".py"


@dataclass(frozen=True, slots=True)
class Digest:
    """The expected digest of a file."""

    algorithm: Literal["sha256", "git-blob"]
    value: str


@dataclass(frozen=True, slots=True)
class PromisedFile:
    """A file at a commit, with the digest it must have."""

    path_in_repo: str
    size: int
    digest: Digest
    blob_id: str | None = None
    """The id by which the Hub lists it outside of LFS, where a signature has given it another digest."""

    @property
    def listed_blob_id(self) -> str | None:
        """The id by which the Hub lists it outside of LFS; None if it is in LFS, or not known."""
        return self.digest.value if self.digest.algorithm == "git-blob" else self.blob_id


# Each type is proof of a step: a LocalRelease exists only after a download, and a loader can require a checked one.
@dataclass(frozen=True)
class Reference:
    """A repo at a revision, or the release that a lock records."""

    repo_id: str
    repo_type: RepoType = "model"
    revision: str = "main"
    """A branch, tag, pull request ref or commit; with a lock, its commit."""
    locked: tuple[PromisedFile, ...] | None = None
    """Every file with its digest, from a lock."""
    load: Load | None = None
    """The load plan of a lock or of the caller; otherwise it is read from hub.yaml at the revision."""
    signature: LockedSignature | None = None
    """The signature that a lock records."""


@dataclass(frozen=True)
class RemoteRelease:
    """A reference resolved to one commit."""

    reference: Reference
    commit: str
    files: tuple[PromisedFile, ...]
    load: Load
    new_version: str | None = None
    """The repo to use instead, if the card names one; with a lock, no card is read."""
    examination: Examination | None = None
    """Its signature and claims by the rule of a trust policy; None when no rule applies. Its files then have the
    digests that were signed."""
    renamed_to: str | None = None
    """The id that the Hub has for the repo, where it was asked for by another one; with a lock, it is not asked."""


@dataclass(frozen=True)
class DownloadPlan:
    """The files that a load needs."""

    release: RemoteRelease
    files: tuple[PromisedFile, ...]
    present: frozenset[str] = frozenset()
    """Files that the caller's folder holds already, with these bytes: they are not downloaded."""
    replaced: frozenset[str] = frozenset()
    """Files in the caller's folder that get other bytes."""
    leftovers: tuple[str, ...] = ()
    """Files of earlier pulls in the caller's folder that are not files of this release. They stay."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The result of reading a downloaded file."""

    fault: str | None = None
    """How its bytes differ from the promised ones; None when they are the same."""
    pickle: str | None = None
    """A description of the pickle that it is or contains."""
    identity: Identity | None = None
    """The file as it was from the first byte to the last; None when the bytes differ or the file changed meanwhile."""
    began_ns: int = 0
    """The time at which reading began."""


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A downloaded file."""

    promised: PromisedFile
    path: Path
    began_ns: int = 0
    """The time at which its download began: what is older was there before."""
    finding: Finding | None = field(default=None, repr=False)
    """For a file that was read as soon as it had arrived."""


@dataclass(frozen=True)
class LocalRelease:
    """A release on this machine."""

    plan: DownloadPlan
    folder: Path
    """The folder that contains the files under their path_in_repo."""
    files: tuple[LocalFile, ...]
    checked: bool = False
    """Whether every byte was compared with its digest."""
    warnings: tuple[Problem, ...] = ()
    """The pickles that the caller permitted, and whether the repo is deprecated."""


@dataclass(frozen=True)
class Loaded:
    """Arrays by name, mapped from the files and read on access."""

    release: LocalRelease
    arrays: Mapping[str, Any]
    """`numpy.ndarray` by tensor name."""


@dataclass(frozen=True)
class Restored:
    """The object that the caller wants, filled with the weights."""

    release: LocalRelease
    value: Any
