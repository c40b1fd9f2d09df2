"""Verify the signature and the claims of a release offline: of a folder, or of a locked commit in the cache."""

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hublish.api.attested_folder import AttestedFolder
from hublish.api.downloaded_folder import release_around, repo_of_snapshot
from hublish.api.known_signer import rule_without_policy
from hublish.api.read_project import AnyManifest, read_lock_file
from hublish.api.session import Session
from hublish.api.trust_policy import find_trust_policy
from hublish.api.verify import lock_path
from hublish.base.errors import OfflineError, UsageError
from hublish.base.progress import SILENT, Progress
from hublish.pipeline.fetch.fetch import Destination
from hublish.pipeline.fetch.resolve import cached_snapshot
from hublish.schemas.diagnose.problems import errors_in
from hublish.schemas.documents.file_names import MANIFEST_FILE, SIGNATURE_FILE, manifest_file
from hublish.schemas.documents.hub_names import repo_path
from hublish.schemas.documents.lock import Lock

if TYPE_CHECKING:
    from hublish.attestation.examine import AppliedRule
    from hublish.base.values.examined import Examination


@dataclass(frozen=True)
class CheckedAttestations:
    """The signature and the claims of a release, compared with its files and with a rule."""

    subject: str
    """The folder, or the repo with its locked commit."""
    folder: Path
    """The folder that has the files, maybe in the cache."""
    examination: "Examination"
    by: str
    """The rule, in words."""
    command: str
    """The command of the stock `model_signing` that verifies the signature in the folder."""

    @property
    def ok(self) -> bool:
        """Whether the rule is satisfied."""
        return self.examination.ok

    @property
    def lacks_files(self) -> bool:
        """Whether nothing else is wrong than that signed files are missing, as after `pull` with a load plan."""
        errors = errors_in(self.examination.problems)
        return bool(errors) and all(
            each.code == "trust.files" and not (self.folder / each.path).exists() for each in errors
        )


def verify_attestations(
    folder: str | Path | None = None,
    *,
    manifest: AnyManifest = MANIFEST_FILE,
    lock: Lock | str | Path | None = None,
    trust_policy: str | Path | None = None,
    cache_dir: str | Path | None = None,
    ignore_missing: bool = False,
    progress: Progress = SILENT,
    digest_cache: bool = True,
) -> CheckedAttestations:
    """Verify who signed a release and what it claims, without a network. Every file is hashed.

    The rule of trust.yaml that applies to the repo decides. Without one, the release has to be signed by the signer
    that hub.yaml or the lock names.

    Args:
        folder: a folder that was pulled or built. Default: the locked commit in the cache, whose other files have the
            digests of the lock.
        manifest: it names the lock and, without a rule, the signer. The file need not exist. One in the folder of a
            release says nothing about its signer.
        lock: a lock, or the path of one; with `folder`, it names the repo and the digests that must be there. Default:
            the one beside the manifest, without `folder`.
        trust_policy: as for `hublish.pull`.
        cache_dir: the cache. Default: HF_HUB_CACHE.
        ignore_missing: accept a folder without some of the files, as a load plan or patterns select them.
        progress: receives stages and bytes.
        digest_cache: see `HubOptions`.

    Raises:
        UsageError: the folder does not exist, or nothing says who may sign the release.
        OfflineError: the locked commit, or its signature, is not in the cache.
        DocumentInvalidError: the lock cannot be read.
        TrustPolicyError: trust.yaml is invalid.
        MissingDependencyError: `hublish[sign]` is not installed.
    """
    policy = find_trust_policy(trust_policy)
    locked = _lock(manifest, lock, folder)
    place = _cached(locked, cache_dir) if folder is None else Path(folder)
    if not place.is_dir():
        raise UsageError(f"{place} is not a folder", hint="name the folder of a release")
    with Session(progress=progress, folder=place, digest_cache=digest_cache) as session:
        found = AttestedFolder.read(place, session)
        if folder is None and locked is not None:
            found = found.with_digests({file.path_in_repo: file.sha256 for file in locked.files})
            _require_signature(found, locked)
        repo = _repo(found, locked, place)
        applied = policy.rule_for(repo) if policy is not None else None
        signature = None if locked is None else locked.signature
        applied = applied or rule_without_policy(_own_manifest(manifest, folder), signature)
        examination = found.examined(repo, applied, signature, is_partial=ignore_missing)
    return CheckedAttestations(
        str(place) if folder is not None or locked is None else f"{repo} at commit {locked.commit}",
        place,
        examination,
        applied.place,
        _stock_command(place, applied, found, examination),
    )


def _own_manifest(manifest: AnyManifest, folder: str | Path | None) -> AnyManifest | None:
    """Return the manifest that says who may sign a folder; None for one that came with a release."""
    if folder is not None and isinstance(manifest, str | Path) and release_around(manifest_file(Path(manifest))):
        return None
    return manifest


def _stock_command(folder: Path, applied: "AppliedRule", found: AttestedFolder, examination: "Examination") -> str:
    from hublish.attestation.stock_command import examined_command

    is_snapshot = repo_of_snapshot(folder) is not None
    return examined_command(
        folder, applied, found.attestation.get(SIGNATURE_FILE), examination, is_snapshot=is_snapshot
    )


def _lock(manifest: AnyManifest, lock: Lock | str | Path | None, folder: str | Path | None) -> Lock | None:
    if isinstance(lock, Lock):
        return lock
    # A folder may be of another repo than the project in the current one.
    if folder is not None and lock is None:
        return None
    return read_lock_file(lock_path(manifest, lock))


def _cached(locked: Lock | None, cache_dir: str | Path | None) -> Path:
    assert locked is not None
    destination = Destination(None if cache_dir is None else Path(cache_dir))
    found = cached_snapshot(destination, locked.repo_id, locked.repo_type, locked.commit)
    if found is None:
        raise _not_cached(locked, "the locked commit")
    return found


def _not_cached(locked: Lock, what: str) -> OfflineError:
    msg = f"{what} of {locked.repo_id} is not in the cache"
    return OfflineError(msg, hint="`hublish pull --lock hub.lock` downloads it, or name the folder of the release")


def _require_signature(found: AttestedFolder, locked: Lock) -> None:
    names = {file.path_in_repo for file in locked.files}
    if SIGNATURE_FILE in names and SIGNATURE_FILE not in found.attestation:
        raise _not_cached(locked, SIGNATURE_FILE)


def _repo(found: AttestedFolder, locked: Lock | None, folder: Path) -> str:
    if locked is not None:
        return repo_path(locked.repo_id, locked.repo_type)
    # The name of a folder proves nothing: the rule is that of the repo which the signature names.
    return repo_of_snapshot(folder) or found.claimed_repo or folder.resolve().name
