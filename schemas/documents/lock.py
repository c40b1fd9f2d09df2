"""hub.lock: the durable record of a release, next to hub.yaml. Loading reads only the lock and the commit."""

import json
from collections.abc import Iterable, Iterator
from typing import Annotated, Any, Final, Literal

from pydantic import Field, StringConstraints, field_validator

from hublish.schemas.documents.card_record import CardRecord
from hublish.schemas.documents.field_types import Count, Document, FilePath, RepoId
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.json_documents import read_versioned, reader_of
from hublish.schemas.documents.json_stream import JsonWriter
from hublish.schemas.documents.manifest import Load
from hublish.schemas.documents.signing import SigningMethod

LOCK_VERSION: Final = 2
# The serializers of files that are made of the other files of a release.
_FROM_THE_RELEASE: Final = ("card", "sign")
_SECOND_VERSION: Final = (
    "card",
    "facts",
    "waived",
    "visibility",
    "gated",
    "restores",
    "moving_tags",
    "moving_branches",
    "tag_commit",
    "signature",
)

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
PublicKey = Annotated[
    str,
    StringConstraints(
        max_length=4096, pattern=r"^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\n$"
    ),
]
Sha1 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{40}$")]


class LockedFile(Document):
    """One file of the release."""

    path_in_repo: FilePath
    """Its path in the repo."""
    size: Count
    """Bytes."""
    sha256: Sha256
    """The digest of its bytes."""
    blob_id: Sha1
    """The id of its bytes as a git blob, which the Hub lists for files outside of LFS."""
    source: str = ""
    """The source it was built from, relative to hub.yaml."""
    serializer: str = "copy"
    """The serializer that wrote it."""
    parameters: dict[str, Any] = Field(default_factory=dict)
    """Everything else that determined the bytes: the serializer's version and options."""

    @property
    def is_from_sources(self) -> bool:
        """Whether it was made of the sources of the project, unlike the card and the files of a signature."""
        return self.serializer not in _FROM_THE_RELEASE


class LockedWaiver(Document):
    """The findings of one rule in one file, which the release contains although its policy forbids them."""

    rule: str
    """The code of the findings."""
    path_in_repo: FilePath
    """The path of the file."""
    reason: str
    """Why they were accepted, as it was written in hub.yaml."""
    findings: Annotated[Count, Field(ge=1)]
    """The number of findings."""


class LockedCard(Document):
    """The card as it was rendered, before the edits of people on the Hub were merged into it."""

    sha256: Sha256
    """The digest of the rendered README.md; that of the published one is among the files."""
    blob_id: Sha1
    """The id of its bytes as a git blob."""
    outline: str
    """Short digests of its metadata and of each block of its text: the base of the next merge."""


class LockedSignature(Document):
    """The signature of the release, as it was verified."""

    method: SigningMethod
    """How it was signed: with a key, with a certificate, or with an identity of Sigstore."""
    signer: str
    """`sha256:` and the digest of the public key, or the identity in the certificate."""
    public_key: PublicKey | None = None
    """For `key`: the public key as PEM, which verifies the signature without a trust.yaml; null for other methods."""
    provider: str | None = None
    """For `sigstore`: the OpenID Connect issuer that vouched for the identity; null for other methods."""
    log_index: Count | None = None
    """The index of its entry in the transparency log; null without one."""
    builder: str | None = None
    """The URI of the builder in the provenance; null for a release without one."""


class Lock(Document):
    """A published and verified release."""

    lock_version: Literal[1, 2] = 1
    """The version of this format; old versions remain readable. Version 2 has one of the optional fields, which
    earlier versions of hublish refuse with the hint to update. A lock without them is written as version 1, which they
    read."""
    repo_id: RepoId
    """The repo."""
    repo_type: RepoType = "model"
    """The type of the repo."""
    endpoint: str
    """The Hub it was published to; `embedded` for the one next to hub.yaml."""
    revision: str
    """The branch or pull request ref that received the commit."""
    commit: Sha1
    """The commit that contains the release."""
    tag: str | None = None
    """The tag at that commit."""
    moving_tags: tuple[str, ...] = ()
    """The tags that follow the releases, and were set to that commit."""
    moving_branches: tuple[str, ...] = ()
    """The branches that were set to it in the same way."""
    tag_commit: Sha1 | None = None
    """The commit of the tag, and of all that follows the releases, when the card was changed in a commit of its own
    since; null when they are at `commit`."""
    manifest_sha256: Sha256
    """The digest of hub.yaml when it was published. After a change of settings alone, the file of the release is an
    older one."""
    load: Load
    """How the release is loaded back."""
    card: LockedCard | None = None
    """The rendered card; null for a release without one, and in a lock of an earlier hublish."""
    facts: CardRecord | None = None
    """The facts that the card states; null for a release without one, and in a lock of an earlier hublish."""
    waived: tuple[LockedWaiver, ...] = ()
    """The findings that the policy waived, sorted by path and rule."""
    visibility: Literal["public", "private", "protected"] | None = None
    """Who can read the repo, as hub.yaml declared it; null when it left that open."""
    gated: Literal["auto", "manual", False] | None = None
    """Whether readers request access, as hub.yaml declared it; null when it left that open."""
    restores: str | None = None
    """The tag or commit of the release that this commit is a rollback to; null for a release from sources."""
    signature: LockedSignature | None = None
    """Who signed the release, and where it was built; null for a release without a signature."""
    files: tuple[LockedFile, ...]
    """Every file, sorted by path."""

    @property
    def tagged_commit(self) -> str:
        """The commit of the tag, and of the tags and branches that follow the releases."""
        return self.tag_commit or self.commit

    @field_validator("files")
    @classmethod
    def _names_each_file_once(cls, files: tuple[LockedFile, ...]) -> tuple[LockedFile, ...]:
        if len({file.path_in_repo for file in files}) != len(files):
            raise ValueError("a path_in_repo occurs twice")
        return files

    def to_json(self) -> str:
        """Return the canonical JSON: sorted, with one file per line, so that a diff lists the changed files."""
        files = sorted(self.files, key=lambda file: file.path_in_repo)
        return "".join(lock_text(self, (file.model_dump(mode="json") for file in files)))


def lock_text(lock: Lock, files: Iterable[Any]) -> Iterator[str]:
    """Yield the canonical JSON of a lock in pieces, with the given files in the place of its own.

    Args:
        lock: the lock; its own files are not written.
        files: each file as plain data, sorted by path.
    """
    # The lock of a release without a card and without waivers keeps its bytes.
    newer = {name for name in _SECOND_VERSION if getattr(lock, name) in (None, ())}
    version = 1 if newer == {*_SECOND_VERSION} else 2
    fields = {**lock.model_dump(mode="json", exclude={"files", *newer}), "lock_version": version}
    head = "".join(JsonWriter(sort_keys=True).pieces(fields))
    yield head.removesuffix("\n}") + ',\n  "files": [\n    '
    # `json.dumps` writes either everything on one line or every value on its own.
    row = json.JSONEncoder(ensure_ascii=False, sort_keys=True).encode
    between = ""
    for file in files:
        yield between + row(file)
        between = ",\n    "
    yield "\n  ]\n}\n"


def read_lock(text: bytes, source: str = "hub.lock") -> Lock:
    """Read a lock of any version that was ever written.

    Raises:
        InvalidDocumentError: when it is damaged, or newer than this hublish.
    """
    return read_versioned(text, source, "lock", dict.fromkeys((1, LOCK_VERSION), reader_of(Lock)))
