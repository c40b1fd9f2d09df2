"""The fields of a document, read from its JSON Schema: name, type, default, meaning, and the fields inside of each."""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from docs.generate.page import code

Schema = dict[str, Any]


class Field(NamedTuple):
    """A field of a document."""

    name: str
    """Its path: `card.evaluation[].file`."""
    kind: str
    """Its type in words, in Markdown."""
    default: str | None
    """As JSON; None for a field without default."""
    required: bool
    meaning: str
    choices: tuple[str, ...]
    """The values that it can have, as JSON, where they are few."""
    examples: tuple[Any, ...]
    inside: tuple["Field", ...]


def fields(schema: Schema) -> tuple[Field, ...]:
    """Return the fields of a document in the order of their declaration."""
    return tuple(_fields(schema, schema, ""))


def all_fields(listed: tuple[Field, ...]) -> Iterator[Field]:
    """Yield every field, and after it those inside of it."""
    for field in listed:
        yield field
        yield from all_fields(field.inside)


def _fields(schema: Schema, root: Schema, above: str) -> Iterator[Field]:
    # False forbids a name.
    declared = {name: each for name, each in schema.get("properties", {}).items() if each is not False}
    for name, each in declared.items():
        node = _resolved(each, root)
        path = above + name
        parts = list(_alternatives(node, root))
        yield Field(
            path,
            _kind(node, root),
            # An object as default is the default of each field in it.
            json.dumps(node["default"]) if "default" in node and not isinstance(node["default"], dict) else None,
            name in schema.get("required", ()),
            node.get("description", ""),
            tuple(json.dumps(value) for part in parts for value in part.get("enum", ())),
            tuple(node.get("examples", ())),
            tuple(inner for part in parts for inner in _inside(part, root, path)),
        )


def _inside(node: Schema, root: Schema, path: str) -> Iterator[Field]:
    yield from _fields(node, root, f"{path}.")
    # Values by names of the author's own have a pattern for the names, if those have a form.
    others = [
        *node.get("patternProperties", {}).values(),
        *(node.get(each) for each in ("items", "additionalProperties")),
    ]
    for each in others:
        if isinstance(each, dict):
            for part in _alternatives(_resolved(each, root), root):
                yield from _fields(part, root, f"{path}[].")


def _resolved(node: Schema, root: Schema) -> Schema:
    """Return a node with the definition that it refers to; what it declares itself wins."""
    if "$ref" not in node:
        return node
    return {
        **root["$defs"][node["$ref"].rpartition("/")[2]],
        **{key: each for key, each in node.items() if key != "$ref"},
    }


def _alternatives(node: Schema, root: Schema) -> Iterator[Schema]:
    """Yield the alternatives of a node that have a type: others only restrict a string."""
    options = [_resolved(each, root) for key in ("anyOf", "oneOf") for each in node.get(key, ())]
    typed = [each for each in options if {"type", "anyOf", "oneOf", "enum", "const"} & set(each)]
    if not typed:
        yield node
    for each in typed:
        yield from _alternatives(each, root)


def _kind(node: Schema, root: Schema) -> str:
    names = [_name(part, root) for part in _alternatives(node, root)]
    return " or ".join(dict.fromkeys(names))


def _name(node: Schema, root: Schema) -> str:
    if "enum" in node:
        return ", ".join(code(json.dumps(value).strip('"')) for value in node["enum"])
    if "const" in node:
        return code(json.dumps(node["const"]))
    if node.get("type") == "array":
        return f"list of {_kind(_resolved(node['items'], root), root)}" if "items" in node else "list"
    if node.get("type") == "object":
        return "mapping"
    kind = str(node.get("type", "any value"))
    return {"null": code("null"), "integer": "whole number", "boolean": "true or false"}.get(kind, kind)
