"""Parsed trees, remembered: a folder of thousands of files is parsed once, not once for each of them."""

import threading
from collections import OrderedDict
from collections.abc import Mapping

from hublish.hub.server.git.repository import GitRepository
from hublish.hub.server.git.tree import Entry

MAX_ENTRIES = 50_000
"""Entries of all remembered trees together; about 15 MB."""


class TreeCache:
    """Trees by id, those used last. An id fixes the content, so what is remembered can never be stale."""

    def __init__(self, max_entries: int = MAX_ENTRIES) -> None:
        self._max_entries = max_entries
        self._trees: OrderedDict[str, Mapping[str, Entry]] = OrderedDict()
        self._entries = 0
        self._lock = threading.Lock()

    def load(self, git: GitRepository, sha: str) -> Mapping[str, Entry]:
        """Return the entries of a tree that is in `git`."""
        with self._lock:
            if found := self._trees.get(sha):
                self._trees.move_to_end(sha)
                return found
        tree = git.load_tree(sha)
        self._remember(sha, tree)
        return tree

    def _remember(self, sha: str, tree: Mapping[str, Entry]) -> None:
        with self._lock:
            if sha not in self._trees:
                self._trees[sha] = tree
                self._entries += len(tree)
            while self._entries > self._max_entries:
                _, dropped = self._trees.popitem(last=False)
                self._entries -= len(dropped)
