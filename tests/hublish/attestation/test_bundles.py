"""Bundles: written for the stock tools, and refused where two readers could differ."""

import base64
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sigstore.dsse import _pae
from sigstore_models.bundle.v1 import Bundle as StockBundle

from hublish.attestation.bundles import (
    MEDIA_TYPE,
    MOST_BYTES,
    PAYLOAD_TYPE,
    CertificateChain,
    LoggedCertificate,
    Material,
    PublicKeyHint,
    read_bundle,
    signed_bytes,
    write_bundle,
)
from hublish.attestation.interface import InvalidSignatureError

STATEMENT = b'{"_type":"https://in-toto.io/Statement/v1"}'
HINT = PublicKeyHint("ab" * 32)
CHAIN = CertificateChain((b"leaf", b"intermediate", b"root"))
VALID = write_bundle(HINT, STATEMENT, b"signature")

MATERIALS = st.one_of(
    st.builds(PublicKeyHint, st.text("0123456789abcdef", min_size=1)),
    st.builds(CertificateChain, st.lists(st.binary(min_size=1), min_size=1, max_size=10).map(tuple)),
)


def opened(data: bytes) -> tuple[Material, bytes, bytes]:
    """Return material, signature and statement of a bundle, whatever signed it."""
    seen: list[bytes] = []
    read = read_bundle(data)
    statement = read.statement_if(lambda signature, _data: seen.append(signature))
    return read.material, seen[0], statement


def changed(change: Callable[[dict[str, Any]], object]) -> bytes:
    """Return the valid bundle with a change in place."""
    fields = json.loads(VALID)
    change(fields)
    return json.dumps(fields).encode()


def material(**fields: Any) -> bytes:
    """Return the valid bundle with another verificationMaterial."""
    return changed(lambda bundle: bundle.update(verificationMaterial=fields))


def signatures(*entries: Any) -> bytes:
    """Return the valid bundle with other signatures."""
    return changed(lambda bundle: bundle["dsseEnvelope"].update(signatures=list(entries)))


def encoded(data: bytes) -> str:
    """Return bytes as base64."""
    return base64.b64encode(data).decode()


KEY = {"hint": "ab" * 32}
CERTIFICATE = {"rawBytes": encoded(b"leaf")}
SIGNATURE = {"keyid": "", "sig": encoded(b"signature")}

