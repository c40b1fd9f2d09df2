"""Signing with a key and verifying with its public part."""

import pytest

from hublish.attestation.interface import InvalidSignatureError, Signer, Verifier
from hublish.attestation.keys import KeySigner, KeyVerifier
from hublish.attestation.model_signature import read_signature_statement, signature_statement
from hublish.attestation.statements import Statement, claims_text, read_claims, read_statement, statement_bytes
from hublish.base.errors import SigningError
from tests.signing_keys import Curve, key, new_key, unusable_keys

FILES = {"README.md": "0" * 64, "a/b.txt": "1" * 64, "a.txt": "2" * 64}
STATEMENT = signature_statement("acme/digits", FILES.items())


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
def test_what_a_key_has_signed_its_public_part_verifies(curve: Curve) -> None:
    pair = key("acme", curve)
    signer: Signer = KeySigner.from_pem(pair.private)
    verifier: Verifier = KeyVerifier.from_pem(pair.public)
    bundle = signer.sign(STATEMENT)
    verified = verifier.verify(bundle)
    assert verified.statement == STATEMENT
    assert verified.signed_by.method == "key"
    assert read_signature_statement(verified.statement).files == FILES
    assert signer.sign(STATEMENT) == bundle


def test_an_encrypted_key_needs_its_password() -> None:
    pair = new_key(password=b"secret")
    assert KeySigner.from_pem(pair.private, b"secret").signed_by == KeyVerifier.from_pem(pair.public).trusted
    for password in (None, b"other"):
        with pytest.raises(SigningError):
            KeySigner.from_pem(pair.private, password)


def test_a_signature_by_another_key_is_refused() -> None:
    bundle = KeySigner.from_pem(key("mallory").private).sign(STATEMENT)
    with pytest.raises(InvalidSignatureError, match="another key"):
        KeyVerifier.from_pem(key().public).verify(bundle)


@pytest.mark.parametrize("kind", ["RSA", "Ed25519", "secp256k1"])
def test_a_key_of_another_kind_is_refused(kind: str) -> None:
    pair = unusable_keys()[kind]
    with pytest.raises(SigningError, match="P-256"):
        KeySigner.from_pem(pair.private)
    with pytest.raises(ValueError, match="P-256"):
        KeyVerifier.from_pem(pair.public)


def test_a_claim_is_read_as_it_was_written() -> None:
    statement = Statement("https://slsa.dev/provenance/v1", FILES, {"buildDefinition": {"é": [1, None]}})
    signed = KeySigner.from_pem(key().private).sign(statement_bytes(statement))
    (line,) = read_claims(claims_text([signed]))
    assert read_statement(KeyVerifier.from_pem(key().public).verify(line).statement) == statement
