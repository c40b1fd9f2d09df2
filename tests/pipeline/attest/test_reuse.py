"""Which signatures and claims on a Hub are those of a release, and which are not."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.attestation.keys import KeySigner
from hublish.attestation.model_signature import signature_statement
from hublish.attestation.statements import Statement, claims_text, read_claims, read_statement, statement_bytes
from hublish.base.values import Release, RemoteFile
from hublish.pipeline.attest.own_signer import OwnSigner, signed_digests
from hublish.pipeline.attest.reuse import PublishedTree, Signed, locked_in, signed_in
from hublish.schemas.documents.file_names import BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE
from hublish.schemas.documents.lock import Lock, LockedFile, LockedSignature
from hublish.schemas.documents.manifest import Load
from tests.faults.projects import rounds
from tests.pipeline.attest.releases import BUILDER, FILES, content, release, signed, signer, tree_of
from tests.signing_keys import key


def found_in(tree: PublishedTree, of: Release | None = None, builder: str | None = BUILDER) -> Signed | None:
    return signed_in(tree, of or release(), "acme/digits", signer(), builder)


def resigned(bundle: bytes, **changed: Any) -> bytes:
    """Return a claim with another predicate or other subjects, signed with the same key."""
    verifier = signer().verifier
    assert verifier is not None
    read = read_statement(verifier.verify(bundle).statement)
    fields: dict[str, Any] = {"predicate_type": read.predicate_type, "subjects": read.subjects}
    statement = Statement(**{**fields, "predicate": read.predicate, **changed})
    return KeySigner.from_pem(key().private).sign(statement_bytes(statement))


def test_a_whole_release_is_found() -> None:
    before = signed()
    found = found_in(tree_of(before))
    assert found is not None
    assert found.claims is not None
    assert found.provenance is not None
    assert found.provenance.builder == BUILDER
    assert (found.bom.sha256, found.signature.sha256) == tuple(
        next(file.sha256 for file in before.files if file.path_in_repo == path) for path in (BOM_FILE, SIGNATURE_FILE)
    )


def test_the_spelling_of_the_repo_does_not_count() -> None:
    assert signed_in(tree_of(signed()), release(), "Acme/Digits", signer(), BUILDER) is not None


@pytest.mark.parametrize("path", [SIGNATURE_FILE, BOM_FILE])
def test_without_a_file_there_is_no_signature(path: str) -> None:
    tree = tree_of(signed())
    files = {name: file for name, file in tree.files.items() if name != path}
    assert found_in(replace(tree, files=files)) is None


def test_a_file_that_is_too_large_is_not_downloaded() -> None:
    tree = tree_of(signed())
    large = RemoteFile(SIGNATURE_FILE, 1 << 40, "0" * 40)
    assert found_in(replace(tree, files={**tree.files, SIGNATURE_FILE: large})) is None


@pytest.mark.parametrize(
    "make",
    [
        lambda: signed(own=signer("other")),
        lambda: signed(release({**FILES, "more.txt": b"more"})),
    ],
)
def test_another_signer_and_other_files_are_not_ours(make: Any) -> None:
    tree = tree_of(make())
    files = {path: file for path, file in tree.files.items() if path != "more.txt"}
    assert found_in(replace(tree, files=files)) is None


def test_the_signature_of_another_repo_is_not_ours() -> None:
    about = signed_digests(signed())
    copied = KeySigner.from_pem(key().private).sign(signature_statement("acme/letters", about.items()))
    assert found_in(tree_of(signed(), {SIGNATURE_FILE: copied})) is None


def claims(*changes: dict[str, Any]) -> bytes:
    """Return the claims, each with changes; signed with the same key."""
    lines = read_claims(content(signed(), CLAIMS_FILE))
    return claims_text(resigned(line, **change) for line, change in zip(lines, changes, strict=True))


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}\n",
        claims({"subjects": {"a": "0" * 64}}, {}),
        claims({}, {"subjects": {"a": "0" * 64}}),
        claims({}, {"predicate": {"bomFormat": "CycloneDX"}}),
        claims({"predicate": {}}, {}),
        claims({"predicate_type": "https://example.org/other"}, {}),
        content(signed(), CLAIMS_FILE).splitlines(keepends=True)[0],
        b"".join([*content(signed(), CLAIMS_FILE).splitlines(keepends=True), claims({"predicate": {}}, {})]),
        content(signed(own=signer("other")), CLAIMS_FILE),
    ],
)
def test_claims_that_are_not_those_of_the_release_are_made_anew(data: bytes) -> None:
    found = found_in(tree_of(signed(), {CLAIMS_FILE: data}))
    assert found is not None
    assert found.claims is None


@settings(max_examples=rounds(60))
@given(st.data())
def test_a_damaged_file_is_never_used(data: st.DataObject) -> None:
    path = data.draw(st.sampled_from([SIGNATURE_FILE, CLAIMS_FILE, BOM_FILE]))
    before = content(signed(), path)
    position = data.draw(st.integers(0, len(before) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != before[position]))
    damaged = before[:position] + bytes([byte]) + before[position + 1 :]
    found = found_in(tree_of(signed(), {path: damaged}))
    assert found is None or (path == CLAIMS_FILE and found.claims is None)


# ------------------------------------------------------------------------------------------------ by the lock


def lock_of(found: Release, **changed: Any) -> Lock:
    files = tuple(
        LockedFile(path_in_repo=one.path_in_repo, size=one.size, sha256=one.sha256, blob_id=one.blob_id)
        for one in found.files
    )
    known_signer = signer().signed_by
    assert known_signer is not None
    by = {"signer": known_signer.name, "public_key": known_signer.public_key}
    signature = LockedSignature(method="key", builder=BUILDER, **by)
    known: dict[str, Any] = {"manifest_sha256": "d" * 64, "load": Load(), "files": files, "signature": signature}
    place = {"repo_id": "acme/digits", "endpoint": "https://hub", "revision": "main", "commit": "c" * 40}
    return Lock.model_validate({**place, **known, **changed})


REVIEWER = OwnSigner("key")


@pytest.mark.parametrize("own", [signer(), REVIEWER])
@pytest.mark.parametrize("builder", [BUILDER, None])
def test_a_lock_knows_the_signature_of_its_release(own: OwnSigner, builder: str | None) -> None:
    downloads: list[str] = []
    found = locked_in(tree_of(signed(), downloads=downloads), release(), own, builder, lock_of(signed()))
    assert found is not None
    assert found.claims is not None
    assert found.signed_by == signer().signed_by
    assert (found.locked_builder, downloads) == (BUILDER, [])
    sealed = {file.path_in_repo: file.sha256 for file in signed().files}
    assert all(sealed[file.path_in_repo] == file.sha256 for file in (found.bom, found.signature, found.claims))


@pytest.mark.parametrize(
    ("tree", "of", "own", "builder", "lock"),
    [
        (tree_of(signed()), release({**FILES, "config.json": b"[]"}), REVIEWER, None, lock_of(signed())),
        (tree_of(signed()), release(), REVIEWER, None, lock_of(signed(), signature=None)),
        (tree_of(signed()), release(), REVIEWER, None, lock_of(release())),
        (tree_of(signed(), {SIGNATURE_FILE: b"{}"}), release(), REVIEWER, None, lock_of(signed())),
        (tree_of(signed(), {CLAIMS_FILE: b"{}\n"}), release(), REVIEWER, None, lock_of(signed())),
        (tree_of(release()), release(), REVIEWER, None, lock_of(signed())),
        (tree_of(signed()), release(), signer("other"), None, lock_of(signed())),
        (tree_of(signed()), release(), signer(), "https://other.example", lock_of(signed())),
        (tree_of(signed()), release(), OwnSigner("sigstore"), None, lock_of(signed())),
        # Whether its identity is the declared one is not in the lock.
        (
            tree_of(signed()),
            release(),
            OwnSigner("sigstore", verifier=signer().verifier),
            None,
            lock_of(signed(), signature=LockedSignature(method="sigstore", signer="release@acme.example")),
        ),
    ],
)
def test_a_lock_of_anything_else_knows_none(
    tree: PublishedTree, of: Release, own: OwnSigner, builder: str | None, lock: Lock
) -> None:
    assert locked_in(tree, of, own, builder, lock) is None


def test_the_claims_are_read_as_json_and_not_as_text() -> None:
    # The statement has the bill of materials without its line breaks.
    bom = json.loads(content(signed(), BOM_FILE))
    lines = read_claims(content(signed(), CLAIMS_FILE))
    verifier = signer().verifier
    assert verifier is not None
    assert bom in [read_statement(verifier.verify(line).statement).predicate for line in lines]
