"""Compare two texts by lines, in any encoding and with any line ends."""

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import Final

from hublish.base.content import Content
from hublish.diffs.differences import FileDiff, Hunk, Line
from hublish.diffs.line_diff import edits, hunks_of
from hublish.formats.input_files import InvalidFileError
from hublish.schemas.documents.file_names import CARD_FILE
from hublish.schemas.documents.sizes import format_size, plural
from hublish.schemas.secrets.masking import redact_lines

MOST_TEXT: Final = 2 << 20
"""Bytes of the largest text whose lines are compared."""
MOST_LINES: Final = 400
"""Lines of the hunks of one file."""
# Lines of a text that was added or deleted.
_HEAD_LINES: Final = 10
_HEAD: Final = 64 << 10
# Characters of a line that are shown; minified files have one line of megabytes.
_LONGEST: Final = 500
# Characters of a line that are searched for secrets.
_SEARCHED: Final = 8000
# Characters of a text that is searched as a whole; of a larger one, only its hunks are searched, unless it has a key.
_SMALL: Final = 1 << 18
_KEY: Final = re.compile(r"PRIVATE KEY|Private-Lines")
CUT: Final = "…"
# git takes a file with a zero byte at its beginning for a binary one.
_SNIFFED: Final = 8000
_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)


class NotTextError(InvalidFileError):
    """The bytes are not a text."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text as lines, with the properties of its bytes that lines do not have."""

    lines: tuple[str, ...]
    encoding: str
    """`UTF-8`, `UTF-8 with byte order mark`, `UTF-16-LE`, or `not UTF-8`."""
    line_end: str
    """`LF` or `CRLF`; empty if it has none. A text with both has `LF`, and lines that end with a carriage return."""
    ends: bool
    """Whether its last line has an end; an empty text has no such line."""

    @property
    def masked(self) -> Sequence[str]:
        """The lines, without credentials that a part of them might not show to be such: a key has many lines."""
        small = sum(map(len, self.lines)) <= _SMALL
        return redact_lines(self.lines) if small or any(map(_KEY.search, self.lines)) else self.lines

    def joined(self, lines: Sequence[str]) -> str:
        """Return lines in place of its own as one text."""
        return "\n".join(lines) + ("\n" if self.ends and lines else "")


def read_text(data: bytes) -> Text:
    """Return the lines of a text.

    Raises:
        NotTextError: the bytes are not a text.
    """
    text, encoding = _decoded(data)
    body = text.removesuffix("\n")
    lines = body.split("\n") if text else []
    ends = len(body) < len(text) or not text
    # The last line of a text without an end at its end has no carriage return.
    ended = lines if ends else lines[:-1]
    if ended and all(line.endswith("\r") for line in ended):
        rest = [] if ends else lines[-1:]
        return Text((*(line[:-1] for line in ended), *rest), encoding, "CRLF", ends)
    return Text(tuple(lines), encoding, "LF" if ended else "", ends)


def _decoded(data: bytes) -> tuple[str, str]:
    for mark, codec in _MARKS:
        # Without a mark, UTF-16 looks like any other bytes with zeros.
        if data.startswith(mark):
            shown = "UTF-8 with byte order mark" if codec == "utf-8" else codec.upper()
            return data[len(mark) :].decode(codec, "backslashreplace"), shown
    if b"\0" in data[:_SNIFFED]:
        raise NotTextError("it is not a text")
    try:
        return data.decode(), "UTF-8"
    except UnicodeDecodeError:
        return data.decode("utf-8", "backslashreplace"), "not UTF-8"


def diff_text(path_in_repo: str, before: bytes, after: bytes) -> FileDiff:
    """Return the changed lines between two texts.

    Args:
        path_in_repo: the path.
        before: the bytes before the change.
        after: the bytes after the change.

    Raises:
        NotTextError: one of them is not a text.
    """
    old, new = read_text(before), read_text(after)
    found = edits(old.lines, new.lines)
    counts = [sum(edit.new_end - edit.new_start for edit in found), sum(edit.end - edit.start for edit in found)]
    lines = f"+{counts[0]:,} -{counts[1]:,} lines" if any(counts) else ""
    summary = "; ".join(part for part in (lines, *_other_changes(old, new)) if part)
    is_card = path_in_repo == CARD_FILE
    masked, new_masked = (side.masked if found or is_card else () for side in (old, new))
    hunks, more = shown(hunks_of(masked, new_masked, found))
    return FileDiff(
        path_in_repo,
        "text",
        summary or "the same text",
        tuple(hunks),
        more=more,
        before_text=old.joined(masked) if is_card else None,
        after_text=new.joined(new_masked) if is_card else None,
    )


