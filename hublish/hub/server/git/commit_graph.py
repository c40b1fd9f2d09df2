"""The commits of one repository in memory: parents, tree and time of each, and the order in which pages show them.

An id determines its commit, so each is read once. A new commit costs one read, however long its history is.
"""

import heapq
from collections import OrderedDict
from collections.abc import Container, Iterable, Iterator
from typing import NamedTuple

from hublish.hub.server.git.repository import GitRepository

# Orders of different heads that are kept: those of the branches that clients read.
MAX_ORDERS = 8


class Node(NamedTuple):
    """The part of a commit that walks need."""

    parents: tuple[str, ...]
    tree: str
    time: int  # of the committer, in seconds since the epoch


class CommitGraph:
    """Commits and all their ancestors. Not safe for several threads."""

    def __init__(self) -> None:
        self.nodes: dict[str, Node] = {}
        self._orders: OrderedDict[str, tuple[str, ...]] = OrderedDict()

    def extend(self, git: GitRepository, heads: Iterable[str]) -> None:
        """Read the commits that `heads` reach and that are not known."""
        new: dict[str, Node] = {}
        pending = list(heads)
        while pending:
            sha = pending.pop()
            if sha not in self.nodes and sha not in new:
                commit = git.commit(sha)
                new[sha] = Node(commit.parents, commit.tree, commit.committed)
                pending += commit.parents
        self.nodes.update(new)  # all at once: the graph never lacks an ancestor

    def keep(self, commits: Container[str]) -> None:
        """Forget all other commits."""
        self.nodes = {sha: node for sha, node in self.nodes.items() if sha in commits}
        self._orders.clear()

    def ancestors(self, heads: Iterable[str], known: Container[str] = ()) -> tuple[set[str], set[str]]:
        """Return the commits that `heads` reach without passing `known` ones, and the known ones that they meet."""
        seen: set[str] = set()
        met: set[str] = set()
        pending = list(heads)
        while pending:
            if (sha := pending.pop()) in known:
                met.add(sha)
            elif sha not in seen:
                seen.add(sha)
                pending += self.nodes[sha].parents
        return seen, met

    def order(self, head: str) -> tuple[str, ...]:
        """Return a commit and its ancestors: children before parents, and otherwise the latest first."""
        # A commit on top of a head whose order is known extends it.
        chain: list[str] = []
        sha: str | None = head
        while sha and sha not in self._orders and len(parents := self.nodes[sha].parents) < 2:
            chain.append(sha)
            sha = parents[0] if parents else None
        order = (*chain, *(self._orders.get(sha) or self._sorted(sha))) if sha else tuple(chain)
        self._orders[head] = order
        self._orders.move_to_end(head)
        while len(self._orders) > MAX_ORDERS:
            self._orders.popitem(last=False)
        return order

    def _sorted(self, head: str) -> Iterator[str]:
        children: dict[str, int] = {head: 0}
        for sha in self.ancestors([head])[0]:
            for parent in self.nodes[sha].parents:
                children[parent] = children.get(parent, 0) + 1
        # Commits of one second, which scripts make, keep the order in which they are reached.
        ready = [(0, 0, head)]
        number = 0
        while ready:
            _, _, sha = heapq.heappop(ready)
            yield sha
            for parent in self.nodes[sha].parents:
                children[parent] -= 1
                if not children[parent]:
                    number += 1
                    heapq.heappush(ready, (-self.nodes[parent].time, number, parent))

    def unread(self, head: str, read: Container[str]) -> list[str]:
        """Return those ancestors of a commit that are not among `read`, parents first."""
        found: dict[str, None] = {}
        pending = [(head, False)]
        while pending:
            sha, is_after_parents = pending.pop()
            if is_after_parents:
                found[sha] = None
            elif sha not in read and sha not in found:
                pending.append((sha, True))
                pending += [(parent, False) for parent in self.nodes[sha].parents]
        return list(found)
