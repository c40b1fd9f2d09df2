"""plan.json: what publishing would do, to be reviewed and then published as it is."""

from typing import Literal, Self

from pydantic import Field, StrictInt, model_validator

from hublish.schemas.documents.field_types import Count, Document, Flag, RepoId
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.json_documents import read_versioned, reader_of
from hublish.schemas.documents.lock import Sha1, Sha256
from hublish.schemas.documents.path_rules import path_problems

PLAN_VERSION = 1


class Place(Document):
    """A place in a text file. Lines and columns count from 1, in characters."""

    source: str
    """The file: `hub.yaml`, or a `.gitignore`."""
    line: Count
    """Where it begins."""
    column: Count
    """Where it begins in that line."""


class PlannedFile(Document):
    """One file's fate."""

    action: Literal["add", "change", "keep", "delete", "ignore", "leave"]
    """`keep`: already there, byte for byte; `leave`: a remote file outside the release; `ignore`: dropped by a
    .gitignore."""
    path_in_repo: str
    """Its path in the repo."""
    size: Count
    """Bytes: of the release's file, or of the remote one when the release does not hold it."""
    sha256: Sha256 | None = None
    """Of the release's bytes; null for files the release does not hold."""
    source: str = ""
    """What it is made from."""
    serializer: str = ""
    """The format it is written in."""
    upload_mode: Literal["lfs", "regular"] | None = None
    """How the Hub takes it; null when nothing is sent or the repo does not exist yet."""
    reason: str = ""
    """The rule that let it in, deletes it, keeps it or drops it, in words."""
    rule: str = ""
    """Where that rule stands in hub.yaml: `artifacts[1].source`; empty for a rule of another file, and for none."""
    location: Place | None = None
    """Its line and column; null for what is not written anywhere, such as a default."""

    @model_validator(mode="after")
    def _may_go_up(self) -> Self:
        # Remote files that stay or go may have any name; what is sent may not.
        if self.action not in ("leave", "delete") and (found := path_problems(self.path_in_repo)):
            raise ValueError("; ".join(found))
        return self


class ExcludedFile(Document):
    """A file that was considered and stays out."""

    path_in_repo: str
    """Where it would have gone."""
    source: str
    """The file."""
    reason: str
    """The rule that kept it out, in words."""
    rule: str = ""
    """Where that rule stands in hub.yaml: `patterns.ignore_patterns[0]`; empty for one of hublish's own."""
    location: Place | None = None
    """Its line and column; null for what is not written anywhere, such as a default."""


class PlannedSetting(Document):
    """A change to the repo itself."""

    name: str
    """The setting."""
    before: str | None
    """Its value now; null when the repo does not exist."""
    after: str
    """Its value afterwards."""


class PlanDocument(Document):
    """A release compared with one remote commit."""

    plan_version: Literal[1] = 1
    """The version of this format."""
    repo_id: RepoId
    """The repo."""
    repo_type: RepoType
    """Its kind."""
    endpoint: str
    """The Hub."""
    revision: str
    """The branch."""
    create_pr: Flag
    """Whether the release is proposed as a pull request."""
    repo_exists: Flag
    """Whether the repo exists already."""
    parent_commit: Sha1 | None
    """The remote commit compared with, and the parent of the new one."""
    manifest_sha256: Sha256
    """Of hub.yaml."""
    variables: dict[str, str | StrictInt] = Field(default_factory=dict)
    """Values given from outside, by `--set NAME=VALUE`; publishing the plan takes them from here."""
    surroundings: dict[str, str] = Field(default_factory=dict)
    """What git and the date said, by the names hub.yaml mentions: `git.commit`. They must still say so."""
    resolved_sha256: Sha256 | None = None
    """Of what hub.yaml says once its variables are replaced; null in a plan that an earlier hublish wrote."""
    commit_message: str
    """First line of the commit."""
    tag: str | None
    """The tag to create after verification; null when none is needed."""
    pull_request: Count | None = None
    """A pull request that proposes exactly this already."""
    bytes_to_send: Count
    """Size of the files that are not there yet."""
    settings: tuple[PlannedSetting, ...]
    """Changes to the repo itself."""
    files: tuple[PlannedFile, ...]
    """Every file of the release and of the remote, sorted by path."""
    excluded: tuple[ExcludedFile, ...]
    """Every file that was considered and stays out."""
    nothing_to_do: Flag
    """Whether the remote is already as the manifest says."""


def read_plan(text: bytes, source: str = "plan.json") -> PlanDocument:
    """Read a plan that was saved for review.

    Raises:
        InvalidDocumentError: when it is damaged, or of another version.
    """
    return read_versioned(text, source, "plan", {1: reader_of(PlanDocument)})
