"""The latest commit that changed a path, for listings with `expand`.

The paths that a commit changed are kept by its id, and so are answers: a page compares each tree of a history once,
and a later page walks only the commits that were added since.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache

from hublish.hub.server.git.commit_graph import Node
from hublish.hub.server.git.git_trees import Entry, Loader, find

# Paths of all commits that are kept, about 40 MB, and answers for single paths, about 10 MB.
MAX_PATHS = 200_000
MAX_ANSWERS = 50_000

# Paths of one commit that are kept. A commit that changed more is compared again, for the wanted paths alone.
MAX_OF_COMMIT = 1000

# Trees that a walk keeps: those above a path, in a commit and in its parent.
_AT_HAND = 16


class ChangedPaths:
    """The paths that commits changed, with the folders above them, by the commits' ids."""

    def __init__(self) -> None:
        # An id determines the commit and its parents, so nothing becomes stale.
        self._known: OrderedDict[str, frozenset[str] | None] = OrderedDict()
        self._paths = 0
        self._answers: OrderedDict[str, dict[str, str]] = OrderedDict()  # by path, by the commit that was asked for
        self._answered = 0
        self._lock = threading.Lock()

    def of(self, load: Loader, commit: str, tree: str, parent_tree: str) -> frozenset[str] | None:
        """Return the paths that differ between the trees of a commit and its first parent; None for too many."""
        with self._lock:
            if commit in self._known:
                self._known.move_to_end(commit)
                return self._known[commit]
        changed = _changed(load, tree, parent_tree)
        with self._lock:
            if commit not in self._known:
                self._known[commit] = changed
                self._paths += 1 + len(changed or ())
            while self._paths > MAX_PATHS:
                self._paths -= 1 + len(self._known.popitem(last=False)[1] or ())
        return changed

    def answers(self, commit: str) -> Mapping[str, str]:
        """Return the latest changes of some paths of a commit that are known."""
        return self._answers.get(commit, {})

    def keep(self, commit: str, found: Mapping[str, str]) -> None:
        """Keep the latest changes of paths of a commit."""
        with self._lock:
            known = self._answers.get(commit, {})
            self._answered += len(found.keys() - known.keys())
            self._answers[commit] = {**known, **found}  # a new one: others may be reading
            self._answers.move_to_end(commit)
            while self._answered > MAX_ANSWERS:
                self._answered -= len(self._answers.popitem(last=False)[1])


def _changed(load: Loader, tree: str, other: str) -> frozenset[str] | None:
    found: set[str] = set()
    pending = [(tree, other, "")]
    while pending:
        new, old, prefix = pending.pop()
        before, after = (load(sha) if sha else {} for sha in (old, new))
        for name in {name for name, _ in before.items() ^ after.items()}:
            found.add(prefix + name)
            entries = (after.get(name), before.get(name))
            below = [entry.sha if entry and entry.is_folder else "" for entry in entries]
            if any(below):
                pending.append((below[0], below[1], f"{prefix}{name}/"))
        if len(found) > MAX_OF_COMMIT:
            return None
    return frozenset(found)


def last_commits(
    nodes: Mapping[str, Node], load: Loader, changed: ChangedPaths, head: str, paths: Iterable[str]
) -> dict[str, str]:
    """Return, for each path in the commit `head`, the id of the latest commit that changed it."""
    # Follows first parents: files that a merge brought count as changed by the merge. The trees at hand are kept: a
    # folder of 100,000 files is too large for the cache behind `load`, and each path would parse it again.
    load = lru_cache(maxsize=_AT_HAND)(load)
    found: dict[str, str] = {}
    sha, node = head, nodes[head]
    wanted = {path for path in paths if find(load, node.tree, path.split("/"))}
    while True:
        known_here = changed.answers(sha)
        for path in wanted & known_here.keys():
            found[path] = known_here[path]
            wanted.discard(path)
        if not wanted or not node.parents:
            break
        parent = nodes[node.parents[0]]
        if node.tree != parent.tree:
            known = changed.of(load, sha, node.tree, parent.tree)
            now = wanted & known if known is not None else set(filter(_differs(load, node, parent), wanted))
            found.update(dict.fromkeys(now, sha))
            wanted -= now
        sha, node = node.parents[0], parent
    found |= dict.fromkeys(wanted, sha)
    changed.keep(head, found)
    return found


def _differs(load: Loader, node: Node, parent: Node) -> Callable[[str], bool]:
    def entry(tree: str, path: str) -> Entry | None:
        return find(load, tree, path.split("/"))

    return lambda path: entry(node.tree, path) != entry(parent.tree, path)
