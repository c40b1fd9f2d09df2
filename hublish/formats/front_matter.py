"""Front matter: the YAML between two `---` lines at the top of a README.

It is always dumped from data and never templated, so no value can end it. huggingface_hub (`REGEX_YAML_BLOCK` of its
repocard.py) sets the rules for where it begins and ends; tests compare with it.
"""

import re
from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from hublish.schemas.documents.manifest_yaml import dump_yaml
from hublish.schemas.vocabulary import card_fields
from hublish.schemas.yaml.reader import Reading, read_yaml

# Two expressions instead of huggingface_hub's one, which backtracks for minutes on a README of blank lines.
_OPENING = re.compile(r"\A\s*---[\r\n]([\r\n]*)")
_CLOSING = re.compile(r"[\r\n]---[ \t]*(?:\r?\n|\Z)")

_LINE_END = re.compile(r"\r\n|\r|\n")
_BYTE_ORDER_MARK: Final = "\ufeff"
# Some editors replace hyphens by dashes. TOML front matter of other tools has plus signs.
_ALMOST = re.compile(r"[-\u2010-\u2015\u2212]{2,}|\u2014|\+{3}")
# A line of YAML at the left margin: a key, a list item, or a comment.
_KEY_LINE = re.compile(r"[A-Za-z_][\w-]*[ \t]*:(?:\s|$)")
_ONLY_RETURNS: Final = "the lines of the file end with carriage returns alone"
_ALONE: Final = "write `---` alone on the line, without blanks"


class FrontMatterFault(NamedTuple):
    """A mistake in front matter for which some readers, or all, do not find it."""

    line: int
    message: str
    hint: str


def with_front_matter(metadata: Mapping[str, Any], body: str) -> str:
    """Return a whole card."""
    # Readers differ on whether they need a line after the closing dashes.
    return f"---\n{dump_yaml(metadata)}---\n\n{body.strip()}\n"


def front_matter(card: str) -> str | None:
    """Return the YAML at the top of a card, a blank line in place of each line above it; None without front matter.

    The blank lines make the line numbers of a YAML parser those of the card.
    """
    opening = _OPENING.match(card)
    if opening is None:
        return None
    start = opening.end()
    # In empty front matter, the line break before the closing dashes belongs to the opening ones.
    closing = _CLOSING.search(card, start) or (_CLOSING.match(card, start - 1) if opening[1] else None)
    if closing is None:
        return None
    return "\n" * len(_LINE_END.findall(opening[0])) + card[start : closing.start()]


def front_matter_span(card: str) -> tuple[int, int, int] | None:
    """Return the offsets of the lines between the dashes, of the closing dashes, and of the text below them."""
    opening = _OPENING.match(card)
    if opening is None:
        return None
    start = opening.end()
    if closing := _CLOSING.search(card, start):
        return start, closing.start() + 1, closing.end()
    closing = _CLOSING.match(card, start - 1) if opening[1] else None
    return None if closing is None else (start, start, closing.end())


def body_start(card: str) -> int:
    """Return the offset of the text below the front matter."""
    opening = _OPENING.match(card)
    closing = opening and (_CLOSING.search(card, opening.end()) or _CLOSING.match(card, opening.end() - 1))
    return closing.end() if closing else 0


def read_front_matter(card: bytes, source: str) -> Reading | None:
    """Return the metadata of a card, or of its first bytes, with the line numbers of the file; None without any.

    Raises:
        InvalidDocumentError: it is not a YAML mapping.
    """
    # Bytes that are not UTF-8, such as a character cut in half, must survive until the parser reports them.
    found = front_matter(card.decode("utf-8", "surrogateescape"))
    return None if found is None else read_yaml(found.encode("utf-8", "surrogateescape"), source)


def front_matter_fault(card: str) -> FrontMatterFault | None:
    """Return the first mistake in the lines that delimit the metadata of a card; None if there is none to find."""
    lines = _LINE_END.split(card)
    blank = f" \t{_BYTE_ORDER_MARK}"
    top = next((index for index, line in enumerate(lines) if line.strip(blank)), len(lines))
    if top == len(lines):
        return None
    first = lines[top].strip(blank)
    if _is_key_of_a_card(first):
        # Only with a line that ends it: a text may begin with `License: ...`.
        closed = _end_of_keys(lines, top) is not None
        return FrontMatterFault(top + 1, "no `---` opens the metadata", "add a line `---` above") if closed else None
    if not _ALMOST.fullmatch(first):
        return _below_text(lines, top)
    # A line of dashes alone is a rule of Markdown, unless metadata follows.
    if first != "---" and _end_of_keys(lines, top + 1) is None:
        return None
    if card.startswith(_BYTE_ORDER_MARK):
        return FrontMatterFault(1, "a byte order mark precedes the metadata", "save the file as UTF-8 without a BOM")
    # Readers skip white space before the dashes.
    if lines[top].lstrip() != "---":
        return FrontMatterFault(top + 1, f"the metadata begins with {_described(lines[top])}", _ALONE)
    return _unclosed(lines, top, has_line_feeds="\n" in card or front_matter(card) is not None)


def _unclosed(lines: list[str], top: int, *, has_line_feeds: bool) -> FrontMatterFault | None:
    for index, line in enumerate(lines[top + 1 :], top + 1):
        if line == "---":
            return None if has_line_feeds else FrontMatterFault(top + 1, _ONLY_RETURNS, "save it with LF or CRLF")
        # An indented line may belong to a value of several lines.
        if not line[:1].isspace() and (_ALMOST.fullmatch(line.rstrip()) or line.rstrip() == "..."):
            return FrontMatterFault(index + 1, f"the metadata ends with {_described(line)}", _ALONE)
    if top + 1 < len(lines) and any(_KEY_LINE.match(line) for line in lines[top + 1 :]):
        hint = "add a line `---` below the metadata"
        return FrontMatterFault(top + 1, "the metadata that begins here is never closed", hint)
    return None


def _described(line: str) -> str:
    dashes = line.strip()
    if dashes == "---":
        where = "before" if line[:1].isspace() else "after"
        return f"a blank {where} the dashes `---`"
    if set(dashes) == {"-"}:
        return f"{len(dashes)} dashes, and not with three `---`"
    return f"'{dashes}', and not with `---`"


def _end_of_keys(lines: list[str], start: int) -> int | None:
    """Return the line that ends the keys from `start` on; None if other text follows, or no key."""
    for index, line in enumerate(lines[start:], start):
        if _ALMOST.fullmatch(line.strip()):
            return index if index > start else None
        if line.strip() and not (line[0] in " \t-#" or _KEY_LINE.match(line)):
            return None
    return None


def _is_key_of_a_card(line: str) -> bool:
    return _KEY_LINE.match(line) is not None and line.partition(":")[0].strip() in card_fields()


def _below_text(lines: list[str], top: int) -> FrontMatterFault | None:
    """Return the fault of metadata that follows other text, which no reader looks for there."""
    for index, line in enumerate(lines[top + 1 :], top + 1):
        known = line == "---" and any(map(_is_key_of_a_card, lines[index + 1 : index + 2]))
        if known and _end_of_keys(lines, index + 1) is not None:
            message = "the metadata is not at the top of the file"
            return FrontMatterFault(index + 1, message, "move it above everything else")
    return None
