"""The files of a signature that are made when a plan is published."""

import pytest

from hublish.attestation.model_signature import read_signature_statement
from hublish.attestation.provenance import PREDICATE_TYPE, read_provenance
from hublish.attestation.statements import read_claims, read_statement
from hublish.base.errors import SigningError
from hublish.base.values import Action, Change, Head, Plan, Release, RemoteFile
from hublish.pipeline.attest.own_signer import OwnSigner, signed_digests
from hublish.pipeline.attest.sign import Sign
from hublish.pipeline.compare.compare import completed
from hublish.schemas.documents.file_names import BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE
from tests.pipeline.attest.releases import BUILDER, HUB, TARGET, attested, content, release, signed, signer

KEYLESS = OwnSigner("sigstore", signer().signer, signer().verifier, facts=signer().facts)
NEW = Head(repo_exists=False, commit=None)


def plan(found: Release, *changes: Change, head: Head = NEW) -> Plan:
    return Plan(found, TARGET, head, changes, sha256="7" * 64)


def test_a_plan_that_is_complete_is_not_signed() -> None:
    for found in (release(), signed()):
        stage = Sign(HUB, None, completed)
        assert not stage.works_on(plan(found))
        assert stage.run(plan(found)).release is found


def test_the_claims_are_about_every_file_and_name_the_plan() -> None:
    found = signed()
    verifier = signer().verifier
    assert verifier is not None
    claims = [read_statement(verifier.verify(line).statement) for line in read_claims(content(found, CLAIMS_FILE))]
    assert all(claim.subjects == signed_digests(found) for claim in claims)
    assert BOM_FILE in claims[0].subjects
    (one,) = (read_provenance(claim.predicate) for claim in claims if claim.predicate_type == PREDICATE_TYPE)
    assert (one.plan_sha256, one.builder, one.endpoint, one.tag) == ("7" * 64, BUILDER, "https://hub", "v1")


def test_the_signer_of_a_job_is_known_once_it_has_signed() -> None:
    found = Sign(HUB, KEYLESS, completed).run(plan(attested(own=KEYLESS))).release
    assert found.attestation is not None
    assert (found.attestation.pending, found.attestation.signer) == ((), signer().signed_by)
    verifier = signer().verifier
    assert verifier is not None
    signature = read_signature_statement(verifier.verify(content(found, SIGNATURE_FILE)).statement)
    assert signature.files == signed_digests(found)


def test_pending_changes_become_changes_of_files() -> None:
    remote = RemoteFile(CLAIMS_FILE, 5, "0" * 40)
    pending = (
        Change(Action.CHANGE, CLAIMS_FILE, None, remote, rule="sign", made_at_publish=True),
        Change(Action.LEAVE, ".gitattributes", None, RemoteFile(".gitattributes", 5, "0" * 40)),
    )
    head = Head(repo_exists=True, commit=None, files={CLAIMS_FILE: remote})
    changes = {
        one.path_in_repo: one
        for one in Sign(HUB, signer(), completed).run(plan(attested(), *pending, head=head)).changes
    }
    assert list(changes) == [".gitattributes", CLAIMS_FILE]
    made = changes[CLAIMS_FILE]
    assert (made.action, made.made_at_publish, made.remote) == (Action.CHANGE, False, remote)
    assert made.file is not None
    assert made.size == made.file.size > 5


@pytest.mark.parametrize(
    ("own", "message"),
    [(None, "there is no key"), (OwnSigner("key", missing=SigningError("'a.pem' does not exist")), "a.pem")],
)
def test_without_a_key_nothing_is_made(own: OwnSigner | None, message: str) -> None:
    with pytest.raises(SigningError, match=message):
        Sign(HUB, own, completed).run(plan(attested()))
