"""Sign with a certificate, and verify with its root: the method `certificate` of OpenSSF Model Signing.

A signature has no trusted time, so every certificate of the chain has to be valid at the time of verification. The
stock command verifies as of the start of the signer's validity, and so accepts an expired certificate. Nothing is
fetched: neither missing certificates of the chain nor lists of revoked ones.
"""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from hublish.attestation.bundles import CertificateChain, read_bundle, write_bundle
from hublish.attestation.extra import signing_extra
from hublish.attestation.interface import InvalidSignatureError, Verified
from hublish.attestation.keys import check_signature, private_key, signature_of, unusable
from hublish.attestation.strict import shown
from hublish.base.errors import SigningError
from hublish.base.values.attested import SignedBy
from hublish.schemas.documents.signing import SigningMethod

# Certificates between that of the signer and the root.
_MOST_BETWEEN: Final = 8


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


class CertificateSigner:
    """Signs with a private key and says whose it is with a certificate.

    Args:
        key_pem: the private key, in a form that OpenSSL writes.
        password: of an encrypted key.
        certificate_pem: the certificate of the key.
        chain_pems: the certificates that it leads to a root by, with the root.
        identity: the email address, URI or DNS name that the certificate has to have; None: any.
        now: returns the current time.

    Raises:
        SigningError: one of them is invalid, they do not belong together, or no reader could verify a signature by them
            now.
        MissingDependencyError: `hublish[sign]` is not installed.
    """

    def __init__(
        self,
        key_pem: bytes,
        password: bytes | None,
        certificate_pem: bytes,
        chain_pems: Iterable[bytes],
        *,
        identity: str | None = None,
        now: Callable[[], datetime] = utc_now,
    ) -> None:
        self._key = private_key(key_pem, password)
        try:
            certificate, *others = _certificates([certificate_pem])
            others += _certificates(chain_pems)
        except ValueError as error:
            raise SigningError(f"a signing certificate or its chain cannot be read: {error}") from None
        if certificate.public_key() != self._key.public_key():
            raise SigningError("the signing certificate is of another key than the private key")
        self._chain = CertificateChain(tuple(_der(each) for each in _each_once([certificate, *others])))
        roots = [each for each in others if _is_root(each)]
        if not roots:
            msg = "sign.certificate_chain has no root certificate"
            raise SigningError(msg, hint="add the certificates between the signer's and the root, and the root itself")
        try:
            self.signed_by = _verified_signer(certificate, others, roots, identity, now())[1]
        except InvalidSignatureError as error:
            msg = f"no reader could verify a signature by the signing certificate: {error}"
            raise SigningError(
                msg, hint="compare sign.signing_certificate, sign.certificate_chain and sign.identity"
            ) from None

    @property
    def method(self) -> SigningMethod:
        """The method, as a manifest names it."""
        return "certificate"

    def sign(self, statement: bytes) -> bytes:
        """Return a bundle with a statement, its signature and the chain; equal statements give equal bytes.

        Raises:
            SigningError: OpenSSL makes no deterministic signatures.
        """
        return write_bundle(self._chain, statement, signature_of(self._key, statement))


class CertificateVerifier:
    """Trusts the signers that an authority has given a certificate: all of them, or one identity.

    Args:
        roots_pem: one or more root certificates, and perhaps others between them and the signers.
        identity: the email address, URI or DNS name of the trusted signer; None trusts everybody with a certificate.
        now: returns the current time.

    Raises:
        ValueError: there is no root certificate, or one cannot be read; the message gives the reason.
        MissingDependencyError: `hublish[sign]` is not installed.
    """

    def __init__(self, roots_pem: bytes, identity: str | None, now: Callable[[], datetime] = utc_now) -> None:
        known = _certificates([roots_pem])
        self._roots = [each for each in known if _is_root(each)]
        self._between = [each for each in known if each not in self._roots]
        if not self._roots:
            raise ValueError("it has no root certificate: one that is signed with its own key")
        self._identity = identity
        self._now = now

    def verify(self, bundle: bytes) -> Verified:
        """Return the statement of a bundle that a trusted signer has signed.

        Raises:
            InvalidSignatureError: it is damaged; a certificate has expired, may not sign or leads to another root; or
                the signer has another identity.
        """
        read = read_bundle(bundle)
        if not isinstance(read.material, CertificateChain):
            raise InvalidSignatureError(f"signed with the method {read.unverified_method}, not with a certificate")
        certificate, *others = map(_parsed, read.material.certificates)
        signer, signed_by = _verified_signer(
            certificate, [*others, *self._between], self._roots, self._identity, self._now()
        )
        return Verified(read.statement_if(lambda sig, data: check_signature(signer, sig, data)), signed_by)


@dataclass(frozen=True, slots=True)
class _Names:
    """The names that a certificate is for."""

    alternative: tuple[str, ...]
    common: str

    def identity(self, wanted: str | None) -> str:
        """Return the name of the signer: the wanted one, or the first."""
        if wanted is None:
            return (*self.alternative, self.common)[0]
        if wanted not in self.alternative:
            found = ", ".join(map(shown, self.alternative)) or "nobody"
            raise InvalidSignatureError(f"signed by {found}, not by {wanted}")
        return wanted


