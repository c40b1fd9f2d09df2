"""Metadata as a tree whose nodes have names on both sides: keys of mappings, and for items of lists their identity.

Lists of a card are sets: tags, datasets, languages. Results, configs and the like are known by some of their fields.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from hublish.cards.merging.blocks import digest
from hublish.cards.merging.yaml_nodes import YamlNode

Path = tuple[str, ...]

# A single value of these keys means the same as a list of one.
_ONE_OR_MANY: Final = frozenset(
    ["language", "license", "datasets", "metrics", "tags", "base_model", "task_categories", "task_ids", "models"]
)
# The fields that identify an item of a list, by the key of the list; those of mappings inside it after a dot.
_IDENTITY: Final[Mapping[str, tuple[str, ...]]] = {
    "model-index": ("name",),
    "results": (
        "task.type", "dataset.type", "dataset.name", "dataset.config", "dataset.split", "dataset.revision",
        "dataset.args",
    ),
    "metrics": ("type", "name", "config"),
    "configs": ("config_name",),
    "dataset_info": ("config_name",),
    "data_files": ("split",),
    "splits": ("name",),
    "features": ("name",),
}  # fmt: skip


@dataclass(slots=True)
class Tree:
    """One value."""

    kind: Literal["map", "list", "leaf"]
    value: Any
    children: dict[str, "Tree"] = field(default_factory=dict)
    node: YamlNode | None = None
    """Its place in the text, for values of theirs."""
    single: bool = False
    """Whether it is one value that stands for a list of one."""

    @classmethod
    def of(cls, value: Any, node: YamlNode | None = None, path: Path = ()) -> "Tree":
        """Return the tree of plain data; with `node`, of the same data in a text."""
        if len(path) == 1 and path[0] in _ONE_OR_MANY and isinstance(value, str):
            leaf = cls("leaf", value, node=node)
            return cls("list", value, {_name(value, ()): leaf}, node, single=True)
        if isinstance(value, dict):
            entries = node.entries if node else {}
            children = {str(key): cls.of(each, entries.get(key), (*path, str(key))) for key, each in value.items()}
            return cls("map", value, children, node)
        if not isinstance(value, list):
            return cls("leaf", value, node=node)
        items = node.items if node else []
        known = _IDENTITY.get(path[-1], ()) if path else ()
        tree = cls("list", value, node=node)
        for index, each in enumerate(value):
            name = _name(each, known)
            while name in tree.children:
                name += "+"
            own = items[index] if index < len(items) else None
            # An item without a known identity is one value: it is either there or not.
            keyed = isinstance(each, dict) and _is_keyed(each, known)
            tree.children[name] = cls.of(each, own, (*path, name)) if keyed else cls("leaf", each, node=own)
        return tree

    @property
    def canonical(self) -> str:
        """The value as text: equal for values that mean the same, whatever their order."""
        if self.kind == "map":
            return "{" + ",".join(f"{key}:{self.children[key].canonical}" for key in sorted(self.children)) + "}"
        if self.kind == "list":
            return "[" + ",".join(sorted(child.canonical for child in self.children.values())) + "]"
        return _canonical(self.value)


def digests(tree: Tree, path: Path = ()) -> Iterator[str]:
    """Yield a digest for each key of a tree, and one for each key with its value."""
    for key, child in tree.children.items():
        place = (*path, key)
        yield of_key(place)
        yield of_value(place, child)
        yield from digests(child, place)


def of_key(path: Path) -> str:
    """Return the digest of the fact that there is a value."""
    return digest("\0".join(path))


def of_value(path: Path, tree: Tree) -> str:
    """Return the digest of the value at a place."""
    return digest("\0".join((*path, "=", tree.canonical)))


def of_declined(path: Path) -> str:
    """Return the digest of the fact that another value than ours is published."""
    return digest("\0".join((*path, "declined")))


def _name(value: Any, known: tuple[str, ...]) -> str:
    if isinstance(value, dict) and _is_keyed(value, known):
        return " ".join(_canonical(_at(value, each)) for each in known)
    return _canonical(value)


def _is_keyed(value: Mapping[str, Any], known: tuple[str, ...]) -> bool:
    return any(_at(value, each) is not None for each in known)


def _at(value: Any, path: str) -> Any:
    for key in path.split("."):
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _canonical(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
