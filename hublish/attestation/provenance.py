"""SLSA provenance v1: who built a release, what from, and how; https://slsa.dev/spec/v1.1/provenance.

`provenance` writes the predicate of an in-toto statement whose subjects are the files of the release, and
`read_provenance` reads it again. It has no time and no machine, so that the same build gives the same predicate.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, Final
from urllib.parse import quote

from pydantic import ValidationError

from hublish._version import __version__
from hublish.attestation.interface import InvalidSignatureError
from hublish.attestation.provenance_form import COMMIT_FORM, Git, Hub, Predicate, Restored
from hublish.base.values import Release, ReleaseFile, Target
from hublish.base.values.attested import BuildFacts, Dependency
from hublish.formats.catalogue import COPY
from hublish.schemas.diagnose.problems import shortened
from hublish.schemas.documents.file_names import MANIFEST_FILE
from hublish.schemas.documents.hub_names import EMBEDDED, RepoType, repo_path
from hublish.schemas.documents.lock import Lock, LockedFile

PREDICATE_TYPE: Final = "https://slsa.dev/provenance/v1"
BUILD_TYPE: Final = "https://hublish.github.io/hublish/provenance/v1"
"""The form of the parameters, which docs/provenance/v1.md describes."""

RECORDED: Final = "https://hublish.github.io/hublish/builders/recorded"
"""The builder of a release that was attested later: only its lock is left of the build."""

_MEMORY: Final = "<memory>"
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
    plan_sha256: str | None
    """The plan that was reviewed; None where nothing records it any more."""
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
    if former is None:
        resolved = [*_git(facts), *(_on_hub(one, "hub") for one in facts.dependencies), *_files(release)]
    else:
        # Another run built these files, and its sources are not known here.
        resolved = [_on_hub(Dependency(target.repo_id, target.repo_type, target.endpoint, former.commit), "restored")]
    manifest = {
        "name": PurePosixPath(release.project.name).name,
        "sha256": hashlib.sha256(release.project.text).hexdigest(),
    }
    used = ((file.origin.serializer, file.origin.parameters) for file in release.files)
    return _predicate(
        external={
            "manifest": manifest,
            "plan": {"sha256": plan_sha256},
            "repo": _place(target),
            **_variables(release),
        },
        internal={"hublish": __version__, "serializers": _versions(used)},
        resolved=resolved,
        builder=facts.builder,
        invocation=facts.invocation,
    )


def recorded_provenance(lock: Lock, plan_sha256: str | None) -> dict[str, Any]:
    """Return the predicate for a release whose build is over, with nothing but what its lock records.

    Args:
        lock: the lock of the release.
        plan_sha256: the digest of the plan, as the commit of the release records it; None without one.
    """
    # Facts of git are in the lock of a release that is named after git.
    commit = (lock.facts.state if lock.facts else {}).get("git.commit")
    is_commit = isinstance(commit, str) and bool(re.fullmatch(COMMIT_FORM, commit))
    source = BuildFacts(RECORDED, source_commit=commit if is_commit else None)
    used = ((file.serializer, file.parameters) for file in lock.files)
    return _predicate(
        external=_present(
            manifest={"name": MANIFEST_FILE, "sha256": lock.manifest_sha256},
            plan={"sha256": plan_sha256} if plan_sha256 else None,
            repo=_place(lock),
        ),
        internal={"serializers": _versions(used)},
        resolved=[*_git(source), *_locked_files(lock)],
        builder=RECORDED,
        invocation=None,
    )


def _predicate(
    *,
    external: dict[str, Any],
    internal: dict[str, Any],
    resolved: list[dict[str, Any]],
    builder: str,
    invocation: str | None,
) -> dict[str, Any]:
    return {
        "buildDefinition": {
            "buildType": BUILD_TYPE,
            "externalParameters": external,
            "internalParameters": internal,
            "resolvedDependencies": resolved,
        },
        "runDetails": _present(builder={"id": builder}, metadata={"invocationId": invocation} if invocation else None),
    }


def _place(place: Target | Lock) -> dict[str, Any]:
    names = ("repo_id", "repo_type", "endpoint", "revision", "tag")
    return _present(**{name: getattr(place, name) for name in names})


def _present(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _is_public(release: Release) -> bool:
    """Return whether the manifest is published: a project that keeps it back does not publish its values here."""
    # A pattern may leave it out as well.
    is_there = any(file.path_in_repo == MANIFEST_FILE for file in release.files)
    return is_there and release.project.manifest.publish_manifest == "as_written"


def _variables(release: Release) -> dict[str, Any]:
    values = {"variables": dict(release.project.settings), "environment": dict(release.project.environment)}
    return {name: value for name, value in values.items() if value and _is_public(release)}


def _versions(used: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, Any]:
    """Return the version of each serializer that wrote a file."""
    return dict(sorted((name, parameters["version"]) for name, parameters in used if "version" in parameters))


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
        digest, outputs = _source_digest(release, files[0]), [file.path_in_repo for file in files]
        yield from _file(source, digest, serializer, outputs, named=named)


def _locked_files(lock: Lock) -> Iterator[dict[str, Any]]:
    made: dict[tuple[str, str], list[LockedFile]] = {}
    for file in lock.files:
        if file.is_from_sources and file.path_in_repo != MANIFEST_FILE:
            made.setdefault((file.source, file.serializer), []).append(file)
    # As with `_is_public`: the manifest itself is in the release.
    named = any(file.path_in_repo == MANIFEST_FILE and file.sha256 == lock.manifest_sha256 for file in lock.files)
    for (source, serializer), files in made.items():
        digest = files[0].sha256 if serializer == COPY else None
        yield from _file(source, digest, serializer, [file.path_in_repo for file in files], named=named)


def _file(
    source: str, digest: str | None, serializer: str, outputs: list[str], *, named: bool
) -> Iterator[dict[str, Any]]:
    named = named and source not in ("", _MEMORY)
    if digest is not None or named:
        yield _present(
            name=source if named else None,
            # A resource has a digest or an address; this one is relative to the manifest.
            uri=None if digest else f"file:{quote(source, errors='replace')}",
            digest=digest and {"sha256": digest},
            annotations={"kind": "file", "serializer": serializer, "outputs": outputs},
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
        read = Predicate.model_validate(predicate)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False, include_context=False)[0]
        # The names of unknown fields are of strangers.
        place = shortened(repr(".".join(map(str, first["loc"]))), _LONGEST_PLACE)
        raise InvalidSignatureError(f"the provenance is invalid at {place}: {first['msg']}") from None
    definition, details = read.build, read.run
    resolved = definition.resolved
    git = [one for one in resolved if isinstance(one, Git)]
    restored = [one for one in resolved if isinstance(one, Restored)]
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
        plan_sha256=parameters.plan.sha256 if parameters.plan else None,
        repo_id=repo.repo_id,
        repo_type=repo.repo_type,
        endpoint=repo.endpoint,
        revision=repo.revision,
        tag=repo.tag,
        dependencies=tuple(one.repo for one in resolved if isinstance(one, Hub)),
        restores=restored[0].digest.commit if restored else None,
    )
