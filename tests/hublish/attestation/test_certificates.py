"""Signing with a certificate and verifying with the root that it leads to."""

import pytest

from hublish.attestation.certificates import CertificateSigner, CertificateVerifier, utc_now
from hublish.attestation.interface import InvalidSignatureError, Signer, Verifier
from hublish.attestation.model_signature import signature_statement
from tests.signing_keys import leaf

STATEMENT = signature_statement("acme/digits", [("README.md", "0" * 64)])


def test_what_a_certificate_has_signed_its_root_verifies() -> None:
    one = leaf()
    signer: Signer = CertificateSigner(one.private, None, one.certificate, one.chain)
    verifier: Verifier = CertificateVerifier(one.root, "release@acme.example", utc_now)
    bundle = signer.sign(STATEMENT)
    verified = verifier.verify(bundle)
    assert verified.statement == STATEMENT
    assert verified.signed_by.name == "release@acme.example"
    assert signer.sign(STATEMENT) == bundle
    with pytest.raises(InvalidSignatureError):
        CertificateVerifier(leaf("mallory").root, None).verify(bundle)
