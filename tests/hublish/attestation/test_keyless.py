"""Recorded keyless signatures are verified without a network, and anything that was changed in them is refused."""

import base64
import copy
import json
import logging
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.attestation.interface import InvalidSignatureError
from hublish.attestation.keyless import KeylessVerifier
from hublish.attestation.sigstore_instance import public_root
from tests.hublish.attestation.recorded import IDENTITY, recorded

VALID = recorded()
LATE = recorded("late")
ENTRY = VALID.bundle["verificationMaterial"]["tlogEntries"][0]


@pytest.fixture(autouse=True)
def blocked_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail every use of the network, even a look-up of a name."""

    def fail(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    for name in ("socket", "create_connection", "getaddrinfo"):
        monkeypatch.setattr(socket, name, fail)


def verifier(identity: str = IDENTITY, **changes: Any) -> KeylessVerifier:
    return KeylessVerifier(
        identity, **{"identity_provider": VALID.provider, "trust_config": VALID.trust_config, **changes}
    )


def packed(bundle: dict[str, Any]) -> bytes:
    return json.dumps(bundle).encode()


@pytest.mark.parametrize(
    "identity", [IDENTITY, IDENTITY.replace("/v1", "/*"), "https://github.com/acme/training/*@*", "*@refs/tags/v1"]
)
def test_a_signature_proves_its_identity_and_its_statement(
    identity: str, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.WARNING):
        found = verifier(identity).verify(packed(VALID.bundle))
    assert found.statement == base64.b64decode(VALID.bundle["dsseEnvelope"]["payload"])
    assert (found.signed_by.method, found.signed_by.name) == ("sigstore", IDENTITY)
    assert found.signed_by.provider == VALID.provider
    assert found.signed_by.log_index == int(ENTRY["logIndex"])
    # The library warns through `logging`, which nobody has configured.
    assert (caplog.records, capfd.readouterr()) == ([], ("", ""))


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"identity": IDENTITY.replace("/v1", "/v2")}, "signed by 'https://github.com/acme/training/"),
        ({"identity": IDENTITY.replace("acme", "evil")}, "signed by 'https://github.com/acme/training/"),
        ({"identity": "https://github.com/acme/*"}, "signed by"),
        ({"identity": ""}, "signed by"),
        ({"identity_provider": "https://token.actions.githubusercontent.com"}, f"of '{VALID.provider}'"),
        ({"identity_provider": f"{VALID.provider}/"}, f"of '{VALID.provider}'"),
        # Another root: a second private instance, and the public one.
        ({"trust_config": LATE.trust_config}, "not of a trusted authority"),
        ({"trust_config": None}, "not of a trusted authority"),
        ({"trust_config": b""}, "the trust_config of this signer cannot be read"),
        ({"trust_config": b"{}"}, "the trust_config of this signer cannot be read: mediaType: Field required"),
        ({"trust_config": b"\xff"}, "the trust_config of this signer cannot be read"),
    ],
)
def test_a_signature_proves_nothing_to_those_who_trust_another(changes: dict[str, Any], reason: str) -> None:
    with pytest.raises(InvalidSignatureError) as caught:
        verifier(**changes).verify(packed(VALID.bundle))
    assert reason in str(caught.value)


def test_a_certificate_that_had_expired_when_the_log_got_the_signature_is_refused() -> None:
    with pytest.raises(InvalidSignatureError, match="was not valid when the signature was logged"):
        verifier(trust_config=LATE.trust_config).verify(packed(LATE.bundle))


def _entry(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda bundle: bundle["verificationMaterial"]["tlogEntries"][0].update(changes)


def _material(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda bundle: bundle["verificationMaterial"].update(changes)


def _envelope(**changes: Any) -> Callable[[dict[str, Any]], None]:
    return lambda bundle: bundle["dsseEnvelope"].update(changes)


def _without(*path: str) -> Callable[[dict[str, Any]], None]:
    def remove(bundle: dict[str, Any]) -> None:
        place: Any = bundle
        for name in path[:-1]:
            place = place[0][name] if isinstance(place, list) else place[name]
        del (place[0] if isinstance(place, list) else place)[path[-1]]

    return remove


OTHER = base64.b64encode(base64.b64decode(VALID.bundle["dsseEnvelope"]["payload"]).replace(b"11", b"22")).decode()
LATE_ENTRY = LATE.bundle["verificationMaterial"]["tlogEntries"][0]
LATE_CERTIFICATE = LATE.bundle["verificationMaterial"]["certificate"]


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(_envelope(payload=OTHER), id="another statement"),
        pytest.param(_envelope(payloadType="application/json"), id="another type"),
        pytest.param(_envelope(signatures=[]), id="no signature"),
        pytest.param(_envelope(signatures=VALID.bundle["dsseEnvelope"]["signatures"] * 2), id="two signatures"),
        pytest.param(_envelope(signatures=LATE.bundle["dsseEnvelope"]["signatures"]), id="another signature"),
        pytest.param(_material(tlogEntries=[]), id="no entry"),
        pytest.param(_without("verificationMaterial", "tlogEntries"), id="no entries"),
        pytest.param(_material(tlogEntries=[ENTRY, ENTRY]), id="two entries"),
        pytest.param(_material(tlogEntries=[LATE_ENTRY]), id="the entry of another log"),
        pytest.param(_material(certificate=LATE_CERTIFICATE), id="the certificate of another authority"),
        pytest.param(_without("verificationMaterial", "certificate"), id="no certificate"),
        pytest.param(_material(publicKey={"hint": "x"}), id="a key as well"),
        pytest.param(
            lambda bundle: bundle.update(verificationMaterial={"publicKey": {"hint": "x"}, "tlogEntries": []}),
            id="a key instead",
        ),
        pytest.param(_entry(integratedTime=str(int(ENTRY["integratedTime"]) + 1)), id="another time"),
        pytest.param(_entry(integratedTime="0"), id="no time"),
        pytest.param(_entry(logIndex=str(int(ENTRY["logIndex"]) + 1)), id="another index"),
        pytest.param(_entry(canonicalizedBody=LATE_ENTRY["canonicalizedBody"]), id="the body of another entry"),
        pytest.param(_entry(inclusionPromise=LATE_ENTRY["inclusionPromise"]), id="the promise of another entry"),
        pytest.param(_without("verificationMaterial", "tlogEntries", "inclusionPromise"), id="no promise"),
        pytest.param(_entry(inclusionProof=LATE_ENTRY["inclusionProof"]), id="the proof of another entry"),
        pytest.param(_without("verificationMaterial", "tlogEntries", "inclusionProof"), id="no proof"),
        pytest.param(_entry(logId=LATE_ENTRY["logId"]), id="another log"),
        pytest.param(_entry(kindVersion={"kind": "hashedrekord", "version": "0.0.1"}), id="another kind of entry"),
        pytest.param(_without("dsseEnvelope"), id="no envelope"),
        pytest.param(lambda bundle: bundle.update(messageSignature={"signature": "AA=="}), id="a second content"),
        pytest.param(lambda bundle: bundle.update(mediaType="application/json"), id="another media type"),
    ],
)
def test_a_changed_bundle_is_refused(change: Callable[[dict[str, Any]], None]) -> None:
    bundle = copy.deepcopy(VALID.bundle)
    change(bundle)
    with pytest.raises(InvalidSignatureError) as caught:
        verifier().verify(packed(bundle))
    # Neither content of the bundle, nor the address of a page about the library's own errors.
    assert 0 < len(str(caught.value)) < 160
    assert "http" not in str(caught.value)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (_envelope(payload=OTHER), "the statement was changed"),
        (_material(tlogEntries=[]), "does not have exactly one entry in the log"),
        (_without("verificationMaterial", "tlogEntries", "inclusionProof"), "inclusionProof: Field required"),
        (_without("verificationMaterial", "tlogEntries", "inclusionPromise"), "does not prove when it was logged"),
        (_entry(inclusionProof=LATE_ENTRY["inclusionProof"]), "its entry in the log is damaged"),
        (_material(certificate=LATE_CERTIFICATE), "its certificate is not of a trusted authority"),
    ],
)
def test_the_reason_is_in_plain_words(change: Callable[[dict[str, Any]], None], reason: str) -> None:
    bundle = copy.deepcopy(VALID.bundle)
    change(bundle)
    with pytest.raises(InvalidSignatureError) as caught:
        verifier().verify(packed(bundle))
    assert reason in str(caught.value)


def test_a_name_that_is_there_twice_is_refused() -> None:
    text = packed(VALID.bundle).decode()
    doubled = text.replace('"tlogEntries":', '"tlogEntries": [], "tlogEntries":', 1)
    with pytest.raises(InvalidSignatureError):
        verifier().verify(doubled.encode())


@given(st.data())
def test_a_truncated_or_damaged_bundle_is_refused(data: st.DataObject) -> None:
    raw = packed(VALID.bundle)
    cut = data.draw(st.integers(0, len(raw) - 1))
    with pytest.raises(InvalidSignatureError):
        verifier().verify(raw[:cut])


@given(st.data())
def test_every_character_of_evidence_counts(data: st.DataObject) -> None:
    bundle = copy.deepcopy(VALID.bundle)
    material, envelope = bundle["verificationMaterial"], bundle["dsseEnvelope"]
    entry = material["tlogEntries"][0]
    place, name = data.draw(
        st.sampled_from(
            [
                (envelope, "payload"),
                (envelope["signatures"][0], "sig"),
                (material["certificate"], "rawBytes"),
                (entry, "canonicalizedBody"),
                (entry["logId"], "keyId"),
                (entry["inclusionPromise"], "signedEntryTimestamp"),
                (entry["inclusionProof"], "rootHash"),
            ]
        )
    )
    content = bytearray(base64.b64decode(place[name]))
    position = data.draw(st.integers(0, len(content) - 1))
    content[position] ^= data.draw(st.integers(1, 255))
    place[name] = base64.b64encode(content).decode()
    with pytest.raises(InvalidSignatureError):
        verifier().verify(packed(bundle))


@given(
    st.binary(max_size=200) | st.recursive(st.none() | st.integers(), st.lists).map(lambda value: packed({"a": value}))
)
def test_other_bytes_are_not_a_bundle(raw: bytes) -> None:
    with pytest.raises(InvalidSignatureError):
        verifier().verify(raw)


def test_the_keys_of_the_public_instance_come_from_the_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "XDG_CACHE_HOME", "XDG_DATA_HOME"):
        monkeypatch.setenv(name, str(tmp_path))
    root = public_root()
    assert root.get_fulcio_certs()
    # The library's own way would leave a copy there, and read that one the next time.
    assert list(tmp_path.iterdir()) == []
