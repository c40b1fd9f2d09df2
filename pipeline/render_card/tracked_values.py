"""Find out which values a template prints, and where: it is rendered again, with values that carry their names.

The second rendering never becomes the card. A value in it is an equal number, string, list or mapping that also knows
its names; operators, filters and calls pass them on to their results, and each printed result is enclosed in marks.
Without its marks, the second text must be the first one: only lines that are the same count.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial, wraps
from typing import Any, Final

import jinja2
from jinja2 import nodes
from jinja2.compiler import CodeGenerator, Frame
from jinja2.runtime import Macro, markup_join
from markupsafe import Markup

from hublish.cards.record.fact_names import PIECES, VALUE, element_name

Printed = tuple[int, int, tuple[str, ...]]
"""The place of a printed value, and the names of the values that it was computed from: `facts.model.parameters`."""

# Control characters, which no card contains: readers of YAML reject them.
_OPEN: Final = "\x0e"
_MIDDLE: Final = "\x0f"
_MARK: Final = re.compile(f"{_OPEN}([0-9,]*){_MIDDLE}")
# A template that loops over more elements prints a list, and not facts.
_MOST_NAMES: Final = 50
_MOST_PRINTED: Final = 5_000


class _Text(str):
    _names: tuple[str, ...] = ()


class _Safe(Markup):
    _names: tuple[str, ...] = ()


class _Integer(int):
    _names: tuple[str, ...] = ()


class _Float(float):
    _names: tuple[str, ...] = ()


class _List(list[Any]):
    _names: tuple[str, ...] = ()


class _Mapping(dict[str, Any]):
    _names: tuple[str, ...] = ()


_KINDS: Final[Mapping[type, type]] = {
    str: _Text,
    Markup: _Safe,
    int: _Integer,
    float: _Float,
    list: _List,
    dict: _Mapping,
}
_TRACKED: Final = frozenset(_KINDS.values())


def named(value: Any, name: str) -> Any:
    """Return plain data in which each value knows its name: `data.metrics`, `files["a.json"].size`."""
    if isinstance(value, dict):
        keys = {key: _with_names(key, (f"{name}{{{key}}}",)) for key in value}
        value = {keys[key]: named(item, f"{name}.{key}") for key, item in value.items()}
    elif isinstance(value, list) and not _is_series(value):
        value = [named(item, f"{name}{element_name(item, index)}") for index, item in enumerate(value)]
    return _with_names(value, (name,))


def _is_series(values: list[Any]) -> bool:
    # The points of a curve: pictures show them, and no template prints thousands of numbers.
    return len(values) > _MOST_NAMES and not isinstance(values[0], dict)


def tracking(environment: jinja2.Environment) -> "Names":
    """Let an environment pass on the names of values, and mark the values that it prints; return the marked names."""
    names = Names()
    printed, join = environment.finalize, environment.filters["join"]
    assert printed is not None
    environment.finalize = partial(names.marked, printed)
    for name, call in environment.filters.items():
        environment.filters[name] = _passing_on(call)
    # The items of a generator would be gone before their names are known.
    environment.filters["join"] = _passing_on(partial(join, printed=environment.finalize))
    environment.code_generator_class = _TrackingGenerator
    environment.concatenated = names.concatenated  # type: ignore[attr-defined]
    return names


class TrackingSandbox:
    """The methods by which a sandbox computes; mixed into its class, they pass on names."""

    intercepted_binops = frozenset(["+", "-", "*", "/", "//", "**", "%"])
    intercepted_unops = frozenset(["+", "-"])

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        """Return the result of an operator."""
        return _with_names(super().call_binop(context, operator, left, right), _names_of(left, right))  # type: ignore[misc]

    def call_unop(self, context: Any, operator: str, arg: Any) -> Any:
        """Return the result of a sign."""
        return _with_names(super().call_unop(context, operator, arg), _names_of(arg))  # type: ignore[misc]

    def call(self, context: Any, called: Any, /, *args: Any, **keywords: Any) -> Any:
        """Return the result of a call; a macro has marked what it prints."""
        result = super().call(context, called, *args, **keywords)  # type: ignore[misc]
        if isinstance(called, Macro):
            return result
        return _with_names(result, _names_of(getattr(called, "__self__", None), *args, *keywords.values()))


class _TrackingGenerator(CodeGenerator):
    def visit_Concat(self, node: nodes.Concat, frame: Frame) -> None:  # noqa: N802 - the name of the visited node
        self.write("environment.concatenated((")
        for each in node.nodes:
            self.visit(each, frame)
            self.write(", ")
        self.write("))")


class Names:
    """The names of the values that a template has printed."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, ...], int] = {}

    def marked(self, printed: Callable[[object], Markup], value: object) -> Markup:
        """Return the printed form of a value, in marks if it has names."""
        shown, names = printed(value), _names_of(value)
        if not names:
            return shown
        return Markup(f"{self._opening(names)}{shown}{_OPEN}{_MIDDLE}")  # noqa: S704 - printed, hence escaped

    def concatenated(self, values: Sequence[object]) -> Any:
        """Return the result of the operator `~`, with those parts in marks that have names."""
        return markup_join([self._in_marks(value) if _own_names(value) else value for value in values])

    def _in_marks(self, value: object) -> str:
        # Escaped later if it is not Markup: escaping keeps the marks.
        kind = Markup if isinstance(value, Markup) else str
        return kind(f"{self._opening(_own_names(value))}{value}{_OPEN}{_MIDDLE}")

    def filled(self, value: Any) -> Any:
        """Return a variable with the values in its texts in marks; see `card_texts`."""
        if isinstance(value, list):
            return [self.filled(item) for item in value]
        if not isinstance(value, dict):
            return value
        if PIECES in value:
            return "".join(
                piece if name is None else f"{self._opening((name,))}{piece}{_OPEN}{_MIDDLE}"
                for piece, name in value[PIECES]
            )
        return named(*value[VALUE]) if VALUE in value else {key: self.filled(item) for key, item in value.items()}

    def _opening(self, names: tuple[str, ...]) -> str:
        return f"{_OPEN}{self._known.setdefault(names, len(self._known))}{_MIDDLE}"

    def printed(self, marked: str, text: str) -> list[Printed]:
        """Return the places of printed values in a text, from the marks in its second rendering."""
        plain, spans = self._without_marks(marked)
        if plain != text:
            spans = list(_on_equal_lines(plain, text, spans))
        return [span for span in spans if text[span[0] : span[1]].strip()][:_MOST_PRINTED]

    def _without_marks(self, marked: str) -> tuple[str, list[Printed]]:
        known = list(self._known)
        pieces: list[str] = []
        open_marks: list[tuple[int, tuple[str, ...]]] = []
        spans: list[Printed] = []
        end = length = 0
        for mark in _MARK.finditer(marked):
            pieces.append(marked[end : mark.start()])
            length += mark.start() - end
            end = mark.end()
            if mark[1]:
                open_marks.append((length, known[int(mark[1])]))
            elif open_marks:  # a filter may have cut the opening mark off
                start, names = open_marks.pop()
                spans.append((start, length, names))
        pieces.append(marked[end:])
        return "".join(pieces), sorted(spans)


