"""The examination of a release: whatever the bytes, it ends with a verdict, and only what was signed is accepted."""

from collections.abc import Mapping
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.attestation.examine import AppliedRule, Unexamined, examine, too_large, unverified_repo
from hublish.attestation.keys import KeyVerifier
from hublish.schemas.documents.file_names import BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE
from hublish.schemas.documents.trust import TrustRule
from tests.attested_release import REPO, attested, digests, key_signer
from tests.faults.projects import rounds

FILES = attested(key_signer())
SIGNED = digests(FILES)
VALID = Unexamined(REPO, {**SIGNED}, FILES[SIGNATURE_FILE], FILES[CLAIMS_FILE], FILES[BOM_FILE])
RULE = AppliedRule(
    "the rule",
    TrustRule(repos=("*",), signers=("acme",), require=("signature", "provenance")),
    {"acme": KeyVerifier.from_pem(key_signer().public_key)},
)
NOTHING = replace(RULE, rule=TrustRule(repos=("*",), signers=("acme",)))


def changed(content: bytes) -> st.SearchStrategy[bytes]:
    """Return contents that differ from a valid one in a few bytes, or are something else."""

    def spliced(start: int, length: int, inserted: bytes) -> bytes:
        return content[:start] + inserted + content[start + length :]

    places = st.integers(0, len(content))
    splices = st.builds(spliced, places, st.integers(0, 40), st.binary(max_size=40))
    return (splices | st.binary(max_size=200)).filter(lambda other: other != content)


def test_what_was_signed_is_accepted() -> None:
    assert examine(VALID, RULE).ok
    assert examine(VALID, RULE).digests == SIGNED


@given(changed(FILES[SIGNATURE_FILE]))
@settings(max_examples=rounds(200))
def test_no_other_signature_proves_other_files(signature: bytes) -> None:
    found = examine(replace(VALID, signature=signature), RULE)
    # The bytes of a bundle that are not signed, such as spaces, may differ: what they prove may not.
    assert found.digests in ({}, SIGNED)
    assert found.ok == (found.digests == SIGNED)
    assert unverified_repo(signature) is None or found.digests == SIGNED or not found.ok


@given(changed(FILES[CLAIMS_FILE]))
@settings(max_examples=rounds(100))
def test_no_other_claims_name_another_builder(claims: bytes) -> None:
    found = examine(replace(VALID, claims=claims), RULE)
    assert not found.ok or found.attestation == examine(VALID, RULE).attestation


@given(changed(FILES[BOM_FILE]))
def test_no_other_bill_of_materials_is_accepted(bom: bytes) -> None:
    assert not examine(replace(VALID, bill_of_materials=bom), RULE).ok


PATHS = st.sampled_from([*SIGNED]) | st.text("abc./", min_size=1, max_size=5)
TREES = st.dictionaries(PATHS, st.sampled_from([*SIGNED.values(), "0" * 64]), max_size=8)


@given(TREES)
def test_no_other_tree_is_accepted(files: Mapping[str, str]) -> None:
    assert examine(replace(VALID, files=files), RULE).ok == ({**files, BOM_FILE: SIGNED[BOM_FILE]} == SIGNED)


@given(changed(FILES[SIGNATURE_FILE]), changed(FILES[CLAIMS_FILE]))
def test_a_rule_that_requires_nothing_still_takes_no_digest_of_a_stranger(signature: bytes, claims: bytes) -> None:
    found = examine(replace(VALID, signature=signature, claims=claims), NOTHING)
    assert found.digests in ({}, SIGNED)


def test_the_repo_is_compared_without_regard_to_case() -> None:
    assert examine(replace(VALID, repo="Acme/DIGITS"), RULE).ok
    assert not examine(replace(VALID, repo="acme/digit"), RULE).ok


def test_the_size_of_an_attestation_file_is_limited_by_the_number_of_files() -> None:
    assert [*too_large({SIGNATURE_FILE: 4 << 20, CLAIMS_FILE: 4 << 20, BOM_FILE: 1}, 3)] == []
    assert [each.path for each in too_large({SIGNATURE_FILE: 5 << 20}, 3)] == [SIGNATURE_FILE]
    assert [*too_large({SIGNATURE_FILE: 20 << 20}, 5_000)] == []
    assert [each.code for each in too_large({SIGNATURE_FILE: 65 << 20}, 10**6)] == ["trust.size"]
