"""Markdown tables that show a value in a notebook: bounded in length, with every cell as plain text."""

import re
from collections.abc import Sequence
from typing import Final

from hublish.schemas.secrets.masking import redact

# Larger tables slow a notebook down without being read: `plan.changes` has every row.
_ROWS: Final = 20
_CELL: Final = 80
# CommonMark takes a backslash before any ASCII punctuation; notebooks also render `$...$` as a formula.
_PUNCTUATION: Final = re.compile(r"([!-/:-@\[-`{-~])")


def markdown_table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a title and a table; rows beyond the twentieth are counted in a line below it.

    Args:
        title: plain text.
        header: a name for each column.
        rows: cells of plain text.
    """
    lines = [f"**{markdown_text(title)}**"]
    if rows:
        shown = [header, ["---"] * len(header), *([markdown_text(cell) for cell in row] for row in rows[:_ROWS])]
        lines += ["", *(f"| {' | '.join(row)} |" for row in shown)]
    if len(rows) > _ROWS:
        lines += ["", f"… and {len(rows) - _ROWS} more"]
    return "\n".join(lines) + "\n"


def markdown_text(text: str) -> str:
    """Return one line of Markdown that shows `text` as it is: cut when it is long, no markup, no HTML, no token."""
    line = " ".join("".join(char if char.isprintable() else " " for char in redact(text)).split())
    return _PUNCTUATION.sub(r"\\\1", line if len(line) <= _CELL else f"{line[: _CELL - 1]}…")
