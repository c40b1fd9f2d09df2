"""Sign with a certificate, and verify with its root: the method `certificate` of OpenSSF Model Signing.

A signature has no trusted time, so every certificate of the chain has to be valid at the time of verification. The
stock command verifies as of the start of the signer's validity, and so accepts an expired certificate. Nothing is
fetched: neither missing certificates of the chain nor lists of revoked ones.
"""

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from typing import Any

from hublish.attestation.bundles import CertificateChain, read_bundle, write_bundle
from hublish.attestation.certificate_chain import is_root, parsed_der, parsed_pem, verified_signer
from hublish.attestation.interface import InvalidSignatureError, Verified
from hublish.attestation.keys import check_signature, private_key, signature_of
from hublish.base.errors import SigningError
from hublish.schemas.documents.signing import SigningMethod


def utc_now() -> datetime:
    """Return the current time."""
    return datetime.now(UTC)


class CertificateSigner:
    """Signs with a private key, and names its holder with a certificate.

    Args:
        key_pem: the private key, in a form that OpenSSL writes.
        password: of an encrypted key.
        certificate_pem: the certificate of the key.
        chain_pems: the certificates between it and a root, and the root.
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
        certificate, *others = _readable("sign.signing_certificate", [certificate_pem])
        others += _readable("sign.certificate_chain", chain_pems)
        if certificate.public_key() != self._key.public_key():
            msg = "the signing certificate is that of another key"
            raise SigningError(msg, hint="compare sign.signing_certificate with the private key")
        if not (roots := [each for each in others if is_root(each)]):
            msg = "sign.certificate_chain has no root certificate"
            raise SigningError(msg, hint="list the certificates between the signer's and the root, and the root itself")
        try:
            self.signed_by, chain = verified_signer(certificate, others, roots, identity, now())
        except InvalidSignatureError as error:
            msg = f"readers would refuse a signature by the signing certificate: {error}"
            raise SigningError(msg, hint="compare sign.signing_certificate, certificate_chain and identity") from None
        # Only these: a file of the chain may have every authority of a company.
        self._chain = CertificateChain(chain)

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
    """Trusts the signers to whom an authority has given a certificate: all of them, or one identity.

    Args:
        roots_pem: one or more root certificates, and perhaps others between them and the signers.
        identity: the email address, URI or DNS name of the trusted signer; None trusts everybody with a certificate.
        now: returns the current time.

    Raises:
        ValueError: there is no root certificate, or one cannot be read; the message gives the reason.
        MissingDependencyError: `hublish[sign]` is not installed.
    """

    def __init__(self, roots_pem: bytes, identity: str | None, now: Callable[[], datetime] = utc_now) -> None:
        known = parsed_pem([roots_pem])
        self._roots = [each for each in known if is_root(each)]
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
        certificate, *others = map(parsed_der, read.material.certificates)
        others += self._between
        signed_by, _ = verified_signer(certificate, others, self._roots, self._identity, self._now())
        key = certificate.public_key()
        return Verified(read.statement_if(lambda signature, data: check_signature(key, signature, data)), signed_by)


def _readable(field: str, pems: Iterable[bytes]) -> list[Any]:
    try:
        return parsed_pem(pems)
    except ValueError as error:
        raise SigningError(f"{field} cannot be used: {error}") from None
