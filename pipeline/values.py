"""What flows between the stages, in the order it appears. Everything here is frozen.

publish:  Project -> Collection -> Staged -> Staged (+README.md) -> Release -> Plan -> Receipt
load:     Reference -> RemoteRelease -> DownloadPlan -> LocalRelease -> Loaded
"""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal

from hublish.schemas.manifest import Load, Manifest, RepoType
from hublish.schemas.problems import Problem

# ---------------------------------------------------------------------------------------------- publish


@dataclass(frozen=True)
class Project:
    """A manifest and the folder it speaks of."""

    manifest: Manifest
    text: bytes
    """The manifest as written; it is published byte for byte as `hub.yaml`."""
    folder: Path
    """Absolute; sources are relative to it."""
    name: str = "hub.yaml"
    """How diagnostics call the file."""
    objects: Mapping[str, Any] = field(default_factory=dict)
    """In-memory values by an artifact's `path_in_repo`; they stand in for its source."""


class Kind(StrEnum):
    """What a name on disk stands for."""

    FILE = "file"
    LINK = "symbolic link"
    FOLDER = "folder"
    FIFO = "fifo"
    SOCKET = "socket"
    DEVICE = "device"


@dataclass(frozen=True, slots=True)
class Identity:
    """What tells a file from another that took its place, or from itself after a change."""

    device: int
    inode: int
    size: int
    mtime_ns: int
    ctime_ns: int

    @classmethod
    def of(cls, status: os.stat_result) -> "Identity":
        """Take the identity from an `os.stat` answer."""
        return cls(status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)


@dataclass(frozen=True, slots=True)
class OnDisk:
    """Bytes that lie in a file, which is never copied."""

    path: Path
    identity: Identity


@dataclass(frozen=True, slots=True)
class InMemory:
    """Bytes that were made here and are small: the card, the manifest."""

    data: bytes


Content = OnDisk | InMemory


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a file is in, and the rule that decided."""

    included: bool
    rule: str
    """The rule in words a person finds again in hub.yaml: `patterns.ignore_patterns[0]: *.tmp`."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that was considered."""

    path_in_repo: str
    """Where it goes; before serialization, for a file that is converted."""
    source: str
    """The file relative to the manifest's folder, or what made it."""
    content: Content | None
    """Where its bytes are; None when `value` holds the object instead."""
    artifact: int | None
    """Index of the artifact in the manifest; None for what hublish adds by itself."""
    verdict: Verdict
    kind: Kind = Kind.FILE
    """What the name stands for; only files are ever part of a release."""
    value: Any = None
    """The in-memory object of `Project.objects`."""


@dataclass(frozen=True)
class Collection:
    """Every file that was considered, each with its verdict, sorted by path_in_repo."""

    project: Project
    candidates: tuple[Candidate, ...]
    warnings: tuple[Problem, ...] = ()

    @property
    def included(self) -> tuple[Candidate, ...]:
        """The files that are part of the release."""
        return tuple(candidate for candidate in self.candidates if candidate.verdict.included)


@dataclass(frozen=True, slots=True)
class Origin:
    """What made a file: enough to make it again."""

    artifact: int | None
    source: str
    serializer: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    rule: str = ""


@dataclass(frozen=True, slots=True)
class StagedFile:
    """A file as it will go up."""

    path_in_repo: str
    content: Content
    origin: Origin


@dataclass(frozen=True)
class Staged:
    """Every file in its final format."""

    collection: Collection
    files: tuple[StagedFile, ...]
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class ReleaseFile:
    """A sealed file."""

    path_in_repo: str
    size: int
    sha256: str
    blob_id: str
    """git's id of the bytes as a blob: what the Hub shows for files outside LFS."""
    content: Content
    origin: Origin


