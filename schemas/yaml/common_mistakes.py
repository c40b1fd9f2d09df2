"""Explain why a text is not YAML: recognize the slips people make, and clean the parser's message for the rest.

The slips are a tab in the indentation, a value without its quotes, a key without its colon, and a list item without
its dash. The composer reports the fifth, a duplicate key, because it is valid syntax.
"""

import re
from dataclasses import dataclass, replace

from hublish.schemas.diagnose.problems import Problem, Related, SourceText
from hublish.schemas.secrets.masking import quotable
from hublish.schemas.secrets.unsafe_characters import line_around
from hublish.schemas.yaml.composing import BrokenSyntaxError

# Characters of a line that is searched for slips; a longer line gets the parser's message.
LONGEST_LINE = 2000

# No list of a manifest that a person wrote is longer, and a hostile one must not be searched again and again.
_MOST_LINES_ABOVE = 1000
# Both parsers use one of these when a line fits neither the block it is in nor a block around it.
_NO_ENTRY = ("expected key", "'-' indicator", "<block end>")
_NO_COLON = "could not find expected ':'"
_NO_MAPPING = "mapping values are not allowed"
_BEGUN_BY_SIGN = ("an alias", "an anchor", "block scalar")
_BEGINS = "a value that begins with '{}' must be quoted"
_QUOTES = ("'", '"')
_OPENING = {"]": "[", "}": "{"}
_AFTER_ITEM = ("", ",", ":", "]", "}", "#", " ", "\r", "\n")

_BEFORE_VALUE = re.compile(r" *(?:- +)*")
_KEY_END = re.compile(r":(?=[ \t\r\n]|\Z)")
_BEFORE_OPENING = re.compile(r" *(?:- +)*(?:[^\s\[{\"'#][^\[{\"'#]*: +)?(?=[\[{\"'])")
_QUOTED = re.compile(r'"(?:\\.|[^"\\\r\n])*"')
_ITEM = re.compile(r"(?P<indent> *)-(?: |$)")
_INDENT = re.compile(r" *")
_KEY_AND_VALUE = re.compile(r"(?P<key>[\w.-]+):(?!//)(?P<value>\S.*)")
_KEY_WITHOUT_COLON = re.compile(r"(?P<key>[\w-]+)(?:[ \t]*[=：﹕]|[ \t])?[ \t]*(?P<value>.*)")  # noqa: RUF001 - wide colons
_END_IN_BLOCK = re.compile(r"[ \t]#|[\r\n]|\Z")
_END_IN_FLOW = re.compile(r"[,\]}]|[ \t]#|[\r\n]|\Z")
_INDENTED = re.compile(r"[\r\n]+(?:[ \t]*(?:#[^\r\n]*)?[\r\n]+)*(?P<indent> *)")
_CONFLICT = ("<<<<<<<", "=======", ">>>>>>>")
_TABS = re.compile(r"\t+")
_LINE_WITH_TAB = re.compile(r"^ *\t", re.MULTILINE)


_SINGLE_QUOTES = ("unknown escape in double quotes", "use single quotes: in them, a backslash is a backslash")
_DIRECTIVE = ("directives are not allowed", "remove the line that begins with %")
# A part of the parser's message that libyaml and the pure parser share, the message without jargon, and the hint. The
# first entry that fits counts.
_MESSAGES = (
    (_NO_MAPPING, "mapping values are not allowed here", "indent it like the key above it, or quote the value"),
    ("sequence entries are not allowed", "a list item is not allowed here", "put '- ' on a line of its own"),
    ("',' or ']'", "expected ',' or ']'", "separate the items with ',', and close the list with ']'"),
    ("',' or '}'", "expected ',' or '}'", "separate the keys with ',', and close the mapping with '}'"),
    ("invalid Unicode", "invalid Unicode: no such character", "write the character itself"),
    ("escape", *_SINGLE_QUOTES),
    ("hexdecimal", *_SINGLE_QUOTES),  # so misspelled in libyaml
    ("directive", *_DIRECTIVE),
    ("incompatible YAML document", *_DIRECTIVE),
    ("document start", "expected one mapping, found text after its end", "remove the braces or the `...`"),
    ("node content", "expected a value", "write a value, or quote the sign before this"),
    *((sign, "expected a key or list item", "quote the whole value, or begin a new line") for sign in _NO_ENTRY),
)
_GENERAL_HINT = "check the indentation, quotes and brackets here"