def _on_equal_lines(plain: str, text: str, spans: Iterable[Printed]) -> Iterator[Printed]:
    """Yield the places in `text` of those values that are on lines which both texts have, in the same order."""
    places: dict[str, list[int]] = {}
    for start, line in _lines(text):
        places.setdefault(line, []).append(start)
    moved: dict[int, tuple[int, int]] = {}
    for start, line in _lines(plain):
        if places.get(line):
            moved[start] = places[line].pop(0), start + len(line)
    for start, end, names in spans:
        first = plain.rfind("\n", 0, start) + 1
        if first in moved and end <= moved[first][1]:
            offset = moved[first][0] - first
            yield start + offset, end + offset, names


def _lines(text: str) -> Iterator[tuple[int, str]]:
    start = 0
    for line in text.split("\n"):
        yield start, line
        start += len(line) + 1


def _with_names(value: Any, names: tuple[str, ...]) -> Any:
    kind = type(value) if type(value) in _TRACKED else _KINDS.get(type(value))
    if kind is None or not names or _own_names(value):
        return value
    known = kind(value)
    known._names = names  # noqa: SLF001 - the name hides it from templates
    return known


def _names_of(*values: Any) -> tuple[str, ...]:
    found: dict[str, None] = {}
    for value in values:
        own = _own_names(value)
        if not own and isinstance(value, list | tuple):
            own = tuple(name for item in value[:_MOST_NAMES] for name in _own_names(item))
        found.update(dict.fromkeys(own))
    return tuple(found)


def _own_names(value: Any) -> tuple[str, ...]:
    # By its type: an undefined name refuses to be asked for any attribute.
    return value._names if type(value) in _TRACKED else ()  # noqa: SLF001


def _passing_on(call: Callable[..., Any]) -> Callable[..., Any]:
    """Return a filter whose result has the names of its arguments."""

    # With its attributes: Jinja2 reads from them whether a filter takes the environment.
    @wraps(call)
    def passing_on(*args: Any, **keywords: Any) -> Any:
        return _with_names(call(*args, **keywords), _names_of(*args, *keywords.values()))

    return passing_on
