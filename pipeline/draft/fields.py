"""A manifest before it is text: fields in their order, each with the reason it says what it says."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Field:
    """One key of the manifest."""

    key: str
    value: Any
    """Plain data; or a `Section`; or `Items`."""
    why: str = ""
    """Goes into a comment."""
    hint: bool = False
    """Written as a comment: what a person may want, ready to be uncommented."""
    open: bool = False
    """Whether nobody but a person knows it: it is told apart as still to be filled in."""


@dataclass(frozen=True, slots=True)
class Section:
    """A mapping, field by field."""

    fields: tuple[Field, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list of mappings."""

    sections: tuple[Section, ...]
    hints: tuple[Section, ...] = ()
    """Written as comments behind the others."""


def plain(fields: Iterable[Field]) -> dict[str, Any]:
    """Return what the fields say, without hints and reasons."""
    return {field.key: _plain(field.value) for field in fields if not field.hint}


def _plain(value: Any) -> Any:
    if isinstance(value, Section):
        return plain(value.fields)
    if isinstance(value, Items):
        return [plain(section.fields) for section in value.sections]
    return value
