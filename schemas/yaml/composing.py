"""The parser's events to nodes: plain data with its places, and everything that is refused on the way."""

import re
from collections.abc import Container, Iterator
from decimal import Decimal
from typing import Any, NoReturn

import yaml

from hublish.schemas.diagnose.problems import (
    InvalidDocumentError,
    Location,
    Node,
    Path,
    Problem,
    Related,
    SourceText,
    format_path,
)
from hublish.schemas.secrets.masking import quotable
from hublish.schemas.secrets.unsafe_characters import describe, text_problem

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
_ESCAPE = re.compile(r"\\(?:[xuU](?P<code>(?<=x)[0-9a-fA-F]{2}|(?<=u)[0-9a-fA-F]{4}|(?<=U)[0-9a-fA-F]{8})|(?P<name>.))")
# YAML 1.2, §5.7: those that stand for what no document may hold.
_NAMED_ESCAPES = dict(zip("0abevfNLP", "\0\a\b\x1b\v\f\x85\u2028\u2029", strict=True))
_BLOCK_STYLES = ("|", ">")
_PARSERS_OWN_LIMIT = "nesting depth"
"""How libyaml 0.2.6 and later complains about 1,000 open brackets, before it emits an event for the first of them."""
_OPENING = re.compile(r"[\[{]")


class BrokenSyntaxError(Exception):
    """The parser gave up.

    Args:
        error: what it said.
        last: the span of the last key or value it understood.
        in_flow: whether brackets or braces were open.
    """

    def __init__(self, error: yaml.MarkedYAMLError, last: tuple[int, int], *, in_flow: bool) -> None:
        super().__init__(str(error.problem))
        self.error = error
        self.last = last
        self.in_flow = in_flow


