"""Which commits and large files a repository's refs reach: the only ones that it serves.

Nothing is stored. The refs decide, so a deleted branch or a squashed history takes its files along, whenever the
process dies, and stores written by older versions need no migration.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from hublish.hub.server.git.commit_graph import CommitGraph, Node
from hublish.hub.server.git.lfs_pointers import BlobFacts
from hublish.hub.server.git.repository import GitRepository

# Repositories, and files and commits of them, whose references are kept in memory; about 100 MB.
MAX_REPOSITORIES = 256
MAX_FILES = 1_000_000

_DEFAULT = "refs/heads/main"


@dataclass(frozen=True, slots=True)
class LargeFile:
    """A large file at the place where it appears first."""

    sha256: str
    size: int
    path: str
    ref: str
    time: int


@dataclass(slots=True)
class _Line:
    """The commits of one branch."""

    head: str | None = None
    commits: set[str] = field(default_factory=set)

    def move(self, git: GitRepository, graph: CommitGraph, head: str) -> None:
        """Follow the branch to another head."""
        graph.extend(git, [head])
        new, met = graph.ancestors([head], self.commits)
        if self.head in met:
            self.commits |= new
        else:
            self.commits = graph.ancestors([head])[0]
        self.head = head


@dataclass(slots=True)
class _Reached:
    """The objects that one state of a repository's refs reaches."""

    lock: threading.Lock = field(default_factory=threading.Lock)
    ids: frozenset[str] | None = None  # of the refs; None before the first call
    heads: frozenset[str] = frozenset()  # the commits that they lead to
    peeled: dict[str, str | None] = field(default_factory=dict)  # commits by the id of a ref
    graph: CommitGraph = field(default_factory=CommitGraph)  # of these commits, and perhaps others
    commits: set[str] = field(default_factory=set)  # that the refs reach
    default: _Line = field(default_factory=_Line)
    read: set[str] = field(default_factory=set)  # commits whose files are among the following
    trees: set[str] = field(default_factory=set)
    blobs: set[str] = field(default_factory=set)
    large: dict[str, LargeFile] = field(default_factory=dict)  # by sha256
    latest: list[LargeFile] | None = None  # the same, sorted

    def __len__(self) -> int:
        return len(self.blobs) + len(self.graph.nodes)

    def clear(self) -> None:
        """Forget everything."""
        self.ids, self.heads = None, frozenset()
        self.graph = CommitGraph()
        self.commits, self.default = set(), _Line()
        self.peeled.clear()
        self.clear_files()

    def clear_files(self) -> None:
        """Forget the files."""
        self.latest = None
        for known in (self.read, self.trees, self.blobs, self.large):
            known.clear()


