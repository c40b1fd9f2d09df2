"""Recognize a signature and claims on the Hub that are those of a release already, so that nothing is signed again."""

import hashlib
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

from hublish.attestation import bill_of_materials, bundles, provenance, statements
from hublish.attestation.interface import InvalidSignatureError, Verifier
from hublish.attestation.model_signature import read_signature_statement
from hublish.attestation.provenance import Provenance
from hublish.attestation.statements import Statement
from hublish.base.content import Content
from hublish.base.values import Release, ReleaseFile, RemoteFile
from hublish.base.values.attested import SignedBy
from hublish.pipeline.attest.own_signer import OwnSigner, made_content, made_file, signed_digests
from hublish.schemas.documents.file_names import ATTESTATION_FILES, BOM_FILE, CLAIMS_FILE, SIGNATURE_FILE
from hublish.schemas.documents.lock import Lock, LockedSignature

_LARGEST: Final = {
    SIGNATURE_FILE: bundles.MOST_BYTES,
    CLAIMS_FILE: statements.MOST_CLAIMS_BYTES,
    BOM_FILE: bundles.MOST_BYTES,
}
CLAIMS: Final = (provenance.PREDICATE_TYPE, bill_of_materials.PREDICATE_TYPE)
"""The types of the claims about a release."""


@dataclass(frozen=True)
class PublishedTree:
    """A tree on the Hub: that of the branch, or of a pull request."""

    files: Mapping[str, RemoteFile]
    download: Callable[[RemoteFile], bytes]
    content: Callable[[RemoteFile], Content]
    """Returns the bytes of a file where they are."""

    def holds(self, files: Sequence[ReleaseFile]) -> bool:
        """Return whether it has all of these files, with their bytes."""
        found = ((self.files.get(file.path_in_repo), file) for file in files)
        return all(remote is not None and remote.holds(file) for remote, file in found)

    def read(self, path: str) -> bytes | None:
        """Return the bytes of one of the files of a signature; None without it, or for one that is too large."""
        remote = self.files.get(path)
        return None if remote is None or remote.size > _LARGEST[path] else self.download(remote)


@dataclass(frozen=True)
class Signed:
    """The files of a signed tree that a release can have again."""

    bom: ReleaseFile
    signature: ReleaseFile
    signed_by: SignedBy
    claims: ReleaseFile | None = None
    """None when the claims are not about these files, or of another builder."""
    provenance: Provenance | None = None
    locked_builder: str | None = None
    """The builder that the lock records, in the place of the provenance."""


def signature_in(
    tree: PublishedTree, about: Mapping[str, str], repo: str, own: OwnSigner
) -> tuple[ReleaseFile, SignedBy] | None:
    """Return the signature in a tree if the own signer has made it over exactly these files; None otherwise.

    Args:
        tree: the tree.
        about: the SHA-256 of every file that is signed, by its path.
        repo: the name that is signed.
        own: the signer.

    Raises:
        RemoteError: the Hub cannot be read.
    """
    data = tree.read(SIGNATURE_FILE) if own.verifier is not None else None
    if data is None or own.verifier is None:
        return None
    try:
        verified = own.verifier.verify(data)
        signed = read_signature_statement(verified.statement)
    except InvalidSignatureError:  # of another signer, or damaged
        return None
    if signed.repo.casefold() != repo.casefold() or signed.files != about:
        return None
    return made_file(SIGNATURE_FILE, data), verified.signed_by


