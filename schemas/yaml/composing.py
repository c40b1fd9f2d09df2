"""Build nodes from the parser's events: plain data with positions, and the problems that are found on the way."""

import re
from collections.abc import Container, Iterator
from decimal import Decimal
from typing import Any, NoReturn

import yaml

from hublish.schemas.diagnose.problems import (
    MAX_PROBLEMS,
    InvalidDocumentError,
    Location,
    Node,
    Path,
    Problem,
    Related,
    SourceText,
    format_path,
    shortened,
)
from hublish.schemas.secrets.masking import quotable
from hublish.schemas.secrets.unsafe_characters import describe, text_problem

MAX_DEPTH = 64
# Five times as many as a hand-written manifest of 256 KiB has.
MAX_VALUES = 50_000

# libyaml is thirty times faster than the pure parser on large files. Only its events are used: its composer recurses
# in C and crashes the process on deep nesting.
EVENT_PARSER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_SHOWN = 60
_PROPERTY = re.compile(r"[&!][^\s,\[\]{}]*")
# These are letters to YAML: a line indented with them becomes a key of the mapping around it.
_ODD_SPACE = re.compile("[\u00a0\u1680\u2000-\u200a\u202f\u205f\u3000]+")
_ESCAPE = re.compile(r"\\(?:[xuU](?P<code>(?<=x)[0-9a-fA-F]{2}|(?<=u)[0-9a-fA-F]{4}|(?<=U)[0-9a-fA-F]{8})|(?P<name>.))")
# The escapes of YAML 1.2, §5.7, for characters that a document must not contain.
_NAMED_ESCAPES = dict(zip("0abevfNLP", "\0\a\b\x1b\v\f\x85\u2028\u2029", strict=True))
_BLOCK_STYLES = ("|", ">")
# libyaml 0.2.6 and later rejects 1,000 open brackets with this message, before it emits an event for the first one.
_PARSERS_OWN_LIMIT = "nesting depth"
_OPENING = re.compile(r"[\[{]")


class BrokenSyntaxError(Exception):
    """The parser stopped after the key or value in the span `last`, with brackets or braces open when `in_flow`."""

    def __init__(self, error: yaml.MarkedYAMLError, last: tuple[int, int], *, in_flow: bool) -> None:
        super().__init__(str(error.problem))
        self.error = error
        self.last = last
        self.in_flow = in_flow


