"""Who signed a release, and what the signer claims about it."""

from dataclasses import dataclass, field
from typing import Self

from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.lock import LockedSignature
from hublish.schemas.documents.signing import SigningMethod


@dataclass(frozen=True, slots=True)
class SignedBy:
    """The signer of a statement, as its signature proves it."""

    method: SigningMethod
    name: str
    """`sha256:` and the digest of a public key, or the identity in a certificate: an email address or a URI."""
    provider: str | None = None
    """For `sigstore`: the OpenID Connect issuer that vouched for the identity. For `certificate`: None."""
    log_index: int | None = None
    """The index of its entry in the transparency log; None without one."""
    key: str = ""
    """For `certificate`: `sha256:` and the digest of the root certificate that the chain ends at; else empty."""
    public_key: str = field(default="", repr=False)
    """For `key`: the public key as PEM, to verify other signatures of it; else empty."""

    @classmethod
    def recorded(cls, record: LockedSignature) -> Self:
        """Return the signer that a lock records."""
        return cls(record.method, record.signer, record.provider, record.log_index, public_key=record.public_key or "")


@dataclass(frozen=True)
class Attestation:
    """The signature of a release and the claims about it."""

    signer: SignedBy | None
    """None until the release is signed, when it is published."""
    builder: str | None = None
    """The URI of the builder in the provenance: a workflow, or `hublish` on a machine of a person."""
    source_uri: str | None = None
    """The git repository that the release was built from: `git+https://github.com/acme/digits`."""
    source_commit: str | None = None
    dirty: bool | None = None
    """Whether the working tree differed from that commit."""
    pending: tuple[str, ...] = ()
    """The paths of files that are made when the release is published: they need a key or an identity of that time."""


@dataclass(frozen=True, slots=True)
class Dependency:
    """A repo on the Hub that a release is made from: a base model or a dataset."""

    repo_id: str
    repo_type: RepoType
    endpoint: str
    """The Hub, as plans and locks record it."""
    commit: str | None = None
    """The commit that was used, or else the one that its main branch was at; None when neither is known."""


@dataclass(frozen=True)
class BuildFacts:
    """Who built a release, and what from."""

    builder: str
    """The URI of the workflow, or that of any machine of a person."""
    invocation: str | None = None
    """The URL of the run of the workflow."""
    source_uri: str | None = None
    """The git repository of the manifest, without credentials: `git+https://github.com/acme/digits`."""
    source_commit: str | None = None
    """Its commit; None outside of a repository."""
    dirty: bool | None = None
    """Whether files of the release differ from that commit."""
    dependencies: tuple[Dependency, ...] = ()
    warnings: tuple[Problem, ...] = ()
    """The facts that could not be determined."""