def signed_in(
    tree: PublishedTree,
    release: Release,
    repo: str,
    own: OwnSigner,
    builder: str | None,
    expected: Sequence[str] = CLAIMS,
) -> Signed | None:
    """Return the signature in a tree if the own signer has signed the files of this release there; None otherwise.

    The bill of materials is the published one, too: that of a newer hublish may describe the same files differently.

    Args:
        tree: the tree.
        release: the release without the files of a signature.
        repo: the name that is signed.
        own: the signer.
        builder: the builder that the claims must name; None for any.
        expected: the types of the claims.

    Raises:
        RemoteError: the Hub cannot be read.
    """
    # Most releases have a new file: then nothing is downloaded.
    if own.verifier is None or not tree.holds(release.files):
        return None
    bom = tree.read(BOM_FILE)
    if bom is None:
        return None
    about = {**signed_digests(release), BOM_FILE: hashlib.sha256(bom).hexdigest()}
    signature = signature_in(tree, about, repo, own)
    if signature is None:
        return None
    found = Signed(made_file(BOM_FILE, bom), *signature)
    return _with_claims(found, tree.read(CLAIMS_FILE), own.verifier, about, builder, expected)


def locked_in(tree: PublishedTree, release: Release, own: OwnSigner, builder: str | None, lock: Lock) -> Signed | None:
    """Return the signature in a tree that a lock records for these very files, by the own signer; None otherwise.

    It was made, and read back, when they were published. Nothing is downloaded and no key is needed.

    Args:
        tree: the tree.
        release: the release without the files of a signature.
        own: the signer.
        builder: the builder that the claims must name; None for any.
        lock: the lock of the last release.
    """
    record = lock.signature
    if record is None or not _is_signer(own, record) or builder not in (None, record.builder):
        return None
    locked = {file.path_in_repo: file for file in lock.files}
    made = {path: locked.pop(path) for path in ATTESTATION_FILES if path in locked}
    is_same = {path: file.sha256 for path, file in locked.items()} == signed_digests(release)
    if len(made) != len(ATTESTATION_FILES) or not is_same or not tree.holds(release.files):
        return None
    remote = {path: tree.files.get(path) for path in made}
    kept = {
        path: made_content(path, made[path], tree.content(there))
        for path, there in remote.items()
        if there is not None and there.holds(made[path])
    }
    if len(kept) != len(made):
        return None
    signed_by = SignedBy.recorded(record)
    return Signed(kept[BOM_FILE], kept[SIGNATURE_FILE], signed_by, kept[CLAIMS_FILE], locked_builder=record.builder)


def _is_signer(own: OwnSigner, record: LockedSignature) -> bool:
    """Return whether a lock names the own signer, as far as it is known before it signs."""
    if own.method != record.method:
        return False
    # An identity with a `*` is compared by verifying the signature.
    return own.verifier is None if own.signed_by is None else own.signed_by.name == record.signer


def _with_claims(
    found: Signed,
    data: bytes | None,
    verifier: Verifier,
    about: Mapping[str, str],
    builder: str | None,
    expected: Sequence[str],
) -> Signed:
    if data is None:
        return found
    try:
        claims = [*_claims(data, verifier, found.signed_by)]
        by_type = {claim.predicate_type: claim.predicate for claim in claims}
        types = sorted(claim.predicate_type for claim in claims)
        # One with a provenance that could not be made any more is kept as well.
        if types not in (sorted(expected), sorted(CLAIMS)):
            return found
        built = by_type.get(provenance.PREDICATE_TYPE)
        read = None if built is None else provenance.read_provenance(built)
    except InvalidSignatureError:
        return found
    is_same = all(claim.subjects == about for claim in claims)
    same_bom = by_type[bill_of_materials.PREDICATE_TYPE] == json.loads(found.bom.data or b"null")
    if not is_same or not same_bom or (builder is not None and (read is None or read.builder != builder)):
        return found
    return replace(found, claims=made_file(CLAIMS_FILE, data), provenance=read)


def _claims(data: bytes, verifier: Verifier, signed_by: SignedBy) -> Iterator[Statement]:
    for bundle in statements.read_claims(data):
        verified = verifier.verify(bundle)
        # Each statement has an entry of its own in a log.
        if replace(verified.signed_by, log_index=None) != replace(signed_by, log_index=None):
            raise InvalidSignatureError("signed by two signers")
        yield statements.read_statement(verified.statement)
