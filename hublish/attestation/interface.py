"""What signs statements and what verifies them, whichever the method."""

from dataclasses import dataclass
from typing import Protocol

from hublish.base.values.attested import SignedBy
from hublish.schemas.documents.signing import SigningMethod


class InvalidSignatureError(ValueError):
    """A signature that proves nothing: damaged, of another signer, or expired. The message gives the reason."""


@dataclass(frozen=True, slots=True)
class Verified:
    """A statement whose signature is valid."""

    statement: bytes
    """The in-toto statement, as JSON."""
    signed_by: SignedBy


class Signer(Protocol):
    """Signs statements."""

    @property
    def method(self) -> SigningMethod:
        """The method, as `sign.method` of a manifest names it."""

    def sign(self, statement: bytes) -> bytes:
        """Return a bundle of Sigstore, as JSON on one line, with the statement in a DSSE envelope.

        Raises:
            SigningError: with the reason.
        """


class Verifier(Protocol):
    """Knows one signer that is trusted: a public key, a certificate authority with an identity, or an identity."""

    def verify(self, bundle: bytes) -> Verified:
        """Return the statement of a bundle that this signer has signed. No request is sent.

        Raises:
            InvalidSignatureError: it is damaged, expired, or of another signer.
        """
