"""The files of a signature that are known before a review."""

import json
from dataclasses import replace

import pytest

from hublish.attestation.model_signature import read_signature_statement
from hublish.base.errors import PolicyError, SigningError, SourceError
from hublish.base.values.attested import BuildFacts
from hublish.pipeline.attest.attest import UNSIGNED
from hublish.pipeline.attest.own_signer import OwnSigner, signed_digests, verdict_of
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import ATTESTATION_FILES, BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE
from tests.pipeline.attest.releases import (
    BUILDER,
    FACTS,
    FILES,
    TARGET,
    attested,
    content,
    release,
    signed,
    signer,
    tree_of,
)

KEYLESS = OwnSigner("sigstore", signer().signer, signer().verifier)
ABSENT = OwnSigner("key", missing=SigningError("no key"))


def paths(found: object) -> set[str]:
    return {file.path_in_repo for file in found.files}  # type: ignore[attr-defined]


def test_a_release_that_is_not_signed_stays_as_it_is() -> None:
    found = release()
    assert not UNSIGNED.works_on(found)
    assert UNSIGNED.run(found) is found


def test_a_key_signs_every_file_and_the_claims_are_pending() -> None:
    found = attested()
    assert paths(found) == {*FILES, BOM_FILE, SIGNATURE_FILE}
    verifier = signer().verifier
    assert verifier is not None
    statement = verifier.verify(content(found, SIGNATURE_FILE)).statement
    read = read_signature_statement(statement)
    assert (read.repo, read.files) == ("acme/digits", signed_digests(found))
    attestation = found.attestation
    assert attestation is not None
    assert (attestation.signer, attestation.pending) == (signer().signed_by, (CLAIMS_FILE,))
    assert (attestation.builder, attestation.source_commit, attestation.dirty) == (BUILDER, "4" * 40, False)


def test_equal_files_give_equal_bytes() -> None:
    assert attested().files == attested().files


@pytest.mark.parametrize("own", [KEYLESS, ABSENT])
def test_what_is_signed_later_is_pending(own: OwnSigner) -> None:
    found = attested(own=own)
    assert paths(found) == {*FILES, BOM_FILE}
    assert found.attestation is not None
    assert found.attestation.pending == (CLAIMS_FILE, SIGNATURE_FILE)


def test_a_repo_without_a_namespace_is_signed_when_the_hub_has_added_it() -> None:
    found = attested(target=replace(TARGET, repo_id="digits"))
    assert found.attestation is not None
    assert found.attestation.pending == (CLAIMS_FILE, SIGNATURE_FILE)


@pytest.mark.parametrize("path", [BOM_FILE, SIGNATURE_FILE])
def test_a_file_is_never_replaced(path: str) -> None:
    with pytest.raises(SourceError):
        attested(release({**FILES, path: b"mine"}))


def test_what_the_builder_could_not_find_out_is_a_warning() -> None:
    warning = Problem("sign.commit", "no commit", severity="warning")
    found = attested(facts=lambda _: replace(FACTS, warnings=(warning,)))
    assert found.warnings == (warning,)


def test_a_secret_in_the_bill_of_materials_is_refused() -> None:
    secret = "hf_" + "kQzVbTnWxRmLpYdGsHjCfAeUoIwNtBvXqZ"
    with pytest.raises(PolicyError) as caught:
        attested(target=replace(TARGET, repo_id=f"acme/{secret}"))
    assert {one.code for one in caught.value.problems} == {"policy.secret"}
    assert secret[3:] not in str(caught.value)


def test_the_rule_of_each_file_is_the_section() -> None:
    for path in ATTESTATION_FILES:
        assert verdict_of(path).path == "sign"


# ------------------------------------------------------------------------------------------------------ used again


@pytest.mark.parametrize("own", [signer(), KEYLESS])
def test_a_published_signature_is_used_again(own: OwnSigner) -> None:
    before = signed()
    found = attested(own=own, trees=lambda: [tree_of(before)])
    assert [(file.path_in_repo, file.sha256) for file in found.files] == [
        (file.path_in_repo, file.sha256) for file in before.files
    ]
    assert found.attestation is not None
    assert (found.attestation.pending, found.attestation.signer) == ((), signer().signed_by)


def test_a_published_description_of_an_earlier_hublish_is_used_again() -> None:
    before = release()
    older = json.dumps({"bomFormat": "CycloneDX", "specVersion": "1.5"}).encode()
    # As another version signed it.
    described = replace(before, files=attested(before).files)
    assert content(described, BOM_FILE) != older
    found = attested(trees=lambda: [tree_of(signed(), {BOM_FILE: older})])
    # Its signature is not over that one.
    assert content(found, BOM_FILE) != older


def test_nothing_is_downloaded_when_a_file_differs() -> None:
    downloads: list[str] = []
    attested(release({**FILES, "config.json": b"[]"}), trees=lambda: [tree_of(signed(), downloads=downloads)])
    assert downloads == []


def test_the_tree_with_claims_is_preferred() -> None:
    before = signed()
    without = tree_of(before, {CLAIMS_FILE: b"{}\n"})
    found = attested(trees=lambda: [without, tree_of(before)])
    assert found.attestation is not None
    assert found.attestation.pending == ()


def test_claims_of_another_builder_are_made_anew() -> None:
    other = BuildFacts("https://hublish.github.io/hublish/builders/local")
    found = attested(trees=lambda: [tree_of(signed())], facts=lambda _: other)
    assert found.attestation is not None
    assert (found.attestation.pending, found.attestation.builder) == ((CLAIMS_FILE,), other.builder)
    # A machine that does not publish cannot make others.
    found = attested(trees=lambda: [tree_of(signed())], facts=lambda _: other, any_builder=True)
    assert found.attestation is not None
    assert (found.attestation.pending, found.attestation.builder) == ((), BUILDER)
