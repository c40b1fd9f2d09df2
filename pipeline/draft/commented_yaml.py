"""Write a manifest as YAML with comments: every value is dumped, so none can end early or add a key."""

import re
import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from io import StringIO
from typing import Any, Final

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.nodes import ScalarNode
from ruamel.yaml.representer import RoundTripRepresenter

from hublish.schemas.documents.manifest_yaml import dump_yaml
from hublish.schemas.secrets.masking import redact
from hublish.schemas.variables.expansion import escape

_WIDTH: Final = 120
_STEP: Final = 2
# Lists of short words, such as tags, are written on one line.
_WORD: Final = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*")
_LONGEST_WORD: Final = 30


class Expression(str):
    """Text of the draft's own whose placeholders, such as `{{ data.params.lr }}`, are meant: it is not escaped."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Field:
    """One key of the manifest."""

    key: str
    value: Any
    """Plain data, a `Section` or `Items`."""
    why: str = ""
    """The reason for the value, written as a comment."""
    hint: bool = False
    """Whether the whole field is written as a comment, for the user to uncomment."""
    open: bool = False
    """Whether only the user knows the value; such fields are listed as still to be filled in."""


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list of mappings."""

    sections: tuple[Section, ...]
    hints: tuple[Section, ...] = ()
    """Further mappings, written as comments after the others."""


def plain(fields: Iterable[Field]) -> dict[str, Any]:
    """Return the fields as plain data, without hints and reasons."""
    return {field.key: _plain(field.value) for field in fields if not field.hint}


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        return plain(value.fields)
    if isinstance(value, Items):
        return [plain(section.fields) for section in value.sections]
    return value


def dump_commented(head: Iterable[str], fields: Iterable[Field], tail: Iterable[tuple[str, ...]] = ()) -> str:
    """Return a manifest as YAML that readers of YAML 1.1 and 1.2 read alike.

    The paragraphs of `head` are the comment at the top, those of `tail` the comment at the end, each with the lines to
    indent below it. A blank line precedes each section.
    """
    waiting = [line for paragraph in head for line in _wrapped(paragraph)]
    document = _mapping(fields, 0, waiting)
    for paragraph, *lines in tail:
        waiting += [_BLANK, *_wrapped(paragraph), *(_Comment(f"  {comment(line)}") for line in lines)]
    return _text(document, waiting)


def comment(text: str) -> str:
    """Return `text` on one line, with invisible characters escaped and possible tokens redacted."""
    # A line break would end the comment, and a control character could hide text on a terminal.
    escaped = (char if char.isprintable() else char.encode("unicode_escape").decode("ascii") for char in redact(text))
    return "".join(escaped)


@dataclass(frozen=True, slots=True)
class _Comment:
    """A comment line that waits for the next key; a blank line if it has no text."""

    text: str = ""
    column: int = 0

    def __str__(self) -> str:
        return f"{' ' * self.column}# {self.text}\n" if self.text else "\n"


_BLANK: Final = _Comment()


def _wrapped(text: str, column: int = 0) -> list[_Comment]:
    lines = textwrap.wrap(comment(text), _WIDTH - column - len("# "), break_long_words=False)
    return [_Comment(line, column) for line in lines]


