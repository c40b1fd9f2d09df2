"""Compare the release on this machine with the lock, without a network."""

from collections.abc import Iterator, Mapping
from typing import Any

from hublish.base.values import Release, ReleaseFile, Setting, Target
from hublish.base.values.publication import ChangedFile, LocalDrift
from hublish.schemas.documents.file_names import ATTESTATION_FILES, CARD_FILE, MANIFEST_FILE
from hublish.schemas.documents.lock import Lock, LockedFile


def drift_since(lock: Lock, release: Release, target: Target) -> LocalDrift:
    """Compare a release for a target with a lock of the same repo, by digests."""
    locked = {file.path_in_repo: file for file in lock.files}
    if lock.card is not None and CARD_FILE in locked:
        # The published card contains edits that were made on the Hub: here, ours is as it was rendered then.
        locked[CARD_FILE] = locked[CARD_FILE].model_copy(update={"sha256": lock.card.sha256})
    now = {file.path_in_repo: file for file in release.files}
    pending = release.attestation.pending if release.attestation else ()
    count = len(now) + len(pending)
    for path in ATTESTATION_FILES:
        if path in locked and (path in pending or path in now):
            # They follow from the other files. Of those, the Hub may have others, such as a merged card.
            locked.pop(path)
            now.pop(path, None)
    both = sorted(locked.keys() & now.keys())
    differ = [path for path in both if locked[path].sha256 != now[path].sha256]
    # After a change of settings alone, the Hub keeps the released hub.yaml, and the lock has the digest of the new one.
    if MANIFEST_FILE in differ and now[MANIFEST_FILE].sha256 == lock.manifest_sha256:
        differ.remove(MANIFEST_FILE)
    return LocalDrift(
        files=count,
        added=tuple(sorted(now.keys() - locked.keys())),
        changed=tuple(ChangedFile(path, _why(locked[path], now[path])) for path in differ),
        removed=tuple(sorted(locked.keys() - now.keys())),
        settings=tuple(_settings(lock, target)),
    )


def _why(before: LockedFile, now: ReleaseFile) -> str:
    """Return why the bytes differ, as far as the lock records it."""
    # The most specific reason first: another serializer usually has other parameters as well.
    origin = now.origin
    if before.serializer != origin.serializer:
        return f"serializer {before.serializer} -> {origin.serializer}"
    parameters = list(_changed(before.parameters, origin.parameters))
    if parameters:
        return "; ".join(parameters)
    return f"made from {before.source} -> {origin.source}" if before.source != origin.source else "other bytes"


def _changed(before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name in sorted(before.keys() | now.keys()):
        if before.get(name) != now.get(name):
            # The two values of a digest are of no use to a reader.
            shown = "" if name.endswith("sha256") else f" {before.get(name)} -> {now.get(name)}"
            yield f"{name}{shown or ' changed'}"


def _settings(lock: Lock, target: Target) -> Iterator[Setting]:
    # The lock has the ref of a pull request, the manifest the branch that it is to be merged into.
    revision = lock.revision if target.create_pr else target.revision
    rows = (
        ("revision", lock.revision, revision),
        ("tag", lock.tag, target.tag),
        ("moving_tags", _joined(lock.moving_tags), _joined(target.moving_tags)),
        ("moving_branches", _joined(lock.moving_branches), _joined(target.moving_branches)),
    )
    for name, before, after in rows:
        if before != after:
            yield Setting(name, before, after or "none")


def _joined(names: tuple[str, ...]) -> str | None:
    return ", ".join(names) or None
