"""A revision, opened for reading: the commit it names and what the protocol says about its files."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from hublish.hub.server.git.repository import CommitInfo, GitRepository
from hublish.hub.server.git.tree import Entry, find, walk
from hublish.hub.server.hub import Hub
from hublish.hub.server.names import RepoId
from hublish.hub.server.refusals import entry_not_found, revision_not_found


@dataclass(frozen=True, slots=True)
class Snapshot:
    """One commit of one repository."""

    hub: Hub
    repo: RepoId
    git: GitRepository
    commit: CommitInfo

    def load(self, tree: str) -> Mapping[str, Entry]:
        """Return the entries of a tree."""
        return self.hub.trees.load(self.git, tree)

    def entry(self, path: str) -> Entry:
        """Return what is at `path`.

        Raises:
            HubError: 404 EntryNotFound.
        """
        entry = self.find(path)
        if entry is None:
            raise entry_not_found(path, self.commit.sha)
        return entry

    def find(self, path: str) -> Entry | None:
        """Return what is at `path`, or None."""
        return find(self.load, self.commit.tree, path.split("/") if path else [])

    def read(self, path: str, limit: int = 10 << 20) -> bytes | None:
        """Return a regular file of at most `limit` bytes, None where there is none such."""
        entry = self.find(path)
        if entry is None or entry.is_folder:
            return None
        facts = self.hub.facts.of(self.git, entry.sha)
        return None if facts.pointer or facts.size > limit else self.git.blob(entry.sha)

    def walk(self, path: str = "", *, recursive: bool = True) -> Iterator[tuple[str, Entry]]:
        """Yield paths and entries below the folder at `path`.

        Raises:
            HubError: 404 EntryNotFound, there is no such folder.
        """
        entry = self.entry(path)
        if not entry.is_folder:
            raise entry_not_found(path, self.commit.sha)
        prefix = f"{path}/" if path else ""
        if recursive:
            yield from walk(self.load, entry.sha, prefix)
            return
        for name, child in self.load(entry.sha).items():
            yield prefix + name, child

    def files(self) -> Iterator[tuple[str, Entry]]:
        """Yield every file."""
        return ((path, entry) for path, entry in self.walk() if not entry.is_folder)

    def describe(self, path: str, entry: Entry) -> dict[str, Any]:
        """Return a file or folder as tree and paths-info show it."""
        if entry.is_folder:
            return {"type": "directory", "path": path, "oid": entry.sha, "size": 0}
        facts = self.hub.facts.of(self.git, entry.sha)
        shown: dict[str, Any] = {"type": "file", "path": path, "oid": entry.sha, "size": facts.size}
        if facts.pointer:
            pointer = facts.pointer
            shown["lfs"] = {"oid": pointer.sha256, "size": pointer.size, "pointerSize": facts.pointer_size}
            if xet_hash := self.hub.xet_hash(pointer.sha256):
                shown["xetHash"] = xet_hash
        return shown


@contextmanager
def open_snapshot(hub: Hub, repo: RepoId, revision: str) -> Iterator[Snapshot]:
    """Open a repository at a revision.

    Raises:
        HubError: 404 RepoNotFound or RevisionNotFound.
    """
    with hub.repositories.open(repo) as git:
        sha = git.resolve(revision)
        if sha is None:
            raise revision_not_found(revision)
        yield Snapshot(hub, repo, git, git.commit(sha))
