"""Whole histories: copied to another repository, or rewritten without some of their files."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from dulwich.objects import Commit, ObjectID, ShaFile, Tag, Tree

from hublish.hub.server.git.commit_graph import CommitGraph
from hublish.hub.server.git.git_trees import Entry, parse_tree, serialize
from hublish.hub.server.git.object_writer import ObjectWriter
from hublish.hub.server.git.repository import GitRepository

# The mode of a submodule, whose commit is in another repository.
_SUBMODULE = 0o160000

# The refs that make up a repository; pull requests belong to its discussions.
_COPIED = ("refs/heads/", "refs/tags/", "refs/convert/")


def copy_history(source: GitRepository, target: GitRepository) -> None:
    """Copy branches and tags to an empty repository, with the objects that they reach and no other.

    An object that no ref reaches, of a squashed history or a pull request, must not become part of the copy: its
    owner may commit anything that is stored in it.
    """
    refs = {name: sha for prefix in _COPIED for name, sha in source.refs.list(prefix).items()}
    with target.writer() as writer:
        for kind, data in _reachable(source, refs.values()):
            writer.add(kind, data)
        writer.finish()
    for name, sha in refs.items():
        target.refs.set(name, sha, expected=None)


def _reachable(git: GitRepository, heads: Iterable[str]) -> Iterator[tuple[int, bytes]]:
    seen: set[str] = set()
    pending = list(heads)
    while pending:
        sha = pending.pop()
        if sha in seen:
            continue
        seen.add(sha)
        kind, data = git.raw(sha)
        yield kind, data
        if kind == Tree.type_num:
            pending += [entry.sha for entry in parse_tree(data).values() if entry.mode != _SUBMODULE]
            continue
        item = ShaFile.from_raw_string(kind, data)
        if isinstance(item, Commit):
            pending += [item.tree.decode(), *(parent.decode() for parent in item.parents)]
        elif isinstance(item, Tag):
            pending.append(item.object[1].decode())


@dataclass(slots=True)
class Rewriting:
    """The rewriting of all refs of a repository without the files for which `is_unwanted` is true.

    Commits keep their author, time and message; those from the first unwanted file on get other ids.
    """

    git: GitRepository
    is_unwanted: Callable[[Entry], bool]
    commits: dict[str, str] = field(default_factory=dict)  # new ids by old ones
    _trees: dict[str, str | None] = field(default_factory=dict)
    _graph: CommitGraph = field(default_factory=CommitGraph)

    def run(self) -> None:
        """Write the new objects, then move the refs; the caller holds the repository's lock.

        Each ref moves by itself. A crash between two leaves some refs as they were, and another run completes them.
        """
        refs = self.git.refs.list("refs/")
        with self.git.writer() as writer:
            moved = {name: self._moved(writer, sha) for name, sha in refs.items()}
            writer.finish()
        for name, sha in refs.items():
            if moved[name] != sha:
                self.git.refs.set(name, moved[name], expected=sha)

    def _moved(self, writer: ObjectWriter, sha: str) -> str:
        kind, data = self.git.raw(sha)
        item = ShaFile.from_raw_string(kind, data)
        if isinstance(item, Tag):
            target = self._moved(writer, old := item.object[1].decode())
            if target == old:
                return sha
            item.object = (item.object[0], ObjectID(target.encode()))
            item.signature = None  # of the old content
            return writer.add(kind, item.as_raw_string())
        if not isinstance(item, Commit):
            return sha
        self._graph.extend(self.git, [sha])
        for commit in self._graph.unread(sha, self.commits):
            self.commits[commit] = self._rewritten(writer, commit)
        return self.commits[sha]

    def _rewritten(self, writer: ObjectWriter, sha: str) -> str:
        kind, data = self.git.raw(sha)
        commit = ShaFile.from_raw_string(kind, data)
        assert isinstance(commit, Commit)
        tree = self._tree(writer, commit.tree.decode()) or writer.add(Tree.type_num, serialize({}))
        parents = [self.commits[parent.decode()] for parent in commit.parents]
        if tree == commit.tree.decode() and parents == [parent.decode() for parent in commit.parents]:
            return sha
        commit.tree = ObjectID(tree.encode())
        commit.parents = [ObjectID(parent.encode()) for parent in parents]
        commit.gpgsig = None  # of the old content
        return writer.add(kind, commit.as_raw_string())

    def _tree(self, writer: ObjectWriter, sha: str) -> str | None:
        if sha in self._trees:
            return self._trees[sha]
        entries = self.git.load_tree(sha)
        kept: dict[str, Entry] = {}
        for name, entry in entries.items():
            if entry.is_folder:
                if folder := self._tree(writer, entry.sha):
                    kept[name] = Entry(entry.mode, folder)
            elif entry.mode == _SUBMODULE or not self.is_unwanted(entry):
                kept[name] = entry
        # As in every commit, folders without files are not stored; the root alone may be empty.
        new = sha if kept == entries else writer.add(Tree.type_num, serialize(kept)) if kept else None
        self._trees[sha] = new
        return new
