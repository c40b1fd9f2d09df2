"""One bare repository, opened for one call: reading through dulwich, writing through `ObjectWriter`."""

import heapq
import io
import os
import re
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Self

from dulwich.object_store import DiskObjectStore, PackBasedObjectStore
from dulwich.objects import Blob, Commit, ObjectID, ShaFile, Tag, Tree
from dulwich.patch import gen_diff_header, write_object_diff

from hublish.hub.server.git.git_trees import Entry, Merge, TreeEditor, parse_tree, serialize
from hublish.hub.server.git.object_writer import ObjectWriter
from hublish.hub.server.git.refs import HEAD, Refs

# Entries of all cached trees together; about 25 MB. The folders of a listing may have tens of thousands of files.
MAX_ENTRIES = 100_000

# Bytes of the bases of deltas that dulwich keeps. It counts contents alone: small objects take many times as much.
MAX_BASES = 2 << 20

# Commits that are kept, about 20 MB, and characters of the message of such a commit.
MAX_COMMITS = 20_000
MAX_MESSAGE = 1000

# Files that are kept unpacked.
MAX_UNPACKED = 64

# Bytes of a diff; bytes and lines of a file that is compared for it, which takes quadratic time.
MAX_DIFF = 4 << 20
MAX_DIFFED = 256 << 10
MAX_DIFFED_LINES = 4000

_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{5,40}")
_OBJECT_ID = re.compile(r"[0-9a-f]{40}")
_COMMIT = re.compile(
    rb"tree (?P<tree>[0-9a-f]{40})\n(?P<parents>(?:parent [0-9a-f]{40}\n)*)"
    rb"author (?P<author>[^\n]*?) ?<[^\n]*> (?P<time>-?\d+)[^\n]*\n"
    rb"committer [^\n]*> (?P<committed>-?\d+)"
)


@dataclass(frozen=True, slots=True)
class Signature:
    """Author and time of a commit or a tag."""

    name: str
    time: int  # seconds since the epoch

    def encode(self) -> bytes:
        """Return the author in git's form, without the time."""
        return f"{self.name} <{self.name}@users.noreply.invalid>".encode()


@dataclass(frozen=True, slots=True)
class CommitInfo:
    """A parsed commit."""

    sha: str
    tree: str
    parents: tuple[str, ...]
    author: str
    time: int  # seconds since the epoch
    message: str
    committed: int  # the committer's time

    @property
    def title(self) -> str:
        """The first line of the message."""
        return self.message.partition("\n")[0]

    @property
    def body(self) -> str:
        """The message without its title."""
        return self.message.partition("\n")[2].strip()