class Composer:
    """Builds nodes from the parser's events, one document deep and never deeper than MAX_DEPTH.

    Args:
        text: the document as its author wrote it.
        readable: what is parsed: the same, with the values that break the syntax replaced by others as long.
        replaced: where those values begin.
    """

    def __init__(self, text: SourceText, readable: str, replaced: Container[int] = ()) -> None:
        self.problems: list[Problem] = []
        self.refused: set[Path] = set()
        self.paths_of_replaced: dict[int, Path] = {}
        self._text = text
        self._replaced = replaced
        self._count = 0
        self._brackets = 0
        self._depth = 0
        self._last: Any = None
        self._events: Iterator[Any] = yaml.parse(readable, Loader=EVENT_PARSER)

    def document(self) -> Node:
        """Return the root of the only document.

        Raises:
            BrokenSyntaxError: when it is no YAML.
            InvalidDocumentError: for no document or several, and nesting that is too deep.
        """
        self._next()  # the stream's start
        start = self._next()
        if isinstance(start, yaml.StreamEndEvent):
            self._stop("yaml.empty", "the file is empty", 0, "write at least one `key: value` line")
        if start.version or start.tags:
            place = self._place(start)
            self._refuse("yaml.directive", "directives are not allowed", place, (), "remove the line with %")
        root = self._node(self._next(), ())
        self._next()  # the document's end
        following = self._next()
        if not isinstance(following, yaml.StreamEndEvent):
            span = _start(following), _end(following)
            self._stop("yaml.several_documents", "expected one document", span[0], "remove the `---`", span[1])
        return root

    def _next(self) -> Any:
        try:
            self._last = next(self._events)
        except yaml.MarkedYAMLError as error:
            if _PARSERS_OWN_LIMIT in str(error.problem):
                self._stop_too_deep(self._first_too_deep())
            last = (_start(self._last), _end(self._last)) if self._last else (0, 0)
            raise BrokenSyntaxError(error, last, in_flow=self._brackets > 0) from None
        except (ValueError, OverflowError):  # the pure parser on "\UFFFFFFFF"
            self._stop("yaml.syntax", "invalid Unicode: no such character", 0)
        self._depth += isinstance(self._last, yaml.CollectionStartEvent)
        self._depth -= isinstance(self._last, yaml.CollectionEndEvent)
        return self._last

    def _first_too_deep(self) -> int:
        """Return where the first bracket below MAX_DEPTH is.

        The parser emits nothing while a bracket may still begin a key, and a key has at most 1,024 characters in one
        line: since the last event there is hardly anything but open brackets.
        """
        start = _end(self._last) if self._last else 0
        opened = [match.start() for match in _OPENING.finditer(self._text.text, start)] or [start]
        return opened[min(MAX_DEPTH - self._depth, len(opened) - 1)]

    def _stop_too_deep(self, start: int) -> NoReturn:
        hint = "take levels out: no field of a manifest is that deep"
        self._stop("yaml.too_deep", f"nested deeper than {MAX_DEPTH}", start, hint)

    def _node(self, event: Any, path: Path) -> Node:
        self._count += 1
        if self._count > MAX_VALUES:
            hint = "a manifest names folders and globs, not every file"
            self._stop("yaml.too_many", f"more than {MAX_VALUES} keys and values", _start(event), hint)
        if isinstance(event, yaml.CollectionStartEvent) and len(path) >= MAX_DEPTH:
            self._stop_too_deep(_start(event))
        if isinstance(event, yaml.AliasEvent):
            self._refuse_value("yaml.alias", "aliases are not allowed", event, path, self._instead_of_alias(event))
            return Node(None, _start(event), _end(event))
        self._refuse_properties(event, path)
        if not isinstance(event, yaml.CollectionStartEvent):
            return self._scalar(event, path)
        self._brackets += bool(event.flow_style)
        node = self._mapping(event, path) if isinstance(event, yaml.MappingStartEvent) else self._sequence(event, path)
        self._brackets -= bool(event.flow_style)
        return node

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
            self._stop("yaml.indentation", message, offset, "indent with ordinary spaces", odd.end())
        if isinstance(node.value, str) and not (node.plain and node.value == "<<"):
            return node
        if isinstance(node.value, str):
            self._refuse("yaml.merge", "merge keys are not allowed", self._place(event), path, "write the keys out")
        elif self._text.text[offset - 1 : offset + 1] == "{{":
            end = self._text.text.find("}}", offset)
            place = self._text.location(offset - 1, end + 2 if end > 0 else offset + 1)
            message = "a value that begins with '{{' must be quoted"
            self.refused.add(path)
            self._refuse("yaml.unquoted_variable", message, place, path, 'write "{{ name }}"')
        else:
            written = quotable(self._text.text, node.start, node.end).strip()
            hint = f'quote it: "{written}"' if written and '"' not in written else "quote it"
            self._refuse("yaml.key", "a key must be a string", self._place(event), path, hint)
        return None

    def _scalar(self, event: Any, path: Path) -> Node:
        value: Scalar = event.value
        plain = not event.style
        if _start(event) in self._replaced:
            self.refused.add(path)
            self.paths_of_replaced[_start(event)] = path
        elif plain:
            try:
                value = resolve(event.value)
            except ValueError as error:
                self._refuse_value("yaml.number", str(error), event, path, "quote it to keep it as text")
        elif found := text_problem(event.value):  # written as an escape: the text itself holds none
            self.refused.add(path)
            self._refuse("yaml.character", found[1], self._escape(event), path, "remove the escape")
        return Node(value, _start(event), self._trimmed_end(event), plain)

    def _trimmed_end(self, event: Any) -> int:
        """Return where a value ends; the parser lets a block scalar go on up to the next thing."""
        if getattr(event, "style", None) not in _BLOCK_STYLES:
            return _end(event)
        return _start(event) + len(self._text.text[_start(event) : _end(event)].rstrip())

    def _escape(self, event: Any) -> Location:
        """Return the place of the escape that writes a character no document may hold."""
        for found in _ESCAPE.finditer(self._text.text, _start(event), _end(event)):
            code = found["code"]
            if text_problem(chr(int(code, 16)) if code else _NAMED_ESCAPES.get(found["name"], "")):
                return self._text.location(*found.span())
        return self._place(event)

    def _refuse_properties(self, event: Any, path: Path) -> None:
        if event.anchor is not None:
            place = self._property(event, "&")
            self._refuse("yaml.anchor", "anchors are not allowed", place, path, "write the value out where it is used")
        if event.tag is not None:
            self.refused.add(path)
            place = self._property(event, "!")
            empty = isinstance(event, yaml.ScalarEvent) and not event.value
            hint = self._quoted(event) if empty else self._without_tag(event)
            self._refuse("yaml.tag", "tags are not allowed", place, path, hint)

    def _without_tag(self, event: Any) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            return "remove it"
        name = str(event.tag).rpartition(":")[2].strip("!").casefold()
        if name in ("env", "envvar", "var"):
            return "remove it; `{{ env.NAME }}` reads a variable that is listed under `env`"
        if name in ("include", "inc", "import"):
            return "remove it, and write what the file holds here: a manifest is one file"
        return f'remove it, and quote the value: "{event.value}"' if name == "str" else "remove it"

    def _property(self, event: Any, sign: str) -> Location:
        """Return the place of a value's anchor or tag; both stand before it, in either order."""
        found = next(
            (each for each in _PROPERTY.finditer(self._text.text, _start(event)) if each.group().startswith(sign)), None
        )
        return self._text.location(*(found.span() if found else (_start(event), _end(event))))

    def _instead_of_alias(self, event: Any) -> str:
        meant = f"&{event.anchor}" in self._text.text
        return "write the value out" if meant else self._quoted(event)

    def _quoted(self, event: Any) -> str:
        written = quotable(self._text.text, _start(event), _end(event)).strip()
        return f'to keep it as text, quote it: "{written}"' if written else "to keep it as text, quote it"

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

    def _stop(self, code: str, message: str, offset: int, hint: str = "", end: int | None = None) -> NoReturn:
        problem = Problem(code, message, hint=hint, location=self._text.location(offset, end))
        raise InvalidDocumentError((*self.problems, problem))