@dataclass(frozen=True, slots=True)
class Slip:
    """A mistake in the text, recognized or not, and its hint."""

    message: str
    hint: str
    start: int
    end: int
    # A label for a second place, and its span.
    beside: tuple[str, int, int] | None = None
    # A value that any other of the same length could replace, so that reading can go on.
    replaceable: tuple[int, int] | None = None
    code: str = "yaml.syntax"


@dataclass(frozen=True, slots=True)
class Failure:
    """The place where a parser stopped, and the text it had read before."""

    text: str
    complaint: str
    # The parser's state: `while scanning an alias`.
    construct: str = ""
    # Where it stopped.
    offset: int = 0
    # Where the construct begins.
    opened: int = 0
    # The span of the last key or value that was read.
    last: tuple[int, int] = (0, 0)
    # Whether brackets or braces are open.
    in_flow: bool = False

    def line(self, offset: int) -> tuple[int, int]:
        """Return the span of the line around a character, without its end."""
        return line_around(self.text, offset)

    def before(self, offset: int) -> str:
        """Return the part of a line before a character."""
        return self.text[self.line(offset)[0] : offset]

    def char(self, offset: int) -> str:
        """Return one character; empty at the end of the text."""
        return self.text[offset : offset + 1]

    def complains(self, *signs: str) -> bool:
        """Return whether the parser's message contains one of these."""
        return any(sign in self.complaint for sign in signs)

    def content(self, offset: int) -> tuple[int, int]:
        """Return the span of a line's content, without the space around it and without a comment."""
        first, end = self.line(offset)
        start = first + len(self.text[first:end]) - len(self.text[first:end].lstrip())
        return start, max(start, min(end, self.value_end(start)))

    def value_end(self, start: int) -> int:
        """Return where an unquoted value ends on its line: before a comment, and in brackets before a comma."""
        found = (_END_IN_FLOW if self.in_flow else _END_IN_BLOCK).search(self.text, start + 1)
        end = found.start() if found else len(self.text)
        # One pattern for the end and the spaces before it would try each of the spaces anew.
        return max(start + 1, start + len(self.text[start:end].rstrip(" \t")))

    def alone(self, start: int, end: int) -> tuple[int, int] | None:
        """Return the span of a value that is not a key, and has nothing below that belongs to it."""
        if _KEY_END.search(self.text, start, end) and not _KEY_END.search(self.before(start)):
            return None
        below = _INDENTED.match(self.text, self.line(start)[1])
        column = len((_BEFORE_VALUE.match(self.before(start)) or [""])[0])
        return None if below and not self.in_flow and len(below["indent"]) > column else (start, end)

    def quote(self, start: int, end: int) -> str:
        """Return a piece of one line for a hint; empty when a hint may not repeat it."""
        return quotable(self.text, start, min(end, self.line(start)[1]))


def syntax_problem(
    broken: BrokenSyntaxError, readable: str, text: SourceText
) -> tuple[Problem, tuple[int, int] | None]:
    """Return a syntax error as a problem, and the span of the value that causes it, if it is one value alone.

    `readable` is the parsed text: the document, or a text of the same length with some values replaced.
    """
    error, end = broken.error, len(readable.rstrip())
    # At the end of the file, the parsers point behind the last line.
    offset = min(error.problem_mark.index, end) if error.problem_mark else 0
    opened = min(error.context_mark.index, end) if error.context_mark else offset
    failure = Failure(
        readable, str(error.problem), str(error.context or ""), offset, opened, broken.last, in_flow=broken.in_flow
    )
    slip = _recognized(failure) or _unrecognized(failure)
    beside = (Related(slip.beside[0], location=text.location(*slip.beside[1:])),) if slip.beside else ()
    place = text.location(slip.start, slip.end)
    return Problem(slip.code, slip.message, slip.hint, location=place, related=beside), slip.replaceable


def _recognized(at: Failure) -> Slip | None:
    spans = map(at.line, (at.offset, at.opened, *at.last))
    if any(end - start > LONGEST_LINE for start, end in spans):
        return None
    # In this order: a tab or an open quote makes the parser complain about many other things.
    slips = (_tab, _open_quote, _unquoted_value, _missing_dash, _missing_colon)
    return next((slip for recognize in slips if (slip := recognize(at))), None)


def _tab(at: Failure) -> Slip | None:
    found = _TABS.match(at.text, at.offset)
    if found is None or not at.complains("tab character", "cannot start any token"):
        return None
    more = len(_LINE_WITH_TAB.findall(at.text)) - 1
    hint = "indent with spaces" + (f", here and on {more} more line{'s' * (more > 1)}" if more > 0 else "")
    return Slip("tab in indentation", hint, *found.span())


