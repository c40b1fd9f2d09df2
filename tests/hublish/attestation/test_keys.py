"""Signing with a key and verifying with its public part."""

import base64
import json
from collections.abc import Callable
from functools import cache

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st

from hublish.attestation.bundles import PAYLOAD_TYPE, PublicKeyHint, signed_bytes, write_bundle
from hublish.attestation.interface import InvalidSignatureError, Signer, Verifier
from hublish.attestation.keys import KeySigner, KeyVerifier
from hublish.attestation.model_signature import read_signature_statement, signature_statement
from hublish.attestation.statements import Statement, claims_text, read_claims, read_statement, statement_bytes
from hublish.base.errors import SigningError
from tests.signing_keys import Curve, key, leaf, new_key, unusable_keys

FILES = {"README.md": "0" * 64, "a/b.txt": "1" * 64, "a.txt": "2" * 64}
STATEMENT = signature_statement("acme/digits", FILES.items())
OTHER = signature_statement("acme/digits", {**FILES, "a.txt": "3" * 64}.items())


@cache
def bundle() -> bytes:
    """Return a bundle that the key signed."""
    return KeySigner.from_pem(key().private).sign(STATEMENT)


def by(hint: str, statement: bytes, data: bytes) -> bytes:
    """Return a bundle with the signature of the key over some bytes, whatever the statement is."""
    private = load_pem_private_key(key().private, None)
    assert isinstance(private, ec.EllipticCurvePrivateKey)
    return write_bundle(PublicKeyHint(hint), statement, private.sign(data, ec.ECDSA(SHA256())))


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
def test_what_a_key_has_signed_its_public_part_verifies(curve: Curve) -> None:
    pair = key("acme", curve)
    signer: Signer = KeySigner.from_pem(pair.private)
    verifier: Verifier = KeyVerifier.from_pem(pair.public)
    verified = verifier.verify(signer.sign(STATEMENT))
    assert verified.statement == STATEMENT
    assert verified.signed_by.method == signer.method == "key"
    assert read_signature_statement(verified.statement).files == FILES


@given(st.binary(min_size=1))
def test_the_same_key_and_statement_give_the_same_bytes(statement: bytes) -> None:
    signed = KeySigner.from_pem(key().private).sign(statement)
    assert KeySigner.from_pem(key().private).sign(statement) == signed
    assert KeyVerifier.from_pem(key().public).verify(signed).statement == statement


def test_the_signer_is_known_before_it_signs() -> None:
    signer = KeySigner.from_pem(key().private)
    assert signer.signed_by == KeyVerifier.from_pem(key().public).verify(bundle()).signed_by
    assert signer.public_key == key().public
    assert json.loads(bundle())["verificationMaterial"]["publicKey"]["hint"] == signer.signed_by.name[len("sha256:") :]


def test_an_encrypted_key_needs_its_password() -> None:
    pair = new_key(password=b"correct horse")
    assert KeySigner.from_pem(pair.private, b"correct horse").signed_by == KeyVerifier.from_pem(pair.public).trusted
    refused = {
        None: "the private key is encrypted",
        b"": "the private key is encrypted",
        b"battery staple": "the password does not open the private key",
    }
    for password, reason in refused.items():
        with pytest.raises(SigningError, match=reason) as caught:
            KeySigner.from_pem(pair.private, password)
        assert "staple" not in str(caught.value)
    with pytest.raises(SigningError, match="there is a password, and the private key is not encrypted"):
        KeySigner.from_pem(key().private, b"correct horse")


NOT_KEYS: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"no key",
    "a certificate": lambda: leaf().certificate,
}
NOT_PRIVATE: dict[str, Callable[[], bytes]] = {
    **NOT_KEYS,
    "a public key": lambda: key().public,
    "half of a key": lambda: key().private[:100],
}
NOT_PUBLIC: dict[str, tuple[Callable[[], bytes], str]] = {
    **{name: (pem, "not a public key") for name, pem in NOT_KEYS.items()},
    "half of a key": (lambda: key().public[:100], "not a public key"),
    "a private key": (lambda: key().private, "it is a private key"),
    "two keys": (lambda: key().public + key("mallory").public, "several keys"),
}


@pytest.mark.parametrize("name", NOT_PRIVATE)
def test_what_is_not_a_private_key_cannot_sign(name: str) -> None:
    with pytest.raises(SigningError, match="not a private key in PEM") as caught:
        KeySigner.from_pem(NOT_PRIVATE[name]())
    assert "openssl" in caught.value.hint


@pytest.mark.parametrize("name", NOT_PUBLIC)
def test_what_is_not_one_public_key_cannot_verify(name: str) -> None:
    pem, reason = NOT_PUBLIC[name]
    with pytest.raises(ValueError, match=reason):
        KeyVerifier.from_pem(pem())


