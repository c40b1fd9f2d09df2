"""Compare two JSON documents by key: the order of keys, white space and the spelling of strings do not matter."""

import json
import math
import re
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest
from typing import Any, Final, NamedTuple

from hublish.diffs.differences import Entry, FileDiff
from hublish.diffs.line_diff import edits
from hublish.diffs.named_parts import diff_of_parts, encodable, fitted
from hublish.diffs.text_diff import CUT, joined
from hublish.formats.input_files import InvalidFileError
from hublish.schemas.documents.sizes import plural

MOST_JSON: Final = 16 << 20
"""Bytes of the largest document that is parsed: in memory it takes ten times as much."""
# Values of one document, by the characters between them; a tokenizer of 128,000 tokens has 400,000.
_MOST_VALUES: Final = 1_000_000
# Characters of a path.
_LONGEST_NAME: Final = 200
# Characters of a value that are searched for secrets.
_SEARCHED: Final = 4000
# Keys of a mapping that is shown by key where the other side has none.
_FEW: Final = 20
_PLAIN_KEY: Final = re.compile(r"[A-Za-z_][\w-]*", re.ASCII)


class _Number(NamedTuple):
    """A number as it is written: a text, but never equal to a string."""

    text: str


class _Missing(NamedTuple):
    """A key that one side lacks."""


class _Changed(NamedTuple):
    path: str
    before: Any
    after: Any


_MISSING: Final = _Missing()


def read_json(data: bytes) -> Any:
    """Return a document whose numbers are kept as they are written, and whose repeated keys are numbered.

    Raises:
        InvalidFileError: it is not JSON, is nested too deep, or has too many values.
    """
    if data.count(b",") + data.count(b"[") > _MOST_VALUES:
        raise InvalidFileError("JSON with too many values")
    try:
        # The encoding is detected as by the library: UTF-8, UTF-16 or UTF-32, with or without a byte order mark.
        return json.loads(
            data, parse_int=_Number, parse_float=_float, parse_constant=_Number, object_pairs_hook=_with_every_key
        )
    except (ValueError, RecursionError):
        raise InvalidFileError("not valid JSON") from None


def _float(text: str) -> _Number:
    # 1.50 and 1.5 are the same number to every reader; 1e999 is infinite to some.
    number = float(text)
    return _Number(repr(number) if math.isfinite(number) else text)


def _with_every_key(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    # Readers differ in which of two equal keys counts: none of them may hide a change of the other.
    found, counts = {}, dict[str, int]()
    for key, value in pairs:
        counts[key] = counts.get(key, 0) + 1
        found[key if counts[key] == 1 else f"{key} (no. {counts[key]})"] = value
    return found


def diff_json(path_in_repo: str, before: bytes, after: bytes) -> FileDiff:
    """Return the changed keys between two documents.

    Raises:
        InvalidFileError: one of them is not JSON, or both are nested too deep.
    """
    old, new = read_json(before), read_json(after)
    try:
        found = list(_Comparison().changes(old, new, ""))
    except RecursionError:
        raise InvalidFileError("JSON that is nested too deep") from None
    added = sum(change.before is _MISSING for change in found)
    removed = sum(change.after is _MISSING for change in found)
    changed = len(found) - added - removed
    counts = [(changed, "changed"), (added, "added"), (removed, "removed")]
    summary = joined(f"{plural(count, 'key')} {verb}" for count, verb in counts if count)
    summary = summary or "the same values in another form"
    return diff_of_parts(path_in_repo, "json", summary, map(_entry, found), len(found))


@dataclass(slots=True)
class _Comparison:
    """Two documents, in which every list and mapping is walked once: equal ones get the same number."""

    _numbers: dict[Hashable, Hashable] = field(default_factory=dict)
    _known: dict[int, Hashable] = field(default_factory=dict)

    def changes(self, old: Any, new: Any, path: str) -> Iterator[_Changed]:
        if self._number(old) == self._number(new):
            return
        if isinstance(old, dict) and isinstance(new, dict):
            for key in {**old, **new}:
                yield from self.changes(old.get(key, _MISSING), new.get(key, _MISSING), _below(path, key))
        elif isinstance(old, list) and isinstance(new, list):
            yield from self._list_changes(old, new, path)
        elif old is _MISSING and _is_small(new):
            # Shown by key: a short one may name code that is run.
            for key, value in new.items():
                yield from self.changes(_MISSING, value, _below(path, key))
        elif new is _MISSING and _is_small(old):
            for key, value in old.items():
                yield from self.changes(value, _MISSING, _below(path, key))
        else:
            yield _Changed(path, old, new)

    def _list_changes(self, old: list[Any], new: list[Any], path: str) -> Iterator[_Changed]:
        # An item that is inserted changes no other one.
        for edit in edits(list(map(self._number, old)), list(map(self._number, new))):
            places = range(edit.start, edit.end), range(edit.new_start, edit.new_end)
            for index, new_index in zip_longest(*places):
                before = _MISSING if index is None else old[index]
                after = _MISSING if new_index is None else new[new_index]
                # Named by the place after the change, so that it can be found.
                place = index if new_index is None else new_index
                yield from self.changes(before, after, _ended(f"{path}[{place}]"))

    def _number(self, item: Any) -> Hashable:
        """Return a value that is equal for equal items; texts, numbers and constants are such values themselves."""
        if not isinstance(item, dict | list):
            found: Hashable = item
            return found
        if id(item) not in self._known:
            parts: Hashable = (
                frozenset((key, self._number(value)) for key, value in item.items())
                if isinstance(item, dict)
                else tuple(map(self._number, item))
            )
            self._known[id(item)] = self._numbers.setdefault(parts, ("container", len(self._numbers)))
        return self._known[id(item)]


def _is_small(value: Any) -> bool:
    return isinstance(value, dict) and 0 < len(value) <= _FEW


def _below(path: str, key: str) -> str:
    key = key if len(key) <= _LONGEST_NAME else key[:_LONGEST_NAME] + CUT
    if _PLAIN_KEY.fullmatch(key):
        return _ended(f"{path}.{key}" if path else key)
    return _ended(f"{path}[{_text(key)}]")


def _ended(path: str) -> str:
    # A long path would be a part of every one below it.
    return path if len(path) <= 2 * _LONGEST_NAME else CUT + path[-_LONGEST_NAME:]


# ---------------------------------------------------------------------------------------------- limits of the output


def _entry(change: _Changed) -> Entry:
    before, after = _shown(change.before), _shown(change.after)
    return Entry(
        change.path or "(the whole document)", fitted(before, after, _SEARCHED), fitted(after, before, _SEARCHED)
    )


def _shown(value: Any) -> str | None:
    if value is _MISSING:
        return None
    if isinstance(value, Mapping) and value:
        return f"{{{CUT}}} {plural(len(value), 'key')}"
    if isinstance(value, list) and len(value) > 8:
        return f"[{CUT}] {len(value):,} items"
    return _written(value)


def _written(value: Any) -> str:
    if isinstance(value, _Number):
        return value.text
    if isinstance(value, list):
        return f"[{', '.join(map(_brief, value))}]"
    return _text(value)


def _brief(value: Any) -> str:
    if isinstance(value, Mapping) and value:
        return f"{{{CUT}}}"
    return f"[{CUT}]" if isinstance(value, list) and value else _written(value)


def _text(value: Any) -> str:
    return encodable(json.dumps(value, ensure_ascii=False))
