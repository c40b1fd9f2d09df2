"""plan.json: the changes that publishing would make, saved for review and published as reviewed."""

from collections.abc import Iterator
from typing import Literal, Self

from pydantic import Field, StrictInt, model_validator

from hublish.schemas.documents.card_decision import MERGE, CardDecision
from hublish.schemas.documents.field_types import Count, Document, Flag, RepoId
from hublish.schemas.documents.file_names import CLAIMS_FILE, SIGNATURE_FILE
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.json_documents import read_versioned, reader_of
from hublish.schemas.documents.lock import Sha1, Sha256
from hublish.schemas.documents.manifest import Policy
from hublish.schemas.documents.path_rules import path_problems
from hublish.schemas.documents.signing import SigningMethod

PLAN_VERSION = 1

_SHORT_DIGEST = len("sha256:") + 16


class Place(Document):
    """A place in a text file; lines and columns count from 1, in characters."""

    source: str
    """The file: `hub.yaml`, or a `.gitignore`."""
    line: Count
    """The line it begins on."""
    column: Count
    """The column it begins at."""


class PlannedFile(Document):
    """One file of the release or of the remote."""

    action: Literal["add", "change", "keep", "delete", "ignore", "leave"]
    """`keep`: already there, byte for byte; `leave`: a remote file outside of the release; `ignore`: dropped by a
    .gitignore."""
    path_in_repo: str
    """Its path in the repo."""
    size: Count
    """Bytes of the release's file, or of the remote file when the release does not contain it."""
    sha256: Sha256 | None = None
    """The digest of the release's file; null when the release does not contain it."""
    source: str = ""
    """The source it is built from."""
    serializer: str = ""
    """The serializer that writes it."""
    upload_mode: Literal["lfs", "regular"] | None = None
    """How the Hub stores it; null when it is not sent, or when the repo does not exist yet."""
    reason: str = ""
    """The rule that includes, deletes, keeps or drops it, in words."""
    rule: str = ""
    """The path of that rule in hub.yaml: `artifacts[1].source`; empty without a rule in hub.yaml."""
    location: Place | None = None
    """The place of that rule; null for a rule that is written nowhere, such as a default."""
    before_size: Count | None = None
    """Bytes of the remote file that is changed or deleted; null for any other, and in a plan of an earlier hublish."""
    edited: Flag = False
    """Whether this release replaces or deletes a change that was made to the file on the Hub since the last release."""
    made_at_publish: Flag = False
    """Whether the file is made when the plan is published, such as a signature by the identity of a CI job: its size
    and its digest are not known before."""

    @model_validator(mode="after")
    def _may_go_up(self) -> Self:
        # Remote files that are left or deleted may have any name, unlike files that are sent.
        if self.action not in ("leave", "delete") and (found := path_problems(self.path_in_repo)):
            raise ValueError("; ".join(found))
        # Any other file without a digest would be published unreviewed.
        if self.made_at_publish and self.path_in_repo not in (CLAIMS_FILE, SIGNATURE_FILE):
            raise ValueError("only a signature and claims are made at publish")
        return self


class ExcludedFile(Document):
    """A file that was considered and excluded."""

    path_in_repo: str
    """The path in the repo it would have had."""
    source: str
    """The file."""
    reason: str
    """The rule that excluded it, in words."""
    rule: str = ""
    """The path of that rule in hub.yaml: `patterns.ignore_patterns[0]`; empty for a built-in rule."""
    location: Place | None = None
    """The place of that rule; null for a rule that is written nowhere, such as a default."""


class PlannedSetting(Document):
    """A change of a setting of the repo."""

    name: str
    """The name of the setting."""
    before: str | None
    """The current value; null when the repo does not exist."""
    after: str
    """The value after publishing."""


class PlannedMove(Document):
    """A tag or branch that is set to the commit of the release."""

    kind: Literal["tag", "branch"]
    """What it is."""
    name: str
    """Its name."""
    before: Sha1 | None
    """The commit it is at; null when it does not exist."""
    release: str | None = None
    """The tag of the release at that commit; null without one."""

    def __str__(self) -> str:
        if self.before is None:
            return f"{self.kind} {self.name} to this commit, which is new"
        release = f" ({self.release})" if self.release else ""
        return f"{self.kind} {self.name} from {self.before[:12]}{release} to this commit"


class LastRelease(Document):
    """The last release from the same manifest, as its lock records it."""

    repo_id: RepoId
    """The repo."""
    repo_type: RepoType
    """The type of the repo."""
    endpoint: str
    """The Hub."""
    revision: str
    """The branch, or the pull request."""
    commit: Sha1
    """The commit of the release."""
    tag: str | None = None
    """Its tag."""


class RestoredRelease(Document):
    """An earlier release to which a plan rolls back."""

    name: str
    """Its tag or its commit, as it was named."""
    commit: Sha1
    """Its commit."""
    locked: Flag
    """Whether a lock records it."""