class Composer:
    """Builds the nodes of one document, at most MAX_DEPTH deep.

    `readable` is the text to parse: the document, with the values at the offsets `replaced`, which break the syntax,
    replaced by others of the same length.
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
            BrokenSyntaxError: when the text is not YAML.
            InvalidDocumentError: when there is no document or several, or one that is nested too deep.
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
        # Counted here and not from paths: libyaml may stop before an event arrives.
        self._depth += isinstance(self._last, yaml.CollectionStartEvent)
        self._depth -= isinstance(self._last, yaml.CollectionEndEvent)
        return self._last

    def _first_too_deep(self) -> int:
        """Return the offset of the first bracket that exceeds MAX_DEPTH.

        The parser emits no event while a bracket may still begin a key, and a key has at most 1,024 characters on one
        line: after the last event, the text consists almost only of open brackets.
        """
        start = _end(self._last) if self._last else 0
        opened = [match.start() for match in _OPENING.finditer(self._text.text, start)] or [start]
        return opened[min(MAX_DEPTH - self._depth, len(opened) - 1)]

    def _stop_too_deep(self, start: int) -> NoReturn:
        hint = "remove levels: no field of a manifest is that deep"
        self._stop("yaml.too_deep", f"nested deeper than {MAX_DEPTH}", start, hint)

    def _node(self, event: Any, path: Path) -> Node:
        self._count += 1
        if self._count > MAX_VALUES:
            hint = "name folders and globs instead of single files"
            self._stop("yaml.too_many", f"more than {MAX_VALUES} keys and values", _start(event), hint)
        if isinstance(event, yaml.CollectionStartEvent) and len(path) >= MAX_DEPTH:
            self._stop_too_deep(_start(event))
        if isinstance(event, yaml.AliasEvent):
            hint = "write the value itself" if f"&{event.anchor}" in self._text.text else self._quoted(event)
            self._refuse_value("yaml.alias", "aliases are not allowed", event, path, hint)
            return Node(None, _start(event), _end(event))
        self._refuse_properties(event, path)
        if not isinstance(event, yaml.CollectionStartEvent):
            return self._scalar(event, path)
        # For the slips: within brackets, a comma ends a value.
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
            # The first value is kept, so that its problems are reported as well.
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
        """Return a key, or None for a rejected one."""
        offset = _start(event)
        node = self._node(event, (*path, "?"))
        if node.plain and (odd := _ODD_SPACE.match(self._text.text, offset)):
            message = f"{describe(odd.group()[0])} in indentation"
            self._stop("yaml.indentation", message, offset, "indent with ordinary spaces", odd.end())
        if isinstance(node.value, str) and not (node.plain and node.value == "<<"):
            return node
        if isinstance(node.value, str):
            self._refuse(
                "yaml.merge", "merge keys are not allowed", self._place(event), path, "write the keys themselves"
            )
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
                self._refuse_value("yaml.number", str(error), event, path, "quote it to keep it as a string")
        elif found := text_problem(event.value):  # only possible as an escape: the text itself was checked
            self.refused.add(path)
            self._refuse("yaml.character", found[1], self._escape(event), path, "remove the escape")
        return Node(value, _start(event), self._trimmed_end(event), plain)

    def _trimmed_end(self, event: Any) -> int:
        """Return the end of a value; for the parser, a block scalar extends to the next token."""
        if getattr(event, "style", None) not in _BLOCK_STYLES:
            return _end(event)
        return _start(event) + len(self._text.text[_start(event) : _end(event)].rstrip())

    def _escape(self, event: Any) -> Location:
        """Return the place of the escape for a forbidden character."""
        for found in _ESCAPE.finditer(self._text.text, _start(event), _end(event)):
            code = found["code"]
            if text_problem(chr(int(code, 16)) if code else _NAMED_ESCAPES.get(found["name"], "")):
                return self._text.location(*found.span())
        return self._place(event)

    def _refuse_properties(self, event: Any, path: Path) -> None:
        if event.anchor is not None:
            place = self._property(event, "&")
            self._refuse(
                "yaml.anchor", "anchors are not allowed", place, path, "write the value itself where it is used"
            )
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
            return "remove it, and write the content of the file here: a manifest is one file"
        return f'remove it, and quote the value: "{event.value}"' if name == "str" else "remove it"

    def _property(self, event: Any, sign: str) -> Location:
        """Return the place of a value's anchor or tag; both precede the value, in either order."""
        found = next(
            (each for each in _PROPERTY.finditer(self._text.text, _start(event)) if each.group().startswith(sign)), None
        )
        return self._text.location(*(found.span() if found else (_start(event), _end(event))))

    def _quoted(self, event: Any) -> str:
        written = quotable(self._text.text, _start(event), _end(event)).strip()
        return f'to keep it as a string, quote it: "{written}"' if written else "to keep it as a string, quote it"

    def _refuse_duplicate(self, key: str, first: Node, event: Any, path: Path) -> None:
        place = self._text.location(first.start, first.end)
        message = f"duplicate key '{shortened(key, _SHOWN)}', first at {place}"
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
    # For the parser, a block ends where the next token begins, after blank lines and comments.
    return _end(end) if start.flow_style or last is None else last.end


# No number of a manifest needs more, and `int` rejects more than 4,300.
MAX_DIGITS = 64

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
    """Return the value of an unquoted scalar: the core schema of YAML 1.2 (§10.3.2).

    `no`, `on`, `yes`, `12:30:45` and dates are strings; YAML 1.1 reads them as booleans, a number and dates.

    Raises:
        ValueError: for a number that is too large or not finite, which the JSON of a lock cannot contain.
    """
    if text in _NAMED:
        return _NAMED[text]
    if text[0] not in "+-.0123456789":
        return text
    if _NOT_FINITE.fullmatch(text):
        raise ValueError("not a finite number")
    if _INTEGER.fullmatch(text) or _OTHER_BASE.fullmatch(text):
        return _integer(text)
    return _float(text) if _FLOAT.fullmatch(text) else text


def is_plain_text(text: str) -> bool:
    """Return whether `text` reads as itself when it is written without quotes."""
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
        raise ValueError("number too large or too small")
    return value


def _refuse_long(text: str) -> None:
    if len(text) > MAX_DIGITS:
        raise ValueError(f"number too large: {len(text)} digits")
