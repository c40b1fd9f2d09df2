"""The changes inside of files, as lines for people and as plain data."""

from collections.abc import Iterable, Iterator
from typing import Any, Final

from hublish.cli.report.json import fields
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import escaped, plural
from hublish.diffs.differences import Entry, FileDiff, Hunk

_MARKS: Final = {"added": ("+", "green"), "deleted": ("-", "red"), "changed": ("~", "yellow")}
_COLORS: Final = {"+": "green", "-": "red"}


def mark_of(diff: FileDiff) -> str:
    """Return the mark of a file in a list."""
    return _MARKS[diff.action][0]


def diff_lines(diffs: Iterable[FileDiff], paint: Paint) -> Iterator[str]:
    """Yield the lines of each file: its summary, then the parts that changed."""
    for diff in diffs:
        mark, color = _MARKS[diff.action]
        yield f"{paint(color, f'{mark} {_plain(diff.path_in_repo)}')}  {_plain(diff.summary)}"
        for entry in diff.entries:
            yield f"    {_entry_line(entry, paint)}"
        for hunk in diff.hunks:
            yield from _hunk_lines(hunk, paint)
        if diff.more:
            noun = "line" if diff.hunks else "entry"
            shown = plural(diff.more, noun) if noun == "line" or diff.more == 1 else f"{diff.more:,} entries"
            yield paint("dim", f"    ... and {shown} more")


def _hunk_lines(hunk: Hunk, paint: Paint) -> Iterator[str]:
    yield paint("cyan", f"    {hunk.header}")
    for mark, text in hunk.lines:
        # White space at the end of a line may be the change.
        line = f"    {mark}{_plain(text)}" if text or mark != " " else ""
        yield paint(_COLORS[mark], line) if mark in _COLORS else line


def _entry_line(entry: Entry, paint: Paint) -> str:
    name = _plain(entry.name)
    if entry.before is None:
        return paint("green", f"+ {name}: {_plain(entry.after or '')}")
    if entry.after is None:
        return paint("red", f"- {name}: {_plain(entry.before)}")
    return f"{paint('yellow', '~')} {name}: {_plain(entry.before)} -> {_plain(entry.after)}"


def _plain(text: str) -> str:
    # A color or a line break in a file is not one of ours.
    return escaped(text, color=False)


def diff_documents(diffs: Iterable[FileDiff]) -> list[dict[str, Any]]:
    """Return the changes as plain data. Its keys are stable; a line is its mark, followed by its text."""
    return [
        {
            **fields(diff, "action", "path_in_repo", "kind", "summary", "before_size", "after_size"),
            "entries": [fields(entry, "name", "before", "after") for entry in diff.entries],
            "hunks": [
                {**fields(hunk, "before", "after"), "lines": [f"{line.mark}{line.text}" for line in hunk.lines]}
                for hunk in diff.hunks
            ],
            "more": diff.more,
        }
        for diff in diffs
    ]
