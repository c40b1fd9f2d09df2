"""Keyless signatures of Sigstore: the identity of a CI job or a person takes the place of a key.

Fulcio gives an identity a certificate that is valid for ten minutes, and Rekor logs each signature with its time.
Verifying needs neither: the bundle has the proof of the log, and the keys of the services are part of the library.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from hublish.attestation.bundles import LoggedCertificate, read_bundle
from hublish.attestation.certified_identity import Identity, identity_in
from hublish.attestation.interface import InvalidSignatureError, Verified
from hublish.attestation.sigstore_instance import (
    AUDIENCE,
    configuration,
    explained,
    identity_token,
    public_root,
    reason_of,
    require_library,
    signing_context,
)
from hublish.attestation.strict import shown
from hublish.base.errors import SigningError
from hublish.base.values.attested import SignedBy
from hublish.schemas.documents.signing import SigningMethod

_REASONS: Final = {
    "DSSE: invalid signature": "the signature is wrong: the statement was changed, or another key signed",
    "invalid log entry": "its entry in the log is damaged, of another log, or of another signature",
    "log entry": "its entry in the log is of another signature",
    "not enough sources of verified time": "it does not prove when it was logged",
    "bundle must contain an inclusion promise": "it does not prove when it was logged",
    "expected exactly one log entry": "it does not have exactly one entry in the log",
}
_HINT: Final = "sign in the job that `sign` names; or change `sign`, and announce the new identity to your users"


@dataclass(frozen=True)
class KeylessSigner:
    """Signs with the identity of an ID token: one certificate for all statements, and an entry in the log for each.

    Attributes:
        id_token: Returns the ID token; called once, when the first statement is signed. It raises our own errors.
        identity: The identity that must be in the certificate; `*` is any text without an `@`.
        identity_provider: The URL of the issuer of its ID token.
        trust_config: A ClientTrustConfig of Sigstore as JSON, for a private instance; None for the public one.
    """

    id_token: Callable[[], str] = field(repr=False)
    identity: str
    identity_provider: str
    trust_config: bytes | None = field(default=None, repr=False)

    @property
    def method(self) -> SigningMethod:
        """The method, as `sign.method` of a manifest names it."""
        return "sigstore"

    def sign(self, statement: bytes) -> bytes:
        """Return a bundle of Sigstore with the statement, once the log has its entry.

        Raises:
            SigningError: the identity is not the declared one, or a service refused.
        """
        require_library()
        from sigstore.dsse import Statement

        certified = self._certified
        with explained(self._token):
            bundle: bytes = certified.sign_dsse(Statement(statement)).to_json().encode()
        return self._checked(bundle, statement)

    @cached_property
    def _token(self) -> str:
        return self.id_token()

    @cached_property
    def _instance(self) -> Any:
        with explained():
            return configuration(self.trust_config)

    @cached_property
    def _certified(self) -> Any:
        """The signer of the library, whose certificate has the declared identity."""
        token = identity_token(self._token, AUDIENCE if self.trust_config is None else None)
        # Before it goes anywhere. The certificate alone decides the rest: each issuer has its own rule for the name.
        if token.federated_issuer != self.identity_provider:
            msg = f"the ID token is of {token.federated_issuer}, and sign.identity_provider is {self.identity_provider}"
            raise SigningError(msg, hint=_HINT)
        with explained(self._token), signing_context(self._instance).signer(token) as certified:
            # Before anything is logged.
            found = identity_in(certified._signing_cert())  # noqa: SLF001
        if not self._declared.covers(found):
            msg = f"the identity of this job is {found.name} of {found.provider}, and sign.identity is {self.identity}"
            raise SigningError(msg, hint=_HINT)
        return certified

    @property
    def _declared(self) -> Identity:
        return Identity(self.identity, self.identity_provider)

    def _checked(self, bundle: bytes, statement: bytes) -> bytes:
        # As readers will. The services may use keys that the installed library does not know yet.
        try:
            verified = KeylessVerifier(self.identity, self.identity_provider, self.trust_config).verify(bundle)
        except InvalidSignatureError as error:
            msg = f"no reader could verify the signature that Sigstore returned: {error}"
            raise SigningError(msg, hint="pip install --upgrade sigstore, or correct sign.trust_config") from None
        if verified.statement != statement:
            raise SigningError("the signature that Sigstore returned is of another statement")
        return bundle


@dataclass(frozen=True)
class KeylessVerifier:
    """Trusts one identity of one issuer. No request is sent.

    Attributes:
        identity: The identity that must be in the certificate; `*` is any text without an `@`.
        identity_provider: The URL of its issuer.
        trust_config: A ClientTrustConfig of Sigstore as JSON, for a private instance; None for the public one.
    """

    identity: str
    identity_provider: str
    trust_config: bytes | None = field(default=None, repr=False)

    def verify(self, bundle: bytes) -> Verified:
        """Return the statement of a bundle that this identity has signed.

        Raises:
            InvalidSignatureError: it is damaged, not logged, of another identity, or of another instance of Sigstore.
        """
        read = read_bundle(bundle)
        # Before the library is imported, which a reader of signatures by keys need not have.
        if not isinstance(read.material, LoggedCertificate):
            raise InvalidSignatureError(f"signed with the method {read.unverified_method}, not with an identity")
        return _verified(bundle, self._root, Identity(self.identity, self.identity_provider))

    @cached_property
    def _root(self) -> Any:
        require_library()
        try:
            return public_root() if self.trust_config is None else configuration(self.trust_config).trusted_root
        except Exception as error:
            reason = reason_of(error)
        raise InvalidSignatureError(f"the trust_config of this signer cannot be read: {reason}")


@dataclass(frozen=True)
class _Policy:
    """A condition on the certificate in the form of the library, which applies it to a certificate that is proven."""

    declared: Identity

    def verify(self, certificate: Any) -> None:
        found = identity_in(certificate)
        if not self.declared.covers(found):
            raise InvalidSignatureError(f"signed by {shown(found.name)} of {shown(found.provider)}")


def _verified(raw: bytes, root: Any, declared: Identity) -> Verified:
    from sigstore.errors import CertValidationError
    from sigstore.models import Bundle
    from sigstore.verify import Verifier

    try:
        bundle = Bundle.from_json(raw)
        _, statement = Verifier(trusted_root=root).verify_dsse(bundle, _Policy(declared))
        found = identity_in(bundle.signing_certificate)
    except InvalidSignatureError:
        raise
    except CertValidationError:
        reason = "its certificate is not of a trusted authority, or was not valid when the signature was logged"
    # The bytes are those of a stranger, and the library has no common error for all that can be wrong with them.
    except Exception as error:
        reason = _plain(reason_of(error))
    else:
        return Verified(statement, SignedBy("sigstore", found.name, found.provider, _log_index(raw)))
    raise InvalidSignatureError(reason)


def _plain(reason: str) -> str:
    """Return a reason of the library in words of ours, where its own are about details of the evidence."""
    return next((ours for begin, ours in _REASONS.items() if reason.startswith(begin)), reason)


def _log_index(bundle: bytes) -> int:
    """Return the index of the entry that the log signed for: in its promise, else in the tree of its proof."""
    entry = json.loads(bundle)["verificationMaterial"]["tlogEntries"][0]
    return int(entry["logIndex"] if entry.get("inclusionPromise") else entry["inclusionProof"]["logIndex"])