def _other_changes(old: Text, new: Text) -> Iterator[str]:
    """Yield the changes of bytes that no line shows."""
    if old.encoding != new.encoding and old.lines and new.lines:
        yield f"encoding {old.encoding} -> {new.encoding}"
    if old.line_end != new.line_end and old.line_end and new.line_end:
        yield f"line ends {old.line_end} -> {new.line_end}"
    if old.ends != new.ends:
        yield "line end at the end of the file " + ("added" if new.ends else "removed")


def diff_one_text(path_in_repo: str, content: Content, mark: str) -> FileDiff:
    """Return the first lines of a text that was added (`+`) or deleted (`-`).

    Raises:
        NotTextError: it is not a text.
    """
    is_card = path_in_repo == CARD_FILE and content.size <= MOST_TEXT
    data = content.read() if is_card else content.read_at(0, _HEAD)
    whole = len(data) == content.size
    text = read_text(data if whole else complete_lines(data))
    masked = text.masked
    head = masked[:_HEAD_LINES]
    hunk = Hunk(1, 1, tuple(Line("+" if mark == "+" else "-", line) for line in head))
    verb = "added" if mark == "+" else "deleted"
    count = f"{plural(len(text.lines), 'line')}, " if whole else ""
    hunks, _ = shown([hunk] if head else [])
    found = FileDiff(path_in_repo, "text", f"{verb}: {count}{format_size(content.size)}", tuple(hunks))
    found = replace(found, more=len(text.lines) - len(head) if whole else 0)
    if not is_card:
        return found
    whole_text = text.joined(masked)
    return replace(found, after_text=whole_text) if mark == "+" else replace(found, before_text=whole_text)


def complete_lines(data: bytes) -> bytes:
    """Return the beginning of a file without the line that is cut."""
    end = data.rfind(b"\n") + 1
    return data[:end] if end else data[:_LONGEST]


# ---------------------------------------------------------------------------------------------- limits of the output


def shown(hunks: Sequence[Hunk], most: int = MOST_LINES) -> tuple[list[Hunk], int]:
    """Return hunks without credentials and within the limits, and the number of changed lines that are left out."""
    kept, left, more = list[Hunk](), most, 0
    for hunk in hunks:
        lines = hunk.lines[:left]
        left -= len(lines)
        more += sum(line.mark != " " for line in hunk.lines[len(lines) :])
        if any(line.mark != " " for line in lines):
            kept.append(replace(hunk, lines=lines))
    # Around the difference twice: a credential that the first cut divides is outside of the second one.
    cut = [_cut(hunk.lines, _SEARCHED) for hunk in kept]
    masked = _without_credentials(list(chain.from_iterable(cut)))
    return [replace(hunk, lines=_cut([next(masked) for _ in hunk.lines], _LONGEST)) for hunk in kept], more


def _without_credentials(lines: Sequence[Line]) -> Iterator[Line]:
    """Return the lines, masked: those of each side together, as a credential may take several lines."""
    masked: dict[int, str] = {}
    for other in "+-":
        side = [index for index, line in enumerate(lines) if line.mark != other]
        masked |= zip(side, redact_lines([lines[index].text for index in side]), strict=True)
    return iter([line._replace(text=masked[index]) for index, line in enumerate(lines)])


def _cut(lines: Sequence[Line], longest: int) -> tuple[Line, ...]:
    """Return lines that fit, a changed pair of long ones at the place where they differ."""
    cut: list[Line] = []
    for index, line in enumerate(lines):
        other = _counterpart(lines, index) if len(line.text) > longest else None
        cut.append(line._replace(text=around_difference(line.text, other, longest)))
    return tuple(cut)


def _counterpart(lines: Sequence[Line], index: int) -> str | None:
    """Return the line that replaces a line, or that it replaces: the same in number of a run of as many."""
    mark = lines[index].mark
    if mark == " ":
        return None
    start = index
    while start and lines[start - 1].mark == mark:
        start -= 1
    end = index
    while end < len(lines) and lines[end].mark == mark:
        end += 1
    at = end + index - start if mark == "-" else start - (end - index)
    other = lines[at] if 0 <= at < len(lines) else None
    return other.text if other and other.mark not in (mark, " ") else None


def around_difference(text: str, other: str | None, longest: int) -> str:
    """Return a text that fits: its beginning, or the part around its first difference from another text."""
    if len(text) <= longest:
        return text
    start = common_length(text, other) - longest // 3 if other is not None else 0
    if start <= 0:
        return text[:longest] + CUT
    return CUT + text[start : start + longest] + (CUT if start + longest < len(text) else "")


def common_length(one: str, two: str) -> int:
    """Return the number of equal characters at the beginning of two texts."""
    low, high = 0, min(len(one), len(two))
    # Slices are compared in C: halving takes less time than a loop over characters.
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == two[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low


def joined(parts: Iterable[str]) -> str:
    """Return the parts of a summary that are not empty."""
    return ", ".join(filter(None, parts))
