"""Mark the card of a deprecated repo, and remove the mark: everything else in the card keeps its bytes."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from hublish.cards.merging.blocks import Blocks
from hublish.cards.merging.card_parts import CardParts
from hublish.cards.merging.merge import ON_THE_HUB
from hublish.cards.merging.metadata import Edit
from hublish.cards.merging.metadata_tree import Tree
from hublish.cards.merging.yaml_edits import NotEditableError, edited
from hublish.cards.merging.yaml_nodes import UnreadableError
from hublish.formats.front_matter import front_matter_fault
from hublish.schemas.documents.manifest_yaml import dump_yaml

KEY: Final = "new_version"
"""The metadata that names the repo to use instead: the Hub shows it for models."""

# What was added above the banner, and is removed with it.
_METADATA: Final = ", with the metadata above"
_LINE_BREAK: Final = ", with the line break above"
_OPENING: Final = "<!-- hublish:deprecated{} -->"
_CLOSING: Final = "<!-- /hublish:deprecated -->"
_FOUND: Final = re.compile(f"<!-- hublish:deprecated({_METADATA}|{_LINE_BREAK}|) -->")
_BLANK_LINE: Final = re.compile(r"(?:\r\n|\r|\n){0,2}")
_LINE_END: Final = re.compile(r"\A(?:\r\n|\r|\n)")


@dataclass(frozen=True, slots=True)
class _Banner:
    start: int
    end: int
    """Behind the blank line below it."""
    added: str
    """What was added above it."""

    @classmethod
    def of(cls, body: str) -> "_Banner | None":
        """Return the banner of a text; None without one."""
        opening = _FOUND.search(body)
        # One search each: a hostile text may have very many openings.
        closing = -1 if opening is None else body.find(_CLOSING, opening.end())
        if opening is None or closing < 0:
            return None
        below = _BLANK_LINE.match(body, closing + len(_CLOSING))
        return cls(opening.start(), below.end() if below else len(body), opening[1])


class UneditableCardError(Exception):
    """The metadata of a card cannot be edited without a loss.

    Args:
        message: the reason.
        line: the line of the card.
    """

    def __init__(self, message: str, line: int) -> None:
        super().__init__(message)
        self.message, self.line = message, line


def new_version_of(card: str) -> str | None:
    """Return the repo that a card names as the new version; None without one, or without readable metadata."""
    try:
        value = CardParts.of(card).tree(ON_THE_HUB).value
    except UnreadableError:
        return None
    found = value.get(KEY) if isinstance(value, dict) else None
    return found if isinstance(found, str) else None


def with_banner(card: str, new_version: str, banner: Sequence[str]) -> str:
    """Return a card with the metadata `new_version`, and with a banner above its text instead of an earlier one.

    Args:
        card: the card; empty for a repo without a README.
        new_version: the id of the repo to use instead.
        banner: lines of Markdown, without the comments that delimit them on the page.

    Raises:
        UneditableCardError: its metadata cannot be edited without a loss.
    """
    parts = _readable(card)
    line_end = "\r\n" if "\r\n" in card else "\n"
    before = _Banner.of(parts.body)
    added = before.added if before else ""
    if parts.front is None:
        added = _METADATA
        parts = replace(parts, opening=f"---{line_end}", front="", closing=f"---{line_end}{line_end}")
    elif not parts.closing.endswith(("\r", "\n")):
        added = _LINE_BREAK
        parts = replace(parts, closing=parts.closing + line_end)
    block = "".join(f"{line}{line_end}" for line in (_OPENING.format(added), *banner, _CLOSING, ""))
    body = _without(parts.body, before)
    # Below blank lines that follow the metadata, and above everything else.
    lead = len(Blocks.of(body).lead) if before is None else before.start
    return replace(parts, front=_edited(parts, new_version), body=body[:lead] + block + body[lead:]).text


def without_banner(card: str) -> str:
    """Return a card without its banner and `new_version`; empty for a card that has nothing else.

    Raises:
        UneditableCardError: its metadata cannot be edited without a loss.
    """
    parts = _readable(card)
    banner = _Banner.of(parts.body)
    parts = replace(parts, body=_without(parts.body, banner))
    if parts.front is None:
        return parts.text
    parts = replace(parts, front=_edited(parts, None))
    added = banner.added if banner else ""
    if added == _METADATA and not parts.front:
        # With the blank line below it.
        return parts.mark + _LINE_END.sub("", parts.body)
    if added == _LINE_BREAK and not parts.body:
        parts = replace(parts, closing=parts.closing.rstrip("\r\n"))
    return parts.text


def _readable(card: str) -> CardParts:
    parts = CardParts.of(card)
    fault = front_matter_fault(card) if parts.front is None else None
    if fault is not None:
        raise UneditableCardError(f"its metadata cannot be found: {fault.message}", fault.line)
    return parts


def _without(body: str, banner: _Banner | None) -> str:
    return body if banner is None else body[: banner.start] + body[banner.end :]


def _edited(parts: CardParts, new_version: str | None) -> str:
    """Return the front matter with another `new_version`, or without it."""
    front = parts.front or ""
    try:
        tree = parts.tree(ON_THE_HUB)
        values: dict[str, Any] = dict(tree.value or {})
        if values.get(KEY) == new_version:
            return front
        if new_version is not None:
            values[KEY] = new_version
        else:
            del values[KEY]
        is_flow = tree.node is not None and tree.node.flow
        if not (tree.children or is_flow):
            # There is no key that it could follow: comments alone, or nothing.
            return front + dump_yaml({KEY: new_version}).replace("\n", "\r\n" if "\r\n" in front else "\n")
        merged = Tree.of(values)
        last = next(reversed(tree.children), None)
        edit = Edit((KEY,), tree, merged.children.get(KEY), None if KEY in tree.children else last)
        return edited(front, tree, [edit], merged)
    except UnreadableError as error:
        raise UneditableCardError(f"its metadata cannot be read: {error.message}", error.location.line) from None
    except NotEditableError:
        raise UneditableCardError(f"'{KEY}' cannot be edited in its form", parts.first_line) from None
