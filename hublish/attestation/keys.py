"""Sign with an elliptic-curve key, and verify with its public part: the method `key` of OpenSSF Model Signing.

Curves and hashes are those of the stock command: P-256 with SHA-256, P-384 with SHA-384, P-521 with SHA-512.
Signatures are deterministic (RFC 6979): the plan of a release shows the bytes that will be uploaded.
"""

import hashlib
from dataclasses import dataclass, field
from typing import Any, Final

from hublish.attestation.bundles import PublicKeyHint, read_bundle, signed_bytes, write_bundle
from hublish.attestation.extra import signing_extra
from hublish.attestation.interface import InvalidSignatureError, Verified
from hublish.attestation.strict import shown
from hublish.base.errors import SigningError
from hublish.base.values.attested import SignedBy
from hublish.schemas.documents.signing import SigningMethod

CURVES: Final = {"secp256r1": "SHA256", "secp384r1": "SHA384", "secp521r1": "SHA512"}
"""The curves of keys that may sign, each with its hash, as `cryptography` names both."""

_ONLY_THESE: Final = "the format of signatures takes keys on the curves P-256, P-384 and P-521"
_HOW_TO_MAKE: Final = "openssl ecparam -name prime256v1 -genkey -noout -out key.pem"


@dataclass(frozen=True, slots=True)
class KeySigner:
    """Signs with a private key."""

    _key: Any = field(repr=False)
    signed_by: SignedBy
    """The signer, as its signatures will prove it."""

    @classmethod
    def from_pem(cls, pem: bytes, password: bytes | None = None) -> "KeySigner":
        """Read a private key.

        Args:
            pem: the key, in a form that OpenSSL writes.
            password: of an encrypted key.

        Raises:
            SigningError: it is not a private key for signatures, or the password does not open it.
            MissingDependencyError: `hublish[sign]` is not installed.
        """
        key = private_key(pem, password)
        return cls(key, _signed_by(key.public_key()))

    @property
    def method(self) -> SigningMethod:
        """The method, as a manifest names it."""
        return "key"

    @property
    def public_key(self) -> bytes:
        """The public key as PEM, for those who verify."""
        return public_pem(self._key.public_key())

    def sign(self, statement: bytes) -> bytes:
        """Return a bundle with a statement and its signature; equal statements give equal bytes.

        Raises:
            SigningError: OpenSSL makes no deterministic signatures.
        """
        material = PublicKeyHint(self.signed_by.name.removeprefix("sha256:"))
        return write_bundle(material, statement, signature_of(self._key, statement))


@dataclass(frozen=True, slots=True)
class KeyVerifier:
    """Trusts one public key."""

    _key: Any = field(repr=False)
    trusted: SignedBy
    """The signer whose statements are accepted."""

    @classmethod
    def from_pem(cls, pem: bytes) -> "KeyVerifier":
        """Read a public key.

        Raises:
            ValueError: it is not one that can verify signatures; the message gives the reason.
            MissingDependencyError: `hublish[sign]` is not installed.
        """
        with signing_extra():
            from cryptography.exceptions import UnsupportedAlgorithm
            from cryptography.hazmat.primitives.serialization import load_pem_public_key
        if b"PRIVATE KEY-----" in pem:
            raise ValueError("it is a private key; verification needs its public part only: openssl ec -pubout")
        # The library reads the first, and its owner may expect that each of them is trusted.
        if pem.count(b"-----BEGIN ") > 1:
            raise ValueError("it has several keys: give each of them a file and a signer of its own")
        try:
            key = load_pem_public_key(pem)
        except (ValueError, UnsupportedAlgorithm):
            raise ValueError("it is not a public key in PEM") from None
        if reason := unusable(key):
            raise ValueError(reason)
        return cls(key, _signed_by(key))

    def verify(self, bundle: bytes) -> Verified:
        """Return the statement of a bundle that was signed with the key.

        Raises:
            InvalidSignatureError: it is damaged, or was signed with another key or in another way.
        """
        read = read_bundle(bundle)
        if not isinstance(read.material, PublicKeyHint):
            raise InvalidSignatureError(f"signed with the method {read.unverified_method}, not with a key")
        if f"sha256:{read.material.sha256}" != self.trusted.name:
            raise InvalidSignatureError(f"signed with another key, {shown(read.material.sha256)}")
        return Verified(read.statement_if(lambda sig, data: check_signature(self._key, sig, data)), self.trusted)


