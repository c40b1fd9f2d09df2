"""Compare the Hub with a lock."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Unpack

from hublish.api.lock_target import DeclaredTarget, refuse_other_target
from hublish.api.options import HubOptions, takes
from hublish.api.read_project import AnyManifest, read_lock_file, read_project
from hublish.api.session import Session
from hublish.api.trust_policy import find_trust_policy
from hublish.base.errors import NotFoundError, RemoteError, UsageError
from hublish.schemas.documents.file_names import (
    GITATTRIBUTES,
    MANIFEST_FILE,
    lock_name,
    manifest_file,
    manifests_beside,
)
from hublish.schemas.documents.hub_names import repo_path
from hublish.schemas.documents.lock import Lock

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hublish.attestation.examine import AppliedRule
    from hublish.base.values import RemoteFile
    from hublish.base.values.examined import Examination
    from hublish.base.values.moving_ref import MovingRef
    from hublish.cards.record.false_facts import FalseFact
    from hublish.hub.client.hub import Hub


@dataclass(frozen=True)
class Verification:
    """The differences between the Hub and a lock."""

    lock: Lock
    missing: tuple[str, ...]
    """Locked files that the revision lacks."""
    extra: tuple[str, ...]
    """Files that were added to the revision after the release."""
    different: tuple[str, ...]
    """Locked files with other bytes."""
    moved: "tuple[MovingRef, ...]" = ()
    """Tags and branches that followed the releases to this one, and are elsewhere now, or gone."""
    facts: "tuple[FalseFact, ...]" = ()
    """Facts that the card on the Hub states, and that do not hold."""
    plan_sha256: str | None = None
    """The digest of the plan that was published, as the locked commit records it; None if it does not, or is gone."""
    examination: "Examination | None" = None
    """The signature and the claims at the revision; None if neither a rule nor the lock says that it is signed."""
    unverified: str = ""
    """The reason why the signature of a signed release was not verified; empty if it was."""

    @property
    def ok(self) -> bool:
        """Whether the revision is as it was locked, and signed as the reader requires."""
        return not self.differs and (self.examination is None or self.examination.ok)

    @property
    def differs(self) -> bool:
        """Whether the revision is not as it was locked, whoever signed it."""
        return bool(self.missing or self.extra or self.different or self.moved or self.facts)


@takes(HubOptions)
def verify(
    manifest: AnyManifest = MANIFEST_FILE,
    *,
    lock: Lock | str | Path | None = None,
    trust_policy: str | Path | None = None,
    **options: Unpack[HubOptions],
) -> Verification:
    """Compare the remote revision with the lock, by the digests the Hub lists, and the card with the files.

    The facts that the card states are derived again from the files on the Hub: small files are read, and the headers of
    weights. The signature of a signed release is verified by the rule of trust.yaml that applies to its repo, else by
    the signer that hub.yaml or the lock names.

    Args:
        manifest: it names the lock, the repo that the lock must be of, and maybe the endpoint, as may a manifest beside
            `lock`. The file need not exist, and without an endpoint it need not be valid.
        lock: a lock, or the path of one. Default: the one beside the manifest, `priv.lock` for `priv.yaml`.
        trust_policy: as for `hublish.pull`.
        **options: see `HubOptions`.

    Raises:
        TrustPolicyError: trust.yaml is invalid.
        UsageError: two manifests name different endpoints.
        DocumentInvalidError: the lock cannot be read.
        LockTargetError: the lock records a release for another repo, type or endpoint.
        ManifestInvalidError: the manifest is not YAML, or it declares an endpoint and is invalid.
        RemoteError: the Hub rejects a request or cannot be reached.
    """
    policy = find_trust_policy(trust_policy)
    if isinstance(manifest, str | Path):
        manifest = manifest_file(Path(manifest))
    path, locked = (None, lock) if isinstance(lock, Lock) else _read_lock(manifest, lock)
    declared = _declared(manifest, None if lock is None else path, decides=not options.get("endpoint"))
    with Session(folder=_folder(manifest), declared=declared.endpoint, lock=locked, **options) as session:
        refuse_other_target(locked, session, declared, str(path or ""))
        session.progress.begin("reading the repo on the Hub")
        applied = None if policy is None else policy.rule_for(repo_path(locked.repo_id, locked.repo_type))
        found = _verified(session.hub, locked, manifest, applied)
        return replace(found, plan_sha256=recorded_plan(session.hub, locked))


def _folder(manifest: AnyManifest) -> Path:
    return Path(manifest).absolute().parent if isinstance(manifest, str | Path) else read_project(manifest).folder


def _read_lock(manifest: AnyManifest, lock: str | Path | None) -> tuple[Path, Lock]:
    path = lock_path(manifest, lock)
    return path, read_lock_file(path)


def lock_path(manifest: AnyManifest, lock: str | Path | None) -> Path:
    """Return the path of a lock, by default that of the manifest."""
    if lock is not None:
        return Path(lock)
    # The manifest may be invalid, or missing: only its name counts.
    if isinstance(manifest, str | Path):
        return Path(manifest).with_name(lock_name(Path(manifest).name))
    return read_project(manifest).lock_path


def _declared(manifest: AnyManifest, lock: Path | None, *, decides: bool) -> DeclaredTarget:
    """Return the target that the manifest declares, with the endpoint of the one beside a lock from another folder."""
    exists = not isinstance(manifest, str | Path) or Path(manifest).exists()
    own = DeclaredTarget.of(manifest, decides=decides)
    elsewhere = lock is not None and (not exists or lock.absolute().parent != _folder(manifest))
    # Both belong to the release: without the second, its token would go to HF_ENDPOINT.
    beside = manifests_beside(lock.absolute())[:1] if lock is not None and elsewhere else ()
    others = [DeclaredTarget.of(each, decides=decides) for each in beside]
    found = {each.endpoint for each in (own, *others) if decides} - {""}
    if len(found) > 1:
        # The token goes to one of them only.
        msg = "the manifest, and the one beside the lock, name different endpoints"
        raise UsageError(msg, hint="choose one with --endpoint")
    named = own if exists or not others else others[0]
    return replace(named, endpoint=next(iter(found), ""))


def _verified(hub: "Hub", lock: Lock, manifest: AnyManifest, applied: "AppliedRule | None") -> Verification:
    is_signed = applied is not None or lock.signature is not None
    # Without facts and a signature, nothing else is imported, or read from the Hub.
    if not is_signed and lock.facts is None:
        return compared(hub, lock)
    now = _Revision.read(hub, lock)
    found = replace(compared(hub, lock, now.files), facts=_false_facts(hub, lock, now))
    return _with_signature(found, hub, now, manifest, applied) if is_signed else found


@dataclass(frozen=True)
class _Revision:
    """The locked revision as it is now, read at one commit: card, files and signature belong together."""

    commit: str
    files: "Mapping[str, RemoteFile]"

    @classmethod
    def read(cls, hub: "Hub", lock: Lock) -> "_Revision":
        commit = hub.commit_of(lock, lock.revision)
        return cls(commit, hub.tree(lock, commit))


def _false_facts(hub: "Hub", lock: Lock, now: _Revision) -> "tuple[FalseFact, ...]":
    if lock.facts is None:
        return ()
    from hublish.api.published_facts import untrue_facts

    return untrue_facts(hub, lock, now.files, now.commit)


def _with_signature(
    found: Verification, hub: "Hub", now: _Revision, manifest: AnyManifest, applied: "AppliedRule | None"
) -> Verification:
    from hublish.api.known_signer import rule_without_policy
    from hublish.api.published_attestations import examined

    try:
        applied = applied or rule_without_policy(manifest, found.lock.signature)
    except UsageError as error:
        return replace(found, unverified=error.message)
    return replace(found, examination=examined(hub, found.lock, applied, now.commit, now.files))


def recorded_plan(hub: "Hub", lock: Lock) -> str | None:
    """Return the digest of the plan that the commit of a release records; None without one."""
    from hublish.hub.client import commit_record
    from hublish.pipeline.lock.plan_digest import recorded_digest

    # Some Hubs list no history, and the commit may be gone after a squash.
    try:
        return recorded_digest(commit_record.messages(hub, lock, lock.commit))
    except RemoteError:
        return None


def compared(hub: "Hub", lock: Lock, now: "Mapping[str, RemoteFile] | None" = None) -> Verification:
    """Compare the locked revision with its lock.

    Args:
        hub: the Hub.
        lock: the lock.
        now: the files at the revision, if they are known.

    Raises:
        RemoteError: the Hub rejects a request, cannot be reached, or has no such revision.
    """
    now = hub.tree(lock, lock.revision) if now is None else now
    missing, different = differences(lock, now)
    # Publishing leaves files that were in the repo before it: only files that came later are extra.
    extra = sorted(now.keys() - {file.path_in_repo for file in lock.files} - _at_release(hub, lock))
    return Verification(lock, missing, tuple(extra), different, moved=_moved(hub, lock))


def differences(lock: Lock, files: "Mapping[str, RemoteFile]") -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the locked files that a tree lacks, and those that it has with other bytes."""
    missing = (file.path_in_repo for file in lock.files if file.path_in_repo not in files)
    different = (
        file.path_in_repo for file in lock.files if (remote := files.get(file.path_in_repo)) and not remote.holds(file)
    )
    return tuple(missing), tuple(different)


def _moved(hub: "Hub", lock: Lock) -> "tuple[MovingRef, ...]":
    from hublish.hub.client.moving_refs import current_refs

    return tuple(ref for ref in current_refs(hub, lock, lock) if ref.at != lock.tagged_commit)


def _at_release(hub: "Hub", lock: Lock) -> set[str]:
    """Return the files at the locked commit: some were there before the release and are not part of it."""
    try:
        return set(hub.tree(lock, lock.commit))
    except NotFoundError:  # the history was squashed
        return {GITATTRIBUTES}
