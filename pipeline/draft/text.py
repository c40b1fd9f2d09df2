"""Fields -> YAML with comments. Every value is dumped and never templated, so that none can end what it stands in."""

import re
import textwrap
from collections.abc import Iterable, Iterator
from typing import Any, Final

from hublish.pipeline.draft.fields import Field, Items, Section
from hublish.schemas.documents.writing import dump_yaml
from hublish.schemas.secrets.masking import redact
from hublish.schemas.variables.expansion import escape

WIDTH: Final = 120
_STEP: Final = "  "
_WORD: Final = 30


def rendered(head: Iterable[str], fields: Iterable[Field], tail: Iterable[tuple[str, ...]] = ()) -> str:
    """Return a manifest as text.

    Args:
        head: comments at the top, a paragraph each.
        fields: the manifest's keys; an empty line goes between sections.
        tail: comments at the end: paragraphs, each with lines that stay as they are behind it.
    """
    lines = [text for line in head for text in (_wrapped(line, "") or ["#"])]
    for field in fields:
        if isinstance(field.value, Section | Items) or field.hint:
            lines.append("")
        lines += _field(field, "")
    for paragraph, *kept in tail:
        lines += ["", *_wrapped(paragraph, ""), *(f"#   {comment(line)}" for line in kept)]
    return "\n".join(lines) + "\n"


def comment(text: str) -> str:
    """Return a text as it may stand in a comment: on one line, with nothing in it that hides, and no token."""
    return "".join(char if char.isprintable() else _spelt(char) for char in redact(text))


def _spelt(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def _field(field: Field, indent: str) -> Iterator[str]:
    if isinstance(field.value, Section):
        body = [f"{field.key}:", *_section(field.value, _STEP)]
    elif isinstance(field.value, Items):
        body = [f"{field.key}:", *_items(field.value, _STEP)]
    else:
        body = list(_value(field.key, _escaped(field.value)))
    yield from _with_comment(body, field, indent)


def _section(section: Section, indent: str) -> Iterator[str]:
    for field in section.fields:
        yield from _field(field, indent)


def _items(items: Items, indent: str) -> Iterator[str]:
    for section in items.sections:
        yield from _item(section, indent)
    for section in items.hints:
        lines = (line[len(indent) :] for line in _item(section, indent))
        yield from (f"{indent}{line if line.startswith('#') else f'# {line}'}" for line in lines)


def _item(section: Section, indent: str) -> Iterator[str]:
    """Yield a mapping of a list: a dash before its first key, and no comment between the dash and the key."""
    lines = list(_section(section, indent + _STEP))
    first = next(index for index, line in enumerate(lines) if not line.lstrip().startswith("#"))
    for index, line in enumerate(lines):
        if index < first:
            yield indent + line[len(indent) + len(_STEP) :]
        elif index == first:
            yield f"{indent}- {line[len(indent) + len(_STEP) :]}"
        else:
            yield line


def _with_comment(body: list[str], field: Field, indent: str) -> Iterator[str]:
    mark = "# " if field.hint else ""
    lines = [f"{indent}{mark}{line}" for line in body]
    why = comment(field.why)
    if why and len(body) == 1 and len(f"{lines[0]}  # {why}") <= WIDTH:
        yield f"{lines[0]}  # {why}"
        return
    if why:
        yield from _wrapped(why, indent)
    yield from lines


def _wrapped(text: str, indent: str) -> list[str]:
    start = f"{indent}# "
    return textwrap.wrap(comment(text), WIDTH, initial_indent=start, subsequent_indent=start, break_long_words=False)


def _value(key: str, value: Any) -> Iterator[str]:
    """Yield plain data under its key, lists indented below it."""
    if isinstance(value, dict) and value:
        yield f"{key}:"
        for name, one in value.items():
            yield from (f"{_STEP}{line}" for line in _value(name, one))
    elif isinstance(value, list) and value and all(_is_word(one) for one in value):
        yield f"{key}: [{', '.join(value)}]"
    elif isinstance(value, list) and value:
        yield f"{key}:"
        for one in value:
            lines = list(_entry(one))
            yield f"{_STEP}- {lines[0]}"
            yield from (f"{_STEP}{_STEP}{line}" for line in lines[1:])
    else:
        yield from dump_yaml({key: value}).splitlines()


def _is_word(value: Any) -> bool:
    """Whether a value can stand in a list on one line, where more characters mean something."""
    if not isinstance(value, str) or not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]*(?:-[A-Za-z0-9_]+)*", value):
        return False
    return len(value) <= _WORD and dump_yaml({"x": value}) == f"x: {value}\n"


def _entry(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for name, one in value.items():
            yield from _value(name, one)
        return
    # As the value of a key of one letter, whose place the dash takes.
    lines = dump_yaml({"x": value}).splitlines()
    yield lines[0].removeprefix("x: ")
    yield from (line.strip() for line in lines[1:])


def _escaped(value: Any) -> Any:
    """Return plain data in which no text is taken for a variable."""
    if isinstance(value, str):
        return escape(value)
    if isinstance(value, list):
        return [_escaped(one) for one in value]
    if isinstance(value, dict):
        return {key: _escaped(one) for key, one in value.items()}
    return value
