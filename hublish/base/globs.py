"""Globs as regular expressions that are decided fast, whatever the pattern: it comes from a file, and may be hostile.

A wildcard in the middle takes as little as it can and never reconsiders, `(?>...)`: what comes after it finds the more
places the earlier it ends, so nothing is missed, and the time is not exponential in the number of wildcards.
"""

import re
from collections.abc import Sequence

_STARS = re.compile(r"\*+")
_PIECE = re.compile(r"(\*+|\?|\[!?\]?[^\]/]*\])")
_IN_CLASS = re.compile(r"(?P<first>.)-(?P<last>.)|.", re.DOTALL)
_FOLDERS = "(?:[^/]+/)*"
_NOTHING = "(?!)"


def glob_expression(pattern: str) -> re.Pattern[str]:
    """Return the pattern as a regular expression on whole paths.

    `*` and `?` stay within a segment, `**` spans any number of segments, `[..]` is a character class; a range that
    runs backwards holds nothing, as in fnmatch.
    """
    first, *others = _runs(pattern)
    if not others:
        return re.compile("/".join(first), re.DOTALL)
    *middle, last = others
    parts = ["/".join([*first, ""])]
    parts += [f"(?>{_FOLDERS}?{'/'.join(run)}/)" for run in middle if run]
    parts += [_FOLDERS + "/".join(last) if last else ".+"]
    return re.compile("".join(parts), re.DOTALL)


def _runs(pattern: str) -> list[list[str]]:
    """Return the segments between the `**`, as expressions."""
    runs: list[list[str]] = [[]]
    for segment in pattern.split("/"):
        if segment == "**":
            runs.append([])
        else:
            runs[-1].append(_segment(_PIECE.split(segment)))
    return runs


def _segment(pieces: Sequence[str]) -> str:
    """Return the expression of one segment, of pieces that are wildcards, classes and plain text."""
    chunks = [""]
    for piece in pieces:
        if _STARS.fullmatch(piece):
            chunks.append("")
        else:
            chunks[-1] += _character(piece)
    first, *others = chunks
    middle = [f"(?>[^/]*?{chunk})" for chunk in others[:-1] if chunk]
    return "".join([first, *middle, *(f"[^/]*{chunk}" for chunk in others[-1:])])


def _character(piece: str) -> str:
    if piece == "?":
        return "[^/]"
    if piece.startswith("[") and piece.endswith("]") and len(piece) > 2:
        return f"(?!/){_class(piece[1:-1])}"
    return re.escape(piece)


def _class(body: str) -> str:
    negated = body.startswith("!")
    members = "".join(map(_members, _IN_CLASS.finditer(body, int(negated))))
    if not members:
        return "." if negated else _NOTHING
    return f"[{'^' if negated else ''}{members}]"


def _members(found: re.Match[str]) -> str:
    first, last = found["first"], found["last"]
    if first is None:
        return re.escape(found.group())
    return f"{re.escape(first)}-{re.escape(last)}" if first <= last else ""
