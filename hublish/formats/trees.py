"""Nested dicts, lists and tuples of arrays as flat names, and back."""

from collections.abc import Iterator, Mapping
from typing import Any

from hublish.base.errors import LoadError, SerializationError

MAX_DEPTH = 100
"""The most parts a name may have."""


def flattened(tree: Any, separator: str) -> dict[str, Any]:
    """Return the leaves by their path: `encoder.layers.0.kernel`.

    Args:
        tree: mappings with text or whole-number keys, lists, tuples, and leaves.
        separator: between the parts of a path; no key may hold it.

    Raises:
        SerializationError: when a key cannot be part of a path, or the tree has no leaves.
    """
    leaves: dict[str, Any] = {}
    for name, leaf in _leaves(tree, (), separator):
        if name in leaves:
            msg = f"the tree has {name!r} twice: as a text and as a number"
            raise SerializationError(msg)
        leaves[name] = leaf
    if not leaves or "" in leaves:
        msg = f"a {type(tree).__name__} is no tree of arrays by name"
        raise SerializationError(msg, hint="give nested dicts, such as the parameters of a model")
    return leaves


def nested(leaves: Mapping[str, Any], separator: str) -> dict[str, Any]:
    """Return the tree of dicts that `flattened` was made from; a list's items are under "0", "1", ...

    Args:
        leaves: arrays, or anything but dicts, by name.
        separator: what joins the parts of a name.

    Raises:
        LoadError: when one name leads through another, or is too deep.
    """
    tree: dict[str, Any] = {}
    for name, leaf in leaves.items():
        *folders, last = name.split(separator)
        if len(folders) >= MAX_DEPTH:
            msg = f"the name {ascii(name)[:80]} is more than {MAX_DEPTH} deep"
            raise LoadError(msg)
        node: Any = tree
        for folder in folders:
            node = node.setdefault(folder, {}) if isinstance(node, dict) else None
        if not isinstance(node, dict) or last in node:
            msg = f"the name {ascii(name)[:80]} leads through another array, or another leads through it"
            raise LoadError(msg, hint=f"were the names joined by something else than {separator!r}?")
        node[last] = leaf
    return tree


def _leaves(node: Any, path: tuple[str, ...], separator: str) -> Iterator[tuple[str, Any]]:
    if len(path) > MAX_DEPTH:
        msg = f"the tree is more than {MAX_DEPTH} deep"
        raise SerializationError(msg, hint="does it hold itself?")
    if isinstance(node, Mapping):
        items: Any = node.items()
    elif isinstance(node, list | tuple):
        items = enumerate(node)
    else:
        yield separator.join(path), node
        return
    for key, value in items:
        yield from _leaves(value, (*path, _part(key, path, separator)), separator)


def _part(key: object, path: tuple[str, ...], separator: str) -> str:
    place = f"{separator.join(path)!r}: " if path else ""
    if isinstance(key, bool) or not isinstance(key, str | int):
        msg = f"{place}the key {ascii(key)[:80]} is neither a text nor a whole number"
        raise SerializationError(msg, hint="name the arrays with texts")
    part = str(key)
    if not part or separator in part:
        msg = f"{place}the key {part!r} is empty or holds the separator {separator!r}"
        raise SerializationError(msg, hint="set the option separator to something that no key holds, such as '/'")
    return part
