"""RemoteRelease -> RemoteRelease: verify the signature, and replace the listed digests by the signed ones."""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import ClassVar, Final

from hublish.attestation.bundles import MOST_BYTES
from hublish.attestation.examine import Unexamined, examine, unsigned_but_locked
from hublish.attestation.statements import MOST_CLAIMS_BYTES
from hublish.attestation.trusted_signers import TrustedSigners
from hublish.base.errors import TrustError
from hublish.base.values import Digest, PromisedFile, Reference, RemoteRelease
from hublish.base.values.target import RepoRef
from hublish.schemas.diagnose.problems import Problem, errors_in
from hublish.schemas.documents.file_names import ATTESTATION_FILES, BOM_FILE, CLAIMS_FILE, MANIFEST_FILE, SIGNATURE_FILE
from hublish.schemas.documents.hub_names import repo_path
from hublish.schemas.documents.sizes import format_size

Read = Callable[[Reference, str, PromisedFile], bytes]
"""Reads a small file at a commit; its bytes have the promised digest."""

_MOST: Final = {SIGNATURE_FILE: MOST_BYTES, CLAIMS_FILE: MOST_CLAIMS_BYTES, BOM_FILE: MOST_BYTES}
# Whatever the number of files, and for each of them: its name and digest in up to three statements.
_MORE_BYTES: Final = 4 << 20
_BYTES_PER_FILE: Final = 4 << 10
_HINT: Final = "do not use the release before its publisher has explained it"


@dataclass(frozen=True)
class Authenticate:
    """Verify the signature and the claims of a release by the rule of trust.yaml that applies to its repo.

    The stages after it compare every byte with the promised digest anyway. From here on, that is the signed one, so
    that no byte is hashed twice.

    Args:
        policy: the signers and rules of the reader; None without a trust.yaml.
        read: reads the attestation files.

    Raises (from `run`):
        TrustError: naming what the rule requires and the release lacks, before any other file is downloaded.
        TrustPolicyError: trust.yaml names files that cannot be used.
        MissingDependencyError: `hublish[sign]` is not installed.
    """

    policy: TrustedSigners | None
    read: Read
    title: ClassVar[str] = "verifying the signature"

    def run(self, release: RemoteRelease) -> RemoteRelease:
        """Return the release with the signed digests, and the result of the examination."""
        reference = release.reference
        applied = None if self.policy is None else self.policy.rule_for(repo_of(reference))
        listed = {file.path_in_repo: file for file in release.files}
        if applied is None:
            lost = unsigned_but_locked(reference.signature, is_signed=SIGNATURE_FILE in listed)
            _refuse(release, [] if lost is None else [lost], "its lock")
            return release
        # Claims without a signature prove nothing, and are not read.
        wanted = [listed[name] for name in ATTESTATION_FILES if name in listed] if SIGNATURE_FILE in listed else []
        _refuse(release, too_large(wanted, len(listed)), applied.place)
        read = {file.path_in_repo: self.read(reference, release.commit, file) for file in wanted}
        # Its load plan has been applied already, and may select files without the manifest itself.
        if wanted and MANIFEST_FILE in listed and reference.load is None:
            read[MANIFEST_FILE] = self.read(reference, release.commit, listed[MANIFEST_FILE])
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in read.items()}
        known = {path: _sha256(file.digest) for path, file in listed.items()} | digests
        signature, claims, bom = (read.get(name) for name in ATTESTATION_FILES)
        unexamined = Unexamined(repo_of(reference), known, signature, claims, bom, reference.signature)
        examination = examine(unexamined, applied)
        _refuse(release, examination.problems, applied.place)
        # Its own digests for the attestation files: they are downloaded once more with `force_download`.
        proven = {**digests, **examination.digests}
        return replace(
            release,
            files=tuple(_with_digest(file, proven) for file in release.files),
            examination=examination,
        )

    def works_on(self, release: RemoteRelease) -> bool:
        """Return whether a rule applies to the repo."""
        return self.policy is not None and self.policy.applies_to(repo_of(release.reference))


def repo_of(repo: RepoRef) -> str:
    """Return a repo as signatures name it."""
    return repo_path(repo.repo_id, repo.repo_type)


def too_large(files: Iterable[PromisedFile], count: int) -> Iterator[Problem]:
    """Yield the problems of attestation files that are larger than those of any release with so many files."""
    for file in files:
        most = min(_MOST[file.path_in_repo], _MORE_BYTES + count * _BYTES_PER_FILE)
        if file.size > most:
            size = f"{format_size(file.size)}, more than the {format_size(most)} that {count} files need"
            message = f"'{file.path_in_repo}' has {size}; it was not read"
            yield Problem("trust.size", message, "ask the publisher for a smaller one", file.path_in_repo)


def _refuse(release: RemoteRelease, problems: Iterable[Problem], place: str) -> None:
    if errors := errors_in(problems):
        where = f"{repo_of(release.reference)} at {release.commit[:12]}"
        msg = f"{where} does not satisfy {place}; nothing was downloaded"
        raise TrustError(msg, hint=_HINT, problems=errors)


def _sha256(digest: Digest) -> str | None:
    return digest.value if digest.algorithm == "sha256" else None


def _with_digest(file: PromisedFile, digests: Mapping[str, str]) -> PromisedFile:
    sha256 = digests.get(file.path_in_repo)
    if sha256 is None:
        return file
    return replace(file, digest=Digest("sha256", sha256), blob_id=file.listed_blob_id)