class GitRepository:
    """A repository on disk; use it in a `with` block, in one thread."""

    # Nothing is cached beyond the block: commits of other processes are visible to the next call.

    def __init__(self, path: Path) -> None:
        self.path = path
        self.refs = Refs(path)
        self._opened: DiskObjectStore | None = None

    @property
    def scratch(self) -> Path:
        """The folder of unfinished files; inside the repository, so that a rename can install them."""
        return self.path / "hub" / "scratch"

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._opened:
            self._opened.close()

    @property
    def _store(self) -> DiskObjectStore:
        # Opened at the first object: a list needs none of most repositories.
        if self._opened is None:
            self._opened = DiskObjectStore(self.path / "objects", delta_base_cache_limit=MAX_BASES)
        return self._opened

    def writer(self, *, packed: bool = False) -> ObjectWriter:
        """Return a writer for new objects; with `packed`, also few of them become a pack."""
        return ObjectWriter(self.path, self.scratch, packed=packed)

    def resolve(self, revision: str) -> str | None:
        """Return the commit of a revision, or None.

        A revision is a branch, a tag, a full ref name (`refs/pr/1`), HEAD, or at least 5 digits of a commit's id.
        """
        # As in git, a full id wins over a ref of that name. Clients resolve a branch once and then request each of
        # many files by commit id, so this is also the fast path.
        if _OBJECT_ID.fullmatch(revision) and self._is_commit(revision):
            return revision
        if revision == HEAD:
            names = [self.refs.head()]
        else:
            names = [revision] if revision.startswith("refs/") else [f"refs/heads/{revision}", f"refs/tags/{revision}"]
        for name in names:
            if sha := self.refs.get(name):
                return sha if name.startswith(("refs/heads/", "refs/pr/")) else self.peel(sha)
        return self._commit_by_prefix(revision.lower()) if _HEXADECIMAL.fullmatch(revision) else None

    def peel(self, sha: str) -> str | None:
        """Return the commit behind an object id, through annotated tags, or None."""
        while True:
            kind, data = self.raw(sha)
            if kind == Commit.type_num:
                return sha
            if kind != Tag.type_num:
                return None
            tag = ShaFile.from_raw_string(kind, data)
            assert isinstance(tag, Tag)
            sha = tag.object[1].decode()

    def _commit_by_prefix(self, prefix: str) -> str | None:
        found = {sha.decode() for sha in self._store.iter_prefix(prefix.encode())}
        commits = [sha for sha in found if self._is_commit(sha)]
        return commits[0] if len(commits) == 1 else None

    def _is_commit(self, sha: str) -> bool:
        try:
            return self.raw(sha)[0] == Commit.type_num
        except KeyError:
            return False

    def raw(self, sha: str) -> tuple[int, bytes]:
        """Return type number and content of an object; raise KeyError when it does not exist."""
        # Not through its multi-pack index, for which dulwich looks at the disk before each object.
        name = ObjectID(sha.encode())
        try:
            return PackBasedObjectStore.get_raw(self._store, name)
        except KeyError:  # perhaps it moved from a loose file to a pack, between the looks at packs and files
            return PackBasedObjectStore.get_raw(self._store, name)

    def commit(self, sha: str) -> CommitInfo:
        """Read a commit."""
        kind, data = self.raw(sha)
        assert kind == Commit.type_num
        return _read_commit(data, sha)

    def merge_base(self, first: str, second: str) -> str | None:
        """Return a nearest common ancestor of two commits, or None."""
        # As git does it: the latest commit first, so that little more is read than the commits that only one has.
        # Bit 1 or 2: the side that reaches a commit. Bit 4: a child of it is common to both already.
        reached = {first: 1} | {second: 3 if first == second else 2}
        queue = [(-self.commit(sha).committed, sha) for sha in reached]
        heapq.heapify(queue)
        undecided = set(reached)
        common: dict[str, int] = {}
        while queue and (undecided or -queue[0][0] >= min(common.values())):
            time, sha = heapq.heappop(queue)
            undecided.discard(sha)
            flags = reached[sha]
            if flags == 3:
                common[sha] = -time
                flags = 7
            for parent in self.commit(sha).parents:
                if (known := reached.get(parent, 0)) != known | flags:
                    reached[parent] = known | flags
                    heapq.heappush(queue, (-self.commit(parent).committed, parent))
                    (undecided.discard if reached[parent] & 4 else undecided.add)(parent)
        return next((sha for sha in common if reached[sha] == 3), None)

    def diff(self, old: str | None, new: str) -> str:
        """Return the changes between two commits in git's format; large files as their pointers.

        Long files are only named, and after `MAX_DIFF` bytes, all of them.
        """
        before, after = (ObjectID(self.commit(sha).tree.encode()) if sha else None for sha in (old, new))
        output = io.BytesIO()
        for paths, modes, shas in self._store.tree_changes(before, after):
            if output.tell() < MAX_DIFF and all(sha is None or self._is_short(sha.decode()) for sha in shas):
                old_file, new_file = zip(paths, modes, shas, strict=True)
                write_object_diff(output, self._store, old_file, new_file)
            else:
                output.writelines(gen_diff_header(paths, modes, shas))
        return output.getvalue().decode("utf-8", "replace")

    def _is_short(self, sha: str) -> bool:
        content = self.blob(sha)
        return len(content) <= MAX_DIFFED and content.count(b"\n") <= MAX_DIFFED_LINES

    def load_tree(self, sha: str) -> dict[str, Entry]:
        """Return the entries of a tree."""
        kind, data = self.raw(sha)
        assert kind == Tree.type_num
        return parse_tree(data)

    def blob(self, sha: str) -> bytes:
        """Return the content of a file as git stores it: for a large file, its LFS pointer."""
        kind, data = self.raw(sha)
        assert kind == Blob.type_num
        return data


def _read_commit(data: bytes, sha: str) -> CommitInfo:
    # Not by dulwich, which takes ten times as long: a history has thousands of commits.
    header, _, message = data.partition(b"\n\n")
    found = _COMMIT.match(header)
    assert found
    return CommitInfo(
        sha=sha,
        tree=found["tree"].decode(),
        parents=tuple(parent.decode() for parent in found["parents"].split()[1::2]),
        author=found["author"].decode("utf-8", "replace"),
        time=int(found["time"]),
        message=message.decode("utf-8", "replace"),
        committed=int(found["committed"]),
    )


