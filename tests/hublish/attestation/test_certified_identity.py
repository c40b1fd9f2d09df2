"""An identity with `*` covers those that its author meant: a `*` never crosses the `@` before a ref."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import given
from hypothesis import strategies as st

from hublish.attestation.certified_identity import Identity, identity_in
from hublish.attestation.interface import InvalidSignatureError

PROVIDER = "https://token.actions.githubusercontent.com"
WORKFLOW = "https://github.com/acme/digits/.github/workflows/release.yml"


@pytest.mark.parametrize(
    ("declared", "found", "is_covered"),
    [
        (f"{WORKFLOW}@refs/tags/v1", f"{WORKFLOW}@refs/tags/v1", True),
        (f"{WORKFLOW}@refs/tags/v1", f"{WORKFLOW}@refs/tags/v10", False),
        (f"{WORKFLOW}@refs/tags/v1", f"{WORKFLOW.upper()}@refs/tags/v1", False),
        (f"{WORKFLOW}@refs/tags/*", f"{WORKFLOW}@refs/tags/v1", True),
        (f"{WORKFLOW}@refs/tags/*", f"{WORKFLOW}@refs/tags/digits/v1", True),
        (f"{WORKFLOW}@refs/tags/*", f"{WORKFLOW}@refs/heads/main", False),
        (f"{WORKFLOW}@refs/tags/v*.*", f"{WORKFLOW}@refs/tags/v1.2", True),
        (f"{WORKFLOW}@refs/tags/v*.*", f"{WORKFLOW}@refs/tags/v1", False),
        (f"{WORKFLOW}@*", f"{WORKFLOW}@refs/heads/main", True),
        ("https://github.com/acme/*@refs/tags/*", f"{WORKFLOW}@refs/tags/v1", True),
        ("https://github.com/acme/*@refs/tags/*", "https://github.com/acmes/digits/x.yml@refs/tags/v1", False),
        # A branch that is named as if it were a tag.
        ("https://github.com/acme/*@refs/tags/*", f"{WORKFLOW}@refs/heads/x@refs/tags/1", False),
        (f"{WORKFLOW}@refs/tags/*", f"{WORKFLOW}@refs/tags/digits@1", False),
        (f"{WORKFLOW}@refs/tags/*@*", f"{WORKFLOW}@refs/tags/digits@1", True),
        ("*@acme.org", "ada@acme.org", True),
        ("*@acme.org", "ada@acme.org.evil.org", False),
        ("*@acme.org", "ada@evil.org@acme.org", False),
        # Of a pattern, only `*` has a meaning.
        (f"{WORKFLOW}@refs/tags/v?", f"{WORKFLOW}@refs/tags/v1", False),
        (f"{WORKFLOW}@refs/tags/v[0-9]", f"{WORKFLOW}@refs/tags/v1", False),
        ("aba*aba", "aba", False),
        ("aba*aba", "abaaba", True),
        ("a**b", "ab", True),
        ("", "", True),
        ("", "x", False),
    ],
)
def test_a_star_is_any_text_of_one_part(declared: str, found: str, is_covered: bool) -> None:
    assert Identity(declared, PROVIDER).covers(Identity(found, PROVIDER)) is is_covered


@pytest.mark.parametrize("provider", ["https://gitlab.com", f"{PROVIDER}/", "", "*"])
def test_the_provider_is_compared_as_it_is(provider: str) -> None:
    assert not Identity("*", provider).covers(Identity("x", PROVIDER))


@given(st.text("ab@*", max_size=8), st.text("ab@", max_size=10))
def test_a_pattern_means_the_same_as_a_regular_expression(pattern: str, name: str) -> None:
    expression = "[^@]*".join(re.escape(part) for part in pattern.split("*"))
    assert Identity(pattern, "p").covers(Identity(name, "p")) is (re.fullmatch(expression, name) is not None)


def test_many_stars_take_no_time() -> None:
    assert not Identity("*a" * 10_000 + "b", "p").covers(Identity("a" * 100_000, "p"))


KEY = ec.generate_private_key(ec.SECP256R1())
URI = x509.UniformResourceIdentifier(f"{WORKFLOW}@refs/tags/v1")
EMAIL = x509.RFC822Name("ada@acme.org")
# The number of each extension in the certificates of Fulcio, and its content.
ISSUER = (8, asn1.encode_der(PROVIDER))
FORMER = (1, PROVIDER.encode())


def certificate(names: list[x509.GeneralName], *extensions: tuple[int, bytes]) -> x509.Certificate:
    nobody, now = x509.Name([]), datetime.now(UTC)
    builder = x509.CertificateBuilder(nobody, nobody, KEY.public_key(), 1, now, now + timedelta(minutes=10))
    if names:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=True)
    for number, content in extensions:
        oid = x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}")
        builder = builder.add_extension(x509.UnrecognizedExtension(oid, content), critical=False)
    return builder.sign(KEY, SHA256())


@pytest.mark.parametrize(
    ("names", "extensions", "found"),
    [
        ([URI], [ISSUER, FORMER], URI.value),
        ([EMAIL], [ISSUER, FORMER], EMAIL.value),
        ([URI], [ISSUER], URI.value),
    ],
)
def test_a_certificate_has_one_identity_of_one_issuer(names: Any, extensions: Any, found: str) -> None:
    assert identity_in(certificate(names, *extensions)) == Identity(found, PROVIDER)


@pytest.mark.parametrize(
    ("names", "extensions"),
    [
        ([], [ISSUER, FORMER]),
        ([URI, EMAIL], [ISSUER, FORMER]),
        ([URI, URI], [ISSUER, FORMER]),
        ([x509.DNSName("acme.org")], [ISSUER, FORMER]),
        ([URI], []),
        # Old, and without a form that ends where the text ends.
        ([URI], [FORMER]),
        ([URI], [ISSUER, (1, b"https://evil.example")]),
        ([URI], [(8, PROVIDER.encode()), FORMER]),
        ([URI], [(8, asn1.encode_der(PROVIDER) + b"\x00"), FORMER]),
        ([URI], [(8, asn1.encode_der(PROVIDER.encode())), FORMER]),
        ([URI], [(8, b"")]),
    ],
)
def test_a_certificate_that_readers_could_read_differently_is_refused(names: Any, extensions: Any) -> None:
    with pytest.raises(InvalidSignatureError):
        identity_in(certificate(names, *extensions))
