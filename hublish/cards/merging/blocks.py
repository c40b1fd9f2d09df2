"""Divide Markdown into the units of a merge: headings, paragraphs, code, HTML, table rows and list items.

The division only decides what changes together: joined again, the blocks are the text, byte for byte. It follows
CommonMark where that is cheap, and never looks inside a block.
"""

import hashlib
import re
from base64 import urlsafe_b64encode
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Literal

Kind = Literal["heading", "paragraph", "code", "html", "table", "row", "item"]

# `str.splitlines` also splits at form feeds and at U+2028, which are text in Markdown.
_LINE: Final = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+")
LINE_END: Final = re.compile(r"\r\n|\r|\n")
_BLANK: Final = re.compile(r"[ \t]*[\r\n]*")
_FENCE: Final = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_HEADING: Final = re.compile(r" {0,3}#{1,6}(?:[ \t]|[\r\n]|$)")
_UNDERLINE: Final = re.compile(r" {0,3}(?:=+|-+)[ \t]*[\r\n]*")
_ITEM: Final = re.compile(r"( {0,3}(?:[-+*]|\d{1,9}[.)]))(?:([ \t]+)|[\r\n]|$)")
_RULE: Final = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})[\r\n]*")
_DELIMITER: Final = re.compile(r" {0,3}\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?[ \t]*[\r\n]*")
_HTML: Final = re.compile(r" {0,3}<(?:[A-Za-z!?]|/[A-Za-z])")
# HTML that blank lines do not end, and its end.
_LONG_HTML: Final = (
    (re.compile(r" {0,3}<!--"), re.compile(r"-->")),
    (
        re.compile(r" {0,3}<(?:script|pre|style|textarea)\b", re.I),
        re.compile(r"</(?:script|pre|style|textarea)>", re.I),
    ),
)
_INITIAL: Final[dict[Kind, str]] = {
    "heading": "h", "paragraph": "p", "code": "c", "html": "x", "table": "t", "row": "r", "item": "l",
}  # fmt: skip
HEADING_MARK: Final = "h"
"""The first character of a heading's token."""


@dataclass(frozen=True, slots=True)
class Block:
    """One unit of a text, and the blank lines below it."""

    kind: Kind
    text: str
    """Its lines, without the last line break."""
    gap: str
    """The line break that ends it, and all blank lines up to the next block."""
    line: int
    """Its first line, from 1."""

    @property
    def token(self) -> str:
        """Its kind and a digest of its text: blocks with equal tokens are the same, whatever their line breaks."""
        return _INITIAL[self.kind] + digest(LINE_END.sub("\n", self.text))


@dataclass(frozen=True)
class Blocks:
    """A text as blocks."""

    lead: str
    """The blank lines above the first block."""
    blocks: tuple[Block, ...]

    @classmethod
    def of(cls, text: str) -> "Blocks":
        """Divide a text."""
        lines = _LINE.findall(text)
        first = next((index for index, line in enumerate(lines) if not _is_blank(line)), len(lines))
        return cls("".join(lines[:first]), tuple(_divided(lines, first)))

    @cached_property
    def tokens(self) -> tuple[str, ...]:
        """The token of each block."""
        return tuple(block.token for block in self.blocks)

    @property
    def text(self) -> str:
        """The text again."""
        return self.lead + "".join(block.text + block.gap for block in self.blocks)


def digest(text: str) -> str:
    """Return eight characters for a text: short enough to list one per block, and long enough not to collide."""
    data = text.encode("utf-8", "surrogatepass")
    return urlsafe_b64encode(hashlib.blake2b(data, digest_size=6).digest()).decode()


def _divided(lines: Sequence[str], index: int) -> Iterator[Block]:
    while index < len(lines):
        for kind, end in _from(lines, index):
            below = end
            while below < len(lines) and _is_blank(lines[below]):
                below += 1
            # Only the last line break: blank lines at the end of unclosed code are part of it.
            last = lines[end - 1].rstrip("\r\n")
            gap = lines[end - 1][len(last) :] + "".join(lines[end:below])
            yield Block(kind, "".join(lines[index : end - 1]) + last, gap, index + 1)
            index = below


def _from(lines: Sequence[str], start: int) -> Iterable[tuple[Kind, int]]:
    """Return the blocks that begin at a line that is not blank, each with the line after its last."""
    line = lines[start]
    if fence := _FENCE.match(line.rstrip("\r\n")):
        return [("code", _end_of_code(lines, start, fence[1]))]
    if _HEADING.match(line):
        return [("heading", start + 1)]
    if _RULE.fullmatch(line):
        return [("paragraph", start + 1)]
    if item := _ITEM.match(line):
        return [("item", _end_of_item(lines, start, len(item[1]) + 1))]
    if _HTML.match(line):
        return [("html", _end_of_html(lines, start))]
    if "|" in line and start + 1 < len(lines) and _DELIMITER.fullmatch(lines[start + 1]):
        return _table(lines, start)
    end = _end_of_paragraph(lines, start)
    is_heading = end - start > 1 and _UNDERLINE.fullmatch(lines[end - 1])
    return [("heading" if is_heading else "paragraph", end)]


def _end_of_code(lines: Sequence[str], start: int, fence: str) -> int:
    closing = re.compile(rf" {{0,3}}{re.escape(fence[0])}{{{len(fence)},}}[ \t]*[\r\n]*")
    return next((index + 1 for index in range(start + 1, len(lines)) if closing.fullmatch(lines[index])), len(lines))


def _end_of_html(lines: Sequence[str], start: int) -> int:
    for opening, closing in _LONG_HTML:
        if opening.match(lines[start]):
            ends = (index + 1 for index in range(start, len(lines)) if closing.search(lines[index]))
            return next(ends, len(lines))
    return next((index for index in range(start + 1, len(lines)) if _is_blank(lines[index])), len(lines))


def _end_of_item(lines: Sequence[str], start: int, indent: int) -> int:
    """Return the line after a list item, which contains everything that is indented below it."""
    end = start + 1
    for index in range(start + 1, len(lines)):
        line = lines[index]
        if _is_blank(line):
            continue
        inner = len(line) - len(line.lstrip(" \t")) >= indent or line.startswith("\t")
        # A line directly below continues the paragraph in the item, without any indentation.
        if not inner and (end < index or _begins(line)):
            break
        end = index + 1
    return end


def _table(lines: Sequence[str], start: int) -> Iterator[tuple[Kind, int]]:
    yield "table", start + 2
    for index in range(start + 2, len(lines)):
        if _is_blank(lines[index]) or _begins(lines[index]):
            return
        yield "row", index + 1


def _end_of_paragraph(lines: Sequence[str], start: int) -> int:
    for index in range(start + 1, len(lines)):
        line = lines[index]
        if _UNDERLINE.fullmatch(line):
            return index + 1
        if _is_blank(line) or _begins(line):
            return index
    return len(lines)


def _begins(line: str) -> bool:
    """Return whether a line begins a block of its own, directly below another one."""
    found = _HEADING.match(line) or _FENCE.match(line.rstrip("\r\n")) or _ITEM.match(line) or _HTML.match(line)
    return found is not None or _RULE.fullmatch(line) is not None


def _is_blank(line: str) -> bool:
    return _BLANK.fullmatch(line) is not None
