"""Keep a template's own front matter out of a card, which begins with the metadata of the manifest.

Readers take the first front matter only: a second one is shown as text, and may contradict the first.
"""

import re
from collections.abc import Iterator
from typing import Final

from hublish.formats.front_matter import front_matter
from hublish.schemas.diagnose.problems import Problem, Related, SourceText

_RULE: Final = re.compile(r"---[ \t]*(?:\r?\n|\Z)")
_LINE: Final = re.compile(r"[^\n]*(?:\n|\Z)")
# The whole front matter of huggingface_hub's own templates, apart from comments.
_CARD_DATA: Final = re.compile(r"\{\{[-+]?\s*card_data\b[^{}]*\}\}")
_KEY: Final = re.compile(r"[\"']?[A-Za-z_][\w-]*[\"']?[ \t]*:(?:\s|$)|\{[{%]|-[ \t]")


def without_card_data(text: str) -> str:
    """Return a template with blank lines in place of front matter that consists of `{{ card_data }}`, or is empty."""
    found = _front_matter_span(text)
    if found is None or any(not _CARD_DATA.fullmatch(line) for line in _content(text[slice(*found)])):
        return text
    start, end = found
    return text[:start] + "\n" * text.count("\n", start, end) + text[end:]


def own_metadata(text: str, shown: str) -> Problem | None:
    """Return the problem that a template begins with metadata of its own."""
    found = _front_matter_span(text)
    if found is None or not any(_KEY.match(line) for line in _content(text[slice(*found)])):
        return None
    written, (start, end) = SourceText(text, shown), found
    first = next(
        offset for offset, line in _lines(text, start) if (plain := line.strip()) and plain != "---" and plain[0] != "#"
    )
    lines = written.location(start).line, written.location(start + len(text[start:end].rstrip())).line
    return _refused(written, first, f"delete lines {lines[0]} to {lines[1]} here")


def rendered_metadata(body: str, text: str, shown: str) -> Problem | None:
    """Return the problem that a rendered template begins with metadata, which its text alone does not show."""
    inner = front_matter(body)
    if inner is None or not any(_KEY.match(line) for line in _content(inner)):
        return None
    return _refused(SourceText(text, shown), max(0, text.find("---")), "delete these lines here")


def _refused(written: SourceText, offset: int, advice: str) -> Problem:
    message = "the template begins with metadata of its own, and hublish writes the card's metadata above it"
    hint = f"write the metadata under `card: metadata:` in the manifest, and {advice}"
    if written.source.endswith(".md"):
        hint += "; or remove `card`, so that an artifact uploads the file as it is"
    line_end = written.text.find("\n", offset)
    end = len(written.text) if line_end < 0 else line_end
    place = written.location(offset, max(offset, end))
    return Problem(
        "card.two_metadata", message, hint, location=place, related=(Related("rendered from here", "card.template"),)
    )


def _front_matter_span(text: str) -> tuple[int, int] | None:
    """Return the span of a template's front matter with its dashes, below blank lines, comments and statements."""
    start = _beginning(text)
    opening = _RULE.match(text, start)
    if opening is None:
        return None
    for offset, line in _lines(text, opening.end()):
        if _RULE.fullmatch(line):
            return start, offset + len(line)
    return None


def _beginning(text: str) -> int:
    """Return the offset of the first text that a template prints."""
    offset = 0
    while True:
        offset += len(text[offset:]) - len(text[offset:].lstrip())
        closing = {"{#": "#}", "{%": "%}"}.get(text[offset : offset + 2])
        end = text.find(closing, offset) if closing else -1
        if end < 0:
            return offset
        offset = end + 2


def _lines(text: str, start: int) -> Iterator[tuple[int, str]]:
    while start < len(text):
        line = _LINE.match(text, start)
        assert line is not None
        yield start, line[0]
        start = line.end()


def _content(block: str) -> list[str]:
    """Return the lines of front matter without dashes, comments and blank lines."""
    lines = (line.strip() for line in block.splitlines())
    return [line for line in lines if line and line != "---" and not line.startswith("#")]
