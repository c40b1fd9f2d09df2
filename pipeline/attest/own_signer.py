"""The signer that `sign` of a manifest declares, and the files that it makes."""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from hublish.base.content import Content, InMemory, blob_hasher
from hublish.base.errors import PolicyError, SigningError
from hublish.base.values import Effect, Origin, Release, ReleaseFile, Step, Verdict
from hublish.base.values.attested import BuildFacts, SignedBy
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.file_names import (
    ATTESTATION_FILES,
    BOM_FILE,
    CLAIMS_FILE,
    SIGNATURE_FILE,
    UNSIGNED_FILES,
)
from hublish.schemas.documents.signing import SigningMethod

if TYPE_CHECKING:
    from hublish.attestation.interface import Signer, Verifier
    from hublish.base.values import Plan
    from hublish.schemas.documents.lock import LockedFile

SIGN: Final = "sign"
"""The section of the manifest that is the source of these files, and the name of their serializer in locks."""

_WHY: Final = {
    SIGNATURE_FILE: "sign: the signature over every file",
    CLAIMS_FILE: "sign: signed statements about every file",
    BOM_FILE: "sign: the bill of materials",
}


@dataclass(frozen=True)
class OwnSigner:
    """A declared signer, as far as this machine has it. A reviewer has none, and plans the same release."""

    method: SigningMethod
    signer: "Signer | None" = None
    """None without the key."""
    verifier: "Verifier | None" = None
    """Recognizes what the same signer has signed before; None without the key."""
    signed_by: SignedBy | None = None
    """The signer, as far as it is known before it signs: the identity of a job is only proved then."""
    facts: Callable[[Release], BuildFacts] = field(default=lambda _: BuildFacts(""), repr=False, compare=False)
    """Finds out who builds a release and what from, when the claims are made."""
    provenance: "Callable[[Plan], Mapping[str, Any] | None] | None" = field(default=None, repr=False, compare=False)
    """States how a release was built that was not built here, or nothing; None for a build that `facts` describe."""
    key_files: frozenset[str] = field(default=frozenset(), repr=False, compare=False)
    """The SHA-256 of every file that would be the private key itself."""
    missing: SigningError | None = field(default=None, compare=False)
    """The reason why this machine cannot sign; None if it can."""

    @property
    def is_reproducible(self) -> bool:
        """Whether the signature is known before the release is published: equal files give equal bytes."""
        return self.signer is not None and self.method != "sigstore"

    def signature(self, repo: str, digests: Mapping[str, str]) -> ReleaseFile | None:
        """Return model.sig over files, by their SHA-256; None where it is made when the release is published.

        Raises:
            SigningError: the key cannot sign.
        """
        if self.signer is None or not self.is_reproducible:
            return None
        from hublish.attestation.model_signature import signature_statement

        return made_file(SIGNATURE_FILE, self.signer.sign(signature_statement(repo, digests.items())))


def refuse_own_key(release: Release, own: OwnSigner) -> None:
    """Refuse a release with the private key that signs it, whatever the policy allows. No file is read.

    Raises:
        PolicyError: naming each such file.
    """
    if keys := [file.path_in_repo for file in release.files if file.sha256 in own.key_files]:
        problems = [Problem("policy.secret", f"'{path}' is the private key that signs the release") for path in keys]
        hint = "remove it from the artifacts; if it was ever published, make a new key, and announce it to your readers"
        raise PolicyError(
            "the release contains its own private key; nothing was published", hint=hint, problems=problems
        )


def signed_digests(release: Release) -> Mapping[str, str]:
    """Return the SHA-256 of every file that a signature and each claim are about, by its path."""
    return {file.path_in_repo: file.sha256 for file in release.files if file.path_in_repo not in UNSIGNED_FILES}


def verdict_of(path: str) -> Verdict:
    """Return the rule that includes one of the files that are made for a signature."""
    return Verdict.of([Step(SIGN, Effect.COLLECTS, _WHY[path], SIGN)])


def made_content(path: str, known: "LockedFile", content: Content) -> ReleaseFile:
    """Return a file that was made for a signature before, by its record in a lock."""
    origin = Origin(None, SIGN, SIGN, verdict=verdict_of(path))
    return ReleaseFile(path, known.size, known.sha256, known.blob_id, content, origin)


def made_file(path: str, data: bytes) -> ReleaseFile:
    """Return a sealed file that was made for a signature."""
    assert path in ATTESTATION_FILES
    blob = blob_hasher(len(data))
    blob.update(data)
    origin = Origin(None, SIGN, SIGN, verdict=verdict_of(path))
    sha256 = hashlib.sha256(data).hexdigest()
    return ReleaseFile(path, len(data), sha256, blob.hexdigest(), InMemory(data), origin, data)