REFUSED: dict[str, tuple[bytes, str]] = {
    "nothing": (b"", "not JSON"),
    "a truncated bundle": (VALID[:-1], "not JSON"),
    "bytes behind the end": (VALID + b"{}", "not JSON"),
    "two bundles": (VALID + b"\n" + VALID, "not JSON"),
    "UTF-16": (VALID.decode().encode("utf-16"), "not UTF-8"),
    "a byte order mark": (b"\xef\xbb\xbf" + VALID, "not JSON"),
    "a list": (b"[]", "not a JSON object"),
    "NaN": (VALID.replace(b"[]", b"[NaN]"), "NaN"),
    "a key twice": (VALID.replace(b'{"dsse', b'{"mediaType":"x","dsse'), "duplicate key 'mediaType'"),
    "a payload twice": (VALID.replace(b'{"payload"', b'{"payload":"eA==","payload"'), "duplicate key 'payload'"),
    "deep nesting": (b'{"a":' * 9_000, "nested too deep"),
    "nesting without end": (b"[" * 1_000_000, "more values or spaces"),
    "a million values": (changed(lambda b: b.update(verificationMaterial=[0] * 1_000_000)), "more values or spaces"),
    "a million spaces": (b" " * 1_000_000 + VALID, "more values or spaces"),
    "a million lines": (VALID + b"\n" * 1_000_000, "more values or spaces"),
    "too many bytes": (VALID.replace(b"mediaType", b"m" * MOST_BYTES), "larger than"),
    "another media type": (changed(lambda b: b.update(mediaType="application/json")), "a bundle of type"),
    "an older media type": (
        changed(lambda b: b.update(mediaType="application/vnd.dev.sigstore.bundle+json;version=0.2")),
        "a bundle of type",
    ),
    "a media type that is a number": (changed(lambda b: b.update(mediaType=3)), "mediaType is not a string"),
    "no media type": (changed(lambda b: b.pop("mediaType")), "lacks mediaType"),
    "no envelope": (changed(lambda b: b.pop("dsseEnvelope")), "lacks dsseEnvelope"),
    "no material": (changed(lambda b: b.pop("verificationMaterial")), "lacks verificationMaterial"),
    "a signature over a blob as well": (changed(lambda b: b.update(messageSignature={})), "field 'messageSignature'"),
    "an unknown field": (changed(lambda b: b.update(verified=True)), "unknown field 'verified'"),
    "snake case": (changed(lambda b: b.update(media_type=b.pop("mediaType"))), "lacks mediaType"),
    "another payload type": (
        changed(lambda b: b["dsseEnvelope"].update(payloadType="text/plain")),
        "a payload of type 'text/plain'",
    ),
    "an unknown field of the envelope": (changed(lambda b: b["dsseEnvelope"].update(x=1)), "unknown field 'x'"),
    "an envelope that is a list": (changed(lambda b: b.update(dsseEnvelope=[])), "dsseEnvelope is not an object"),
    "an empty payload": (changed(lambda b: b["dsseEnvelope"].update(payload="")), "payload is not base64"),
    "a payload that is null": (changed(lambda b: b["dsseEnvelope"].update(payload=None)), "payload is not a string"),
    "no padding": (changed(lambda b: b["dsseEnvelope"].update(payload="eA")), "payload is not base64"),
    "bits behind the last byte": (changed(lambda b: b["dsseEnvelope"].update(payload="eB==")), "payload is not base64"),
    "a line feed in base64": (changed(lambda b: b["dsseEnvelope"].update(payload="eHh4\n")), "payload is not base64"),
    "the other alphabet": (changed(lambda b: b["dsseEnvelope"].update(payload="_-__")), "payload is not base64"),
    "base64 after its end": (changed(lambda b: b["dsseEnvelope"].update(payload="eA==eA==")), "payload is not base64"),
    "base64 that is not ASCII": (changed(lambda b: b["dsseEnvelope"].update(payload="é===")), "payload is not base64"),
    "no signature": (signatures(), "has one signature, and this one has 0"),
    "two signatures": (signatures(SIGNATURE, SIGNATURE), "has one signature, and this one has 2"),
    "a name of the key": (signatures({**SIGNATURE, "keyid": "acme"}), "has a keyid"),
    "a keyid that is null": (signatures({**SIGNATURE, "keyid": None}), "has a keyid"),
    "a certificate beside the signature": (signatures({**SIGNATURE, "cert": "x"}), "unknown field 'cert'"),
    "a signature that is text": (signatures("x"), r"signatures\[0\] is not an object"),
    "an empty signature": (signatures({"sig": ""}), "sig is not base64"),
    "a signature of 2 KB": (signatures({"sig": encoded(b"x" * 2048)}), "sig has 2048 bytes"),
    "no key and no certificate": (material(tlogEntries=[]), "has one of publicKey.* and this one has 0"),
    "a key and a certificate": (material(publicKey=KEY, certificate=CERTIFICATE), "and this one has 2"),
    "a key and a chain": (
        material(publicKey=KEY, x509CertificateChain={"certificates": [CERTIFICATE]}),
        "and this one has 2",
    ),
    "a key without its hint": (material(publicKey={}), "publicKey lacks hint"),
    "the key itself": (material(publicKey={**KEY, "rawBytes": "eA=="}), "unknown field 'rawBytes'"),
    "a hint that is a number": (material(publicKey={"hint": 1}), "hint is not a string"),
    "a key in a log": (material(publicKey=KEY, tlogEntries=[{}]), "entries of a log or timestamps"),
    "a key with timestamps": (
        material(publicKey=KEY, tlogEntries=[], timestampVerificationData={}),
        "entries of a log or timestamps",
    ),
    "log entries that are null": (material(publicKey=KEY, tlogEntries=None), "entries of a log or timestamps"),
    "an empty chain": (material(x509CertificateChain={"certificates": []}), "a chain of 0 certificates"),
    "a chain of 11 certificates": (
        material(x509CertificateChain={"certificates": [CERTIFICATE] * 11}),
        "a chain of 11 certificates",
    ),
    "a certificate of 100 KB": (
        material(x509CertificateChain={"certificates": [{"rawBytes": encoded(b"x" * 100_000)}]}),
        "rawBytes has 100000 bytes",
    ),
    "a certificate that is text": (
        material(x509CertificateChain={"certificates": ["eA=="]}),
        r"certificates\[0\] is not an object",
    ),
    "a keyless certificate without a log": (material(certificate=CERTIFICATE), "tlogEntries is not a list"),
    "an unknown field of the material": (material(publicKey=KEY, trust=1), "unknown field 'trust'"),
}