@dataclass(frozen=True)
class Release:
    """Sealed: after this nothing is read that was not hashed. Sorted by path_in_repo."""

    project: Project
    files: tuple[ReleaseFile, ...]
    excluded: tuple[Candidate, ...] = ()
    warnings: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file as the Hub lists it."""

    path_in_repo: str
    size: int
    blob_id: str
    """For an LFS file, the blob id of its pointer."""
    sha256: str | None = None
    """Of the content; only LFS files have it."""

    def holds(self, file: ReleaseFile) -> bool:
        """Whether the remote bytes are the sealed ones."""
        if self.sha256 is not None:
            return self.sha256 == file.sha256
        return self.blob_id == file.blob_id


@dataclass(frozen=True)
class Head:
    """One remote revision, as it stood when it was asked."""

    repo_id: str
    repo_type: RepoType
    revision: str
    endpoint: str
    repo_exists: bool
    commit: str | None
    """None when the repo, or the branch, does not exist."""
    files: Mapping[str, RemoteFile] = field(default_factory=dict)
    visibility: str | None = None
    gated: str | Literal[False] | None = None
    tags: Mapping[str, str] = field(default_factory=dict)
    """Tag name to the commit it stands at."""
    default_commit: str | None = None
    """Head of main: where a missing branch begins."""


class Action(StrEnum):
    """What publishing does to one file."""

    ADD = "add"
    CHANGE = "change"
    KEEP = "keep"
    DELETE = "delete"
    IGNORE = "ignore"
    """A .gitignore makes the Hub drop it silently: shown in the plan, refused when publishing."""
    LEAVE = "leave"
    """A remote file the release does not hold and may not delete."""


@dataclass(frozen=True, slots=True)
class Change:
    """One file's fate."""

    action: Action
    path_in_repo: str
    file: ReleaseFile | None = None
    """The sealed file; None for DELETE and LEAVE."""
    remote: RemoteFile | None = None
    """The file that stands there now; None for ADD."""
    upload_mode: Literal["lfs", "regular"] | None = None
    """How the Hub takes it; None when it was not asked: the repo does not exist yet, or nothing is sent."""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Setting:
    """A change to the repo itself."""

    name: str
    before: str | None
    after: str


@dataclass(frozen=True)
class Plan:
    """A release compared with one remote commit."""

    release: Release
    head: Head
    changes: tuple[Change, ...]
    settings: tuple[Setting, ...] = ()
    commit_message: str = ""
    open_pull_request: int | None = None
    """A pull request that proposes exactly this release already."""
    tag: str | None = None
    """The tag to create after verification; None when none is asked for or it already stands there."""
    standing_commit: str | None = None
    """The commit that holds this release already: where its tag stands, else the head; None when none does."""

    def of(self, *actions: Action) -> tuple[Change, ...]:
        """The changes of the given kinds."""
        return tuple(change for change in self.changes if change.action in actions)

    @property
    def commits(self) -> bool:
        """Whether a commit is needed."""
        return self.open_pull_request is None and bool(self.of(Action.ADD, Action.CHANGE, Action.DELETE))

    @property
    def nothing_to_do(self) -> bool:
        """Whether the remote already is as the manifest says."""
        return not (self.commits or self.settings or self.tag)

    @property
    def bytes_to_send(self) -> int:
        """Size of every file that is not there yet, before any deduplication."""
        return sum(change.file.size for change in self.of(Action.ADD, Action.CHANGE) if change.file)


@dataclass(frozen=True)
class Receipt:
    """What the Hub answered, and what was proven afterwards."""

    plan: Plan
    commit: str
    """The commit that holds the release."""
    created: bool
    """Whether this run made it; False when it stood there already."""
    url: str = ""
    pull_request: int | None = None
    verified: bool = False
    tag: str | None = None
    """The tag that stands at the commit."""

    @property
    def revision(self) -> str:
        """The branch or pull request ref that holds the release."""
        return f"refs/pr/{self.pull_request}" if self.pull_request else self.plan.head.revision


# ------------------------------------------------------------------------------------------------- load


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
