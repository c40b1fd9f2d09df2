"""The changes inside of files as a page shows them: cut to the room that there is, without credentials."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from hublish.base.visible_text import visible
from hublish.diffs.differences import Entry, FileDiff, Hunk, Line
from hublish.schemas.documents.sizes import format_size
from hublish.schemas.secrets.masking import redact

# A file may be one line of many megabytes; a reader sees its beginning.
_LONGEST_LINE: Final = 400
_LONGEST_NAME: Final = 200
# The markup of one line, entry or file, in characters.
_MARKUP: Final = 14
_MARKUP_OF_ENTRY: Final = 60
_MARKUP_OF_FILE: Final = 350


@dataclass(frozen=True, slots=True)
class ShownDiff:
    """The changes inside of one file, with escapes for invisible characters."""

    path: str
    action: str
    mark: str
    summary: str
    sizes: str
    """`804 B → 819 B`."""
    hunks: tuple[Hunk, ...]
    entries: tuple[Entry, ...]
    more: int
    """The number of changed lines or entries that are not shown."""
    cost: int
    """About how many characters its markup takes."""


def shown_diff(diff: FileDiff, room: int) -> ShownDiff:
    """Return the changes of one file for the template `diff.html.j2`.

    Args:
        diff: the changes.
        room: the most characters of lines and entries; the others are counted.
    """
    hunks, left = _fitting_hunks(diff.hunks, room)
    entries, left = _fitting_entries(diff.entries, left)
    changed = sum(line.mark != " " for hunk in diff.hunks for line in hunk.lines)
    kept = sum(line.mark != " " for hunk in hunks for line in hunk.lines)
    action, mark = _action(diff)
    return ShownDiff(
        path=visible(diff.path_in_repo),
        action=action,
        mark=mark,
        summary=_short(redact(diff.summary), _LONGEST_LINE),
        sizes=_sizes(diff),
        hunks=hunks,
        entries=entries,
        more=diff.more + changed - kept + len(diff.entries) - len(entries),
        cost=room - left + _MARKUP_OF_FILE + 2 * len(diff.path_in_repo) + len(diff.summary),
    )


def _fitting_hunks(hunks: Iterable[Hunk], room: int) -> tuple[tuple[Hunk, ...], int]:
    found = list[Hunk]()
    for hunk in hunks:
        lines = list[Line]()
        for line in _without_credentials(hunk.lines):
            text = _short(line.text, _LONGEST_LINE, keep="\t")
            room -= len(text) + _MARKUP
            if room < 0:
                break
            lines.append(Line(line.mark, text))
        if lines:
            found.append(Hunk(hunk.before, hunk.after, tuple(lines)))
        if room < 0:
            return tuple(found), 0
    return tuple(found), room


def _fitting_entries(entries: Iterable[Entry], room: int) -> tuple[tuple[Entry, ...], int]:
    found = list[Entry]()
    for entry in entries:
        name, before, after = (
            None if text is None else _short(redact(text), _LONGEST_NAME)
            for text in (entry.name, entry.before, entry.after)
        )
        room -= sum(len(text or "") for text in (name, before, after)) + _MARKUP_OF_ENTRY
        if room < 0:
            return tuple(found), 0
        found.append(Entry(name or "", before, after))
    return tuple(found), room


def _without_credentials(lines: tuple[Line, ...]) -> Iterator[Line]:
    # Only the beginning of a line is shown, and a credential on its edge is recognized by the rest of it.
    return (Line(line.mark, redact(line.text[: 2 * _LONGEST_LINE]) + line.text[2 * _LONGEST_LINE :]) for line in lines)


def _short(text: str, limit: int, keep: str = "") -> str:
    shown = visible(text[:limit], keep)
    # Escapes are longer than the characters that they replace.
    left = len(text) - limit if len(text) > limit else 0
    return f"{shown} … {left:,} more characters" if left else shown


def _action(diff: FileDiff) -> tuple[str, str]:
    if diff.before_size is None:
        return "add", "+"
    return ("delete", "-") if diff.after_size is None else ("change", "~")


def _sizes(diff: FileDiff) -> str:
    sizes = [format_size(size) for size in (diff.before_size, diff.after_size) if size is not None]
    return " → ".join(sizes)
