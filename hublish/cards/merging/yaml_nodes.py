"""Read the front matter that a person edited: all of YAML that the Hub reads, with the place of every value.

Manifests are read by a stricter reader. A card may have anchors, aliases and tags, and keeps them.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any, Final

import yaml

from hublish.schemas.diagnose.problems import Location, SourceText
from hublish.schemas.yaml.composing import EVENT_PARSER, MAX_DEPTH, resolve

# More than any card has: its values are compared one by one.
_MOST: Final = 200_000


class UnreadableError(Exception):
    """The front matter is not a YAML mapping, or not one that can be edited: where, and why."""

    def __init__(self, message: str, location: Location) -> None:
        super().__init__(message)
        self.message = message
        self.location = location


@dataclass(slots=True)
class YamlNode:
    """A value and its place: offsets of its first character and behind its last."""

    value: Any
    start: int
    end: int
    flow: bool = False
    """Whether it is written in braces or brackets."""
    style: str | None = None
    """The quotes of a scalar, or `|` and `>`."""
    keys: dict[str, "YamlNode"] = field(default_factory=dict)
    entries: dict[str, "YamlNode"] = field(default_factory=dict)
    items: list["YamlNode"] = field(default_factory=list)


def read_nodes(text: str, source: str, first_line: int = 1) -> YamlNode:
    """Return the root mapping of front matter; of an empty one, an empty mapping.

    Args:
        text: the lines between the dashes.
        source: the name of the card in diagnostics.
        first_line: the line of the card that the text begins on.

    Raises:
        UnreadableError: it is not a mapping, or has a duplicate key.
    """
    reader = _Reader(text, source, first_line)
    try:
        root = reader.document()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise reader.refused(str(error.problem), mark.index if mark else 0) from None
    except (yaml.YAMLError, ValueError, OverflowError) as error:
        raise reader.refused(str(error).partition("\n")[0], getattr(error, "position", 0)) from None
    if root.value is None and root.start == root.end:
        return YamlNode({}, len(text), len(text))
    if not isinstance(root.value, dict):
        raise reader.refused("expected a mapping", root.start)
    return root


class _Reader:
    """Builds nodes from events: the parser's own composer recurses in C, without a limit."""

    def __init__(self, text: str, source: str, first_line: int) -> None:
        self._text = text
        self._source, self._first_line = source, first_line
        self._anchors: dict[str, tuple[YamlNode, int]] = {}
        self._count = 0
        self._events: Iterator[Any] = yaml.parse(text, Loader=EVENT_PARSER)

    def refused(self, message: str, offset: int) -> UnreadableError:
        """Return the error for a place."""
        place = SourceText(self._text, self._source).location(min(offset, len(self._text)))
        line = place.line + self._first_line - 1
        return UnreadableError(message, Location(self._source, line, place.column, text=place.text))

    def document(self) -> YamlNode:
        """Return the root of the only document."""
        next(self._events)
        if isinstance(next(self._events), yaml.StreamEndEvent):
            return YamlNode(None, 0, 0)
        root = self._node(next(self._events), 0)
        next(self._events)
        following = next(self._events)
        if not isinstance(following, yaml.StreamEndEvent):
            raise self.refused("more than one document", _start(following))
        return root

    def _node(self, event: Any, depth: int) -> YamlNode:
        start = _start(event)
        self._count += 1
        if depth > MAX_DEPTH or self._count > _MOST:
            raise self.refused("nested too deep, or too long", start)
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in self._anchors:
                raise self.refused(f"the anchor &{event.anchor} is not defined", start)
            # Counted again: a few lines of aliases may mean more values than fit into memory.
            target, count = self._anchors[event.anchor]
            self._count += count
            return YamlNode(target.value, start, _end(event), flow=True, style="*")
        before = self._count
        if isinstance(event, yaml.MappingStartEvent):
            node = self._mapping(event, depth)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = self._sequence(event, depth)
        else:
            node = self._scalar(event)
        if event.anchor:
            self._anchors[event.anchor] = node, self._count - before + 1
        return node

    def _mapping(self, event: Any, depth: int) -> YamlNode:
        node = YamlNode({}, _start(event), _end(event), flow=bool(event.flow_style))
        while not isinstance(following := next(self._events), yaml.MappingEndEvent):
            key = self._node(following, depth + 1)
            name = key.value if isinstance(key.value, str) else self._text[key.start : key.end]
            if name in node.entries:
                raise self.refused(f"the key '{name}' is there twice", key.start)
            node.keys[name] = key
            value = node.entries[name] = self._node(next(self._events), depth + 1)
            node.value[name] = value.value
            node.end = value.end
        node.end = _end(following) if node.flow else node.end
        return node

    def _sequence(self, event: Any, depth: int) -> YamlNode:
        node = YamlNode([], _start(event), _end(event), flow=bool(event.flow_style))
        while not isinstance(following := next(self._events), yaml.SequenceEndEvent):
            node.items.append(self._node(following, depth + 1))
            node.value.append(node.items[-1].value)
            node.end = node.items[-1].end
        node.end = _end(following) if node.flow else node.end
        return node

    def _scalar(self, event: Any) -> YamlNode:
        start, end, value = _start(event), _end(event), event.value
        if event.style in ("|", ">"):
            # For the parser, a block scalar extends to the next token.
            end = start + len(self._text[start:end].rstrip())
        elif not event.style and event.implicit[0]:
            # `.inf`, or a number that is too large, is compared as it is written.
            with suppress(ValueError):
                value = resolve(value)
        return YamlNode(value, start, end, style=event.style)


def _start(event: Any) -> int:
    return int(event.start_mark.index)


def _end(event: Any) -> int:
    return int(event.end_mark.index)