def _verified_signer(
    certificate: Any, others: list[Any], roots: list[Any], identity: str | None, now: datetime
) -> tuple[Any, SignedBy]:
    """Return the public key of a signer, and who it is, after verifying the chain to a root.

    Raises:
        InvalidSignatureError: it leads to none of the roots, is not valid at that time, may not sign, or is that of
            another identity.
    """
    from cryptography.x509.verification import VerificationError

    if reason := unusable(certificate.public_key()):
        raise InvalidSignatureError(f"the certificate cannot sign: {reason}")
    _check_period(certificate, now)
    _check_usage(certificate)
    between = [each for each in others if not _is_root(each)]
    try:
        chain = _chain_policy(roots, now).verify(certificate, between).chain
    # The last for extensions that cannot be parsed.
    except (VerificationError, ValueError) as error:
        raise InvalidSignatureError(f"the certificate does not lead to a trusted root: {error}") from None
    root = f"sha256:{hashlib.sha256(_der(chain[-1])).hexdigest()}"
    return certificate.public_key(), SignedBy("certificate", _names(certificate).identity(identity), key=root)


def _chain_policy(roots: list[Any], now: datetime) -> Any:
    from cryptography import x509
    from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store

    def is_authority(_policy: Any, _certificate: Any, constraints: Any) -> None:
        if not constraints.ca:
            raise ValueError("a certificate of the chain is not that of an authority")

    def may_certify(_policy: Any, _certificate: Any, usage: Any) -> None:
        if usage is not None and not usage.key_cert_sign:
            raise ValueError("a certificate of the chain may not sign certificates")

    def is_end(_policy: Any, _certificate: Any, constraints: Any) -> None:
        if constraints is not None and constraints.ca:
            raise ValueError("the certificate of the signer is that of an authority")

    # The defaults of the library are those of websites: their authorities, and the use for servers or clients.
    either = Criticality.AGNOSTIC
    authorities = (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, either, is_authority)
        .may_be_present(x509.KeyUsage, either, may_certify)
    )
    signers = ExtensionPolicy.permit_all().may_be_present(x509.BasicConstraints, either, is_end)
    return (
        PolicyBuilder()
        .store(Store(roots))
        .time(now)
        .max_chain_depth(_MOST_BETWEEN)
        .extension_policies(ca_policy=authorities, ee_policy=signers)
        .build_client_verifier()
    )


def _check_period(certificate: Any, now: datetime) -> None:
    """Check that a certificate is valid now: the library refuses it as well, and does not give the date."""
    if now > (until := certificate.not_valid_after_utc):
        raise InvalidSignatureError(f"the certificate has expired on {until:%Y-%m-%d}")
    if now < (since := certificate.not_valid_before_utc):
        raise InvalidSignatureError(f"the certificate is valid only from {since:%Y-%m-%d} on")


def _check_usage(certificate: Any) -> None:
    """Check that a certificate may sign: one of its two lists of uses allows it, and neither forbids it (RFC 5280)."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    usage = _extension(certificate, x509.KeyUsage)
    purposes = _extension(certificate, x509.ExtendedKeyUsage)
    allowed = (ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    if usage is None and purposes is None:
        raise InvalidSignatureError("the certificate does not say that it may sign: it has no key usage")
    if usage is not None and not usage.digital_signature:
        raise InvalidSignatureError("the certificate may not sign: its key usage lacks digitalSignature")
    if purposes is not None and not any(each in purposes for each in allowed):
        raise InvalidSignatureError("the certificate may not sign: its extended key usage lacks codeSigning")


def _names(certificate: Any) -> _Names:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    names = _extension(certificate, x509.SubjectAlternativeName) or ()
    kinds = (x509.RFC822Name, x509.UniformResourceIdentifier, x509.DNSName)
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return _Names(
        tuple(each.value for each in names if isinstance(each, kinds)),
        str(common[0].value) if common else certificate.subject.rfc4514_string(),
    )


def _extension(certificate: Any, kind: Any) -> Any:
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None
    except (ValueError, x509.DuplicateExtension, x509.UnsupportedGeneralNameType) as error:
        raise InvalidSignatureError(f"the certificate has an extension that cannot be read: {error}") from None


def _is_root(certificate: Any) -> bool:
    """Return whether a certificate is signed with its own key."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _certificates(pems: Iterable[bytes]) -> list[Any]:
    """Return the certificates of PEM texts, of which each has at least one.

    Raises:
        ValueError: one has none, or cannot be parsed.
    """
    with signing_extra():
        from cryptography.x509 import load_pem_x509_certificates
    try:
        return [certificate for pem in pems for certificate in load_pem_x509_certificates(pem)]
    except ValueError:
        raise ValueError("it has no certificate in PEM, or a damaged one") from None


def _each_once(certificates: list[Any]) -> list[Any]:
    return [each for index, each in enumerate(certificates) if each not in certificates[:index]]


def _parsed(der: bytes) -> Any:
    from cryptography.x509 import load_der_x509_certificate

    try:
        return load_der_x509_certificate(der)
    except ValueError:
        raise InvalidSignatureError("a certificate of the chain is damaged") from None


def _der(certificate: Any) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding

    der: bytes = certificate.public_bytes(Encoding.DER)
    return der
