"""Verify the certificate of a signer: its chain to a trusted root, its validity, its use, and the identity in it.

`cryptography` builds the chain and checks signatures, dates, path lengths and name constraints (RFC 5280). Its own
rules for extensions are those of websites; the rules for signers are here.
"""

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any, Final

from hublish.attestation.extra import signing_extra
from hublish.attestation.interface import InvalidSignatureError
from hublish.attestation.keys import unusable
from hublish.attestation.strict import shown
from hublish.base.values.attested import SignedBy
from hublish.schemas.diagnose.problems import shortened

# Certificates between that of the signer and the root.
_MOST_BETWEEN: Final = 8
_LONGEST_REASON: Final = 200
# The library prefixes its reasons with these.
_LAYERS: Final = ("validation failed: ", "candidates exhausted: ", "Python extension validator failed: ValueError: ")


def verified_signer(
    certificate: Any, others: Iterable[Any], roots: list[Any], identity: str | None, now: datetime
) -> tuple[SignedBy, tuple[bytes, ...]]:
    """Return who the signer with a certificate is and the chain from it to a root, as DER, after verifying both.

    Args:
        certificate: that of the signer.
        others: certificates that may be between it and a root, in any order.
        roots: those that are trusted.
        identity: the email address, URI or DNS name that the certificate has to have; None: any.
        now: the time at which every certificate of the chain has to be valid.

    Raises:
        InvalidSignatureError: it leads to none of the roots, is not valid at that time, may not sign, or is that of
            another identity.
    """
    from cryptography.x509.verification import VerificationError

    # The library parses a certificate only in part, and each other part when it is asked for.
    with _damage_refused():
        if reason := unusable(certificate.public_key()):
            raise InvalidSignatureError(f"the certificate cannot sign: {reason}")
        _check_period(certificate, now)
        _check_usage(certificate)
        between = [each for each in others if not is_root(each)]
        try:
            found = _policy(roots, now).verify(certificate, between).chain
        except VerificationError as error:
            raise InvalidSignatureError(f"the certificate does not lead to a trusted root{_reason(error)}") from None
        name = _identity(certificate, identity)
    chain = tuple(map(der, found))
    return SignedBy("certificate", name, key=f"sha256:{hashlib.sha256(chain[-1]).hexdigest()}"), chain


def is_root(certificate: Any) -> bool:
    """Return whether a certificate is signed with its own key."""
    from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm

    try:
        certificate.verify_directly_issued_by(certificate)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def parsed_pem(pems: Iterable[bytes]) -> list[Any]:
    """Return the certificates of PEM texts, of which each has at least one.

    Raises:
        ValueError: one has none, or cannot be parsed.
        MissingDependencyError: `hublish[sign]` is not installed.
    """
    with signing_extra():
        from cryptography.x509 import load_pem_x509_certificates
    try:
        return [certificate for pem in pems for certificate in load_pem_x509_certificates(pem)]
    except ValueError:
        raise ValueError("it has no certificate in PEM, or a damaged one") from None


def parsed_der(data: bytes) -> Any:
    """Return the certificate of a bundle.

    Raises:
        InvalidSignatureError: it cannot be parsed.
    """
    from cryptography.x509 import load_der_x509_certificate

    with _damage_refused():
        return load_der_x509_certificate(data)


def der(certificate: Any) -> bytes:
    """Return a certificate as DER."""
    from cryptography.hazmat.primitives.serialization import Encoding

    data: bytes = certificate.public_bytes(Encoding.DER)
    return data


def _policy(roots: list[Any], now: datetime) -> Any:
    from cryptography import x509
    from cryptography.x509.verification import Criticality, ExtensionPolicy, PolicyBuilder, Store

    def is_authority(_policy: Any, _certificate: Any, constraints: Any) -> None:
        if not constraints.ca:
            raise ValueError("a certificate of the chain is not that of an authority")

    def may_certify(_policy: Any, _certificate: Any, usage: Any) -> None:
        if usage is not None and not usage.key_cert_sign:
            raise ValueError("a certificate of the chain may not sign certificates")

    authorities = (
        ExtensionPolicy.permit_all()
        .require_present(x509.BasicConstraints, Criticality.AGNOSTIC, is_authority)
        .may_be_present(x509.KeyUsage, Criticality.AGNOSTIC, may_certify)
    )
    return (
        PolicyBuilder()
        .store(Store(roots))
        .time(now)
        .max_chain_depth(_MOST_BETWEEN)
        .extension_policies(ca_policy=authorities, ee_policy=ExtensionPolicy.permit_all())
        .build_client_verifier()
    )


