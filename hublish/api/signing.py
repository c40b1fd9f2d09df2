"""The signer that `sign` of a manifest declares, made of the files and the environment of this machine."""

import hashlib
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final

from hublish.api.signing_files import missing_parts, place_of
from hublish.attestation.certificates import CertificateSigner, CertificateVerifier
from hublish.attestation.extra import signing_extra
from hublish.attestation.keyless import KeylessSigner, KeylessVerifier
from hublish.attestation.keys import KeySigner, KeyVerifier
from hublish.attestation.sigstore_instance import AUDIENCE
from hublish.base.errors import SigningError
from hublish.base.values import Project
from hublish.hub.client.signing_token import signing_token
from hublish.pipeline.attest.own_signer import OwnSigner
from hublish.schemas.documents.signing import Sign

# A larger file is not a key, a certificate, or the description of an instance.
_LARGEST: Final = 1 << 20
_ID_TOKENS: Final = ("SIGSTORE_ID_TOKEN", "HF_OIDC_ID_TOKEN", "ACTIONS_ID_TOKEN_REQUEST_URL")
_ELSEWHERE: Final = "publish where the key is; plans and reviews need none"


def own_signer(project: Project, environ: Mapping[str, str] = os.environ) -> OwnSigner | None:
    """Return the signer of a project; None for one that signs nothing. It need not be on this machine.

    Args:
        project: the manifest and its folder, which paths are relative to.
        environ: the environment variables that the manifest names.

    Raises:
        SigningError: the key is here, and cannot be used.
        MissingDependencyError: the key is here, and `hublish[sign]` is not installed.
    """
    sign = project.manifest.sign
    if sign is None:
        return None
    if absent := next(missing_parts(sign, project.folder, environ), None):
        return OwnSigner(sign.method, missing=SigningError(absent.message, hint=_ELSEWHERE))
    if sign.method == "sigstore":
        return _of_identity(sign, project.folder)
    return _of_key(sign, project.folder, environ)


def can_sign(own: OwnSigner, environ: Mapping[str, str] = os.environ) -> bool:
    """Return whether this machine publishes the release: it has the key, or the token of a job."""
    return own.signer is not None and (own.method != "sigstore" or any(environ.get(name) for name in _ID_TOKENS))


def throwaway_signer() -> OwnSigner:
    """Return a signer with a new key, for a rehearsal.

    Raises:
        MissingDependencyError: `hublish[sign]` is not installed.
    """
    with signing_extra():
        from cryptography.hazmat.primitives.asymmetric import ec
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
    key = ec.generate_private_key(ec.SECP256R1())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return _with_key(KeySigner.from_pem(pem))


def _of_identity(sign: Sign, folder: Path) -> OwnSigner:
    assert sign.identity is not None
    assert sign.identity_provider is not None
    trust_config = _read(folder, sign.trust_config) if sign.trust_config else None
    return OwnSigner(
        sign.method,
        KeylessSigner(lambda: signing_token(AUDIENCE), sign.identity, sign.identity_provider, trust_config),
        KeylessVerifier(sign.identity, sign.identity_provider, trust_config),
    )


def _of_key(sign: Sign, folder: Path, environ: Mapping[str, str]) -> OwnSigner:
    if sign.private_key_env is not None:
        # Some secret stores keep no line breaks.
        key = environ[sign.private_key_env].replace("\\n", "\n").encode()
    else:
        key = _read(folder, sign.private_key or "")
    password = environ[sign.password_env].encode() if sign.password_env else None
    if sign.method == "key":
        with _named(sign):
            return replace(_with_key(KeySigner.from_pem(key, password)), key_files=_files_with(key))
    certificate = _read(folder, sign.signing_certificate or "")
    chain = [_read(folder, path) for path in sign.certificate_chain]
    with _named(sign):
        signer = CertificateSigner(key, password, certificate, chain, identity=sign.identity)
    verifier = CertificateVerifier(b"\n".join(chain), signer.signed_by.name)
    return OwnSigner(sign.method, signer, verifier, signer.signed_by, key_files=_files_with(key))


@contextmanager
def _named(sign: Sign) -> Iterator[None]:
    """Name the private key in errors about it."""
    try:
        yield
    except SigningError as error:
        named = f"'{sign.private_key}'" if sign.private_key else f"variable {sign.private_key_env}"
        raise SigningError(f"{named}: {error.message}", hint=error.hint) from None


def _files_with(key: bytes) -> frozenset[str]:
    """Return the SHA-256 of the files that would be a key: as it is here, and with one line feed or none at its end."""
    return frozenset(hashlib.sha256(form).hexdigest() for form in (key, key.strip(), key.strip() + b"\n"))


def _with_key(signer: KeySigner) -> OwnSigner:
    return OwnSigner("key", signer, KeyVerifier.from_pem(signer.public_key), signer.signed_by)


def _read(folder: Path, path: str) -> bytes:
    try:
        with place_of(folder, path).open("rb") as stream:
            data = stream.read(_LARGEST + 1)
    except OSError as error:
        raise SigningError(f"'{path}' under `sign` cannot be read: {error.strerror}") from None
    if len(data) > _LARGEST:
        raise SigningError(f"'{path}' under `sign` has more than {_LARGEST >> 20} MiB, and is not a key")
    return data
