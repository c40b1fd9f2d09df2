"""SLSA provenance v1: who built a release, what from, and how; https://slsa.dev/spec/v1.1/provenance.

`provenance` writes the predicate of an in-toto statement whose subjects are the files of the release, and
`read_provenance` reads it again. It has no time and no machine, so that the same build gives the same predicate.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Annotated, Any, Final, Literal
from urllib.parse import quote

from pydantic import Discriminator, Field, StrictInt, StringConstraints, Tag, ValidationError

from hublish._version import __version__
from hublish.attestation.interface import InvalidSignatureError
from hublish.base.values import Release, ReleaseFile, Target
from hublish.base.values.attested import BuildFacts, Dependency
from hublish.formats.catalogue import COPY
from hublish.schemas.diagnose.problems import shortened
from hublish.schemas.documents.field_types import Document, Flag, RepoId
from hublish.schemas.documents.hub_names import EMBEDDED, RepoType, repo_path
from hublish.schemas.documents.lock import Sha256

PREDICATE_TYPE: Final = "https://slsa.dev/provenance/v1"
BUILD_TYPE: Final = "https://hublish.github.io/hublish/provenance/v1"
"""The form of the parameters, which docs/provenance/v1.md describes."""

_MEMORY: Final = "<memory>"
_MOST: Final = 1_000_000
_LONGEST_PLACE: Final = 120


@dataclass(frozen=True)
class Provenance:
    """The claims of a builder about a release."""

    builder: str
    """The URI of the workflow, or that of any machine of a person."""
    invocation: str | None
    """The URL of the run."""
    source_uri: str | None
    """The git repository; None when it has no address, or there was none."""
    source_commit: str | None
    dirty: bool | None
    """Whether files of the release differed from that commit."""
    manifest_sha256: str
    plan_sha256: str
    repo_id: str
    repo_type: RepoType
    endpoint: str
    revision: str
    tag: str | None
    dependencies: tuple[Dependency, ...]
    """Base models and datasets."""
    restores: str | None
    """The commit of the Hub whose files the release has again; None for a release from sources."""


def provenance(release: Release, target: Target, facts: BuildFacts, plan_sha256: str) -> dict[str, Any]:
    """Return the predicate for a release.

    Args:
        release: the sealed release. Files that no artifact of the manifest declares, such as a signature, add nothing.
        target: the place that it is published to, with its endpoint resolved.
        facts: who built it, and the dependencies as they were resolved.
        plan_sha256: the digest of the plan that was reviewed.
    """
    former = release.former
    repo = _present(
        repo_id=target.repo_id,
        repo_type=target.repo_type,
        endpoint=target.endpoint,
        revision=target.revision,
        tag=target.tag,
    )
    if former is None:
        resolved = [*_git(facts), *(_on_hub(one, "hub") for one in facts.dependencies), *_files(release)]
    else:
        # Another run built these files, and its sources are not known here.
        resolved = [_on_hub(Dependency(target.repo_id, target.repo_type, target.endpoint, former.commit), "restored")]
    manifest = hashlib.sha256(release.project.text).hexdigest()
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": {
                "manifest": {"name": PurePosixPath(release.project.name).name, "sha256": manifest},
                "plan": {"sha256": plan_sha256},
                "repo": repo,
                **_variables(release),
            },
            "internalParameters": {"hublish": __version__, "serializers": _serializers(release)},
            "resolvedDependencies": resolved,
        },
        "runDetails": _present(
            builder={"id": facts.builder},
            metadata={"invocationId": facts.invocation} if facts.invocation else None,
        ),
    }


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _is_public(release: Release) -> bool:
    """Return whether the manifest is published: a project that keeps it back does not publish its values here."""
    return release.project.manifest.publish_manifest == "as_written"


def _variables(release: Release) -> dict[str, Any]:
    values = {"variables": dict(release.project.settings), "environment": dict(release.project.environment)}
    return {name: value for name, value in values.items() if value and _is_public(release)}


def _serializers(release: Release) -> dict[str, Any]:
    """Return the version of each serializer that wrote a file."""
    used = {file.origin.serializer: file.origin.parameters.get("version") for file in release.files}
    return {name: version for name, version in sorted(used.items()) if version is not None}


def _git(facts: BuildFacts) -> Iterator[dict[str, Any]]:
    if facts.source_commit is not None:
        digest = {"gitCommit": facts.source_commit}
        yield _present(uri=facts.source_uri, digest=digest, annotations=_present(kind="git", dirty=facts.dirty))


def _on_hub(repo: Dependency, kind: str) -> dict[str, Any]:
    path = repo_path(repo.repo_id, repo.repo_type)
    return _present(
        # An embedded Hub has no permanent address.
        uri=f"{EMBEDDED}:{path}" if repo.endpoint == EMBEDDED else f"git+{repo.endpoint}/{path}",
        digest={"gitCommit": repo.commit} if repo.commit else None,
        annotations={"kind": kind, "repo_id": repo.repo_id, "repo_type": repo.repo_type, "endpoint": repo.endpoint},
    )


def _files(release: Release) -> Iterator[dict[str, Any]]:
    """Yield each source with its digest, as far as it is known, and the files that were made from it."""
    made: dict[tuple[str, str], list[ReleaseFile]] = {}
    for file in release.files:
        if file.origin.artifact is not None:
            made.setdefault((file.origin.source, file.origin.serializer), []).append(file)
    named = _is_public(release)
    for (source, serializer), files in made.items():
        digest = _source_digest(release, files[0])
        if digest is not None or (named and source != _MEMORY):
            yield _present(
                name=source if named else None,
                # A resource has a digest or an address; this one is relative to the manifest.
                uri=None if digest else f"file:{quote(source, errors='replace')}",
                digest=digest and {"sha256": digest},
                annotations={
                    "kind": "file",
                    "serializer": serializer,
                    "outputs": [file.path_in_repo for file in files],
                },
            )


def _source_digest(release: Release, file: ReleaseFile) -> str | None:
    # A file that is in its format already is its own source.
    origin = file.origin
    if origin.serializer == COPY or file.content.local_path == release.project.folder / origin.source:
        return file.sha256
    return origin.source_sha256


def read_provenance(predicate: Any) -> Provenance:
    """Return the claims in a predicate that `provenance` wrote.

    Args:
        predicate: the decoded JSON.

    Raises:
        InvalidSignatureError: it was not written by hublish, or has a field that this version does not know.
    """
    try:
        read = _Predicate.model_validate(predicate)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        # The names of unknown fields are of strangers.
        place = shortened(repr(".".join(map(str, first["loc"]))), _LONGEST_PLACE)
        raise InvalidSignatureError(f"the provenance is invalid at {place}: {first['msg']}") from None
    definition, details = read.build, read.run
    resolved = definition.resolved
    git = [one for one in resolved if isinstance(one, _Git)]
    restored = [one for one in resolved if isinstance(one, _Restored)]
    if len(git) > 1 or len(restored) > 1:
        raise InvalidSignatureError("the provenance names two sources")
    source = git[0] if git else None
    parameters, repo = definition.external, definition.external.repo
    return Provenance(
        builder=details.builder.id,
        invocation=details.metadata.invocation if details.metadata else None,
        source_uri=source.uri if source else None,
        source_commit=source.digest.commit if source else None,
        dirty=source.annotations.dirty if source else None,
        manifest_sha256=parameters.manifest.sha256,
        plan_sha256=parameters.plan.sha256,
        repo_id=repo.repo_id,
        repo_type=repo.repo_type,
        endpoint=repo.endpoint,
        revision=repo.revision,
        tag=repo.tag,
        dependencies=tuple(one.repo for one in resolved if isinstance(one, _Hub)),
        restores=restored[0].digest.commit if restored else None,
    )


# The form of a predicate, with SLSA's names. Unknown fields are refused: a later version changes the build type.
_Text = Annotated[str, StringConstraints(min_length=1, max_length=4096)]
_Commit = Annotated[str, StringConstraints(pattern=r"^(?:[0-9a-f]{40}|[0-9a-f]{64})$")]
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
    plan: _Plan
    repo: _Repo
    variables: _Values = Field(default_factory=dict)
    environment: _Values = Field(default_factory=dict)


class _Internal(Document):
    hublish: _Text
    serializers: Annotated[dict[_Text, Any], Field(max_length=1_000)]


class _GitDigest(Document):
    commit: _Commit = Field(alias="gitCommit")


class _FileDigest(Document):
    sha256: Sha256


class _OfGit(Document):
    kind: Literal["git"]
    dirty: Flag | None = None


class _Git(Document):
    uri: _Uri | None = None
    digest: _GitDigest
    annotations: _OfGit


class _OfHub(Document):
    kind: Literal["hub", "restored"]
    repo_id: RepoId
    repo_type: RepoType
    endpoint: _Text


class _Hub(Document):
    uri: _Uri
    digest: _GitDigest | None = None
    annotations: _OfHub

    @property
    def repo(self) -> Dependency:
        about = self.annotations
        return Dependency(about.repo_id, about.repo_type, about.endpoint, self.digest.commit if self.digest else None)


class _Restored(Document):
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
    Annotated[_Git, Tag("git")]
    | Annotated[_Hub, Tag("hub")]
    | Annotated[_Restored, Tag("restored")]
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


class _Predicate(Document):
    build: _Definition = Field(alias="buildDefinition")
    run: _Run = Field(alias="runDetails")
