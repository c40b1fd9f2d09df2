"""RemoteRelease -> RemoteRelease: verify the signature, and replace the listed digests by the signed ones."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar, Final

from hublish.base.errors import TrustError
from hublish.base.values import Digest, PromisedFile, Reference, RemoteRelease
from hublish.base.values.target import RepoRef
from hublish.schemas.diagnose.problems import Problem, errors_in
from hublish.schemas.documents.file_names import ATTESTATION_FILES, CARD_FILE, MANIFEST_FILE, SIGNATURE_FILE
from hublish.schemas.documents.hub_names import repo_path

if TYPE_CHECKING:
    from hublish.attestation.examine import AppliedRule
    from hublish.attestation.trusted_signers import TrustedSigners

Read = Callable[[Reference, str, PromisedFile], bytes]
"""Reads a small file at a commit; its bytes have the promised digest."""

# Of a card that the Hub reads, in bytes.
_LARGEST_CARD: Final = 8 << 20
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

    policy: "TrustedSigners | None"
    read: Read
    title: ClassVar[str] = "verifying the signature"

    def run(self, release: RemoteRelease) -> RemoteRelease:
        """Return the release with the signed digests, and the result of the examination."""
        reference = release.reference
        if self.policy is None and reference.signature is None:
            return release
        # Imported here: most releases are pulled without a policy.
        from hublish.attestation.examine import Unexamined, examine, too_large, unsigned_but_locked

        repo, applied = self._rule_for(release)
        listed = {file.path_in_repo: file for file in release.files}
        if applied is None:
            lost = unsigned_but_locked(reference.signature, is_signed=SIGNATURE_FILE in listed)
            _refuse(release, [] if lost is None else [lost], "its lock")
            return release
        # Claims without a signature prove nothing, and are not read.
        names = ATTESTATION_FILES if SIGNATURE_FILE in listed else ()
        wanted: dict[str, PromisedFile] = {name: listed[name] for name in names if name in listed}
        _refuse(release, too_large({name: file.size for name, file in wanted.items()}, len(listed)), applied.place)
        read = self._read(release, wanted, listed.get(MANIFEST_FILE))
        digests = {name: hashlib.sha256(content).hexdigest() for name, content in read.items()}
        known = {path: _sha256(file.digest) for path, file in listed.items()} | digests
        signature, claims, bom = (read.get(name) for name in ATTESTATION_FILES)
        unexamined = Unexamined(repo, known, signature, claims, bom, reference.signature)
        examination = examine(unexamined, applied)
        _refuse(release, examination.problems, applied.place)
        # Those of the attestation files are their own: with `force_download`, they are downloaded once more.
        proven = {**digests, **examination.digests}
        files = tuple(_with_digest(file, proven) for file in release.files)
        release = replace(release, files=files, examination=examination)
        return replace(release, new_version=self._new_version(release)) if examination.digests else release

    def _rule_for(self, release: RemoteRelease) -> "tuple[str, AppliedRule | None]":
        """Return the rule that applies, with the name that it applies to."""
        names = _names_of(release)
        found = [(name, None if self.policy is None else self.policy.rule_for(name)) for name in names]
        # That of the name that was asked for, unless it requires nothing: a former name of a repo, which the Hub
        # redirects, must be no way around the rule for the repo.
        strict = (one for one in found if one[1] is not None and one[1].rule.require)
        return next(strict, None) or next((one for one in found if one[1] is not None), found[0])

    def _read(
        self, release: RemoteRelease, wanted: Mapping[str, PromisedFile], manifest: PromisedFile | None
    ) -> dict[str, bytes]:
        """Return the content of the attestation files, and of the manifest that the load plan was read from."""
        read = {name: self.read(release.reference, release.commit, file) for name, file in wanted.items()}
        # Its load plan has been applied already, and may select files without the manifest itself.
        if wanted and manifest is not None and release.reference.load is None:
            read[MANIFEST_FILE] = self.read(release.reference, release.commit, manifest)
        return read

    def _new_version(self, release: RemoteRelease) -> str | None:
        """Return the repo that the signed card names to use instead. The Hub's own description is not signed."""
        card = next((file for file in release.files if file.path_in_repo == CARD_FILE), None)
        if release.new_version is None or card is None or card.size > _LARGEST_CARD:
            return None
        from hublish.cards.deprecation import new_version_of  # most repos are not deprecated

        signed = new_version_of(self.read(release.reference, release.commit, card).decode(errors="replace"))
        return release.new_version if signed == release.new_version else None

    def works_on(self, release: RemoteRelease) -> bool:
        """Return whether a rule applies to the repo."""
        return self.policy is not None and any(map(self.policy.applies_to, _names_of(release)))


def repo_of(repo: RepoRef) -> str:
    """Return a repo as signatures name it."""
    return repo_path(repo.repo_id, repo.repo_type)


def _names_of(release: RemoteRelease) -> tuple[str, ...]:
    """Return a repo as signatures name it: by the id that was asked for, and by the one that the Hub has for it."""
    asked, renamed = release.reference, release.renamed_to
    return (repo_of(asked), *(() if renamed is None else (repo_path(renamed, asked.repo_type),)))


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
