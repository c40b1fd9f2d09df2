"""From sealed files to what stands on the Hub: Head, Plan, Receipt."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Literal

from hublish.base.values.release import Release, ReleaseFile
from hublish.base.values.target import Target
from hublish.schemas.diagnose.problems import Location


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
    """A target's branch on the Hub at the time it was read."""

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
    """The rule that decided, in words."""
    rule: str = ""
    """Where that rule stands in hub.yaml: `patterns.delete_patterns[0]`; empty for another's, and for none."""
    location: Location | None = None
    """Where it stands, for a rule of another file: the line of a `.gitignore`."""


@dataclass(frozen=True, slots=True)
class Setting:
    """A change to the repo itself."""

    name: str
    before: str | Literal[False] | None
    """None for a setting that did not exist."""
    after: str | Literal[False]


@dataclass(frozen=True)
class Plan:
    """A release compared with one remote commit of a target."""

    release: Release
    target: Target
    head: Head
    changes: tuple[Change, ...]
    settings: tuple[Setting, ...] = ()
    open_pull_request: int | None = None
    """A pull request that proposes exactly this release already."""
    tag: str | None = None
    """The tag to create after verification; None when none is asked for or it already stands there."""
    existing_commit: str | None = None
    """The commit that holds this release already: its tag's, else the head; None when there is none."""

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
        return f"refs/pr/{self.pull_request}" if self.pull_request else self.plan.target.revision
