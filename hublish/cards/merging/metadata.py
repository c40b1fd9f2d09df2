"""Merge metadata key by key: the edits to the front matter that people have edited, and the keys in conflict."""

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any, Final

from hublish.cards.merging.metadata_tree import Path, Tree, of_declined, of_key, of_value

_EMPTY: Final[dict[str, Any]] = {"map": {}, "list": []}


@dataclass(frozen=True, slots=True)
class Edit:
    """One change of their front matter."""

    path: Path
    """The place of the value that is added, replaced or removed."""
    parent: Tree
    """The mapping or list that contains it."""
    new: Tree | None
    """The value to write; None removes it."""
    after: str | None = None
    """For an added child: the child that it follows; None for the beginning."""


@dataclass(frozen=True, slots=True)
class KeyConflict:
    """A key that both sides changed differently; None on the side that removed it."""

    path: Path
    ours: Tree | None
    theirs: Tree | None


@dataclass(slots=True)
class MetadataMerge:
    """The state of one merge."""

    base: Collection[str] | None
    """The digests of our last version; None if it is not known, and nothing of theirs may be removed."""
    edits: list[Edit] = field(default_factory=list)
    conflicts: list[KeyConflict] = field(default_factory=list)
    differing: list[KeyConflict] = field(default_factory=list)
    """Without a base: keys of theirs that were kept, although ours have other values."""
    declined: set[str] = field(default_factory=set)
    """The digests of these keys, now and in the base: our values of them are not published."""

    def run(self, ours: Tree, theirs: Tree) -> Tree:
        """Return the merged metadata."""
        return self._children((), ours, theirs)

    def _children(self, path: Path, ours: Tree, theirs: Tree) -> Tree:
        """Merge two mappings, or two lists."""
        edits = len(self.edits)
        merged: dict[str, Tree] = {}
        for key, their in theirs.children.items():
            own, place = ours.children.get(key), (*path, key)
            kept = self._without_ours(place, their) if own is None else self._merged(place, own, their, theirs)
            if kept is None:
                self.edits.append(Edit((*path, key), theirs, None))
            else:
                merged[key] = kept
        after: str | None = None
        for key, own in ours.children.items():
            if key not in theirs.children and self._is_new((*path, key)):
                self.edits.append(Edit((*path, key), theirs, own, after))
                merged[key] = own
            after = key if key in merged else after
        result = _made(theirs, merged)
        if path and len(self.edits) > edits and _is_whole(theirs):
            # One value, or an alias: it has no places inside that could be edited.
            del self.edits[edits:]
        return result

    def _merged(self, path: Path, ours: Tree, theirs: Tree, parent: Tree) -> Tree:
        if ours.canonical == theirs.canonical or self._is_known(path, ours):
            return theirs
        if ours.kind == theirs.kind != "leaf" and not (ours.single and theirs.single):
            merged = self._children(path, ours, theirs)
            if _is_whole(theirs) and merged.canonical != theirs.canonical:
                self.edits.append(Edit(path, parent, merged))
            return merged
        if self._is_known(path, theirs) or (self.base is None and theirs.value is None):
            self.edits.append(Edit(path, parent, ours))
            return ours
        conflict = KeyConflict(path, ours, theirs)
        if self.base is None or of_declined(path) in self.base:
            self.declined.add(of_declined(path))
            self.differing += [conflict] if self.base is None else []
        else:
            self.conflicts.append(conflict)
        return theirs

    def _without_ours(self, path: Path, theirs: Tree) -> Tree | None:
        """Return their value of a key that ours does not have; None for one that we wrote and removed."""
        if self.base is None or of_key(path) not in self.base:
            return theirs
        if self._is_known(path, theirs):
            return None
        if theirs.kind != "leaf" and not _is_whole(theirs):
            edits = len(self.edits)
            left = self._children(path, Tree(theirs.kind, _EMPTY[theirs.kind]), theirs)
            if left.children:
                return left
            del self.edits[edits:]
            return None
        self.conflicts.append(KeyConflict(path, None, theirs))
        return theirs

    def _is_new(self, path: Path) -> bool:
        """Return whether a key of ours that theirs lacks is added: unless a person removed it."""
        return self.base is None or of_key(path) not in self.base

    def _is_known(self, path: Path, tree: Tree) -> bool:
        return self.base is not None and of_value(path, tree) in self.base


def _is_whole(tree: Tree) -> bool:
    return tree.single or tree.node is None or (tree.node.style == "*")


def _made(like: Tree, children: dict[str, Tree]) -> Tree:
    value: Any = (
        {key: child.value for key, child in children.items()}
        if like.kind == "map"
        else [child.value for child in children.values()]
    )
    return replace(like, value=value, children=children, single=False)
