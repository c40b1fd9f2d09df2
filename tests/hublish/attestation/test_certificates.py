"""Signing with a certificate and verifying with the root that it leads to."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta, timezone
from functools import cache, partial

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.attestation.bundles import CertificateChain, read_bundle, write_bundle
from hublish.attestation.certificate_chain import der, parsed_pem
from hublish.attestation.certificates import CertificateSigner, CertificateVerifier
from hublish.attestation.interface import InvalidSignatureError, Signer, Verifier
from hublish.attestation.keys import KeySigner, KeyVerifier, private_key, signature_of
from hublish.attestation.model_signature import signature_statement
from hublish.base.errors import SigningError
from tests.signing_keys import (
    DAY,
    EXPIRED,
    INTERMEDIATE,
    NOT_YET_VALID,
    NOW,
    ROOT,
    SIGNER,
    WRONG_USAGES,
    Curve,
    Leaf,
    Profile,
    authority,
    key,
    leaf,
    new_intermediate,
    new_leaf,
    new_root,
    new_self_signed,
)

STATEMENT = signature_statement("acme/digits", [("README.md", "0" * 64)])
EMAIL = "release@acme.example"
URI = "https://ci.acme.example/release"
HOST = "release.acme.example"


def now() -> datetime:
    return NOW


@cache
def signed_by(one: Leaf, *, chain: tuple[bytes, ...] | None = None) -> bytes:
    """Return a bundle with a certificate and the chain above it, without the checks of a signer."""
    certificates = parsed_pem([one.certificate, *(one.chain if chain is None else chain)])
    signature = signature_of(private_key(one.private, None), STATEMENT)
    return write_bundle(CertificateChain(tuple(map(der, certificates))), STATEMENT, signature)


def below(profile: Profile, root: Profile = ROOT) -> Leaf:
    """Return a signer below an intermediate authority with another profile."""
    return new_leaf(new_intermediate(new_root(root), profile))


@pytest.mark.parametrize("curve", ["P-256", "P-384", "P-521"])
def test_what_a_certificate_has_signed_its_root_verifies(curve: Curve) -> None:
    one = leaf("acme", replace(SIGNER, curve=curve))
    signer: Signer = CertificateSigner(one.private, None, one.certificate, one.chain)
    verifier: Verifier = CertificateVerifier(one.root, EMAIL)
    verified = verifier.verify(signer.sign(STATEMENT))
    assert verified.statement == STATEMENT
    assert verified.signed_by.name == EMAIL
    assert verified.signed_by.method == signer.method == "certificate"
    assert signer.sign(STATEMENT) == signer.sign(STATEMENT)


def test_the_signer_is_known_before_it_signs() -> None:
    one = leaf()
    signer = CertificateSigner(one.private, None, one.certificate, one.chain)
    verified = CertificateVerifier(one.root, None).verify(signer.sign(STATEMENT))
    assert signer.signed_by == verified.signed_by
    assert verified.signed_by.key.startswith("sha256:")


ACCEPTED: dict[str, Callable[[], Leaf]] = {
    "directly below the root": lambda: new_leaf(new_root()),
    "a certificate without basic constraints": lambda: leaf("acme", replace(SIGNER, is_authority=None)),
    "key usage only": lambda: leaf("acme", replace(SIGNER, purposes=None)),
    "extended key usage only": lambda: leaf("acme", replace(SIGNER, usage=None)),
    "several uses": lambda: leaf("acme", replace(SIGNER, usage=("digital_signature", "content_commitment"))),
    "two intermediates": lambda: new_leaf(new_intermediate(authority())),
    "an intermediate without key usage": lambda: below(replace(INTERMEDIATE, usage=None)),
    "path length 0 without an intermediate": lambda: new_leaf(new_root(replace(ROOT, path_length=0))),
    "its own root": lambda: new_self_signed(SIGNER),
    "the last second": lambda: leaf("acme", replace(SIGNER, until=NOW)),
    "the first second": lambda: leaf("acme", replace(SIGNER, since=NOW)),
}


@pytest.mark.parametrize("name", ACCEPTED)
def test_a_valid_chain_is_accepted(name: str) -> None:
    one = ACCEPTED[name]()
    signer = CertificateSigner(one.private, None, one.certificate, one.chain, identity=EMAIL, now=now)
    assert CertificateVerifier(one.root, EMAIL, now).verify(signer.sign(STATEMENT)).statement == STATEMENT


WHY_NOT_SIGN = {
    "key usage without digitalSignature": "key usage lacks digitalSignature",
    "extended key usage of a website": "extended key usage lacks codeSigning",
    "no usage at all": "neither a key usage nor an extended one",
    "an authority": "that of an authority",
}
REFUSED: dict[str, tuple[Callable[[], Leaf], str]] = {
    "an expired certificate": (lambda: leaf("acme", EXPIRED), "the certificate expired on 20"),
    "a certificate of tomorrow": (lambda: leaf("acme", NOT_YET_VALID), "is not valid before 20"),
    "a second too late": (lambda: leaf("acme", replace(SIGNER, until=NOW - DAY / 86400)), "expired"),
    "a second too early": (lambda: leaf("acme", replace(SIGNER, since=NOW + DAY / 86400)), "is not valid before"),
    "an expired intermediate": (
        lambda: below(replace(INTERMEDIATE, since=NOW - 2 * DAY, until=NOW - DAY)),
        "not lead to a trusted root: cert is not valid",
    ),
    "an expired root": (
        lambda: below(INTERMEDIATE, replace(ROOT, since=NOW - 2 * DAY, until=NOW - DAY)),
        "not lead to a trusted root: cert is not valid",
    ),
    "an issuer that is a signer": (lambda: below(SIGNER), "not lead to a trusted root"),
    "an issuer without basic constraints": (
        lambda: below(replace(INTERMEDIATE, is_authority=None)),
        "basicConstraints",
    ),
    "an issuer that may not certify": (
        lambda: below(replace(INTERMEDIATE, usage=("digital_signature",))),
        "may not sign certificates",
    ),
    "a path that is too long for the root": (
        lambda: below(INTERMEDIATE, replace(ROOT, path_length=0)),
        "path length constraint",
    ),
    "a path that is too long for an intermediate": (
        lambda: new_leaf(
            new_intermediate(
                new_intermediate(new_root(), replace(INTERMEDIATE, path_length=0)),
                replace(INTERMEDIATE, subject="acme second"),
            )
        ),
        "path length constraint",
    ),
    **{name: (partial(leaf, "acme", profile), WHY_NOT_SIGN[name]) for name, profile in WRONG_USAGES.items()},
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_certificate_that_may_not_sign_is_refused_by_both_sides(name: str) -> None:
    one, reason = REFUSED[name][0](), REFUSED[name][1]
    with pytest.raises(InvalidSignatureError, match=reason):
        CertificateVerifier(one.root, EMAIL, now).verify(signed_by(one))
    with pytest.raises(SigningError, match=f"readers would refuse.*{reason}"):
        CertificateSigner(one.private, None, one.certificate, one.chain, now=now)


def test_a_certificate_is_valid_in_every_time_zone() -> None:
    one = leaf("acme", replace(SIGNER, until=NOW))
    far = timezone(timedelta(hours=14))
    verified = CertificateVerifier(one.root, EMAIL, lambda: NOW.astimezone(far)).verify(signed_by(one))
    assert verified.statement == STATEMENT
    with pytest.raises(InvalidSignatureError, match="expired"):
        CertificateVerifier(one.root, EMAIL, lambda: (NOW + DAY).astimezone(far)).verify(signed_by(one))


IDENTITIES: dict[str, tuple[Profile, str | None, str]] = {
    "an email address": (SIGNER, EMAIL, EMAIL),
    "a URI": (replace(SIGNER, uris=(URI,)), URI, URI),
    "a DNS name": (replace(SIGNER, names=(HOST,)), HOST, HOST),
    "the second of two": (replace(SIGNER, emails=("a@acme.example", EMAIL)), EMAIL, EMAIL),
    "the first of two": (replace(SIGNER, emails=("a@acme.example", EMAIL)), None, "a@acme.example"),
    "none but the common name": (replace(SIGNER, emails=()), None, "acme release"),
}


@pytest.mark.parametrize("name", IDENTITIES)
def test_the_signer_is_the_identity_in_the_certificate(name: str) -> None:
    profile, wanted, found = IDENTITIES[name]
    one = leaf("acme", profile)
    assert CertificateVerifier(one.root, wanted).verify(signed_by(one)).signed_by.name == found
    assert CertificateSigner(one.private, None, one.certificate, one.chain, identity=wanted).signed_by.name == found


OTHERS: dict[str, tuple[Profile, str]] = {
    "another address": (SIGNER, "mallory@acme.example"),
    "other capitals": (SIGNER, EMAIL.upper()),
    "a part of it": (SIGNER, "acme.example"),
    "a pattern": (SIGNER, "*@acme.example"),
    "the common name": (SIGNER, "acme release"),
    "an address beyond ASCII": (SIGNER, "rélease@acme.example"),
    "an address as a URI": (replace(SIGNER, emails=(), uris=(EMAIL,)), EMAIL),
    "an address as a DNS name": (replace(SIGNER, emails=(), names=(EMAIL,)), EMAIL),
    "a URI as an address": (replace(SIGNER, emails=(URI,)), URI),
    "a certificate without names": (replace(SIGNER, emails=()), EMAIL),
}


@pytest.mark.parametrize("name", OTHERS)
def test_another_identity_is_refused_by_both_sides(name: str) -> None:
    profile, wanted = OTHERS[name]
    one = leaf("acme", profile)
    with pytest.raises(InvalidSignatureError, match=r"the certificate is that of .*, not of "):
        CertificateVerifier(one.root, wanted).verify(signed_by(one))
    with pytest.raises(SigningError, match=r"the certificate is that of .*, not of "):
        CertificateSigner(one.private, None, one.certificate, one.chain, identity=wanted)


def test_a_root_that_is_not_trusted_is_refused_although_it_is_in_the_bundle() -> None:
    with pytest.raises(InvalidSignatureError, match="not lead to a trusted root"):
        CertificateVerifier(leaf("mallory").root, EMAIL).verify(signed_by(leaf()))


def test_a_root_of_the_same_name_is_another_root() -> None:
    twin = new_intermediate(
        new_root(replace(ROOT, subject="acme root")), replace(INTERMEDIATE, subject="acme intermediate")
    )
    with pytest.raises(InvalidSignatureError, match="not lead to a trusted root"):
        CertificateVerifier(leaf().root, EMAIL).verify(signed_by(new_leaf(twin)))


def test_missing_certificates_are_not_fetched() -> None:
    one = leaf()
    with pytest.raises(InvalidSignatureError, match=r"not lead to a trusted root$"):
        CertificateVerifier(one.root, EMAIL).verify(signed_by(one, chain=()))


def test_a_reader_may_have_the_certificates_that_the_bundle_lacks() -> None:
    one = leaf()
    verified = CertificateVerifier(b"".join(one.chain), EMAIL).verify(signed_by(one, chain=()))
    assert verified.signed_by == CertificateVerifier(one.root, EMAIL).verify(signed_by(one)).signed_by


def test_an_intermediate_is_not_a_root_even_where_it_is_listed() -> None:
    one = leaf()
    with pytest.raises(ValueError, match="no root certificate"):
        CertificateVerifier(one.chain[0], EMAIL)
    with pytest.raises(SigningError, match="has no root certificate"):
        CertificateSigner(one.private, None, one.certificate, one.chain[:1])


def test_each_of_several_roots_is_trusted() -> None:
    roots = leaf("mallory").root + leaf().root
    names = {
        CertificateVerifier(roots, None).verify(signed_by(leaf(name))).signed_by.key for name in ("acme", "mallory")
    }
    assert len(names) == 2


NOT_CERTIFICATES: dict[str, Callable[[], bytes]] = {
    "nothing": lambda: b"",
    "text": lambda: b"no certificate",
    "a key": lambda: key().public,
    "half of a certificate": lambda: leaf().root[:100],
}


@pytest.mark.parametrize("name", NOT_CERTIFICATES)
def test_what_is_not_a_certificate_is_refused(name: str) -> None:
    one, pem = leaf(), NOT_CERTIFICATES[name]()
    with pytest.raises(ValueError, match="no certificate in PEM"):
        CertificateVerifier(pem, None)
    with pytest.raises(SigningError, match=r"sign\.signing_certificate cannot be used"):
        CertificateSigner(one.private, None, pem, one.chain)
    with pytest.raises(SigningError, match=r"sign\.certificate_chain cannot be used"):
        CertificateSigner(one.private, None, one.certificate, [pem])


def test_a_certificate_of_another_key_cannot_sign() -> None:
    one = leaf()
    with pytest.raises(SigningError, match="that of another key"):
        CertificateSigner(key("mallory").private, None, one.certificate, one.chain)


def test_a_signature_by_another_key_than_that_of_the_certificate_is_refused() -> None:
    one = replace(leaf(), private=key("mallory").private)
    with pytest.raises(InvalidSignatureError, match="the signature is wrong"):
        CertificateVerifier(one.root, EMAIL).verify(signed_by(one))


def test_a_certificate_on_another_curve_is_refused() -> None:
    one = new_leaf(new_root(), replace(SIGNER, curve="secp256k1"))
    mine = replace(one, private=key().private)
    with pytest.raises(InvalidSignatureError, match="secp256k1"):
        CertificateVerifier(one.root, EMAIL).verify(signed_by(mine))


def test_the_methods_are_not_mixed() -> None:
    one = leaf()
    with pytest.raises(InvalidSignatureError, match="with the method key, not with a certificate"):
        CertificateVerifier(one.root, None).verify(KeySigner.from_pem(one.private).sign(STATEMENT))
    with pytest.raises(InvalidSignatureError, match="with the method certificate, not with a key"):
        KeyVerifier.from_pem(key().public).verify(signed_by(one))


def test_only_the_certificates_that_lead_to_the_root_are_written() -> None:
    one, other = leaf(), leaf("mallory")
    many = [*other.chain, one.certificate, *reversed(one.chain), *one.chain]
    bundle = CertificateSigner(one.private, None, one.certificate, many).sign(STATEMENT)
    assert bundle == CertificateSigner(one.private, None, one.certificate, one.chain).sign(STATEMENT)
    material = read_bundle(bundle).material
    assert material == CertificateChain(tuple(map(der, parsed_pem([one.certificate, *one.chain]))))


@given(st.data())
def test_a_changed_bundle_never_verifies_as_another_statement(data: st.DataObject) -> None:
    one = leaf()
    bundle = signed_by(one)
    position = data.draw(st.integers(0, len(bundle) - 1))
    other = data.draw(st.one_of(st.binary(min_size=1, max_size=1), st.sampled_from([b"A", b"/", b"9", b"Q"])))
    verifier = CertificateVerifier(one.root, EMAIL)
    try:
        verified = verifier.verify(bundle[:position] + other + bundle[position + 1 :])
    except InvalidSignatureError:
        return
    # The root in the bundle is not used: the reader has its own.
    assert verified == verifier.verify(bundle)


@given(st.data())
def test_a_changed_certificate_never_names_another_signer(data: st.DataObject) -> None:
    one = leaf()
    certificate, *others = map(der, parsed_pem([one.certificate, *one.chain]))
    changed = bytearray(certificate)
    changed[data.draw(st.integers(0, len(changed) - 1))] ^= data.draw(st.integers(1, 255))
    signature = signature_of(private_key(one.private, None), STATEMENT)
    bundle = write_bundle(CertificateChain((bytes(changed), *others)), STATEMENT, signature)
    verifier = CertificateVerifier(one.root, None)
    try:
        verified = verifier.verify(bundle)
    except InvalidSignatureError:
        return
    # A byte that counts the unused bits of a signature changes nothing where these bits are zeros.
    assert verified == verifier.verify(signed_by(one))
