"""A release compared with a lock: files added, changed and removed, and the reasons."""

from dataclasses import replace
from pathlib import Path

import pytest

from hublish.base.content import InMemory
from hublish.base.values import Origin, Project, Release, ReleaseFile, Setting
from hublish.base.values.attested import Attestation
from hublish.base.values.publication import LocalDrift
from hublish.pipeline.compare.drift import drift_since
from hublish.schemas.documents.file_names import ATTESTATION_FILES, BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE
from hublish.schemas.documents.lock import Lock, LockedFile
from hublish.schemas.documents.manifest import Load, Manifest

PARAMETERS = {"version": 1, "dtype": None}
FILE = ReleaseFile(
    "model.safetensors", 9, "a" * 64, "b" * 40, InMemory(b""), Origin(0, "model.npz", "safetensors", PARAMETERS)
)
LOCKED = LockedFile(
    path_in_repo="model.safetensors",
    size=9,
    sha256="a" * 64,
    blob_id="b" * 40,
    source="model.npz",
    serializer="safetensors",
    parameters=PARAMETERS,
)
LOCK = Lock(
    repo_id="acme/x",
    endpoint="embedded",
    revision="main",
    commit="c" * 40,
    tag="v1",
    manifest_sha256="d" * 64,
    load=Load(),
    files=(LOCKED,),
)


def release(*files: ReleaseFile, **repo: object) -> Release:
    fields = {"repo": {"repo_id": "acme/x", "tag": "v1", **repo}, "artifacts": [{"source": "*"}]}
    return Release(Project(Manifest.model_validate(fields), b"", Path("/project")), files)


def since(lock: Lock, release: Release) -> LocalDrift:
    return drift_since(lock, release, release.project.target)


def test_the_release_that_was_locked_has_not_drifted() -> None:
    found = since(LOCK, release(FILE))
    assert (found.any, found.files) == (False, 1)


def test_files_come_and_go() -> None:
    found = since(LOCK, release(FILE._replace(path_in_repo="other.safetensors")))
    assert (found.added, found.changed, found.removed) == (("other.safetensors",), (), ("model.safetensors",))


@pytest.mark.parametrize(
    ("origin", "why"),
    [
        (FILE.origin, "other bytes"),
        (FILE.origin._replace(source="best.npz"), "made from model.npz -> best.npz"),
        (FILE.origin._replace(serializer="torch"), "serializer safetensors -> torch"),
        (FILE.origin._replace(parameters={"version": 2, "dtype": None}), "version 1 -> 2"),
        (FILE.origin._replace(parameters={"version": 1, "dtype": "float16"}), "dtype None -> float16"),
        (FILE.origin._replace(parameters={"version": 1, "template_sha256": "x"}), "template_sha256 changed"),
    ],
)
def test_a_changed_file_has_its_reason(origin: Origin, why: str) -> None:
    (changed,) = since(LOCK, release(FILE._replace(sha256="f" * 64, origin=origin))).changed
    assert (changed.path_in_repo, changed.why) == ("model.safetensors", why)


def test_the_same_bytes_are_no_change_however_they_were_made() -> None:
    moved = FILE._replace(origin=FILE.origin._replace(source="best.npz", serializer="torch"))
    assert not since(LOCK, release(moved)).any


@pytest.mark.parametrize(
    ("repo", "setting"),
    [
        ({"tag": "v2"}, Setting("tag", "v1", "v2")),
        ({"tag": None}, Setting("tag", "v1", "none")),
        ({"revision": "next"}, Setting("revision", "main", "next")),
    ],
)
def test_a_manifest_that_goes_elsewhere_now_has_drifted(repo: dict[str, object], setting: Setting) -> None:
    assert since(LOCK, release(FILE, **repo)).settings == (setting,)


def test_a_pull_request_is_locked_by_its_own_ref() -> None:
    lock = LOCK.model_copy(update={"revision": "refs/pr/3", "tag": None})
    assert not since(lock, release(FILE, create_pr=True, tag=None)).any


@pytest.mark.parametrize(("repo", "keeps"), [({}, True), ({"tag": "v2"}, False), ({"revision": "x"}, True)])
def test_files_that_moved_on_under_the_same_version_are_noticed(repo: dict[str, object], keeps: bool) -> None:
    assert since(LOCK, release(FILE._replace(sha256="f" * 64), **repo)).keeps_the_tag is keeps


def test_the_files_of_a_signature_follow_from_the_others() -> None:
    made = [FILE._replace(path_in_repo=path, sha256="1" * 64) for path in (BOM_FILE, SIGNATURE_FILE)]
    files = tuple(LOCKED.model_copy(update={"path_in_repo": path}) for path in ATTESTATION_FILES)
    lock = LOCK.model_copy(update={"files": (LOCKED, *files)})
    signed = replace(release(FILE, *made), attestation=Attestation(None, pending=(CLAIMS_FILE,)))
    found = since(lock, signed)
    assert (found.any, found.files) == (False, 4)
    # Without `sign`, they are gone.
    assert {*since(lock, release(FILE)).removed} == {*ATTESTATION_FILES}
    # With it, they are new.
    assert since(LOCK, signed).added == (BOM_FILE, SIGNATURE_FILE)