def _open_quote(at: Failure) -> Slip | None:
    """Recognize a quote that is never closed, or that only a quote on another line closes."""
    if "quoted scalar" in at.construct and at.complains("unexpected"):
        start = at.opened
        end = at.value_end(start) if at.in_flow else _end_of_line(at, start)
        value = at.quote(start, end)
        hint = f"write {value}{value[0]}" if value else f"end it with {at.char(start)}"
        return Slip("the quote is never closed", hint, start, end, replaceable=(start, end))
    start, end = at.last
    if not at.complains("expected") or at.char(start) not in _QUOTES or end > at.offset:
        return None
    if at.line(start) == at.line(end) or at.line(end) != at.line(at.offset):
        return None
    end_of_line, beside = _end_of_line(at, start), ("closed only here", end - 1, end)
    hint = f"end it with {at.char(start)}"
    return Slip("the quote is not closed on its line", hint, start, end_of_line, beside=beside)


def _unquoted_value(at: Failure) -> Slip | None:
    """Recognize a value that begins with a sign of YAML, such as the pattern `*.json`, or goes on after its quotes."""
    if (start := _start_of_variable(at)) is not None:
        return _variable(at, start)
    if any(each in at.construct for each in _BEGUN_BY_SIGN):
        return _to_quote(at, at.opened, _BEGINS.format(at.char(at.opened)))
    if at.complains("cannot start any token") and at.char(at.offset).strip():
        return _to_quote(at, at.offset, _BEGINS.format(at.char(at.offset)))
    start = _value_before(at)
    if start is None:
        return None
    end = max(at.value_end(at.offset), at.offset + 1)
    if at.char(start) not in _QUOTES:
        return _to_quote(at, start, _BEGINS.format(at.char(start)), end)
    hint = "quote the whole value, with the other kind of quotes if it contains this one"
    return Slip("text follows the closing quote", hint, at.offset, end, replaceable=at.alone(start, end))


def _start_of_variable(at: Failure) -> int | None:
    """Return where `{{ name }}` begins, which YAML reads as a mapping in a mapping."""
    if "flow mapping" not in at.construct:
        start = _value_before(at)
        return start if start is not None and at.text.startswith("{{", start) else None
    start = at.text.rfind("{{", at.line(at.opened)[0], at.opened + 2)
    return None if start < 0 or at.text.find("}}", start, at.line(start)[1]) < 0 else start


def _value_before(at: Failure) -> int | None:
    """Return where a value such as `[ab].json` or `'don't'` begins, if the parser stopped at the text that follows it.

    Within brackets the text must touch the value: otherwise, a comma is missing.
    """
    if not at.in_flow:
        found = _BEFORE_OPENING.match(at.text, *at.line(at.offset))
        fits = found and found.end() < at.offset and at.complains(*_NO_ENTRY) and at.char(at.offset) not in ("]", "}")
        return found.end() if found and fits else None
    before = at.char(at.offset - 1)
    if not at.complains("expected ',' or") or at.char(at.offset) in _AFTER_ITEM:
        return None
    if before in _QUOTES:
        return at.last[0]
    start = at.text.rfind(_OPENING[before], at.opened + 1, at.offset) if before in _OPENING else -1
    return start if start >= 0 else None


def _variable(at: Failure, start: int) -> Slip:
    before = at.before(start).rstrip()
    ends_line = not before.strip(" -") or before.endswith(":")
    end = replace(at, in_flow=False).value_end(start) if ends_line else at.text.find("}}", start) + 2
    slip = _to_quote(at, start, _BEGINS.format("{{"), end)
    return replace(slip, replaceable=(start, end), code="yaml.unquoted_variable")


def _to_quote(at: Failure, start: int, message: str, end: int | None = None) -> Slip:
    end = at.value_end(start) if end is None else end
    value = at.quote(start, end)
    escaped = value.replace("'", "''")
    quoted = f"'{escaped}'" if '"' in value or "\\" in value else f'"{value}"'
    return Slip(message, f"quote it: {quoted}" if value else "quote it", start, end, replaceable=at.alone(start, end))