@pytest.mark.parametrize("kind", ["RSA", "Ed25519", "secp256k1"])
def test_a_key_of_another_kind_is_refused(kind: str) -> None:
    pair = unusable_keys()[kind]
    with pytest.raises(SigningError, match=f"{kind}.*P-256"):
        KeySigner.from_pem(pair.private)
    with pytest.raises(ValueError, match=f"{kind}.*P-256"):
        KeyVerifier.from_pem(pair.public)


def test_neither_signers_nor_verifiers_show_their_keys() -> None:
    secret = key().private.splitlines()[1].decode()
    assert secret not in repr(KeySigner.from_pem(key().private))
    assert "0x" not in repr(KeyVerifier.from_pem(key().public))


@cache
def hint() -> str:
    """Return the name of the key in its bundles."""
    return KeySigner.from_pem(key().private).signed_by.name.removeprefix("sha256:")


PRE_1_0 = f"DSSEV1 {len(PAYLOAD_TYPE)} {PAYLOAD_TYPE} {len(STATEMENT)} {STATEMENT!r}".encode()
ENCODED = signed_bytes(STATEMENT)
WRONG = "the signature is wrong"
REFUSED: dict[str, tuple[Callable[[], bytes], str]] = {
    "another key": (lambda: KeySigner.from_pem(key("mallory").private).sign(STATEMENT), "another key"),
    "the hint of another key": (lambda: by("0" * 64, STATEMENT, ENCODED), "another key"),
    "the hint in capitals": (lambda: by(hint().upper(), STATEMENT, ENCODED), "another key"),
    "another statement": (lambda: by(hint(), OTHER, ENCODED), WRONG),
    "the statement without its envelope": (lambda: by(hint(), STATEMENT, STATEMENT), WRONG),
    "the encoding before 1.0": (lambda: by(hint(), STATEMENT, PRE_1_0), WRONG),
    "another payload type": (lambda: by(hint(), STATEMENT, ENCODED.replace(b"vnd.in-toto", b"vnd.in_toto")), WRONG),
    "a signature that is not one": (lambda: write_bundle(PublicKeyHint(hint()), STATEMENT, b"x"), WRONG),
    "zeros": (lambda: write_bundle(PublicKeyHint(hint()), STATEMENT, bytes.fromhex("3006020100020100")), WRONG),
    "a truncated bundle": (lambda: bundle()[:-2], "not JSON"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_bundle_that_proves_nothing_is_refused(name: str) -> None:
    make, reason = REFUSED[name]
    with pytest.raises(InvalidSignatureError, match=reason):
        KeyVerifier.from_pem(key().public).verify(make())


def test_the_refused_bundles_differ_in_nothing_else() -> None:
    verifier = KeyVerifier.from_pem(key().public)
    assert verifier.verify(by(hint(), STATEMENT, ENCODED)).statement == STATEMENT
    assert verifier.verify(by(hint(), OTHER, signed_bytes(OTHER))).statement == OTHER


@given(st.data())
def test_a_changed_bundle_never_verifies_as_another_statement(data: st.DataObject) -> None:
    position = data.draw(st.integers(0, len(bundle()) - 1))
    other = data.draw(st.one_of(st.binary(max_size=2), st.sampled_from(list('0aA+/="{}[],: \n')).map(str.encode)))
    mutated = bundle()[:position] + other + bundle()[position + data.draw(st.integers(0, 2)) :]
    verifier = KeyVerifier.from_pem(key().public)
    try:
        verified = verifier.verify(mutated)
    except InvalidSignatureError:
        return
    assert (verified.statement, verified.signed_by) == (STATEMENT, verifier.trusted)


@given(position=st.integers(0, len(STATEMENT) - 1), bit=st.integers(0, 7))
def test_a_changed_statement_is_refused(position: int, bit: int) -> None:
    mutated = bytearray(STATEMENT)
    mutated[position] ^= 1 << bit
    fields = json.loads(bundle())
    fields["dsseEnvelope"]["payload"] = base64.b64encode(mutated).decode()
    with pytest.raises(InvalidSignatureError, match="the signature is wrong"):
        KeyVerifier.from_pem(key().public).verify(json.dumps(fields).encode())


def test_a_claim_is_read_as_it_was_written() -> None:
    statement = Statement("https://slsa.dev/provenance/v1", FILES, {"buildDefinition": {"é": [1, None]}})
    signed = KeySigner.from_pem(key().private).sign(statement_bytes(statement))
    (line,) = read_claims(claims_text([signed]))
    assert read_statement(KeyVerifier.from_pem(key().public).verify(line).statement) == statement
