"""From a reference to arrays: Reference -> RemoteRelease -> DownloadPlan -> LocalRelease -> Loaded."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from hublish.schemas.documents.manifest import Load, RepoType


def target_path(target: str) -> str:
    """Return where a release would hold the module of `module:Class`."""
    return target.partition(":")[0].replace(".", "/") + ".py"


@dataclass(frozen=True, slots=True)
class Digest:
    """How the bytes of a file are checked."""

    algorithm: Literal["sha256", "git-blob"]
    value: str


@dataclass(frozen=True, slots=True)
class PromisedFile:
    """A file at a commit, with the digest it must have."""

    path_in_repo: str
    size: int
    digest: Digest


@dataclass(frozen=True)
class Reference:
    """What a person asks for: a repo at a revision, or what a lock names."""

    repo_id: str
    repo_type: RepoType = "model"
    revision: str = "main"
    """A branch, tag, pull request ref or commit; the commit, when a lock promises the files."""
    locked: tuple[PromisedFile, ...] | None = None
    """Every file with its digest, when a lock promised them."""
    load: Load | None = None
    """The load plan, when a lock or a caller gave it; else it is read from hub.yaml at the revision."""


@dataclass(frozen=True)
class RemoteRelease:
    """A reference resolved to one commit."""

    reference: Reference
    commit: str
    files: tuple[PromisedFile, ...]
    load: Load


@dataclass(frozen=True)
class DownloadPlan:
    """The files that a load needs."""

    release: RemoteRelease
    files: tuple[PromisedFile, ...]


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A downloaded file."""

    promised: PromisedFile
    path: Path


@dataclass(frozen=True)
class LocalRelease:
    """The files on this machine."""

    plan: DownloadPlan
    folder: Path
    """The folder that holds them under their path_in_repo."""
    files: tuple[LocalFile, ...]
    checked: bool = False
    """Whether every byte was compared with its digest."""


@dataclass(frozen=True)
class Loaded:
    """What was loaded: arrays by name, mapped from the files and read when touched."""

    release: LocalRelease
    arrays: Mapping[str, Any]
    """`numpy.ndarray` by tensor name."""


@dataclass(frozen=True)
class Restored:
    """What was loaded, as the caller wants it."""

    release: LocalRelease
    value: Any