def private_key(pem: bytes, password: bytes | None) -> Any:
    """Return a private key that can sign.

    Raises:
        SigningError: it is not one, or the password does not open it. The message contains neither.
        MissingDependencyError: `hublish[sign]` is not installed.
    """
    with signing_extra():
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    try:
        key = load_pem_private_key(pem, password or None)
    except TypeError:
        # Raised for a password that is missing, and for one that is not needed.
        if password:
            msg, hint = "there is a password, and the private key is not encrypted", "remove sign.password_env"
        else:
            msg, hint = "the private key is encrypted", "name the variable of its password: sign.password_env"
        raise SigningError(msg, hint=hint) from None
    except (ValueError, UnsupportedAlgorithm):
        if password:
            msg, hint = "the password does not open the private key", "check the variable that sign.password_env names"
        else:
            kind = "a public key, and " if b"PUBLIC KEY-----" in pem else ""
            msg, hint = f"it is {kind}not a private key in PEM", f"a new key: {_HOW_TO_MAKE}"
        raise SigningError(msg, hint=hint) from None
    if reason := unusable(key.public_key() if hasattr(key, "public_key") else key):
        raise SigningError(f"the private key cannot sign: {reason}", hint=f"a new key: {_HOW_TO_MAKE}")
    return key


def unusable(public_key: Any) -> str:
    """Return the reason why a public key cannot verify signatures of this format; empty when it can."""
    curve = getattr(public_key, "curve", None)
    if curve is not None and curve.name in CURVES:
        return ""
    kind = f"on the curve {curve.name}" if curve is not None else f"of the kind {type(public_key).__name__}"
    return f"it is {kind}; {_ONLY_THESE}"


def public_pem(public_key: Any) -> bytes:
    """Return a public key as PEM, the form whose sha256 names it."""
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    pem: bytes = public_key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    return pem


def signature_of(key: Any, statement: bytes) -> bytes:
    """Return the signature over a statement in a DSSE envelope, as DER.

    Raises:
        SigningError: OpenSSL makes no deterministic signatures.
    """
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        signature: bytes = key.sign(signed_bytes(statement), _algorithm(key, deterministic=True))
    except UnsupportedAlgorithm:
        msg = "OpenSSL is too old for deterministic signatures"
        raise SigningError(msg, hint="install cryptography from PyPI, which brings OpenSSL 3.2 or newer") from None
    return signature


def check_signature(public_key: Any, signature: bytes, data: bytes) -> None:
    """Check that a signature, as DER, is that of a key over some bytes.

    Raises:
        InvalidSignatureError: it is not.
    """
    from cryptography.exceptions import InvalidSignature

    try:
        public_key.verify(signature, data, _algorithm(public_key, deterministic=False))
    except InvalidSignature:
        raise InvalidSignatureError(
            "the signature is wrong: the statement was changed, or another key signed"
        ) from None


def _algorithm(key: Any, *, deterministic: bool) -> Any:
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    hasher = getattr(hashes, CURVES[key.curve.name])()
    return ec.ECDSA(hasher, deterministic_signing=True) if deterministic else ec.ECDSA(hasher)


def _signed_by(public_key: Any) -> SignedBy:
    pem = public_pem(public_key)
    return SignedBy("key", f"sha256:{hashlib.sha256(pem).hexdigest()}", public_key=pem.decode())
