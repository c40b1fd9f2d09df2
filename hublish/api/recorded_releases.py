"""The releases of one repo that are recorded here: by the lock, and by its former versions in git."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from hublish.api.git.former_versions import former_versions
from hublish.api.lock_target import records_release_to
from hublish.base.values import Target
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.lock import Lock, LockedFile, read_lock


@dataclass(frozen=True)
class RecordedReleases:
    """The locks of one repo, the current one first, then former ones from the newest."""

    locks: tuple[Lock, ...] = ()
    is_complete: bool = True
    """Whether these are all of them; a shallow clone lacks the former ones."""
    unreadable: int = 0
    """Versions of the lock that cannot be read, such as one with the marks of a merge conflict."""

    @classmethod
    def of(cls, path: Path, target: Target) -> "RecordedReleases":
        """Return the releases to a target that a lock and its history record.

        Args:
            path: the lock, which need not exist.
            target: the repo, with the namespace in its id, and the Hub.
        """
        former = former_versions(path, os.environ)
        texts = dict.fromkeys([*([path.read_bytes()] if path.is_file() else []), *former.texts])
        locks, unreadable = [], 0
        for text in texts:
            try:
                lock = read_lock(text, path.name)
            except InvalidDocumentError:
                unreadable += 1
            else:
                if records_release_to(target, lock):
                    locks.append(lock)
        return cls(tuple(locks), former.is_complete, unreadable)

    def named(self, tag: str) -> Lock | None:
        """Return the newest record of a tag, as it was released."""
        # Without a change of the card since, which is not at the tag.
        return next((lock for lock in self.locks if lock.tag == tag and lock.tag_commit is None), None)

    def at(self, commit: str) -> Lock | None:
        """Return the newest record of a commit."""
        return next((lock for lock in self.locks if lock.commit == commit), None)

    def find(self, tag: str, commit: str) -> Lock | None:
        """Return the record of a tag, else that of its commit: a release may have been tagged by hand later."""
        return self.named(tag) or self.at(commit)

    @cached_property
    def files(self) -> dict[tuple[str, str], LockedFile]:
        """Every recorded file by its path in the repo and each of its digests, as sealed and audited at its release."""
        return {
            (file.path_in_repo, digest): file
            for lock in reversed(self.locks)
            for file in lock.files
            for digest in _digests(file)
        }


def _digests(file: LockedFile) -> Iterator[str]:
    yield file.sha256
    yield file.blob_id