def _start(event: Any) -> int:
    return int(event.start_mark.index)


def _end(event: Any) -> int:
    return int(event.end_mark.index)


def _collection_end(start: Any, end: Any, last: Node | None) -> int:
    # The parser ends a block where the next thing begins, behind blank lines and comments.
    return _end(end) if start.flow_style or last is None else last.end


MAX_DIGITS = 64
"""No number of a manifest needs more; Python refuses to read 4,301 of them at all."""

Scalar = str | int | float | bool | None

_NAMED: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?(?:\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")


def resolve(text: str) -> Scalar:
    """Return the value of an unquoted scalar.

    Raises:
        ValueError: for a number that is too large, or not finite; JSON, and so the lock, has no place for it.
    """
    if text in _NAMED:
        return _NAMED[text]
    if text[0] not in "+-.0123456789":
        return text
    if _NOT_FINITE.fullmatch(text):
        msg = "not a finite number"
        raise ValueError(msg)
    if _INTEGER.fullmatch(text) or _OTHER_BASE.fullmatch(text):
        return _integer(text)
    return _float(text) if _FLOAT.fullmatch(text) else text


def is_plain_text(text: str) -> bool:
    """Whether `text`, written without quotes, would be read as that text."""
    try:
        return resolve(text) == text
    except ValueError:
        return False


def _integer(text: str) -> int:
    _refuse_long(text)
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    return int(text[2:] if base != 10 else text, base)


def _float(text: str) -> float:
    _refuse_long(text)
    value = float(text)
    if value in (float("inf"), float("-inf")) or (value == 0 and not Decimal(text).is_zero()):
        msg = "number too large or too small"
        raise ValueError(msg)
    return value


def _refuse_long(text: str) -> None:
    if len(text) > MAX_DIGITS:
        msg = f"number too large: {len(text)} digits"
        raise ValueError(msg)
