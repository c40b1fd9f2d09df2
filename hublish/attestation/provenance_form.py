"""The form of a provenance of hublish, with SLSA's names.

Unknown fields are refused: a later form has another build type. docs/provenance/v1.md describes the fields.
"""

from typing import Annotated, Any, Final, Literal

from pydantic import Discriminator, Field, StrictInt, StringConstraints, Tag

from hublish.base.values.attested import Dependency
from hublish.schemas.documents.field_types import Document, Flag, RepoId
from hublish.schemas.documents.hub_names import RepoType
from hublish.schemas.documents.lock import Sha256

COMMIT_FORM: Final = r"[0-9a-f]{40}|[0-9a-f]{64}"
"""A commit, in hexadecimal."""

_MOST: Final = 1_000_000

_Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
_Commit = Annotated[str, StringConstraints(pattern=f"^(?:{COMMIT_FORM})$")]
_Uri = Annotated[str, StringConstraints(pattern=r"^[A-Za-z][A-Za-z0-9+.-]*:[!-~]{1,4000}$")]
_Values = Annotated[dict[_Text, str | StrictInt], Field(max_length=1_000)]


class _Manifest(Document):
    name: _Text
    sha256: Sha256


class _Plan(Document):
    sha256: Sha256


class _Repo(Document):
    repo_id: RepoId
    repo_type: RepoType
    endpoint: _Text
    revision: _Text
    tag: _Text | None = None


class _External(Document):
    manifest: _Manifest
    plan: _Plan | None = None
    repo: _Repo
    variables: _Values = Field(default_factory=dict)
    environment: _Values = Field(default_factory=dict)


class _Internal(Document):
    hublish: _Text | None = None
    serializers: Annotated[dict[_Text, Any], Field(max_length=1_000)]


class _GitDigest(Document):
    commit: _Commit = Field(alias="gitCommit")


class _FileDigest(Document):
    sha256: Sha256


class _OfGit(Document):
    kind: Literal["git"]
    dirty: Flag | None = None


class Git(Document):
    """The git repository of the manifest."""

    uri: _Uri | None = None
    digest: _GitDigest
    annotations: _OfGit


class _OfHub(Document):
    kind: Literal["hub", "restored"]
    repo_id: RepoId
    repo_type: RepoType
    endpoint: _Text


class Hub(Document):
    """A base model or a dataset."""

    uri: _Uri
    digest: _GitDigest | None = None
    annotations: _OfHub

    @property
    def repo(self) -> Dependency:
        """The repo with its commit."""
        about = self.annotations
        return Dependency(about.repo_id, about.repo_type, about.endpoint, self.digest.commit if self.digest else None)


class Restored(Document):
    """The commit whose files a release has again."""

    uri: _Uri
    digest: _GitDigest
    annotations: _OfHub


class _OfFile(Document):
    kind: Literal["file"]
    serializer: _Text
    outputs: Annotated[tuple[_Text, ...], Field(min_length=1, max_length=_MOST)]


class _File(Document):
    name: _Text | None = None
    uri: _Uri | None = None
    digest: _FileDigest | None = None
    annotations: _OfFile


def _kind(resource: Any) -> str | None:
    annotations = resource.get("annotations") if isinstance(resource, dict) else None
    kind = annotations.get("kind") if isinstance(annotations, dict) else None
    return kind if isinstance(kind, str) else None


_Resource = Annotated[
    Annotated[Git, Tag("git")]
    | Annotated[Hub, Tag("hub")]
    | Annotated[Restored, Tag("restored")]
    | Annotated[_File, Tag("file")],
    Discriminator(_kind),
]


class _Definition(Document):
    build_type: Literal["https://hublish.github.io/hublish/provenance/v1"] = Field(alias="buildType")
    external: _External = Field(alias="externalParameters")
    internal: _Internal = Field(alias="internalParameters")
    resolved: Annotated[tuple[_Resource, ...], Field(max_length=_MOST)] = Field(alias="resolvedDependencies")


class _Builder(Document):
    id: _Uri


class _Metadata(Document):
    invocation: _Uri = Field(alias="invocationId")


class _Run(Document):
    builder: _Builder
    metadata: _Metadata | None = None


class Predicate(Document):
    """The predicate of a statement."""

    build: _Definition = Field(alias="buildDefinition")
    run: _Run = Field(alias="runDetails")