@given(material=MATERIALS, statement=st.binary(min_size=1), signature=st.binary(min_size=1, max_size=200))
def test_a_bundle_is_read_as_it_was_written(material: Material, statement: bytes, signature: bytes) -> None:
    assert not isinstance(material, LoggedCertificate)
    written = write_bundle(material, statement, signature)
    assert opened(written) == (material, signature, statement)
    assert b"\n" not in written


@pytest.mark.parametrize("material", [HINT, CHAIN], ids=["key", "certificate"])
def test_a_bundle_is_canonical_json(material: PublicKeyHint | CertificateChain) -> None:
    written = write_bundle(material, STATEMENT, b"signature")
    assert json.dumps(json.loads(written), separators=(",", ":"), sort_keys=True).encode() == written


@given(material=MATERIALS, statement=st.binary(min_size=1), signature=st.binary(min_size=1, max_size=200))
def test_the_models_of_sigstore_read_the_same(material: Material, statement: bytes, signature: bytes) -> None:
    assert not isinstance(material, LoggedCertificate)
    stock = StockBundle.from_json(write_bundle(material, statement, signature))
    assert stock.dsse_envelope is not None
    assert (stock.dsse_envelope.payload, stock.dsse_envelope.signatures[0].sig) == (statement, signature)


@given(st.binary())
def test_what_is_signed_is_what_other_tools_verify(statement: bytes) -> None:
    assert signed_bytes(statement) == _pae(PAYLOAD_TYPE, statement)


@pytest.mark.parametrize("name", REFUSED)
def test_a_bundle_that_readers_could_differ_about_is_refused(name: str) -> None:
    data, reason = REFUSED[name]
    with pytest.raises(InvalidSignatureError, match=reason):
        read_bundle(data)


def test_the_changes_of_the_table_are_the_reason_of_the_refusals() -> None:
    assert opened(changed(lambda _: None)) == opened(VALID) == (HINT, b"signature", STATEMENT)
    assert opened(signatures({"sig": SIGNATURE["sig"]}))[1] == b"signature"
    assert opened(material(publicKey=KEY)) == opened(VALID)


def test_a_keyless_bundle_keeps_its_certificate() -> None:
    read = read_bundle(material(certificate=CERTIFICATE, tlogEntries=[{"logIndex": "1"}]))
    assert (read.material, read.unverified_method) == (LoggedCertificate(b"leaf"), "sigstore")


@pytest.mark.parametrize(("material", "method"), [(HINT, "key"), (CHAIN, "certificate")])
def test_the_method_is_the_one_of_its_material(material: PublicKeyHint | CertificateChain, method: str) -> None:
    assert read_bundle(write_bundle(material, STATEMENT, b"x")).unverified_method == method


def test_a_statement_is_not_returned_when_verifying_it_fails() -> None:
    def refuse(_signature: bytes, _data: bytes) -> None:
        raise InvalidSignatureError("no")

    read = read_bundle(VALID)
    with pytest.raises(InvalidSignatureError, match="no"):
        read.statement_if(refuse)
    assert STATEMENT.decode() not in repr(read)


@given(st.data())
def test_a_changed_bundle_is_refused_or_read_by_sigstore_in_the_same_way(data: st.DataObject) -> None:
    text = data.draw(st.sampled_from([VALID, write_bundle(CHAIN, STATEMENT, b"signature")]))
    position = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.one_of(st.binary(max_size=3), st.sampled_from([b"", b'"', b"{}", b"[]", b"\\u0000", b" "])))
    mutated = text[:position] + other + text[position + data.draw(st.integers(0, 3)) :]
    try:
        material, signature, statement = opened(mutated)
    except InvalidSignatureError:
        return
    try:
        stock = StockBundle.from_json(mutated)
    except ValidationError:
        # Stricter in one point: it wants the list of log entries.
        assert "tlogEntries" not in json.loads(mutated)["verificationMaterial"]
        return
    assert stock.media_type == MEDIA_TYPE
    assert stock.dsse_envelope is not None
    assert (stock.dsse_envelope.payload, stock.dsse_envelope.signatures[0].sig) == (statement, signature)
    match material:
        case PublicKeyHint(sha256):
            assert stock.verification_material.public_key is not None
            assert stock.verification_material.public_key.hint == sha256
        case CertificateChain(certificates):
            assert stock.verification_material.x509_certificate_chain is not None
            chain = stock.verification_material.x509_certificate_chain.certificates
            assert tuple(each.raw_bytes for each in chain) == certificates
