"""Write JSON in pieces, so that a document with 100,000 files is never in memory as a whole.

The text is that of `json.dumps`.
"""

import json
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from typing import Any, Final

# Items of a list that are searched for credentials at once: one search for each string takes ten times as long.
_BATCH: Final = 500
# Pieces of JSON that are written at once: about as many bytes as a pipe holds.
_PIECES: Final = 500


@dataclass(frozen=True, slots=True)
class Rows:
    """A list of a document, whose items are made while it is written."""

    make: Callable[[], Iterable[Any]]
    digests: Collection[str] = ()
    """Keys whose values are digests that hublish computed: no credential is searched for in them, nor in other keys."""

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
        encoder = json.JSONEncoder(indent=self.indent, sort_keys=self.sort_keys, ensure_ascii=self.ensure_ascii)
        return self._pieces(document, encoder.encode, "" if self.indent is None else "\n")

    # `line` ends a line and indents the next one, as far as the line with the value itself; empty without lines.
    def _pieces(self, value: Any, encode: Callable[[Any], str], line: str) -> Iterator[str]:
        inner = line and line + " " * (self.indent or 0)
        if isinstance(value, Rows):
            items = ([encode(item).replace("\n", inner)] for item in value)
            yield from self._joined("[]", items, line, inner)
        elif isinstance(value, Mapping):
            pairs = sorted(value.items()) if self.sort_keys else value.items()
            members = (chain([f"{encode(key)}: "], self._pieces(item, encode, inner)) for key, item in pairs)
            yield from self._joined("{}", members, line, inner)
        else:
            # Line breaks in strings are escaped: these are those between values.
            yield encode(value).replace("\n", line)

    def _joined(self, brackets: str, members: Iterable[Iterable[str]], line: str, inner: str) -> Iterator[str]:
        before = brackets[0] + inner
        empty = True
        for member in members:
            yield before
            yield from member
            before, empty = "," + (inner or " "), False
        yield brackets if empty else line + brackets[1]


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
        return Rows(lambda: _masked_items(document, mask, mask_key, document.digests))
    if isinstance(document, list | tuple):
        return list(_masked_items(document, mask, mask_key))
    return document


def _masked_items(
    items: Iterable[Any], mask: Callable[[str], str], mask_key: Callable[[str], str], digests: Collection[str] = ()
) -> Iterator[Any]:
    # Imported here: a document without a list needs none of the rules for credentials.
    from hublish.schemas.secrets.masking import texts_in
    from hublish.schemas.secrets.rule import APART

    rest = iter(items)
    while batch := list(islice(rest, _BATCH)):
        # Nearly every batch has nothing to mask.
        searched = [[each[key] for key in each if key not in digests] for each in batch] if digests else batch
        text = APART.join(dict.fromkeys(texts_in(searched)))
        yield from batch if mask(text) == text else (masked(item, mask, mask_key) for item in batch)
