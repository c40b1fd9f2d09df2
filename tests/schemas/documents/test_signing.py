"""The `sign` section: the fields of each method, and keys that are never repeated."""

import base64

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.manifest_yaml import read_manifest
from hublish.schemas.documents.signing import Sign
from tests.faults.projects import rounds

HEAD = "repo: {repo_id: acme/digits}\nartifacts: [{source: a}]\nsign:\n"
KEY = "method: key"
CERTIFICATE = "method: certificate"
SIGSTORE = "method: sigstore"
IDENTITY = "identity: release@acme.example"
PROVIDER = "identity_provider: https://gitlab.com"


def read(*lines: str) -> Sign | None:
    return read_manifest((HEAD + "".join(f"  {line}\n" for line in lines)).encode()).sign


def test_a_manifest_signs_nothing_by_default() -> None:
    assert read_manifest(b"repo: {repo_id: acme/digits}\nartifacts: [{source: a}]\n").sign is None


@pytest.mark.parametrize(
    "lines",
    [
        (KEY, "private_key: ~/keys/acme.pem"),
        (KEY, "private_key: ../keys/acme.pem", "password_env: SIGNING_KEY_PASSWORD"),
        (KEY, "private_key_env: SIGNING_KEY"),
        (CERTIFICATE, "private_key: a.pem", "signing_certificate: a.crt"),
        (
            CERTIFICATE,
            "private_key_env: A",
            "signing_certificate: a.crt",
            "certificate_chain: [b.crt, c.crt]",
            IDENTITY,
        ),
        (SIGSTORE, IDENTITY, PROVIDER),
        (SIGSTORE, IDENTITY, PROVIDER, "trust_config: sigstore.json"),
        # Other methods' fields may be listed without a value, as in hub.yaml.example.
        (SIGSTORE, IDENTITY, PROVIDER, "private_key: null", "certificate_chain: []"),
    ],
)
def test_the_fields_of_a_method_are_accepted(lines: tuple[str, ...]) -> None:
    assert read(*lines) is not None


@pytest.mark.parametrize(
    ("lines", "path", "line"),
    [
        ((KEY,), "sign", 4),
        ((KEY, "private_key: a.pem", "private_key_env: A"), "sign.private_key_env", 6),
        ((KEY, "private_key: a.pem", IDENTITY), "sign.identity", 6),
        ((KEY, "private_key: a.pem", "signing_certificate: a.crt"), "sign.signing_certificate", 6),
        ((KEY, "private_key: a.pem", "certificate_chain: [a.crt]"), "sign.certificate_chain", 6),
        ((KEY, "private_key: $KEY"), "sign.private_key", 5),
        ((CERTIFICATE, "private_key: a.pem"), "sign", 4),
        ((CERTIFICATE, "signing_certificate: a.crt"), "sign", 4),
        ((SIGSTORE, IDENTITY), "sign", 4),
        ((SIGSTORE, PROVIDER), "sign", 4),
        ((SIGSTORE, IDENTITY, PROVIDER, "password_env: A"), "sign.password_env", 7),
        ((SIGSTORE, "identity: '*@*.*'", PROVIDER), "sign.identity", 5),
        ((SIGSTORE, IDENTITY, "identity_provider: gitlab.com"), "sign.identity_provider", 6),
        ((SIGSTORE, IDENTITY, "identity_provider: https://*.com"), "sign.identity_provider", 6),
        ((IDENTITY, PROVIDER), "sign.method", 3),
    ],
)
def test_a_mistake_has_a_place_and_a_hint(lines: tuple[str, ...], path: str, line: int) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        read(*lines)
    (problem,) = caught.value.problems
    assert problem.location is not None
    assert (problem.path, problem.location.line) == (path, line)
    assert problem.hint


FIELDS = ("private_key", "private_key_env", "password_env", "signing_certificate", "trust_config")


@pytest.mark.parametrize("field", FIELDS)
@pytest.mark.parametrize("form", ["block", "line", "der"])
@settings(max_examples=rounds(10))
@given(data=st.binary(min_size=60, max_size=400))
def test_the_content_of_a_key_is_refused_and_not_repeated(field: str, form: str, data: bytes) -> None:
    # As DER begins: a sequence of 128 bytes or more.
    body = base64.b64encode(b"\x30\x81\x87\x02" + data).decode()
    written = {
        "block": f"|\n    -----BEGIN PRIVATE KEY-----\n    {body}\n    -----END PRIVATE KEY-----",
        "line": f"-----BEGIN PRIVATE KEY-----{body}-----END PRIVATE KEY-----",
        "der": body,
    }[form]
    with pytest.raises(InvalidDocumentError) as caught:
        read(KEY, f"{field}: {written}")
    shown = "".join(f"{one} {one.location and one.location.text}" for one in caught.value.problems)
    if field in FIELDS[:3]:  # of a certificate or a configuration, nothing is secret
        assert all(body[start : start + 24] not in shown for start in range(0, len(body) - 24, 8))
    assert any("content of a key" in one.message for one in caught.value.problems)


@pytest.mark.parametrize("password", ["Tr0ub4dor&3-staple", "correct horse battery", "hunter-2"])
def test_a_password_in_the_place_of_its_variable_is_not_repeated(password: str) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        read(KEY, "private_key: a.pem", f"password_env: {password}")
    (problem,) = caught.value.problems
    assert password not in f"{problem} {problem.location and problem.location.text}"


@pytest.mark.parametrize(
    ("identity", "is_valid"),
    [
        ("https://github.com/acme/digits/.github/workflows/release.yml@refs/tags/v*", True),
        ("https://github.com/acme/*", True),
        ("https://github.com/acme/*@*", True),
        ("*@acme.example", True),
        ("release-*@acme.example", True),
        ("release@acme.example", True),
        ("https://github.com/*@*", False),
        ("https://github.com/*/digits/.github/workflows/release.yml@refs/heads/main", False),
        ("https://github.com/acme*", False),
        ("https://*.example/acme/digits", False),
        ("*://github.com/acme/digits", False),
        ("release@*", False),
        ("release@*.example", False),
        ("acme*", False),
    ],
)
def test_a_wildcard_leaves_the_owner_of_an_identity_fixed(identity: str, is_valid: bool) -> None:
    lines = (SIGSTORE, f"identity: '{identity}'", PROVIDER)
    if is_valid:
        assert read(*lines) is not None
        return
    with pytest.raises(InvalidDocumentError) as caught:
        read(*lines)
    assert caught.value.problems[0].message == "an identity that anybody can have"
