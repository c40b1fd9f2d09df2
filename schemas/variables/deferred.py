"""Strings of a card with values that are known only when the card is rendered: `{{ data.metrics.accuracy }}`."""

from collections.abc import Iterator
from typing import Any, Final, NamedTuple

from hublish.schemas.diagnose.problems import Path

ROOTS: Final = ("data", "facts")
"""The first parts of such names: files under `card.data`, and the facts of the release."""
NAME: Final = rf"(?:{'|'.join(ROOTS)})(?:\.[A-Za-z0-9_][\w-]*|\[\d{{1,6}}\]|\[\"[^\"\n]{{0,200}}\"\])+"
FILTER: Final = r"[A-Za-z_]\w*(?:\(\d?\))?"


class Later(NamedTuple):
    """A value in a string."""

    name: str
    """`data.metrics.accuracy`."""
    filter: str
    """The form in which it is written: `score`; empty for the value itself."""
    written: str
    """The placeholder as it is written."""


class Deferred(str):
    """A string with such values; as a string, it is the text as it is written."""

    pieces: tuple[str | Later, ...]

    @classmethod
    def of(cls, pieces: tuple[str | Later, ...]) -> "Deferred":
        """Return the string of its pieces, in which texts are final: braces in them mean nothing any more."""
        made = cls("".join(piece.written if isinstance(piece, Later) else piece for piece in pieces))
        made.pieces = pieces
        return made

    @property
    def values(self) -> tuple[Later, ...]:
        """The values in it."""
        return tuple(piece for piece in self.pieces if isinstance(piece, Later))


def allowed_at(path: Path) -> bool:
    """Return whether a string at a path of the manifest may contain such values."""
    return path[:2] in (("card", "variables"), ("card", "metadata"))


def deferred_in(data: Any, path: Path = ()) -> Iterator[tuple[Path, Deferred]]:
    """Yield the strings with such values in plain data, each with its path."""
    if isinstance(data, Deferred):
        yield path, data
    elif isinstance(data, dict):
        for key, item in data.items():
            yield from deferred_in(item, (*path, key))
    elif isinstance(data, list | tuple):
        for index, item in enumerate(data):
            yield from deferred_in(item, (*path, index))


def with_values(data: Any, values: dict[Path, Any], path: Path = ()) -> Any:
    """Return plain data with other values at some paths."""
    if path in values:
        return values[path]
    if isinstance(data, dict):
        return {key: with_values(item, values, (*path, key)) for key, item in data.items()}
    if isinstance(data, list):
        return [with_values(item, values, (*path, index)) for index, item in enumerate(data)]
    return data