def _mapping(
    fields: Iterable[Field], indent: int, waiting: list[_Comment], item: tuple[CommentedSeq, int] | None = None
) -> CommentedMap:
    """Return fields as a mapping with comments, its keys at column `indent`.

    `waiting` has the comments since the last key, and on return those after the mapping's last key. `item` is the list
    that contains the mapping, and the index in it.
    """
    node = CommentedMap()
    for field in fields:
        nested = isinstance(field.value, Section | Items)
        if not indent and (nested or field.hint):
            waiting.append(_BLANK)
        # A comment on the first key of a list item goes above the dash, since ruamel.yaml would put it after the dash.
        owner, key, column = (*item, indent - _STEP) if item and not node else (node, field.key, indent)
        if field.hint:
            waiting += [_Comment(line.removeprefix("# "), column) for line in _dumped(replace(field, hint=False))]
            continue
        line, why = "" if nested else _one_line(field.key, field.value), comment(field.why)
        beside = bool(line and why) and len(f"{' ' * indent}{line}  # {why}") <= _WIDTH
        if why and not beside:
            waiting += _wrapped(why, column)
        for above in waiting:
            owner.yaml_set_comment_before_after_key(key, before=above.text or "\n", indent=above.column)
        waiting.clear()
        node[field.key] = _value(field.value, indent + _STEP, waiting)
        if beside:
            node.yaml_add_eol_comment(f"# {why}", field.key, column=indent + len(line) + 2)
    return node


def _value(value: Any, indent: int, waiting: list[_Comment]) -> Any:
    if isinstance(value, Section):
        return _mapping(value.fields, indent, waiting)
    if not isinstance(value, Items):
        return _data(value)
    # Filled in advance: appending an item would move the comments that wait at its index.
    items = CommentedSeq([None] * len(value.sections))
    for index, section in enumerate(value.sections):
        items[index] = _mapping(section.fields, indent + _STEP, waiting, (items, index))
    if value.hints:
        # Dumped below a key of their own, whose line is dropped.
        _, *lines = _dumped(Field("hints", Items(value.hints)))
        waiting += [_Comment(line[_STEP:].removeprefix("# "), indent) for line in lines]
    return items


def _dumped(field: Field) -> list[str]:
    """Return the lines of a field alone, without blank ones."""
    waiting: list[_Comment] = []
    return [line for line in _text(_mapping([field], 0, waiting), waiting).split("\n") if line]


def _one_line(key: str, value: Any) -> str:
    """Return the line that the emitter writes for a key and its value; empty if it writes several lines."""
    if _is_short_list(value):
        return f"{key}: [{', '.join(value)}]"
    lines = "" if isinstance(value, list | dict) else dump_yaml({key: _data(value)})
    return lines.removesuffix("\n") if lines.count("\n") == 1 else ""


def _data(value: Any) -> Any:
    """Return plain data for the emitter, with braces escaped: a name is never a variable."""
    if isinstance(value, Expression):
        return str(value)
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, dict):
        return CommentedMap((key, _data(one)) for key, one in value.items())
    if isinstance(value, list):
        items = CommentedSeq(map(_data, value))
        if _is_short_list(value):
            items.fa.set_flow_style()
        return items
    return value


def _is_short_list(value: Any) -> bool:
    """Return whether a list can be on one line, where more characters have a meaning than in a list on several."""
    return isinstance(value, list) and bool(value) and all(isinstance(one, str) and _is_word(one) for one in value)


def _is_word(text: str) -> bool:
    return len(text) <= _LONGEST_WORD and _WORD.fullmatch(text) is not None and _quote(text) is None


class _Representer(RoundTripRepresenter):
    """Quotes the strings that a reader of YAML 1.1 or of 1.2 would read as something else."""


# PyYAML reads YAML 1.1, and `dump_yaml` knows the strings that readers of 1.2 take for something else.
def _quote(text: str) -> str | None:
    if "\n" in text:
        return '"'
    written = dump_yaml({"x": text}).removeprefix("x: ")
    return written[0] if written[0] in "'\"" else None


def _represent_text(representer: _Representer, text: str) -> ScalarNode:
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style=_quote(text))


_Representer.add_representer(str, _represent_text)


def _text(document: CommentedMap, after: Iterable[_Comment]) -> str:
    yaml = YAML()
    yaml.Representer = _Representer
    yaml.indent(mapping=_STEP, sequence=2 * _STEP, offset=_STEP)
    yaml.width = 1 << 20  # strings are not folded: that would make them hard to read and to edit
    stream = StringIO()
    yaml.dump(document, stream)
    return stream.getvalue() + "".join(map(str, after))
