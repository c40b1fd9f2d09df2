"""A revision, opened for reading: its commit, and the protocol's description of its files."""

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from typing import Any

from hublish.hub.server.access import repo_to_read
from hublish.hub.server.git.git_trees import Entry, find, list_folder, walk, walk_after
from hublish.hub.server.git.lfs_pointers import Facts
from hublish.hub.server.git.refs import HEAD
from hublish.hub.server.git.repository import CommitInfo, GitRepository
from hublish.hub.server.http import Request
from hublish.hub.server.refusals import entry_not_found, revision_not_found
from hublish.hub.server.repo_ids import RepoId
from hublish.hub.server.repositories import DEFAULT_BRANCH, MAIN_REF
from hublish.hub.server.stores import Hub


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

    def facts(self, entry: Entry) -> Facts:
        """Return size and LFS pointer of a file."""
        return self.hub.facts.of(self.git, entry.sha)

    def find(self, path: str) -> Entry | None:
        """Return the entry at `path`, or None."""
        return find(self.load, self.commit.tree, path.split("/") if path else [])

    def find_file(self, path: str) -> Entry | None:
        """Return the file at `path`, or None."""
        entry = self.find(path)
        return None if entry is None or entry.is_folder else entry

    def read(self, path: str, limit: int = 10 << 20) -> bytes | None:
        """Return the content of a regular file of at most `limit` bytes, or None for any other path."""
        entry = self.find_file(path)
        if entry is None:
            return None
        facts = self.facts(entry)
        return None if facts.pointer or facts.size > limit else self.git.blob(entry.sha)

    def beginning(self, entry: Entry, size: int) -> bytes:
        """Return the first `size` bytes of a file, large or regular; fewer when it is shorter or not stored."""
        facts = self.facts(entry)
        if facts.pointer is None:
            return self.git.blob(entry.sha)[:size]
        try:
            with self.hub.objects.path(facts.pointer.sha256).open("rb", 0) as file:
                return file.read(size)
        except FileNotFoundError:
            return b""

    def walk(self, path: str = "", *, recursive: bool = True, after: str | None = None) -> Iterator[tuple[str, Entry]]:
        """Yield paths and entries below the folder at `path`, or those that follow the path `after`.

        Folders are loaded when they are reached. Raise 404 EntryNotFound when `path` is not a folder.
        """
        entry = self.find(path)
        if entry is None or not entry.is_folder:
            raise entry_not_found(path, self.commit.sha)
        prefix = f"{path}/" if path else ""
        if not recursive:
            yield from list_folder(self.load(entry.sha), prefix, after)
        elif after is None:
            yield from walk(self.load, entry.sha, prefix)
        else:
            parts = after.removeprefix(prefix).rstrip("/").split("/")
            last = [*(f"{part}/" for part in parts[:-1]), parts[-1] + ("/" if after.endswith("/") else "")]
            yield from walk_after(self.load, entry.sha, last, prefix)

    def describe(self, path: str, entry: Entry) -> dict[str, Any]:
        """Return a file or folder in the form of tree and paths-info."""
        if entry.is_folder:
            return {"type": "directory", "path": path, "oid": entry.sha, "size": 0}
        facts = self.facts(entry)
        # `oid` is the blob in git, so for a large file that of its pointer; the sha256 is in `lfs`.
        shown: dict[str, Any] = {"type": "file", "path": path, "oid": entry.sha, "size": facts.size}
        if facts.pointer:
            pointer = facts.pointer
            shown["lfs"] = {"oid": pointer.sha256, "size": pointer.size, "pointerSize": facts.pointer_size}
            # Makes snapshot_download skip the HEAD of this file and download it by xet.
            if xet_hash := self.hub.xet_hash(pointer.sha256):
                shown["xetHash"] = xet_hash
        return shown


def requested_snapshot(hub: Hub, request: Request, *, content: bool = False) -> AbstractContextManager[Snapshot]:
    """Open the revision in a request's path, by default the default branch, after checking the caller's rights."""
    repo = repo_to_read(hub, request, content=content)
    return open_snapshot(hub, repo, request.params.get("revision", DEFAULT_BRANCH))


@contextmanager
def open_snapshot(hub: Hub, repo: RepoId, revision: str) -> Iterator[Snapshot]:
    """Open a repository at a revision; raise 404 RepoNotFound or RevisionNotFound."""
    with hub.repositories.open(repo) as git:
        yield Snapshot(hub, repo, git, hub.commits.load(git, commit_of(hub, git, revision)))


def branch_of(revision: str) -> str:
    """Return the branch that a change goes to: for HEAD, the default branch."""
    return DEFAULT_BRANCH if revision == HEAD else revision


def commit_of(hub: Hub, git: GitRepository, revision: str) -> str:
    """Return the commit of a revision; raise 404 RevisionNotFound."""
    commit = git.resolve(revision)
    # Of a deleted branch or a squashed history, commits stay on the disk and their ids may be known. The commit of a
    # ref needs no search of the history.
    is_id = commit is not None and commit.startswith(revision.lower())
    if commit is None or (is_id and commit != git.refs.get(MAIN_REF) and not hub.references.has_commit(git, commit)):
        raise revision_not_found(revision)
    return commit
