"""Search bytes for credentials, at about the speed of a disk.

A credential is text, so of binary data only the runs of printable characters are searched. In text, two searches find
the places to which the rules are applied:

* Tokens with a prefix, and most keys with a name, are a run of at least `RUN` characters of base64. Such runs are rare
  in prose and code, and finding them takes no regular expression. Around a run, one expression skips from word to word,
  to those that begin with a prefix, and a substring search finds the names.
* A substring search of all the text finds the names of passwords, which may be short.

At each place, a rule matches at most `LONGEST` bytes, so the work is linear in the size of the data.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final, NamedTuple

from hublish.schemas.secrets.rule import Rule
from hublish.schemas.secrets.token_rules import BOUNDARY, RULES

RUN: Final = 20
# No match is longer.
LONGEST: Final = 4096
# Binary data is searched where so many bytes in a row are printable. Places that are near are joined: searching a few
# long ranges is faster than searching many short ones.
_PRINTABLE_RUN: Final = 15
_NEAR: Final = 256
# The most that a match may begin before its long run: the name of a key, and a user name between.
_BEFORE: Final = 112

_ALPHABET: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/%"
_PRINTABLE: Final = bytes([*b"\t\n\r", *range(0x20, 0x7F)])
# Bytes in lower case from the most to the least frequent in texts and code.
_COMMON: Final = b" etaoinsrlhdcumpfgybw0123456789_.-vk/xj'\":=zq~"
# Parts that several names share, each from its rarest letter on: of `token`, `key`, `auth` and `secret`.
_STEMS: Final = (b"ken", b"key", b"uth", b"cret")
# The next word: a token may follow `_` or `-`, but not a letter or digit.
_WORD: Final = re.compile(rb"[A-Za-z0-9]++")

Range = tuple[int, int]


class Found(NamedTuple):
    """A credential in the bytes that were searched."""

    rule: Rule
    start: int
    end: int


class _Entry:
    """A rule, compiled when a text first contains one of its literals: most texts contain none."""

    __slots__ = ("_compiled", "_prefixes", "rule")

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._prefixes = tuple(literal.encode() for literal in rule.literals) if rule.place == "start" else ()
        self._compiled: re.Pattern[bytes] | None = None

    def match(self, data: bytes, position: int) -> re.Match[bytes] | None:
        """Return the match around a literal at this place."""
        # Many tokens begin with the same letter.
        if self._prefixes and not data.startswith(self._prefixes, position):
            return None
        if (pattern := self._compiled) is None:
            # The literal is found first, and the match may begin up to `lead` bytes before it.
            before = f"(?s:.{{0,{self.rule.lead}}}?)"
            pattern = re.compile(f"{before}(?P<whole>{BOUNDARY}{self.rule.pattern})".encode())
            self._compiled = pattern
        return pattern.match(data, max(0, position - self.rule.lead), position + LONGEST)


class _Table(NamedTuple):
    """The rules by their literals."""

    # Skips the words with which no token begins.
    skip: re.Pattern[bytes]
    # For the first byte of a word, the rules whose matches may begin there.
    prefixed: dict[int, list[_Entry]]
    # For each name, in lower case, the rules whose matches may contain it.
    near: dict[bytes, list[_Entry]]
    anywhere: dict[bytes, list[_Entry]]
    # The names with a part that they share.
    marks: dict[bytes, set[bytes]]


@cache
def _table() -> _Table:
    """Sort the rules; not at import, because most commands scan nothing."""
    branches: dict[str, set[str]] = defaultdict(set)
    table = _Table(_WORD, defaultdict(list), defaultdict(list), defaultdict(list), defaultdict(set))
    for rule in RULES:
        entry = _Entry(rule)
        if rule.place == "start":
            for literal in rule.literals:
                branches[literal[0]].add(re.escape(literal[1:]))
            for first in {literal[0] for literal in rule.literals}:
                table.prefixed[ord(first)].append(entry)
        else:
            names = table.near if rule.place == "near" else table.anywhere
            for name in {literal.lower().encode() for literal in rule.literals}:
                names[name].append(entry)
                table.marks[next((stem for stem in _STEMS if stem in name), _rarest(name))].add(name)
    # An alternation tries one branch after the other, so there is one for each first character.
    openings = [f"{first}(?:{'|'.join(sorted(rests))})" for first, rests in sorted(branches.items())]
    word = f"(?!{'|'.join(openings)})[A-Za-z0-9]++[^A-Za-z0-9]*+"
    return table._replace(skip=re.compile(f"[^A-Za-z0-9]*+(?:{word})*+".encode()))


def _rarest(name: bytes) -> bytes:
    """Return the byte of a name that the fewest texts contain."""
    return max(name, key=_COMMON.find).to_bytes(1, "big")


def text_ranges(data: bytes, *, vectorized: bool = False) -> list[Range]:
    """Return the ranges of `data` that are text: all of it, or the printable runs of binary data.

    Args:
        data: the bytes.
        vectorized: search binary data with numpy, which is five times faster but takes time to import.
    """
    if b"\0" not in data:
        return [(0, len(data))]
    places = _ascii_words(data) if vectorized else [(0, len(data))]
    runs = ((start + first, start + last) for start, end in places for first, last in _runs(data, start, end, _TEXT))
    return _joined(runs, before=0, near=_NEAR)


def _ascii_words(data: bytes) -> list[Range]:
    """Return the surroundings of all aligned words of 8 bytes that may be text; a long run of text contains one."""
    import numpy as np

    words = np.frombuffer(data, "<u8", len(data) // 8)
    places = np.flatnonzero((words & _HIGH_BITS) == 0)
    found = words[places]
    # Bytes below 9, the tab, by Warren, Hacker's Delight, 6-1: zeros are in most words of small numbers.
    places = places[((found - _NINES) & ~found & _HIGH_BITS) == 0]
    return _joined(
        ((at - _PRINTABLE_RUN, at + 8 + _PRINTABLE_RUN) for at in (places * 8).tolist()), before=0, near=_NEAR
    )


def run_ranges(data: bytes, within: Iterable[Range]) -> list[Range]:
    """Return the ranges around the long runs of characters of base64."""
    found = [(start + first, start + last) for start, end in within for first, last in _runs(data, start, end, _BASE64)]
    return _joined(found, before=_BEFORE, near=0)


def search(data: bytes, texts: Iterable[Range], runs: Iterable[Range]) -> Iterator[Found]:
    """Yield every genuine credential in the ranges of text and around the long runs; some of them more than once."""
    table = _table()
    for start, end in runs:
        for position in _openings(table, data, start, end):
            for entry in table.prefixed.get(data[position], ()):
                yield from _match(entry, data, position)
    folded = data.lower()
    for names, ranges in ((table.near, runs), (table.anywhere, texts)):
        for start, end in ranges:
            present = _present(table, folded, start, end)
            for name, entries in names.items():
                if name not in present:
                    continue
                for position in _positions(folded, name, start, end):
                    for entry in entries:
                        yield from _match(entry, data, position)


def _present(table: _Table, folded: bytes, start: int, end: int) -> set[bytes]:
    """Return the names that a range may contain; most names are in no text."""
    present: set[bytes] = set()
    for mark, names in table.marks.items():
        # The first byte alone: a search for one byte takes a tenth of the time of one for several.
        if folded.find(mark[:1], start, end) >= 0 and folded.find(mark, start, end) >= 0:
            present |= names
    return present


def _match(entry: _Entry, data: bytes, position: int) -> Iterator[Found]:
    """Yield the match around a place; a search would continue far beyond it."""
    found = entry.match(data, position)
    if found and entry.rule.genuine(found["body"].decode("utf-8", "replace")):
        yield Found(entry.rule, found.start("whole"), found.end())


def _openings(table: _Table, data: bytes, start: int, end: int) -> Iterator[int]:
    """Yield the words in a range with which a token may begin."""
    position = start
    while (skipped := table.skip.match(data, position, end)) and (position := skipped.end()) < end:
        yield position
        word = _WORD.match(data, position, end)
        position = word.end() if word else end


def _positions(data: bytes, literal: bytes, start: int, end: int) -> Iterator[int]:
    position = data.find(literal, start, end)
    while position >= 0:
        yield position
        position = data.find(literal, position + 1, end)


def _joined(ranges: Iterable[Range], *, before: int, near: int) -> list[Range]:
    """Return the ranges with `before` bytes in front, and those that touch or are near joined."""
    joined: list[Range] = []
    for start, end in ranges:
        begin = max(0, start - before)
        if joined and begin <= joined[-1][1] + near:
            joined[-1] = joined[-1][0], end
        else:
            joined.append((begin, end))
    return joined


def _classes(characters: bytes) -> bytes:
    """Return a translation table that makes each of the characters an `a`, and every other byte a NUL."""
    return bytes(0x61 if code in characters else 0 for code in range(256))


_BASE64: Final = _classes(_ALPHABET)
_TEXT: Final = _classes(_PRINTABLE)
_LONG: Final = {_BASE64: b"a" * RUN, _TEXT: b"a" * _PRINTABLE_RUN}
_HIGH_BITS: Final = 0x8080808080808080
_NINES: Final = 0x0909090909090909


def _runs(data: bytes, start: int, end: int, table: bytes) -> Iterator[Range]:
    """Yield the long runs of bytes of a class in a range, relative to its start."""
    runs = data[start:end].translate(table)
    wanted = _LONG[table]
    first = runs.find(wanted)
    while first >= 0:
        last = runs.find(b"\0", first)
        last = len(runs) if last < 0 else last
        yield first, last
        first = runs.find(wanted, last)
