"""The pack that a fetch receives: only the objects that the client lacks, found by the changes of each commit.

A walk over all files of all commits would take minutes for a fetch of one commit of a large repository. Here, a commit
costs the folders that it changed, and a history costs the commits that the client lacks.
"""

import hashlib
import heapq
import re
import zlib
from collections import OrderedDict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field

from dulwich.objects import Commit, Tag, Tree

from hublish.hub.server.git.git_trees import FOLDER_MODE
from hublish.hub.server.git.repository import CommitInfo, GitRepository
from hublish.hub.server.refusals import bad_request

# Bytes of an object that are compressed at once.
_CHUNK = 1 << 20

# Commits of such a walk. Without a limit, a client keeps naming commits that it has.
MAX_WALK = 2000

# Entries of the trees that are kept while commits are compared with their parents; about 10 MB.
MAX_ENTRIES = 50_000

_FOLDER, _SUBMODULE = b"%o" % FOLDER_MODE, b"160000"
_ENTRY = re.compile(rb"([0-7]+) ([^\0]+)\0(.{20})", re.DOTALL)

_Entries = frozenset[tuple[bytes, bytes, bytes]]  # mode, name and id


@dataclass(frozen=True, slots=True)
class Filter:
    """The objects that a partial clone leaves out: git fetches them by their ids when it needs them."""

    trees: bool = False
    larger_than: int | None = None  # bytes; blobs of this size are left out

    @classmethod
    def parse(cls, text: str) -> "Filter":
        """Parse git's notation; raise 400 for the filters that depend on paths, which git servers may refuse."""
        parts = [cls._parse_one(part) for part in text.removeprefix("combine:").split("+")]
        limits = [part.larger_than for part in parts if part.larger_than is not None]
        return cls(any(part.trees for part in parts), min(limits, default=None))

    @classmethod
    def _parse_one(cls, text: str) -> "Filter":
        if text in ("", "blob:none", "tree:0"):
            return cls(text == "tree:0", 0 if text else None)
        if limit := re.fullmatch(r"blob:limit=(\d{1,12})([kmg]?)", text):
            return cls(larger_than=int(limit[1]) << {"": 0, "k": 10, "m": 20, "g": 30}[limit[2]])
        raise bad_request(f"The filter {text[:80]!r} is not supported: use blob:none, blob:limit=N or tree:0")


def depth_of(git: GitRepository, commits: Iterable[str], depth: int) -> tuple[set[str], set[str]]:
    """Return the last commits of a clone with this depth, whose parents it lacks, and the commits above these."""
    level, above, number = set(commits), set[str](), 1
    while number < depth and level:
        above |= level
        level = {parent for sha in level for parent in git.commit(sha).parents} - above
        number += 1
    return level, above


def meet(git: GitRepository, commits: Iterable[str], known: Set[str]) -> bool:
    """Return whether each of the commits has an ancestor among `known`, as far as a short walk can find out."""
    for commit in commits:
        seen, pending = {commit}, deque([commit])
        while pending and (sha := pending.popleft()) not in known and len(seen) < MAX_WALK:
            new = [parent for parent in git.commit(sha).parents if parent not in seen]
            seen.update(new)
            pending += new
        if known.isdisjoint(seen):
            return False
    return True


