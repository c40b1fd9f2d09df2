"""The signer of a manifest, from the files and the environment of a machine."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from hublish.api.signing import can_sign, own_signer, throwaway_signer
from hublish.api.signing_files import missing_parts
from hublish.attestation.keyless import KeylessSigner
from hublish.attestation.keys import KeySigner
from hublish.base.errors import SigningError
from hublish.base.values import Project
from hublish.pipeline.attest.own_signer import OwnSigner
from hublish.schemas.documents.manifest import Manifest
from tests.signing_keys import key, leaf, new_key

IDENTITY = {"identity": "release@acme.example", "identity_provider": "https://gitlab.com"}
KEY = {"method": "key", "private_key": "acme.pem"}


def project(folder: Path, sign: Mapping[str, Any] | None) -> Project:
    fields = {"repo": {"repo_id": "acme/digits"}, "artifacts": [{"source": "*"}], "sign": sign}
    return Project(Manifest.model_validate(fields), b"", folder)


def signer(folder: Path, sign: Mapping[str, Any], **environ: str) -> OwnSigner:
    found = own_signer(project(folder, sign), environ)
    assert found is not None
    return found


def works(own: OwnSigner) -> bool:
    assert own.signer is not None
    assert own.verifier is not None
    return own.verifier.verify(own.signer.sign(b"{}")).signed_by == own.signed_by


def test_a_manifest_that_signs_nothing_has_no_signer(tmp_path: Path) -> None:
    assert own_signer(project(tmp_path, None), {}) is None


@pytest.mark.parametrize("place", ["acme.pem", "keys/acme.pem", "../acme.pem", "~/acme.pem"])
def test_a_key_is_found_beside_the_manifest_and_outside_of_its_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    folder, home = tmp_path / "project", tmp_path / "home"
    monkeypatch.setenv("HOME", str(home))
    path = home / "acme.pem" if place[0] == "~" else folder / place
    for each in (path.parent, folder):
        each.mkdir(parents=True, exist_ok=True)
    path.write_bytes(key().private)
    own = signer(folder, {"method": "key", "private_key": place})
    assert works(own)
    assert own.is_reproducible
    assert can_sign(own, {})


@pytest.mark.parametrize("text", [key().private.decode(), key().private.decode().replace("\n", "\\n")])
def test_a_key_is_read_from_a_variable(tmp_path: Path, text: str) -> None:
    assert works(signer(tmp_path, {"method": "key", "private_key_env": "ACME"}, ACME=text))


def test_a_password_is_read_from_a_variable(tmp_path: Path) -> None:
    (tmp_path / "acme.pem").write_bytes(new_key(password=b"correct horse").private)
    section = {**KEY, "password_env": "WORD"}
    assert works(signer(tmp_path, section, WORD="correct horse"))
    with pytest.raises(SigningError, match="password") as caught:
        signer(tmp_path, section, WORD="battery staple")
    assert "battery" not in str(caught.value)
    # Without the variable, this is the machine of a reviewer.
    assert signer(tmp_path, section).missing is not None


def test_a_certificate_signs_with_its_key(tmp_path: Path) -> None:
    certified = leaf()
    (tmp_path / "acme.pem").write_bytes(certified.private)
    (tmp_path / "acme.crt").write_bytes(certified.certificate)
    names = [f"ca-{number}.crt" for number in range(len(certified.chain))]
    for name, pem in zip(names, certified.chain, strict=True):
        (tmp_path / name).write_bytes(pem)
    section = {"method": "certificate", "private_key": "acme.pem", "signing_certificate": "acme.crt"}
    own = signer(tmp_path, {**section, "certificate_chain": names})
    assert works(own)
    assert own.is_reproducible
    with pytest.raises(SigningError):
        signer(tmp_path, {**section, "certificate_chain": names, "identity": "somebody@else.example"})


@pytest.mark.parametrize(("name", "shown"), [("ACME_WORD", True), ("hunter2", False), ("Hunter", False)])
def test_a_password_in_the_place_of_its_variable_is_not_repeated(tmp_path: Path, name: str, *, shown: bool) -> None:
    (tmp_path / "acme.pem").write_bytes(new_key(password=b"hunter2").private)
    missing = signer(tmp_path, {**KEY, "password_env": name}).missing
    assert (name in str(missing), "password_env" in str(missing)) == (shown, not shown)


def test_an_identity_signs_only_where_a_job_has_a_token(tmp_path: Path) -> None:
    (tmp_path / "instance.json").write_text("{}")
    own = signer(tmp_path, {"method": "sigstore", **IDENTITY, "trust_config": "instance.json"})
    assert isinstance(own.signer, KeylessSigner)
    assert own.signer.trust_config == b"{}"
    assert (own.is_reproducible, own.signed_by, own.missing) == (False, None, None)
    assert not can_sign(own, {})
    assert can_sign(own, {"ACTIONS_ID_TOKEN_REQUEST_URL": "https://ci.example"})


@pytest.mark.parametrize(
    ("sign", "path"),
    [
        (KEY, "sign.private_key"),
        ({"method": "key", "private_key_env": "ACME"}, "sign.private_key_env"),
        ({"method": "sigstore", **IDENTITY, "trust_config": "a.json"}, "sign.trust_config"),
        (
            {
                "method": "certificate",
                "private_key_env": "HERE",
                "signing_certificate": "here",
                "certificate_chain": ["here", "a.crt"],
            },
            "sign.certificate_chain[1]",
        ),
    ],
)
def test_without_a_part_there_is_no_signer_and_a_warning(tmp_path: Path, sign: dict[str, Any], path: str) -> None:
    (tmp_path / "here").write_text("")
    environ = {"HERE": "a key"}
    own = signer(tmp_path, sign, **environ)
    assert (own.signer, own.verifier, can_sign(own, environ)) == (None, None, False)
    assert own.missing is not None
    assert own.missing.hint
    declared = project(tmp_path, sign).manifest.sign
    assert declared is not None
    (warning,) = missing_parts(declared, tmp_path, environ)
    assert (warning.code, warning.severity, warning.path) == ("sign.key", "warning", path)


@pytest.mark.parametrize(("data", "message"), [(b"x", "private key in PEM"), (b"x" * (2 << 20), "not a key")])
def test_a_key_that_is_here_and_unusable_is_an_error(tmp_path: Path, data: bytes, message: str) -> None:
    (tmp_path / "acme.pem").write_bytes(data)
    with pytest.raises(SigningError, match=message):
        signer(tmp_path, KEY)


def test_a_key_that_cannot_be_read_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "acme.pem").mkdir()
    with pytest.raises(SigningError, match="cannot be read: Is a directory"):
        signer(tmp_path, KEY)


def test_each_rehearsal_has_a_key_of_its_own() -> None:
    first, second = throwaway_signer(), throwaway_signer()
    assert works(first)
    assert isinstance(first.signer, KeySigner)
    assert first.signed_by != second.signed_by
