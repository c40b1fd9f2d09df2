"""The changes inside of files as a page shows them: cut to the room that there is, without credentials."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hublish.diffs.differences import Entry, FileDiff, Hunk, Line
from hublish.pages.frame import LONGEST, short
from hublish.schemas.documents.sizes import format_size
from hublish.schemas.secrets.masking import redact

# The class and the mark of each action in a page.
_MARKS: Final = {"added": ("add", "+"), "changed": ("change", "~"), "deleted": ("delete", "-")}
_LONGEST_NAME: Final = 200
_LONGEST_PATH: Final = 1000
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
    action, mark = _MARKS[diff.action]
    path, summary = short(diff.path_in_repo, _LONGEST_PATH), _without_credentials(diff.summary, LONGEST)
    return ShownDiff(
        path=path,
        action=action,
        mark=mark,
        summary=summary,
        sizes=_sizes(diff),
        hunks=hunks,
        entries=entries,
        more=diff.more + changed - kept + len(diff.entries) - len(entries),
        cost=room - left + _MARKUP_OF_FILE + len(path) + len(summary),
    )


def _fitting_hunks(hunks: Iterable[Hunk], room: int) -> tuple[tuple[Hunk, ...], int]:
    found = list[Hunk]()
    for hunk in hunks:
        lines = list[Line]()
        for line in hunk.lines:
            text = _without_credentials(line.text, LONGEST, keep="\t")
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
            None if text is None else _without_credentials(text, _LONGEST_NAME)
            for text in (entry.name, entry.before, entry.after)
        )
        room -= sum(len(text or "") for text in (name, before, after)) + _MARKUP_OF_ENTRY
        if room < 0:
            return tuple(found), 0
        found.append(Entry(name or "", before, after))
    return tuple(found), room


def _without_credentials(text: str, limit: int, keep: str = "") -> str:
    # A text of megabytes is not searched: a credential on the edge of its beginning is recognized by the next piece.
    return short(redact(text[: 2 * limit]) + text[2 * limit :], limit, keep)


def _sizes(diff: FileDiff) -> str:
    sizes = [format_size(size) for size in (diff.before_size, diff.after_size) if size is not None]
    return " → ".join(sizes)
