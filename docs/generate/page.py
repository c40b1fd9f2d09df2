"""A generated page, and the Markdown that several of them are made of."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

REPOSITORY = "https://github.com/hublish/hublish"


class Page(NamedTuple):
    """A page of the site that no file holds."""

    path: str
    """Relative to `docs/`: `reference/manifest.md`."""
    text: str
    """In Markdown, or as it is where the path has another suffix."""


def code(text: str) -> str:
    """Return a code span on one line."""
    fence = "``" if "`" in text else "`"
    pad = " " if "`" in text else ""
    return f"{fence}{pad}{' '.join(text.split())}{pad}{fence}"


def table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the cells are Markdown."""
    return "\n".join(_row(each) for each in (heads, ["---"] * len(heads), *rows))


def _row(cells: Sequence[str]) -> str:
    # A bar would end the cell, in a code span too.
    return "| " + " | ".join(" ".join(cell.replace("|", "\\|").split()) for cell in cells) + " |"


def heading(level: int, title: str, anchor: str = "") -> str:
    """Return a heading; the anchor replaces the one that its title gives."""
    return f"{'#' * level} {title}" + (f" {{ #{anchor} }}" if anchor else "")


def fenced(language: str, text: str) -> str:
    """Return a block of code."""
    return f"```{language}\n{text.rstrip()}\n```"


def sentence(summary: str) -> str:
    """Return a summary, as it is listed, as a sentence."""
    return f"{summary[0].upper()}{summary[1:]}."


def page(*blocks: str) -> str:
    """Return blocks with a blank line between them; empty ones are left out."""
    return "\n\n".join(block.strip("\n") for block in blocks if block) + "\n"
