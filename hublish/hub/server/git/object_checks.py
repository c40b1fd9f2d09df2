"""The rules of `git fsck --strict` for objects that a client made, and limits of the trees that this server walks."""

import re
from dataclasses import dataclass, field

from dulwich.errors import ObjectFormatException
from dulwich.objects import Blob, Commit, Tag, Tree

from hublish.hub.server.git.git_trees import FILE_MODE, FOLDER_MODE, Loader, parse_tree, serialize
from hublish.hub.server.git.pack_reader import PackError
from hublish.hub.server.repo_ids import HFS_IGNORED, MAX_DEPTH, MAX_PATH_BYTES, path_problem

EXECUTABLE_MODE = 0o100755

# Files and folders of one tree, at most: a few objects that name each other repeatedly can describe billions.
MAX_PATHS = 300_000

# Seconds since the epoch, at most: the last year that a date can show.
MAX_TIME = 253402300799

# Bytes of a line of .gitattributes; git ignores longer ones, and fsck reports them.
MAX_ATTRIBUTES_LINE = 2048

# As git compares these names: also those that Windows would take for them.
_MODULES = re.compile(r"\.gitmodules|gitmod~[1-4]|gi7eba~[1-9]|gi7eb~[1-9][0-9]")
_ATTRIBUTES = re.compile(r"\.gitattributes|gitatt~[1-4]|gi7d29~[1-9]|gi7d2~[1-9][0-9]")

_IDENTITY = rb"[^<>\n\0]* <[^<>\n\0]*> (0|[1-9][0-9]{0,11}) [+-][0-9]{4}\n"
# A signature, for instance, continues on lines that begin with a space.
_OTHER = rb"(?:(?!author |committer |parent |tree )[A-Za-z0-9-]+ [^\n\0]*\n(?: [^\n\0]*\n)*)*"
_COMMIT = re.compile(
    rb"tree ([0-9a-f]{40})\n((?:parent [0-9a-f]{40}\n)*)"
    rb"author " + _IDENTITY + rb"committer " + _IDENTITY + _OTHER + rb"\n[^\0]*"
)
_TAG = re.compile(rb"object ([0-9a-f]{40})\ntype (commit|tag)\ntag [^\n\0]+\ntagger " + _IDENTITY + rb"(?:\n[^\0]*)?")


def _plain(name: str) -> str:
    return HFS_IGNORED.sub("", name).partition(":")[0].rstrip(" .").lower()


@dataclass(slots=True)
class NewObjects:
    """The objects of one push: which there are, and which they refer to."""

    kinds: dict[str, int] = field(default_factory=dict)  # type number by id
    commits: set[str] = field(default_factory=set)  # that new objects refer to, like the following
    trees: set[str] = field(default_factory=set)
    blobs: set[str] = field(default_factory=set)
    tags: set[str] = field(default_factory=set)
    attributes: set[str] = field(default_factory=set)  # the blobs that are named .gitattributes

    def add(self, sha: str, kind: int, data: bytes) -> None:
        """Check an object and remember its references; raise PackError when git would call it damaged."""
        self.kinds[sha] = kind
        if kind == Commit.type_num:
            self._add_commit(sha, data)
        elif kind == Tag.type_num:
            self._add_tag(sha, data)
        elif kind == Tree.type_num:
            self._add_tree(sha, data)

    def _add_commit(self, sha: str, data: bytes) -> None:
        found = _COMMIT.fullmatch(data)
        if not found or any(int(found[number]) > MAX_TIME for number in (3, 4)):
            raise PackError(f"the commit {sha} is malformed")
        self.trees.add(found[1].decode())
        self.commits.update(parent.decode() for parent in found[2].split()[1::2])

    def _add_tag(self, sha: str, data: bytes) -> None:
        found = _TAG.fullmatch(data)
        if not found or int(found[3]) > MAX_TIME:
            raise PackError(f"the tag {sha} is malformed, or names neither a commit nor a tag")
        (self.commits if found[2] == b"commit" else self.tags).add(found[1].decode())

    def _add_tree(self, sha: str, data: bytes) -> None:
        try:
            entries = parse_tree(data)
        except (ObjectFormatException, ValueError, AssertionError):
            raise PackError(f"the tree {sha} is malformed") from None
        # Duplicates, another order and padded modes do not come back.
        if serialize(entries) != data:
            raise PackError(f"the tree {sha} is malformed")
        for name, entry in entries.items():
            if problem := "it contains a slash" if "/" in name else path_problem(name):
                raise PackError(f"invalid path {name!r}: {problem}")
            if _MODULES.fullmatch(_plain(name)):
                raise PackError(f"invalid path {name!r}: submodules are not supported")
            if _ATTRIBUTES.fullmatch(_plain(name)):
                self.attributes.add(entry.sha)
            if entry.mode not in (FILE_MODE, EXECUTABLE_MODE, FOLDER_MODE):
                raise PackError(f"{name!r} is a symbolic link, a submodule or has an unusual mode; push files")
            (self.trees if entry.is_folder else self.blobs).add(entry.sha)

    def outside(self) -> tuple[set[str], set[str], set[str]]:
        """Return the commits, trees and blobs that are referred to, but are not new.

        Raise PackError when an object has another type than its references say.
        """
        found = []
        for wanted, kind in (
            (self.commits, Commit.type_num),
            (self.trees, Tree.type_num),
            (self.blobs, Blob.type_num),
            (self.tags, Tag.type_num),
        ):
            if any(self.kinds.get(sha, kind) != kind for sha in wanted):
                raise PackError("an object refers to another type of object than it says")
            found.append(wanted - self.kinds.keys())
        if found[3]:
            raise PackError("a tag refers to a tag that was not pushed with it")
        return found[0], found[1], found[2]


@dataclass(frozen=True, slots=True)
class _Shape:
    """The extent of a tree."""

    height: int = 0
    path_bytes: int = 0  # of the longest path
    paths: int = 0


class Shapes:
    """Measures trees, each once, so that a small pack cannot describe a tree without end."""

    def __init__(self, load: Loader) -> None:
        self._load = load
        self._known: dict[str, _Shape] = {}

    def check(self, tree: str) -> None:
        """Raise PackError when a tree is deeper, longer or larger than this server walks."""
        shape = self._measure(tree, 0)
        if shape.height > MAX_DEPTH + 1 or shape.path_bytes > MAX_PATH_BYTES or shape.paths > MAX_PATHS:
            limits = f"{MAX_PATHS} files, {MAX_DEPTH} folders above a file, {MAX_PATH_BYTES} bytes of a path"
            raise PackError(f"a tree exceeds a limit: {limits}")

    def _measure(self, tree: str, depth: int) -> _Shape:
        if depth > MAX_DEPTH:
            raise PackError(f"a file is below more than {MAX_DEPTH} folders")
        if known := self._known.get(tree):
            return known
        height = longest = paths = 0
        for name, entry in self._load(tree).items():
            below = self._measure(entry.sha, depth + 1) if entry.is_folder else _Shape()
            height = max(height, below.height + 1)
            longest = max(longest, len(name.encode()) + 1 + below.path_bytes)
            paths += 1 + below.paths
        shape = self._known[tree] = _Shape(height, longest, paths)
        return shape
