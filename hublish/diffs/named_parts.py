"""Files that have parts with names: the names that changed, and their entries within limits, without credentials."""

from collections.abc import Iterable, Mapping
from itertools import islice
from typing import Final

from hublish.diffs.differences import Entry, FileDiff, Kind
from hublish.diffs.text_diff import around_difference
from hublish.schemas.secrets.masking import redact, redact_lines

MOST_ENTRIES: Final = 300
"""Entries of the difference of one file."""
# Characters of a value.
_LONGEST: Final = 160


def changed_names(before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    """Return the names that were changed or removed, in the order of `before`, then those that were added."""
    return [name for name in {**before, **after} if before.get(name) != after.get(name)]


def diff_of_parts(path_in_repo: str, kind: Kind, summary: str, entries: Iterable[Entry], count: int) -> FileDiff:
    """Return the difference of a file, with its first entries as they are shown.

    Args:
        path_in_repo: the path.
        kind: how the file was compared.
        summary: the difference in one line.
        entries: an entry for each change, of which only the first ones are made.
        count: the number of all changes.
    """
    shown = tuple(map(_masked, islice(entries, MOST_ENTRIES)))
    return FileDiff(path_in_repo, kind, summary, entries=shown, more=count - len(shown))


def _masked(entry: Entry) -> Entry:
    name = encodable(entry.name)
    sides = (entry.before, entry.after)
    before, after = (None if one is None else _without_credential(name, encodable(one)) for one in sides)
    return Entry(redact(name), fitted(before, after, _LONGEST), fitted(after, before, _LONGEST))


def _without_credential(name: str, value: str) -> str:
    # Together with the name, by which some credentials are recognized.
    prefix = f'"{name}": '
    masked = redact_lines([prefix + value])[0]
    return masked.removeprefix(prefix) if masked.startswith(prefix) else redact(value)


def fitted(text: str | None, other: str | None, longest: int) -> str | None:
    """Return a side of an entry, cut at its difference from the other side."""
    return None if text is None else around_difference(text, other, longest)


def encodable(text: str) -> str:
    r"""Return a text with escapes for lone surrogates: JSON permits `"\ud800"`, and no encoding of a page has it."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()
