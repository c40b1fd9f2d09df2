"""YAML text to plain data that knows its places: the only YAML reader of hublish.

A strict subset of YAML 1.2: mappings with text keys, sequences and scalars of the core schema. Anchors, aliases,
merge keys, tags, directives and duplicate keys are refused: each lets a file say something other than it shows.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

import yaml

from hublish.schemas.characters import describe, text_problem
from hublish.schemas.positions import Node, Path, Positions, SourceText, format_path
from hublish.schemas.problems import InvalidDocumentError, Location, Problem, Related
from hublish.schemas.scalars import Scalar, resolve
from hublish.schemas.source_text import read_text
from hublish.schemas.syntax import syntax_problem

MAX_BYTES = 256 * 1024
MAX_DEPTH = 64
MAX_VALUES = 50_000
"""A manifest of 256 KiB that a person wrote has a fifth of it."""
MAX_PROBLEMS = 100
"""Reading stops here: nobody reads more, and a hostile file must not cost more."""

# libyaml is thirty times faster on large files. Only its event parser is used: its composer recurses in C and
# crashes the process on deep nesting.
EVENT_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SHOWN = 60
_PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*")
# To YAML they are letters: what they indent becomes a key of the mapping around it.
_ODD_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_BLOCK_STYLES = ("|", ">")


@dataclass(frozen=True, slots=True)
class Reading:
    """A document as it was read, with everything in it that was refused on the way.

    `data` is plain in spite of `problems`: an alias is None, of a duplicate key the first value stays.
    """

    data: dict[str, Any]
    positions: Positions
    problems: tuple[Problem, ...] = ()
    refused: frozenset[Path] = frozenset()
    """The places whose value is not what the author wrote; a later check has nothing to say about them."""


def read_yaml(data: bytes, source: str, *, max_bytes: int = MAX_BYTES) -> Reading:
    """Read a YAML document whose top level is a mapping.

    Args:
        data: the document as it lies on disk, UTF-8.
        source: how diagnostics call it: `hub.yaml`.
        max_bytes: the largest document that is parsed.

    Raises:
        InvalidDocumentError: when there is no structure to go on with: not text, broken syntax, nested too deep.
    """
    text = read_text(data, source, max_bytes)
    composer = _Composer(text)
    root = composer.document()
    if not isinstance(root.value, dict):
        raise InvalidDocumentError((*composer.problems, _not_a_mapping(root, text)))
    return Reading(root.value, Positions(text, root), tuple(composer.problems), frozenset(composer.refused))


def _not_a_mapping(root: Node, text: SourceText) -> Problem:
    kind = "a list" if isinstance(root.value, list) else "nothing" if root.value is None else "a single value"
    return Problem(
        "yaml.not_a_mapping",
        f"expected a mapping at top level, got {kind}",
        hint="begin with `key: value` lines",
        location=text.location(root.start),
    )


class _Composer:
    """Builds nodes from the parser's events, one document deep and never deeper than MAX_DEPTH."""

    def __init__(self, text: SourceText) -> None:
        self.problems: list[Problem] = []
        self.refused: set[Path] = set()
        self._text = text
        self._count = 0
        self._events: Iterator[Any] = yaml.parse(text.text, Loader=EVENT_PARSER)

    def document(self) -> Node:
        """Return the root of the only document.

        Raises:
            InvalidDocumentError: for broken syntax, no document or several, and nesting that is too deep.
        """
        self._next()  # the stream's start
        start = self._next()
        if isinstance(start, yaml.StreamEndEvent):
            self._stop("yaml.empty", "the file is empty", 0, "write at least one `key: value` line")
        if start.version or start.tags:
            self._refuse(
                "yaml.directive", "directives are not allowed", self._place(start), (), "remove the line with %"
            )
        root = self._node(self._next(), ())
        self._next()  # the document's end
        following = self._next()
        if not isinstance(following, yaml.StreamEndEvent):
            self._stop("yaml.several_documents", "expected one document", _start(following), "remove the `---`")
        return root

    def _next(self) -> Any:
        try:
            return next(self._events)
        except yaml.MarkedYAMLError as error:
            raise InvalidDocumentError((*self.problems, syntax_problem(error, self._text))) from None
        except (ValueError, OverflowError):  # the pure parser on "\UFFFFFFFF"
            self._stop("yaml.syntax", "invalid Unicode: no such character", 0)

    def _node(self, event: Any, path: Path) -> Node:
        self._count += 1
        if self._count > MAX_VALUES:
            hint = "a manifest names folders and globs, not every file"
            self._stop("yaml.too_many", f"more than {MAX_VALUES} keys and values", _start(event), hint)
        if isinstance(event, yaml.CollectionStartEvent) and len(path) >= MAX_DEPTH:
            hint = "take levels out: no field of a manifest is that deep"
            self._stop("yaml.too_deep", f"nested deeper than {MAX_DEPTH}", _start(event), hint)
        if isinstance(event, yaml.AliasEvent):
            self._refuse_value("yaml.alias", "aliases are not allowed", event, path, "write the value out")
            return Node(None, _start(event), _end(event))
        self._refuse_properties(event, path)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(event, path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(event, path)
        return self._scalar(event, path)

    def _mapping(self, start: Any, path: Path) -> Node:
        entries: dict[str, tuple[Node, Node]] = {}
        last: Node | None = None
        while not isinstance(event := self._next(), yaml.MappingEndEvent):
            key = self._key(event, path)
            last = self._node(self._next(), path if key is None else (*path, key.value))
            if key is None:
                continue
            if key.value in entries:
                self._refuse_duplicate(key.value, entries[key.value][0], event, path)
            else:
                entries[key.value] = (key, last)
        data = {key: value.value for key, (_, value) in entries.items()}
        return Node(data, _start(start), _collection_end(start, event, last), entries=entries)

    def _sequence(self, start: Any, path: Path) -> Node:
        items: list[Node] = []
        while not isinstance(event := self._next(), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items))))
        end = _collection_end(start, event, items[-1] if items else None)
        return Node([item.value for item in items], _start(start), end, items=tuple(items))

    def _key(self, event: Any, path: Path) -> Node | None:
        """Return a key, or None for one that was refused."""
        offset = _start(event)
        node = self._node(event, (*path, "?"))
        if node.plain and (odd := _ODD_SPACE.match(self._text.text, offset)):
            message = f"{describe(odd.group()[0])} in indentation"
            self._stop("yaml.indentation", message, offset, "indent with ordinary spaces")
        if isinstance(node.value, str) and not (node.plain and node.value == "<<"):
            return node
        if isinstance(node.value, str):
            self._refuse("yaml.merge", "merge keys are not allowed", self._place(event), path, "write the keys out")
        elif self._text.text[offset - 1 : offset + 1] == "{{":
            message = "a value that begins with '{{' must be quoted"
            self._refuse_value("yaml.unquoted_variable", message, event, path, 'write "{{ name }}"')
        else:
            hint = "quote it" if node.plain else "write a text"
            self._refuse("yaml.key", "a key must be a string", self._place(event), path, hint)
        return None

    def _scalar(self, event: Any, path: Path) -> Node:
        value: Scalar = event.value
        plain = not event.style
        if plain:
            try:
                value = resolve(event.value)
            except ValueError as error:
                self._refuse_value("yaml.number", str(error), event, path, "quote it to keep it as text")
        elif found := text_problem(event.value):  # written as an escape: the text itself holds none
            self._refuse_value("yaml.character", found[1], event, path, "remove the escape")
        return Node(value, _start(event), self._trimmed_end(event), plain)

    def _trimmed_end(self, event: Any) -> int:
        """Return where a value ends; the parser lets a block scalar go on up to the next thing."""
        if getattr(event, "style", None) not in _BLOCK_STYLES:
            return _end(event)
        return _start(event) + len(self._text.text[_start(event) : _end(event)].rstrip())

    def _refuse_properties(self, event: Any, path: Path) -> None:
        if event.anchor is not None:
            place = self._property(event, "&")
            self._refuse("yaml.anchor", "anchors are not allowed", place, path, "write the value out where it is used")
        if event.tag is not None:
            self.refused.add(path)
            place = self._property(event, "!")
            self._refuse("yaml.tag", "tags are not allowed", place, path, "remove the '!' or quote the value")

    def _property(self, event: Any, sign: str) -> Location:
        """Return the place of a value's anchor or tag; both stand before it, in either order."""
        found = next(
            (each for each in _PROPERTY.finditer(self._text.text, _start(event)) if each.group().startswith(sign)), None
        )
        return self._text.location(*(found.span() if found else (_start(event), _end(event))))

    def _refuse_duplicate(self, key: str, first: Node, event: Any, path: Path) -> None:
        place = self._text.location(first.start, first.end)
        message = f"duplicate key '{key[:_SHOWN]}', first at {place}"
        related = Related("first here", location=place)
        self._refuse("yaml.duplicate_key", message, self._place(event), (*path, key), "keep one of them", related)

    def _refuse_value(self, code: str, message: str, event: Any, path: Path, hint: str) -> None:
        self.refused.add(path)
        self._refuse(code, message, self._place(event), path, hint)

    def _refuse(self, code: str, message: str, place: Location, path: Path, hint: str, *related: Related) -> None:
        self.problems.append(Problem(code, message, hint, format_path(path), place, related=related))
        if len(self.problems) >= MAX_PROBLEMS:
            raise InvalidDocumentError(tuple(self.problems))

    def _place(self, event: Any) -> Location:
        return self._text.location(_start(event), self._trimmed_end(event))

    def _stop(self, code: str, message: str, offset: int, hint: str = "") -> NoReturn:
        problem = Problem(code, message, hint=hint, location=self._text.location(offset))
        raise InvalidDocumentError((*self.problems, problem))


def _start(event: Any) -> int:
    return int(event.start_mark.index)


def _end(event: Any) -> int:
    return int(event.end_mark.index)


def _collection_end(start: Any, end: Any, last: Node | None) -> int:
    # The parser ends a block where the next thing begins, behind blank lines and comments.
    return _end(end) if start.flow_style or last is None else last.end
