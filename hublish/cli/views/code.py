"""The view of a code: its cause, its danger, its fix, and an example."""

import shutil
import textwrap
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, Final

from hublish.cli.report.json import fields
from hublish.cli.terminal.color import Paint
from hublish.codes.entry import Code

if TYPE_CHECKING:
    from hublish.cli.report.markup import Block

_COLORS: Final = {"error": "red", "warning": "yellow"}
# The widest line of running text that reads well.
_WIDEST: Final = 100
_LABEL: Final = 11


def code_lines(entry: Code, paint: Paint) -> Iterator[str]:
    """Yield the title, the cause, the danger, the fix, the waiver and an example of a code, and its page."""
    yield f"{paint(_COLORS[entry.level], f'{entry.level}[{entry.code}]:')} {paint('bold', entry.title)}"
    for label, text in _texts(entry):
        if text:
            lines = textwrap.wrap(text, min(_WIDEST, shutil.get_terminal_size().columns - 2) - _LABEL)
            yield from _labeled(label, lines, paint)
    yield from (f"{' ' * _LABEL}  {line}" for line in _waiver(entry))
    yield from _labeled("example", entry.example.splitlines(), paint)
    yield from _labeled("page", [entry.url], paint)


def code_blocks(entry: Code) -> "Iterator[Block]":
    """Yield the same as Markdown, which the texts of the table are already."""
    from hublish.cli.report.markup import Fence, Paragraph

    yield Paragraph(f"**{entry.level}** [{entry.code}]({entry.url}): {entry.title}.")
    for label, text in _texts(entry):
        if text:
            yield Paragraph(f"{label.capitalize()}: {text}")
    for lines in (_waiver(entry), entry.example.splitlines()):
        if lines:
            yield Fence(lines, "yaml")


def code_document(entry: Code) -> dict[str, Any]:
    """Return a code as plain data. Its keys are stable."""
    return {
        **fields(entry, "code", "title", "cause", "danger", "fix", "level", "risk"),
        "may_be_waived": entry.may_be_waived,
        **fields(entry, "waiver", "example", "error", "url"),
    }


def _texts(entry: Code) -> tuple[tuple[str, str], ...]:
    return ("cause", entry.cause), ("danger", entry.danger), ("fix", entry.fix), ("waiver", entry.waiver)


def _waiver(entry: Code) -> tuple[str, ...]:
    """Return the lines of hub.yaml that waive a finding."""
    if not entry.may_be_waived:
        return ()
    return "policy:", "  waivers:", f"    - {{rule: {entry.code}, path_in_repo: FILE, reason: why it is acceptable}}"


def _labeled(label: str, lines: list[str], paint: Paint) -> Iterator[str]:
    for number, line in enumerate(lines):
        shown = "" if number else label
        yield f"  {paint('cyan', shown)}{' ' * (_LABEL - 2 - len(shown))}{line}"
