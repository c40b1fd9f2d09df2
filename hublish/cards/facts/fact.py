"""One fact of a release, and the form in which templates read facts."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Fact:
    """One statement about a release, and the place that it was read from."""

    name: str
    """Its name in templates, with a dot between levels: `model.parameters`."""
    value: Any
    """Plain data: a string, a number, a boolean, or lists and mappings of them."""
    file: str = ""
    """The file it was computed from: its `path_in_repo`, or its path beside the manifest if it is not released. Empty
    for facts of all files together."""
    key: str = ""
    """The place in the file, such as `global_step` or `epochs[2].loss`; empty for the whole file."""
    released: bool = True
    """Whether the file is part of the release, so that the fact can be derived again from the Hub."""


def as_tree(facts: Iterable[Fact]) -> dict[str, Any]:
    """Return facts as nested mappings: `model.parameters` becomes `{"model": {"parameters": ...}}`.

    Raises:
        ValueError: when one fact's name continues the name of another fact.
    """
    tree: dict[str, Any] = {}
    values = set[str]()
    for fact in facts:
        *levels, last = fact.name.split(".")
        node = tree
        for depth, level in enumerate(levels, 1):
            if ".".join(levels[:depth]) in values:
                msg = f"{fact.name} continues the name of another fact"
                raise ValueError(msg)
            node = node.setdefault(level, {})
        if last in node:
            msg = f"{fact.name} is given twice"
            raise ValueError(msg)
        node[last] = fact.value
        values.add(fact.name)
    return tree


def released_values(facts: Iterable[Fact]) -> Mapping[str, Any] | None:
    """Return the value of each fact of released files by its name; None without facts."""
    return {fact.name: fact.value for fact in facts if fact.released} or None