def _missing_dash(at: Failure) -> Slip | None:
    """Recognize a line among list items that is not one, and an item that is not aligned with those above it."""
    start, end = at.content(at.opened if at.complains(_NO_COLON) else at.offset)
    if not at.complains(_NO_COLON, *_NO_ENTRY) or (start != at.offset and not at.complains(_NO_COLON)):
        return None
    column, above = len(at.before(start)), _item_above(at, start)
    if above is None:
        return None
    indent = len(above["indent"])
    if _ITEM.match(at.text, at.line(start)[0]):
        if column == indent:
            return None
        beside = (f"indented by {_spaces(indent)}", above.start() + indent, at.content(above.start())[1])
        hint = f"indent it by {_spaces(indent)}"
        return Slip("this list item is not aligned with the one above it", hint, start, end, beside=beside)
    if column != indent:
        return None
    value = at.quote(start, end)
    hint = f"write `- {value}`" if value else "begin it with '- '"
    if _KEY_END.search(at.text, start, end):
        hint += f", or indent it by {_spaces(indent + 2)} to belong to the item above"
    return Slip("a list item must begin with '- '", hint, start, end)


def _item_above(at: Failure, start: int) -> re.Match[str] | None:
    """Return the beginning of the nearest list item above a line that may be in the same list."""
    first, column = at.line(start)[0], len(at.before(start))
    for _ in range(_MOST_LINES_ABOVE):
        if first <= 0:
            break
        first, end = at.line(first - 1)
        if item := _ITEM.match(at.text, first, end):
            return item
        indent = _INDENT.match(at.text, first, end)
        text = at.text[indent.end() : end] if indent else ""
        if text and not text.startswith("#") and indent and indent.end() - first <= column:
            break
    return None


def _missing_colon(at: Failure) -> Slip | None:
    """Recognize a key without its colon or the space after it, and a second colon in an unquoted value."""
    if at.complains(_NO_COLON):
        return _without_colon(at, *at.content(at.opened))
    start, end = at.last
    if not at.complains(_NO_MAPPING) or end != at.offset:
        return None
    if at.line(start) == at.line(end):
        return _to_quote(at, start, "a value that contains ': ' must be quoted")
    # The parser reads `repo_id acme/x` and the key on the next line as one value of two lines.
    return None if at.before(start).strip(" -") else _without_colon(at, *at.content(start))


def _without_colon(at: Failure, start: int, end: int) -> Slip:
    line = at.quote(start, end)
    if found := _KEY_AND_VALUE.match(line):
        value = at.alone(start + found.start("value"), end) if len(found["value"]) > 1 else None
        hint = f"write `{found['key']}: {found['value']}`"
        return Slip(f"a space is missing after '{found['key']}:'", hint, start, end, replaceable=value)
    if line.startswith(_CONFLICT):
        hint = "resolve the merge conflict"
    elif line.count(" ") > 1:  # a sentence rather than a key and its value
        hint = "write `key: value`, or indent it deeper if it continues the text above"
    else:
        found = _KEY_WITHOUT_COLON.match(line)
        hint = f"write `{found['key']}: {found['value']}".rstrip() + "`" if found else "write `key: value`"
    return Slip("expected ':' after the key", hint, start, end)


def _unrecognized(at: Failure) -> Slip:
    """Return the parser's own message without its jargon, and where the list or mapping it was reading begins."""
    plain = re.sub(r", but (?:found|got) .*", "", at.complaint).replace("did not find expected", "expected")
    message, hint = next((texts for sign, *texts in _MESSAGES if sign in at.complaint), (plain, _GENERAL_HINT))
    start = at.offset
    if at.char(start) in _OPENING and not at.in_flow:
        return Slip(message, "remove it: no bracket is open here", start, start + 1)
    if at.in_flow and not at.text[start:].strip():  # the end of the file: the bracket is worth more than the place
        return Slip(message, hint, at.opened, at.opened + 1)
    if escaped := _QUOTED.match(at.text, at.opened) if "quoted" in at.construct else None:
        return Slip(message, hint, *escaped.span(), replaceable=escaped.span())
    if at.complains(*_NO_ENTRY) and at.content(start)[0] == start:
        message, hint = f"{message} at this indentation", "align it with the lines above it"
    if at.char(start) == ":" and at.line(at.last[0]) != at.line(start):
        start = at.content(start)[0]  # the parser stops at the colon after the key that is wrong here
    end = max(start, min(at.value_end(start), len(at.text)))
    kind = "mapping" if "mapping" in at.construct else "list" if "sequence" in at.construct else ""
    opened = at.opened < start and (at.in_flow or at.line(at.opened) != at.line(start))
    beside = (f"the {kind} begins here", at.opened, at.opened + 1) if kind and opened else None
    return Slip(message, hint, start, end, beside=beside)


def _end_of_line(at: Failure, offset: int) -> int:
    start, end = at.line(offset)
    return start + len(at.text[start:end].rstrip())


def _spaces(count: int) -> str:
    return f"{count} space{'s' * (count != 1)}"