@dataclass(slots=True)
class PackSender:
    """Finds and writes the objects of one fetch."""

    git: GitRepository
    size_of: Callable[[str], int]  # bytes of a blob
    filter: Filter
    ends: frozenset[str] = frozenset()  # commits whose parents the client will not have
    known_ends: frozenset[str] = frozenset()  # commits whose parents the client does not have yet
    _commits: dict[str, CommitInfo] = field(default_factory=dict)
    _found: dict[bytes, None] = field(default_factory=dict)
    _trees: OrderedDict[bytes, _Entries] = field(default_factory=OrderedDict)
    _entries: int = 0

    def objects(self, wants: Iterable[str], haves: Iterable[str], tags: Mapping[str, list[str]]) -> list[bytes]:
        """Return the ids of the objects to send, for wanted objects of any type and commits that the client has.

        `tags` are the annotated tags, by their commits, that go with the commits.
        """
        commits = [sha for want in wants if (sha := self._peel(want))]
        missing = self._missing(commits, haves)
        for commit in missing:
            self._found[bytes.fromhex(commit)] = None
            for tag in tags.get(commit, ()):
                self._peel(tag)
            if not self.filter.trees:
                # Parents come first, so their files were sent; or the client has them.
                parents = () if commit in self.ends else self._commit(commit).parents
                self._add(self._tree_of(commit), [self._tree_of(parent) for parent in parents])
        return list(self._found)

    def _tree_of(self, commit: str) -> bytes:
        return bytes.fromhex(self._commit(commit).tree)

    def _commit(self, sha: str) -> CommitInfo:
        if (found := self._commits.get(sha)) is None:
            found = self._commits[sha] = self.git.commit(sha)
        return found

    def _peel(self, want: str) -> str | None:
        """Add a wanted object that is not a commit, and return the commit that it leads to."""
        kind, data = self.git.raw(want)
        if kind == Commit.type_num:
            return want
        if kind == Tree.type_num:
            self._add(bytes.fromhex(want), [])
            return None
        self._found[bytes.fromhex(want)] = None
        return self._peel(data[7:47].decode()) if kind == Tag.type_num else None  # behind "object "

    def _missing(self, wants: Iterable[str], haves: Iterable[str]) -> list[str]:
        """Return the commits that the client lacks, parents first."""
        # Bit 1: reached from a want; bit 2: the client has it. The latest commits come first, so that the walk ends
        # near the commits at which the two histories meet. It may miss that the client has a commit; then it is sent.
        reached = dict.fromkeys(wants, 1)
        for have in haves:
            reached[have] = reached.get(have, 0) | 2
        queue = [(-self._commit(sha).committed, number, sha) for number, sha in enumerate(reached)]
        heapq.heapify(queue)
        open_ends = {sha for sha, flags in reached.items() if flags == 1}
        number = len(queue)
        while queue and open_ends:
            sha = heapq.heappop(queue)[2]
            open_ends.discard(sha)
            flags = reached[sha]
            stop = self.known_ends if flags & 2 else self.ends
            for parent in () if sha in stop else self._commit(sha).parents:
                if (known := reached.get(parent, 0)) != known | flags:
                    reached[parent] = known | flags
                    number += 1
                    heapq.heappush(queue, (-self._commit(parent).committed, number, parent))
                    (open_ends.discard if reached[parent] & 2 else open_ends.add)(parent)
        return self._in_order({sha for sha, flags in reached.items() if flags == 1}, wants)

    def _in_order(self, missing: set[str], wants: Iterable[str]) -> list[str]:
        found: dict[str, None] = {}
        pending = [(want, False) for want in wants]
        while pending:
            sha, is_after_parents = pending.pop()
            if is_after_parents:
                found[sha] = None
            elif sha in missing and sha not in found:
                pending.append((sha, True))
                parents = () if sha in self.ends else self._commit(sha).parents
                pending += [(parent, False) for parent in parents]
        return list(found)

    def _add(self, tree: bytes, bases: list[bytes]) -> None:
        """Add the objects of a tree that differ from those at the same places of other trees."""
        pending = [(tree, bases)]
        while pending:
            sha, bases = pending.pop()
            if sha in self._found or sha in bases:
                continue
            self._found[sha] = None
            if self.filter.trees:  # the wanted tree alone
                return
            others = [self._load(base) for base in bases]
            for mode, name, child in self._load(sha).difference(*others):
                if mode == _FOLDER:
                    below = [old for other in others for kind, place, old in other if place == name and kind == mode]
                    pending.append((child, below))
                elif mode != _SUBMODULE and self._is_sent(child):
                    self._found[child] = None

    def _load(self, tree: bytes) -> _Entries:
        # Not the trees that listings cache: here, text and order are not needed, and sets are compared at once.
        if found := self._trees.get(tree):
            self._trees.move_to_end(tree)
            return found
        entries = frozenset(_ENTRY.findall(self.git.raw(tree.hex())[1]))
        self._trees[tree] = entries
        self._entries += len(entries)
        while self._entries > MAX_ENTRIES and len(self._trees) > 1:
            self._entries -= len(self._trees.popitem(last=False)[1])
        return entries

    def _is_sent(self, blob: bytes) -> bool:
        limit = self.filter.larger_than
        return limit is None or (limit > 0 and self.size_of(blob.hex()) < limit)


def write_pack(git: GitRepository, objects: list[bytes]) -> Iterator[bytes]:
    """Yield the bytes of a pack with these objects, without deltas."""
    digest = hashlib.sha1(b"PACK\0\0\0\2" + len(objects).to_bytes(4, "big"), usedforsecurity=False)
    yield b"PACK\0\0\0\2" + len(objects).to_bytes(4, "big")
    for sha in objects:
        kind, data = git.raw(sha.hex())
        # The fastest compression: most clients are on the same machine.
        compress = zlib.compressobj(1)
        parts = [_object_header(kind, len(data))]
        parts += [compress.compress(data[at : at + _CHUNK]) for at in range(0, len(data), _CHUNK)]
        entry = b"".join([*parts, compress.flush()])
        digest.update(entry)
        yield entry
    yield digest.digest()


def _object_header(kind: int, size: int) -> bytes:
    header = bytearray([kind << 4 | size & 15])
    size >>= 4
    while size:
        header[-1] |= 128
        header.append(size & 127)
        size >>= 7
    return bytes(header)
