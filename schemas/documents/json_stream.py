"""Write JSON in pieces, so that a document with 100,000 files is never in memory as a whole.

The text is that of `json.dumps`.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from json.encoder import encode_basestring, encode_basestring_ascii
from typing import Any, Final

# Items of a list that are searched for credentials at once: one search for each string takes ten times as long.
_BATCH: Final = 500
# Pieces of JSON that are written at once: about as many bytes as a pipe holds.
_PIECES: Final = 500


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of a document, whose items are made while it is written."""

    make: Callable[[], Iterable[Any]]

    def __iter__(self) -> Iterator[Any]:
        return iter(self.make())


@dataclass(frozen=True, slots=True)
class JsonWriter:
    """Writes plain data, in which a list may be `Rows`."""

    indent: int | None = 2
    """Spaces for each level; None writes one line."""
    sort_keys: bool = False
    ensure_ascii: bool = False
    """Whether other characters become escapes."""

    def pieces(self, document: Any) -> Iterator[str]:
        """Yield the text of a document."""
        return self._pieces(document, "" if self.indent is None else "\n")

    # `line` ends a line and indents the next one, as far as the line with the value itself; empty without lines.
    def _pieces(self, value: Any, line: str) -> Iterator[str]:
        inner = self._deeper(line)
        if isinstance(value, Rows):
            yield from self._joined("[]", ([self._text(item, inner)] for item in value), line)
        elif isinstance(value, Mapping):
            members = (chain([f"{self._quoted(key)}: "], self._pieces(item, inner)) for key, item in self._items(value))
            yield from self._joined("{}", members, line)
        else:
            yield self._text(value, line)

    def _joined(self, brackets: str, members: Iterable[Iterable[str]], line: str) -> Iterator[str]:
        before = brackets[0] + self._deeper(line)
        empty = True
        for member in members:
            yield before
            yield from member
            before, empty = self._comma(line), False
        yield brackets if empty else line + brackets[1]

    def _text(self, value: Any, line: str) -> str:
        if isinstance(value, str):
            return self._quoted(value)
        if value is None:
            return "null"
        if type(value) is int:
            return str(value)
        if isinstance(value, Mapping):
            inner = self._deeper(line)
            members = [f"{self._quoted(key)}: {self._text(item, inner)}" for key, item in self._items(value)]
            return f"{{{inner}{self._comma(line).join(members)}{line}}}" if members else "{}"
        if isinstance(value, list | tuple):
            inner = self._deeper(line)
            members = [self._text(item, inner) for item in value]
            return f"[{inner}{self._comma(line).join(members)}{line}]" if members else "[]"
        return json.dumps(value)

    def _quoted(self, text: str) -> str:
        return encode_basestring_ascii(text) if self.ensure_ascii else encode_basestring(text)

    def _items(self, value: Mapping[str, Any]) -> Iterable[tuple[str, Any]]:
        return sorted(value.items()) if self.sort_keys else value.items()

    def _deeper(self, line: str) -> str:
        return "" if self.indent is None else line + " " * self.indent

    def _comma(self, line: str) -> str:
        return ", " if self.indent is None else "," + self._deeper(line)


def in_chunks(pieces: Iterable[str]) -> Iterator[str]:
    """Join pieces of a text, so that each write is worth a system call."""
    rest = iter(pieces)
    while chunk := "".join(islice(rest, _PIECES)):
        yield chunk


def encoded(pieces: Iterable[str]) -> Iterator[bytes]:
    """Yield a text in UTF-8."""
    return (chunk.encode() for chunk in in_chunks(pieces))


def masked(document: Any, mask: Callable[[str], str], mask_key: Callable[[str], str]) -> Any:
    """Return plain data with every text in it masked, keys as well; lists in batches, `Rows` while they are written."""
    if isinstance(document, str):
        return mask(document)
    if isinstance(document, Mapping):
        return {mask_key(key): masked(value, mask, mask_key) for key, value in document.items()}
    if isinstance(document, Rows):
        return Rows(lambda: _masked_items(document, mask, mask_key))
    if isinstance(document, list | tuple):
        return list(_masked_items(document, mask, mask_key))
    return document


def _masked_items(items: Iterable[Any], mask: Callable[[str], str], mask_key: Callable[[str], str]) -> Iterator[Any]:
    # Imported here: a document without a list needs none of the rules for credentials.
    from hublish.schemas.secrets.masking import texts_in
    from hublish.schemas.secrets.rule import APART

    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        # Nearly every batch has nothing to mask.
        text = APART.join(dict.fromkeys(texts_in(batch)))
        yield from batch if mask(text) == text else (masked(item, mask, mask_key) for item in batch)
