"""The rule that applies to a release without a trust.yaml: the signer that its own hub.yaml or hub.lock names."""

from pathlib import Path
from typing import TYPE_CHECKING, Final

from hublish.api.read_project import AnyManifest, read_project
from hublish.base.errors import DocumentInvalidError, ManifestInvalidError, SigningError, UsageError
from hublish.schemas.documents.file_names import manifest_file
from hublish.schemas.documents.lock import LockedSignature
from hublish.schemas.documents.trust import TrustRule

if TYPE_CHECKING:
    from hublish.attestation.examine import AppliedRule
    from hublish.attestation.interface import Verifier

_WRITE_ONE: Final = "declare the signer in trust.yaml, in this folder or with --trust-policy; `hublish schema trust`"


def rule_without_policy(manifest: AnyManifest | None, locked: LockedSignature | None) -> "AppliedRule":
    """Return the rule that a release is signed by its own signer.

    Args:
        manifest: it declares the signer; None for one that does not count.
        locked: the signature that a lock records.

    Raises:
        UsageError: neither hub.yaml nor the lock says enough about the signer to verify a signature.
        DocumentInvalidError: the public key in the lock is damaged.
        MissingDependencyError: `hublish[sign]` is not installed.
    """
    if (verifier := _declared(manifest)) is not None:
        return _rule("`sign` of hub.yaml", verifier)
    if locked is not None and (verifier := _recorded(locked)) is not None:
        return _rule("hub.lock", verifier)
    if locked is not None:
        msg = f"hub.lock names the signer, {locked.signer}, and not the {locked.method} to verify its signature with"
        raise UsageError(msg, hint=_WRITE_ONE)
    msg = "no rule of a trust.yaml applies, and hub.yaml declares no signer whose key is on this machine"
    raise UsageError(msg, hint=f"{_WRITE_ONE}. Or compare with the lock of the release: --lock hub.lock")


def _rule(place: str, verifier: "Verifier") -> "AppliedRule":
    from hublish.attestation.examine import AppliedRule

    return AppliedRule(place, TrustRule(repos=("*",), signers=(_OWN,), require=("signature",)), {_OWN: verifier})


_OWN: Final = "its own signer"


def _declared(manifest: AnyManifest | None) -> "Verifier | None":
    """Return the verifier of the signer that a manifest declares; None where its key is not."""
    if manifest is None or (isinstance(manifest, str | Path) and not manifest_file(Path(manifest)).exists()):
        return None
    try:
        project = read_project(manifest)
    except ManifestInvalidError:  # its variables may be set only where it is published
        return None
    if project.manifest.sign is None:
        return None
    from hublish.api.signing import own_signer

    try:
        own = own_signer(project)
    except SigningError:  # its private key, of which a reader needs only the public part
        return None
    return None if own is None else own.verifier


def _recorded(locked: LockedSignature) -> "Verifier | None":
    """Return the verifier of the signer in a lock; None for a certificate, whose authority the lock does not have."""
    if locked.public_key is not None:
        from hublish.attestation.keys import KeyVerifier

        try:
            return KeyVerifier.from_pem(locked.public_key.encode())
        except ValueError as error:
            raise DocumentInvalidError(f"signature.public_key of the lock is damaged: {error}") from None
    if locked.method == "sigstore" and locked.provider is not None:
        from hublish.attestation.keyless import KeylessVerifier

        return KeylessVerifier(locked.signer, locked.provider)
    return None