class PlannedAttestation(Document):
    """Who signs the release, and what the signer claims about it."""

    method: SigningMethod
    """The method, as `sign.method` of hub.yaml names it."""
    signer: str | None = None
    """`sha256:` and the digest of a public key, or an identity, declared or certified; null for a key that the machine
    of the plan does not have."""
    builder: str | None = None
    """The builder that the claims would name: a workflow, or the machine of a person. The builder that publishes counts
    in the end."""
    source_uri: str | None = None
    """The git repository of hub.yaml: `git+https://github.com/acme/digits`."""
    source_commit: str | None = None
    """Its commit."""
    dirty: Flag | None = None
    """Whether files of the release differ from that commit."""

    @property
    def facts(self) -> Iterator[tuple[str, str]]:
        """The facts in words, each with its name."""
        yield "signed", f"at publish, with the method {self.method}" if self.signer is None else self._signed
        if self.source_commit is not None:
            where = f"{self.source_uri} at " if self.source_uri else "git commit "
            yield "source", f"{where}{self.source_commit[:12]}{', and files that differ from it' if self.dirty else ''}"
        if self.builder is not None:
            yield "builder", self.builder

    @property
    def _signed(self) -> str:
        signer = self.signer or ""
        # Enough digits for a reviewer to tell the keys of a project apart.
        return f"{self.method} {signer[:_SHORT_DIGEST] if signer.startswith('sha256:') else signer}"


class PlannedFinding(Document):
    """Something that the audit found in the release."""

    code: str
    """The rule: `policy.secret`; `hublish explain policy.secret` describes it."""
    severity: Literal["error", "warning"]
    """How the policy takes it; only a waived finding can be an error."""
    message: str
    """The finding in words; it never repeats a secret."""
    path_in_repo: str = ""
    """The path of the file; empty for a finding about the whole release."""
    waived: str | None = None
    """The reason under `policy.waivers` for which it is accepted; null when it is not waived."""


class PlanDocument(Document):
    """A release compared with one remote commit."""

    plan_version: Literal[1] = 1
    """The version of this format."""
    repo_id: RepoId
    """The repo."""
    repo_type: RepoType
    """The type of the repo."""
    endpoint: str
    """The Hub."""
    revision: str
    """The branch."""
    create_pr: Flag
    """Whether the release is proposed as a pull request."""
    repo_exists: Flag
    """Whether the repo exists already."""
    parent_commit: Sha1 | None
    """The remote commit that was compared, and the parent of the new one."""
    manifest_sha256: Sha256
    """The digest of hub.yaml."""
    variables: dict[str, str | StrictInt] = Field(default_factory=dict)
    """The values set with `--set NAME=VALUE`; publishing the plan uses them again."""
    surroundings: dict[str, str] = Field(default_factory=dict)
    """The values that git and the date had, by the names that hub.yaml mentions: `git.commit`. Publishing requires the
    same values."""
    resolved_sha256: Sha256 | None = None
    """The digest of hub.yaml with its variables replaced; null in a plan of an earlier hublish."""
    card: CardDecision = MERGE
    """What becomes of the card on the Hub: `merge` keeps people's edits, `theirs` all of it, and `ours` nothing."""
    commit_message: str
    """The first line of the commit message."""
    tag: str | None
    """The tag to create after the verification; null when none is needed."""
    moves: tuple[PlannedMove, ...] = ()
    """The tags and branches that move to the release after the verification; empty in a plan of an earlier hublish."""
    pull_request: Count | None = None
    """An open pull request that proposes exactly this release."""
    commits: Count | None = None
    """The number of commits it is sent in: more than one go to a draft pull request, and reach the branch in one step.
    null in a plan of an earlier hublish."""
    bytes_to_send: Count
    """The size of the files that are sent."""
    settings: tuple[PlannedSetting, ...]
    """The changes of the repo's settings."""
    files: tuple[PlannedFile, ...]
    """Every file of the release and of the remote, sorted by path."""
    excluded: tuple[ExcludedFile, ...]
    """Every file that was considered and excluded."""
    findings: tuple[PlannedFinding, ...] = ()
    """The findings that the policy warns of or waives, sorted by path; empty in a plan of an earlier
    hublish."""
    nothing_to_do: Flag
    """Whether the remote already matches the manifest."""
    visibility: str | None = None
    """Who can read the repo after publishing; null in a plan of an earlier hublish."""
    gated: str | None = None
    """Whether readers request access after publishing: `auto`, `manual` or `false`; null in a plan of an earlier
    hublish."""
    default_commit: Sha1 | None = None
    """The head of main, from which a missing branch is created; null without one."""
    remote_files: Count | None = None
    """The number of files on the Hub before publishing; null in a plan of an earlier hublish."""
    remote_bytes: Count | None = None
    """Their size; null in a plan of an earlier hublish."""
    last_release: LastRelease | None = None
    """The last release, from the lock; null without one."""
    policy: Policy | None = None
    """The policy of hub.yaml; null in a plan of an earlier hublish."""
    released_policy: Policy | None = None
    """The policy of the hub.yaml on the Hub that this release changes; null when it stays, or cannot be read."""
    refusals: tuple[str, ...] = ()
    """Why this plan cannot be published, in words: the tag is at another release."""
    restores: RestoredRelease | None = None
    """The release that is restored by `hublish rollback`; null for a release from sources."""
    attestation: PlannedAttestation | None = None
    """The signature and the claims; null for a release that is not signed."""


def read_plan(text: bytes, source: str = "plan.json") -> PlanDocument:
    """Read a plan that was saved for review.

    Raises:
        InvalidDocumentError: when it is damaged, or of another version.
    """
    return read_versioned(text, source, "plan", {1: reader_of(PlanDocument)})
