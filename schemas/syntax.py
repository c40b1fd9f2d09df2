"""PyYAML's syntax errors in the words of someone who writes YAML, with a place to look at."""

from typing import Any, NamedTuple

import yaml

from hublish.schemas.positions import SourceText
from hublish.schemas.problems import Problem


class _Wording(NamedTuple):
    """How one of the parser's complaints is told."""

    sign: str
    """A part of the parser's own text; libyaml and the pure parser share these words."""
    message: str
    hint: str = ""
    at_context: bool = False
    """Whether the mistake is where the construct began, not where the parser gave up."""


# The first sign that fits is told.
_WORDINGS = (
    _Wording("a tab character", "tab in indentation", "indent with spaces"),
    _Wording("'\\t' that cannot start", "tab in indentation", "indent with spaces"),
    _Wording(
        "mapping values are not allowed",
        "a ':' followed by a space may not stand here",
        "quote the text that holds it, or check the indentation of this line",
    ),
    _Wording("sequence entries are not allowed", "a list item may not stand here", "put '- ' on a line of its own"),
    _Wording("could not find expected ':'", "expected ':' after the key", "write `key: value`", at_context=True),
    _Wording("expected ',' or ']'", "the list has no closing ']', or a ',' is missing", at_context=True),
    _Wording("expected ',' or '}'", "the mapping has no closing '}', or a ',' is missing", at_context=True),
    _Wording("unexpected end of stream", "the quote is never closed", at_context=True),
    _Wording("unknown escape character", "unknown escape in double quotes", "in single quotes a backslash is itself"),
    _Wording("invalid Unicode character", "invalid Unicode: no such character", "a lone surrogate is half a character"),
    _Wording("document start", "expected one mapping, and found more text after its end", "remove the braces"),
    _Wording("node content", "expected a value", ""),
    _Wording("expected key", "expected a key at this indentation", "align it with the keys above"),
    _Wording("expected <block end>", "expected a key or list item at this indentation", "align it with those above"),
    _Wording("'-' indicator", "expected a list item '- ' at this indentation", "align it with the items above"),
    _Wording("incompatible YAML document", "the %YAML directive names a version that cannot be read", "remove it"),
    _Wording("directive", "directives are not allowed", "remove the line that begins with %"),
)
_TAB = _Wording("", "tab in indentation", "indent with spaces")


def syntax_problem(error: yaml.MarkedYAMLError, text: SourceText) -> Problem:
    """Return what a parser error says, told for people."""
    complaint = str(error.problem)
    offset = _offset(error.problem_mark, text)
    if "cannot start any token" in complaint and text.text[offset : offset + 1]:
        wording = _odd_character(text.text, offset)
    else:
        wording = next((known for known in _WORDINGS if known.sign in complaint), _Wording("", complaint))
    if wording.at_context and error.context_mark is not None:
        offset = _offset(error.context_mark, text)
    return Problem("yaml.syntax", wording.message, hint=wording.hint, location=text.location(offset))


def _odd_character(text: str, offset: int) -> _Wording:
    char = text[offset]
    if char == "\t":
        return _TAB
    return _Wording("", f"a value may not begin with '{char}'", "quote the value")


def _offset(mark: Any, text: SourceText) -> int:
    # At the end of the file the parsers point past the last line.
    return min(mark.index, len(text.text.rstrip())) if mark is not None else 0
