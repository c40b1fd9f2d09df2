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

    def extend(self, git: GitRepository, heads: Iterable[str]) -> set[str]:
        """Read the commits that `heads` reach; return those known before to which they lead."""
        new: dict[str, Node] = {}
        known: set[str] = set()
        pending = list(heads)
        while pending:
            sha = pending.pop()
            if sha in self.nodes:
                known.add(sha)
            elif sha not in new:
                commit = git.commit(sha)
                new[sha] = Node(commit.parents, commit.tree, commit.committed)
                pending += commit.parents
        self.nodes.update(new)  # all at once: the graph never lacks an ancestor
        return known

    def keep(self, heads: Iterable[str]) -> bool:
        """Forget the commits that `heads` do not reach; return whether there were any."""
        reached = set(self._ancestors(heads))
        dropped = len(reached) < len(self.nodes)
        if dropped:
            self.nodes = {sha: node for sha, node in self.nodes.items() if sha in reached}
            self._orders.clear()
        return dropped

    def _ancestors(self, heads: Iterable[str]) -> Iterator[str]:
        seen: set[str] = set()
        pending = list(heads)
        while pending:
            if (sha := pending.pop()) not in seen:
                seen.add(sha)
                yield sha
                pending += self.nodes[sha].parents

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
        for sha in self._ancestors([head]):
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
