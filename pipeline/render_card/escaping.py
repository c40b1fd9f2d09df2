"""Escape values for Markdown, so that they print as text and add no markup.

The rules are those of CommonMark: `<` opens HTML and autolinks, a backslash escapes punctuation, and backslashes and
entities in a link destination can hide its scheme.
"""

import re

_TEXT = re.compile(r"[\\`*\[\]|~<>&]|(?<![^\W_])_|_(?![^\W_])")
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;"}
_SPACE = re.compile(r"\s+")
_LINE_BREAK = re.compile(r"[\r\n\v\f\x1c-\x1e\x85\u2028\u2029]")
# At the start of a line, these open a heading, a list or a thematic break.
_BLOCK_MARK = re.compile(r"(?:#{1,6}|[-+])(?=\s|\Z)|[-=]+\s*\Z")
_LIST_NUMBER = re.compile(r"(\d{1,9})(?=[.)](?:\s|\Z))")

# `<https://...>` and `<name@host>` are safe links.
_TAG = re.compile(r"<(?!https?://[^\s<>]*>|[\w.+-]+@[\w.-]+>)(?=[A-Za-z/!?])", re.ASCII)
_ENTITY = re.compile(r"&(?=#|[A-Za-z][A-Za-z0-9]*;)")
_DESTINATION = re.compile(r"\]([(:])(\s*)([^\s)]*)")
_SCHEME = re.compile(r"([^/?#]*?):")
_FENCE = re.compile(r"^(?:[ >]|[-*+] |\d{1,9}[.)] )*(`{3,}|~{3,})([^\r\n]*)$", re.MULTILINE)
_SCHEMES = frozenset(["http", "https", "mailto"])


def as_text(value: str) -> str:
    """Return `value` as one line of Markdown that displays exactly its characters."""
    # On one line, since a line break could open a block: a heading, a list or a fence.
    line = on_one_line(value).strip()
    escaped = _TEXT.sub(lambda match: _ENTITIES.get(match[0], f"\\{match[0]}"), line)
    # Values usually follow other text, but a template may print one at the start of a line.
    if _BLOCK_MARK.match(escaped):
        return f"\\{escaped}"
    return _LIST_NUMBER.sub(r"\1\\", escaped) if _LIST_NUMBER.match(escaped) else escaped


def as_markdown(value: str) -> str:
    """Return Markdown with its formatting, but with HTML and unsafe links displayed as text."""
    # Entities before tags, whose replacement is an entity. Entities can hide a scheme: `&#106;avascript:`.
    plain = _TAG.sub("&lt;", _ENTITY.sub("&amp;", value))
    return _closed(_DESTINATION.sub(_safe_destination, plain))


def _closed(markdown: str) -> str:
    """Return Markdown in which every fenced code block ends: an open one would contain the rest of the card."""
    fence = ""
    for found in _FENCE.finditer(markdown):
        mark, after = found[1], found[2]
        if not fence:
            # Backticks after a fence of backticks make it a code span.
            fence = "" if mark[0] == "`" and "`" in after else mark
        elif mark[0] == fence[0] and len(mark) >= len(fence) and not after.strip():
            fence = ""
    return f"{markdown}\n{fence}" if fence else markdown


def as_code(value: str) -> str:
    """Return one line that cannot end the code span or block around it."""
    return on_one_line(value).replace("`", "'")


def as_code_block(value: str) -> str:
    """Return lines that cannot end the fenced code block around them."""
    return value.strip("\r\n").replace("```", "'''")


def on_one_line(value: str) -> str:
    """Return text with a space in place of each line break and the spaces around it."""
    # In two steps: one expression for both would search for a line break from every space of a long run of spaces,
    # which takes minutes.
    return _SPACE.sub(lambda run: " " if _LINE_BREAK.search(run[0]) else run[0], value)


def _safe_destination(match: re.Match[str]) -> str:
    scheme = _SCHEME.match(match[3].replace("\\", ""))
    if scheme is None or scheme[1].lower() in _SCHEMES:
        return match[0]
    # An escaped bracket does not open a link, and the destination remains readable.
    return f"]\\{match[1]}{match[2]}{match[3]}"
