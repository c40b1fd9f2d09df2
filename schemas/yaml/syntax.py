"""PyYAML's syntax errors in the words of someone who writes YAML, with a place to look at."""

from typing import Any, NamedTuple

from hublish.schemas.diagnose.positions import SourceText
from hublish.schemas.diagnose.problems import Problem, Related
from hublish.schemas.yaml.composing import BrokenSyntaxError
from hublish.schemas.yaml.mistakes import misplaced, unclosed, unquoted
from hublish.schemas.yaml.mistakes.scene import Mistake, Scene

# The first that recognises what was done tells it.
_MISTAKES = (
    misplaced.tab,
    misplaced.directive,
    misplaced.conflict,
    unquoted.sign_at_start,
    unquoted.odd_start,
    unquoted.unknown_escape,
    unclosed.late_quote,
    unclosed.open_quote,
    unquoted.variable,
    unquoted.text_after_list,
    unquoted.text_after_quote,
    unclosed.open_bracket,
    unclosed.left_over,
    unquoted.colon_inside,
    misplaced.unindented_block,
    misplaced.no_colon_above,
    misplaced.deeper,
    misplaced.no_colon,
    misplaced.indentation,
    misplaced.second_document,
)


class _Wording(NamedTuple):
    """How one of the parser's complaints is told when nothing more is known."""

    sign: str
    """A part of the parser's own text; libyaml and the pure parser share these words."""
    message: str
    hint: str = ""


# The first sign that fits is told.
_WORDINGS = (
    _Wording(
        "mapping values are not allowed", "a ':' followed by a space may not stand here", "quote the text it is in"
    ),
    _Wording("sequence entries are not allowed", "a list item may not stand here", "put '- ' on a line of its own"),
    _Wording("could not find expected ':'", "expected ':' after the key", "write `key: value`"),
    _Wording("unexpected end of stream", "the quote is never closed", "end it with the quote it begins with"),
    _Wording("unexpected document indicator", "the quote is never closed", "end it with the quote it begins with"),
    _Wording("invalid Unicode character", "invalid Unicode: no such character", "a lone surrogate is half a character"),
    _Wording("document start", "expected one mapping, and found more text after its end", "remove the braces"),
    _Wording("node content", "expected a value", "write one, or remove the sign before it"),
    _Wording("expected key", "expected a key at this indentation", "align it with the keys above"),
    _Wording("expected <block end>", "expected a key or list item at this indentation", "align it with those above"),
    _Wording("'-' indicator", "expected a list item '- ' at this indentation", "align it with the items above"),
    _Wording("incompatible YAML document", "the %YAML directive names a version that cannot be read", "remove it"),
    _Wording("directive", "directives are not allowed", "remove the line that begins with %"),
)


def syntax_finding(
    broken: BrokenSyntaxError, readable: str, text: SourceText
) -> tuple[Problem, tuple[int, int] | None]:
    """Return what a parser gave up on, told for people, and the span of a value that is wrong by itself alone.

    Args:
        broken: how the parser gave up.
        readable: what it read: `text`, or a text of the same length.
        text: what the places are shown in.
    """
    error = broken.error
    offset = _offset(error.problem_mark, readable)
    opened = offset if error.context_mark is None else _offset(error.context_mark, readable)
    scene = Scene(
        readable, str(error.problem), str(error.context or ""), offset, opened, broken.last, in_flow=broken.in_flow
    )
    found = None if scene.is_long() else next((said for each in _MISTAKES if (said := each(scene))), None)
    made = found or _plainly(scene)
    beside = (Related(made.beside[0], location=text.location(*made.beside[1:])),) if made.beside else ()
    place = text.location(made.start, made.end)
    return Problem(made.code, made.message, made.hint, location=place, related=beside), made.mendable


def _plainly(scene: Scene) -> Mistake:
    words = next((each for each in _WORDINGS if each.sign in scene.complaint), _Wording("", scene.complaint))
    return Mistake(words.message, words.hint, scene.offset, min(scene.offset + 1, len(scene.text)))


def _offset(mark: Any, text: str) -> int:
    # At the end of the file the parsers point past the last line.
    return min(mark.index, len(text.rstrip())) if mark is not None else 0