class CommitCache:
    """Commits by their ids, for lists of repositories. An id determines the content, so none becomes stale."""

    def __init__(self) -> None:
        self._commits: dict[str, CommitInfo] = {}

    def load(self, git: GitRepository, sha: str) -> CommitInfo:
        """Return a commit of `git`."""
        commit = self._commits.get(sha)
        if commit is None:
            commit = git.commit(sha)
            if len(commit.message) <= MAX_MESSAGE:
                if len(self._commits) >= MAX_COMMITS:
                    self._commits.clear()
                self._commits[sha] = commit
        return commit


class TreeCache:
    """The most recently used trees, by id: a folder of thousands of files is parsed once, not once per file."""

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        # An id determines the content, so a cached tree never becomes stale.
        self._max_entries = max_entries
        self._trees: OrderedDict[str, Mapping[str, Entry]] = OrderedDict()
        self._entries = 0
        self._lock = threading.Lock()

    def load(self, git: GitRepository, sha: str) -> Mapping[str, Entry]:
        """Return the entries of a tree of `git`."""
        with self._lock:
            if found := self._trees.get(sha):
                self._trees.move_to_end(sha)
                return found
        tree = git.load_tree(sha)
        with self._lock:
            if sha not in self._trees:
                self._trees[sha] = tree
                self._entries += len(tree)
            while self._entries > self._max_entries:
                _, dropped = self._trees.popitem(last=False)
                self._entries -= len(dropped)
        return tree


class UnpackedFiles:
    """The most recently read long files of repositories on the disk: unpacking takes a second for each 50 MB."""

    def __init__(self, scratch: Path) -> None:
        # Those of a killed process are removed by the next server on the root.
        self._scratch = scratch
        self._paths: OrderedDict[str, Path] = OrderedDict()
        self._lock = threading.Lock()

    def path(self, git: GitRepository, sha: str) -> Path:
        """Return a file with the content of a blob of `git`."""
        with self._lock:  # one at a time: each takes twice its size in memory
            path = self._paths.get(sha)
            if path is None or not path.exists():
                descriptor, name = tempfile.mkstemp(dir=self._scratch)
                path = Path(name)
                with os.fdopen(descriptor, "wb") as file:
                    file.write(git.blob(sha))
                self._paths[sha] = path
            self._paths.move_to_end(sha)
            while len(self._paths) > MAX_UNPACKED:
                self._paths.popitem(last=False)[1].unlink(missing_ok=True)
        return path

    def close(self) -> None:
        """Remove the unpacked files."""
        with self._lock:
            for path in self._paths.values():
                path.unlink(missing_ok=True)
            self._paths.clear()


def add_commit(writer: ObjectWriter, tree: str, parents: tuple[str, ...], author: Signature, message: str) -> str:
    """Write a commit object and return its id."""
    commit = Commit()
    commit.tree = ObjectID(tree.encode())
    commit.parents = [ObjectID(parent.encode()) for parent in parents]
    commit.author = commit.committer = author.encode()
    commit.author_time = commit.commit_time = author.time
    commit.author_timezone = commit.commit_timezone = 0  # UTC
    commit.encoding = b"UTF-8"
    commit.message = _text(message)
    return writer.add(Commit.type_num, commit.as_raw_string())


def add_tag(writer: ObjectWriter, name: str, target: str, author: Signature, message: str) -> str:
    """Write an annotated tag object and return its id."""
    tag = Tag()
    tag.name = name.encode()
    tag.object = (Commit, ObjectID(target.encode()))
    tag.tagger = author.encode()
    tag.tag_time = author.time
    tag.tag_timezone = 0
    tag.message = _text(message) + b"\n"
    return writer.add(Tag.type_num, tag.as_raw_string())


def _text(message: str) -> bytes:
    # git reads a message up to its first NUL.
    return message.replace("\0", "").encode("utf-8", "replace")


def write_tree(writer: ObjectWriter, tree: TreeEditor | Merge) -> str:
    """Write the changed folders of a tree and return the id of its root."""
    # The root alone may be empty: git stores no empty folders below it.
    return tree.write(partial(writer.add, Tree.type_num)) or writer.add(Tree.type_num, serialize({}))


def now() -> int:
    """Return the current time in seconds since the epoch, the resolution of git."""
    return int(time.time())