class References:
    """The references of all repositories, computed when they are needed and continued after a commit."""

    def __init__(self, facts: BlobFacts) -> None:
        self._facts = facts
        self._known: OrderedDict[Path, _Reached] = OrderedDict()
        self._lock = threading.Lock()

    def has_commit(self, git: GitRepository, commit: str) -> bool:
        """Return whether a branch, a tag or a pull request contains a commit."""
        reached = self._entry(git)
        with reached.lock:
            # Most commits are on the default branch: to see that, no other ref is needed.
            head = git.refs.get(_DEFAULT)
            if head and head != reached.default.head:
                reached.default.move(git, reached.graph, head)
            if head and commit in reached.default.commits:
                return True
        with self._reached(git) as reached:
            return commit in reached.commits

    def commits(self, git: GitRepository, shas: Iterable[str]) -> set[str]:
        """Return those of the commits that a branch, a tag or a pull request contains."""
        with self._reached(git) as reached:
            return reached.commits.intersection(shas)

    def peeled(self, git: GitRepository) -> dict[str, tuple[str, str]]:
        """Return the ids of the object and of the commit that each ref leads to, by its full name."""
        reached = self._entry(git)
        with reached.lock:
            refs = git.refs.list("refs/")
            _peel(git, reached, refs.values())
            found = {name: (sha, reached.peeled[sha]) for name, sha in refs.items()}
            return {name: (sha, commit) for name, (sha, commit) in found.items() if commit}

    def order(self, git: GitRepository, head: str) -> Sequence[str]:
        """Return the ids of a commit that a ref reaches and of its ancestors: children first, then the latest."""
        reached = self._entry(git)
        with reached.lock:
            reached.graph.extend(git, [head])
            return reached.graph.order(head)

    def nodes(self, git: GitRepository, head: str) -> Mapping[str, Node]:
        """Return commits by their ids, among them one that a ref reaches and its ancestors."""
        reached = self._entry(git)
        with reached.lock:
            reached.graph.extend(git, [head])
            return reached.graph.nodes

    def large_files(self, git: GitRepository) -> Sequence[LargeFile]:
        """Return the large files that the refs reach, the latest first."""
        with self._reached(git) as reached:
            _read_files(git, reached, self._facts)
            if reached.latest is None:
                reached.latest = sorted(reached.large.values(), key=lambda file: (-file.time, file.path))
            return reached.latest

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
            found = wanted & reached.commits
            if found != wanted:
                _read_files(git, reached, self._facts)
                found |= wanted & reached.trees | wanted & reached.blobs
            return found

    def reader(self, git: GitRepository) -> Callable[[str], bool]:
        """Return a predicate: whether a branch, a tag or a pull request currently reaches an object."""
        with self._reached(git) as reached:
            _read_files(git, reached, self._facts)
        return lambda sha: sha in reached.blobs or sha in reached.trees or sha in reached.commits

    def contains(self, git: GitRepository, commits: set[str], trees: set[str], blobs: set[str]) -> bool:
        """Return whether a branch, a tag or a pull request reaches all of these objects, each of its type."""
        with self._reached(git) as reached:
            if not commits <= reached.commits:
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
                len(self._known) > MAX_REPOSITORIES or sum(map(len, self._known.values())) > MAX_FILES
            ):
                self._known.popitem(last=False)
            return entry


def _peel(git: GitRepository, reached: _Reached, ids: Iterable[str]) -> None:
    known = reached.peeled
    reached.peeled = {sha: known[sha] if sha in known else git.peel(sha) for sha in ids}


def _update_commits(git: GitRepository, reached: _Reached) -> None:
    # Ids determine contents: the same heads reach the same files, even of another repository of this name.
    ids = frozenset(git.refs.list("refs/").values())
    if ids == reached.ids:
        return
    _peel(git, reached, ids)
    before, heads = reached.heads, frozenset(filter(None, reached.peeled.values()))
    reached.graph.extend(git, heads)
    new, met = reached.graph.ancestors(heads, reached.commits)
    # Most refs move forward, and then the commits that they had are still there.
    if before <= met:
        reached.commits |= new
    else:
        commits = reached.graph.ancestors(heads)[0]
        if not reached.commits <= commits:  # some were dropped, and perhaps files with them
            reached.clear_files()
            reached.graph.keep(commits)
            reached.default = _Line()
        reached.commits = commits
    reached.ids, reached.heads = ids, heads


def _read_files(git: GitRepository, reached: _Reached, facts: BlobFacts) -> None:
    if len(reached.read) == len(reached.commits):
        return
    # A file of several refs belongs to the default branch, or else to the first.
    for ref, sha in sorted(git.refs.list("refs/").items(), key=lambda item: item[0] != _DEFAULT):
        head = reached.peeled.get(sha)
        for commit in reached.graph.unread(head, reached.read) if head else ():
            _read_commit(git, reached, facts, commit, ref)


def _read_commit(git: GitRepository, reached: _Reached, facts: BlobFacts, commit: str, ref: str) -> None:
    node = reached.graph.nodes[commit]
    pending = [(node.tree, "")]
    while pending:
        tree, prefix = pending.pop()
        if tree in reached.trees:  # of an earlier commit: it has nothing new
            continue
        reached.trees.add(tree)
        for name, entry in git.load_tree(tree).items():
            if entry.is_folder:
                pending.append((entry.sha, f"{prefix}{name}/"))
            elif entry.sha not in reached.blobs:
                reached.blobs.add(entry.sha)
                pointer = facts.of(git, entry.sha).pointer
                if pointer and pointer.sha256 not in reached.large:
                    found = LargeFile(pointer.sha256, pointer.size, prefix + name, ref, node.time)
                    reached.large[pointer.sha256] = found
                    reached.latest = None
    reached.read.add(commit)
