"""Which commits and large files a repository's refs reach: the only ones that it serves.

Nothing is stored. The refs decide, so a deleted branch or a squashed history takes its files along, whenever the
process dies, and stores written by older versions need no migration.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hublish.hub.server.git.lfs_pointers import BlobFacts
from hublish.hub.server.git.repository import GitRepository

# Repositories and files of them whose references are kept in memory; about 100 MB.
MAX_REPOSITORIES = 256
MAX_FILES = 1_000_000


@dataclass(slots=True)
class _Reached:
    """The objects that one state of a repository's refs reaches."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    heads: frozenset[str] | None = None  # None before the first call
    parents: dict[str, tuple[str, ...]] = field(default_factory=dict)  # of every commit
    unread: list[str] = field(default_factory=list)  # commits whose files are not among the following
    trees: set[str] = field(default_factory=set)
    blobs: set[str] = field(default_factory=set)
    large: set[str] = field(default_factory=set)  # sha256 of the large files

    def clear(self) -> None:
        """Forget everything."""
        self.heads = None
        for known in (self.parents, self.unread, self.trees, self.blobs, self.large):
            known.clear()


class References:
    """The references of all repositories, computed when they are needed and continued after a commit."""

    def __init__(self, facts: BlobFacts) -> None:
        self._facts = facts
        self._known: OrderedDict[Path, _Reached] = OrderedDict()
        self._lock = threading.Lock()

    def has_commit(self, git: GitRepository, commit: str) -> bool:
        """Return whether a branch, a tag or a pull request contains a commit."""
        with self._reached(git) as reached:
            return commit in reached.parents

    def files(self, git: GitRepository, sha256s: Iterable[str]) -> set[str]:
        """Return those of the large files that a branch, a tag or a pull request contains in any of its commits."""
        with self._reached(git) as reached:
            _read_files(git, reached, self._facts)
            return {sha256 for sha256 in sha256s if sha256 in reached.large}

    def objects(self, git: GitRepository, shas: Iterable[str]) -> set[str]:
        """Return those of the commits, trees and blobs that a branch, a tag or a pull request reaches."""
        wanted = set(shas)
        if not wanted:
            return wanted
        with self._reached(git) as reached:
            found = wanted & reached.parents.keys()
            if found != wanted:
                _read_files(git, reached, self._facts)
                found |= wanted & reached.trees | wanted & reached.blobs
            return found

    def reader(self, git: GitRepository) -> Callable[[str], bool]:
        """Return a predicate: whether a branch, a tag or a pull request currently reaches an object."""
        with self._reached(git) as reached:
            _read_files(git, reached, self._facts)
        return lambda sha: sha in reached.blobs or sha in reached.trees or sha in reached.parents

    def contains(self, git: GitRepository, commits: set[str], trees: set[str], blobs: set[str]) -> bool:
        """Return whether a branch, a tag or a pull request reaches all of these objects, each of its type."""
        with self._reached(git) as reached:
            if not commits <= reached.parents.keys():
                return False
            if trees or blobs:
                _read_files(git, reached, self._facts)
            return trees <= reached.trees and blobs <= reached.blobs

    @contextmanager
    def _reached(self, git: GitRepository) -> Iterator[_Reached]:
        reached = self._entry(git)
        with reached.lock:
            try:
                _update_commits(git, reached)
                yield reached
            except BaseException:  # half of a walk must not look like all of it
                reached.clear()
                raise

    def _entry(self, git: GitRepository) -> _Reached:
        with self._lock:
            entry = self._known.setdefault(git.path, _Reached())
            self._known.move_to_end(git.path)
            while len(self._known) > 1 and (
                len(self._known) > MAX_REPOSITORIES or sum(len(one.blobs) for one in self._known.values()) > MAX_FILES
            ):
                self._known.popitem(last=False)
            return entry


def _update_commits(git: GitRepository, reached: _Reached) -> None:
    # Ids determine contents: the same heads reach the same files, even of another repository of this name.
    heads = frozenset(filter(None, map(git.peel, git.refs.list("refs/").values())))
    if heads == reached.heads:
        return
    parents: dict[str, tuple[str, ...]] = {}
    new: list[str] = []
    pending = list(heads)
    while pending:
        if (sha := pending.pop()) in parents:
            continue
        if (known := reached.parents.get(sha)) is None:
            known = git.commit(sha).parents
            new.append(sha)
        parents[sha] = known
        pending += known
    if not reached.parents.keys() <= parents.keys():  # commits were dropped, and perhaps files with them
        reached.clear()
        new = list(parents)
    reached.unread += new
    reached.parents, reached.heads = parents, heads


def _read_files(git: GitRepository, reached: _Reached, facts: BlobFacts) -> None:
    pending = [git.commit(sha).tree for sha in reached.unread]
    while pending:
        if (tree := pending.pop()) in reached.trees:
            continue
        reached.trees.add(tree)
        for entry in git.load_tree(tree).values():
            if entry.is_folder:
                pending.append(entry.sha)
            elif entry.sha not in reached.blobs:
                reached.blobs.add(entry.sha)
                if sha256 := facts.of(git, entry.sha).digest:
                    reached.large.add(sha256)
    reached.unread.clear()
