"""Small releases, their signer, and trees on a Hub that have them, for the tests of these stages."""

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import MappingProxyType

from hublish.attestation.keys import KeySigner, KeyVerifier
from hublish.base.content import InMemory, blob_hasher
from hublish.base.values import Head, Origin, Plan, Project, Release, ReleaseFile, RemoteFile, Target
from hublish.base.values.attested import BuildFacts
from hublish.hub.client.hub import Hub
from hublish.pipeline.attest.attest import Attest
from hublish.pipeline.attest.own_signer import OwnSigner
from hublish.pipeline.attest.reuse import PublishedTree
from hublish.pipeline.attest.sign import Sign
from hublish.pipeline.attest.signing import Signing
from hublish.pipeline.compare.compare import completed
from hublish.schemas.documents.manifest import Manifest
from tests.signing_keys import key

HUB = Hub("http://127.0.0.1:9")
TARGET = Target("acme/digits", endpoint="https://hub", tag="v1")
BUILDER = "https://github.com/acme/digits/.github/workflows/release.yml@refs/tags/v1"
FACTS = BuildFacts(BUILDER, source_uri="git+https://github.com/acme/digits", source_commit="4" * 40, dirty=False)
FILES = {"README.md": b"---\nlicense: mit\n---\n# Digits\n", "config.json": b"{}"}


@cache
def signer(name: str = "acme") -> OwnSigner:
    made = KeySigner.from_pem(key(name).private)
    return OwnSigner("key", made, KeyVerifier.from_pem(key(name).public), made.signed_by, lambda _: FACTS)


def sealed(path: str, data: bytes) -> ReleaseFile:
    blob = blob_hasher(len(data))
    blob.update(data)
    digest, origin = hashlib.sha256(data).hexdigest(), Origin(0, path, "copy")
    return ReleaseFile(path, len(data), digest, blob.hexdigest(), InMemory(data), origin, data)


def release(files: Mapping[str, bytes] = FILES) -> Release:
    fields = {
        "repo": {"repo_id": TARGET.repo_id, "tag": TARGET.tag},
        "artifacts": [{"source": "*"}],
        "sign": {"method": "key", "private_key": "acme.pem"},
    }
    project = Project(Manifest.model_validate(fields), b"repo: {}\n", Path("/project"))
    return Release(project, tuple(sealed(path, data) for path, data in sorted(files.items())))


def attested(found: Release | None = None, own: OwnSigner | None = None, **signing: object) -> Release:
    """Return a release after the stage; other arguments are fields of `Signing`."""
    value = Signing(own or signer(), TARGET, lambda _: FACTS)
    return Attest(replace(value, **signing)).run(found or release())  # type: ignore[arg-type]  # the tests pass fields


def signed(found: Release | None = None, own: OwnSigner | None = None, plan_sha256: str = "7" * 64) -> Release:
    """Return a release with all files of a signature, as they are published to a new repo."""
    before = attested(found, own)
    plan = Plan(before, TARGET, Head(repo_exists=False, commit=None), (), sha256=plan_sha256)
    return Sign(HUB, own or signer(), completed).run(plan).release


def tree_of(
    found: Release, changed: Mapping[str, bytes] = MappingProxyType({}), downloads: list[str] | None = None
) -> PublishedTree:
    """Return a tree that has the files of a release, some of them with other bytes."""
    files = {**{file.path_in_repo: file.data or b"" for file in found.files}, **changed}
    remote = {path: sealed(path, data) for path, data in files.items()}

    def download(file: RemoteFile) -> bytes:
        (downloads if downloads is not None else []).append(file.path_in_repo)
        return files[file.path_in_repo]

    listed = {path: RemoteFile(path, one.size, one.blob_id) for path, one in remote.items()}
    return PublishedTree(listed, download, lambda file: InMemory(files[file.path_in_repo]))


def content(found: Release, path: str) -> bytes:
    return next(file.data or b"" for file in found.files if file.path_in_repo == path)