def _reason(error: Exception) -> str:
    text = str(error)
    for layer in _LAYERS:
        text = text.removeprefix(layer)
    # Said when no certificate has the name of the issuer.
    return "" if text.startswith("all candidates exhausted") else f": {shortened(text, _LONGEST_REASON)}"


def _check_period(certificate: Any, now: datetime) -> None:
    """Check that a certificate is valid now. The library would refuse it as well, without the date."""
    if now > (until := certificate.not_valid_after_utc):
        raise InvalidSignatureError(f"the certificate expired on {until:%Y-%m-%d}")
    if now < (since := certificate.not_valid_before_utc):
        raise InvalidSignatureError(f"the certificate is not valid before {since:%Y-%m-%d}")


def _check_usage(certificate: Any) -> None:
    """Check that a certificate may sign: one extension allows it, and none forbids it (RFC 5280, section 4.2.1)."""
    from cryptography import x509
    from cryptography.x509.oid import ExtendedKeyUsageOID

    constraints = _extension(certificate, x509.BasicConstraints)
    usage = _extension(certificate, x509.KeyUsage)
    purposes = _extension(certificate, x509.ExtendedKeyUsage)
    allowed = (ExtendedKeyUsageOID.CODE_SIGNING, ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)
    if constraints is not None and constraints.ca:
        raise InvalidSignatureError("the certificate may not sign: it is that of an authority")
    if usage is None and purposes is None:
        raise InvalidSignatureError("the certificate may not sign: it has neither a key usage nor an extended one")
    if usage is not None and not usage.digital_signature:
        raise InvalidSignatureError("the certificate may not sign: its key usage lacks digitalSignature")
    if purposes is not None and not any(each in purposes for each in allowed):
        raise InvalidSignatureError("the certificate may not sign: its extended key usage lacks codeSigning")


def _identity(certificate: Any, wanted: str | None) -> str:
    """Return the name of a signer: the wanted one, or the first that the certificate has."""
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    kinds = (x509.RFC822Name, x509.UniformResourceIdentifier, x509.DNSName)
    extension = _extension(certificate, x509.SubjectAlternativeName) or ()
    names = [name for name in extension if isinstance(name, kinds) and name.value]
    if wanted is not None:
        # Of its own kind only: an authority that checks email addresses may let anyone choose a URI.
        kind = kinds[1] if ":" in wanted else kinds[0] if "@" in wanted else kinds[2]
        if not any(isinstance(name, kind) and name.value == wanted for name in names):
            found = ", ".join(shown(name.value) for name in names) or "an owner that it does not name"
            raise InvalidSignatureError(f"the certificate is that of {found}, not of {shown(wanted)}")
        return wanted
    if names:
        return str(names[0].value)
    common = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(common[0].value) if common else str(certificate.subject.rfc4514_string())


def _extension(certificate: Any, kind: Any) -> Any:
    """Return the value of an extension, or None without one."""
    from cryptography import x509

    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except x509.ExtensionNotFound:
        return None


@contextmanager
def _damage_refused() -> Iterator[None]:
    """Raise InvalidSignatureError for every exception that a certificate with damaged content leads to."""
    from cryptography import x509
    from cryptography.exceptions import UnsupportedAlgorithm

    try:
        yield
    except InvalidSignatureError:
        raise
    except (
        ValueError,
        UnsupportedAlgorithm,
        x509.InvalidVersion,
        x509.DuplicateExtension,
        x509.UnsupportedGeneralNameType,
        Warning,  # raised under `-W error`: old authorities have the serial number 0
    ) as error:
        reason = shortened(str(error), _LONGEST_REASON)
        raise InvalidSignatureError(f"a certificate of the chain is damaged: {reason}") from None
