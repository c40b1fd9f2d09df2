"""Find the links and pictures of a Markdown text, with their places.

It follows CommonMark where that decides whether readers see a link: code and comments contain none. It does not follow
every rule, and runs in linear time.
"""

import posixpath
import re
from collections.abc import Iterator
from typing import Final, NamedTuple
from urllib.parse import unquote

# `<a b>`, or characters with balanced parentheses.
_TARGET: Final = r"(?:<(?P<pointed>[^<>\n]*)>|(?P<bare>(?:[^\s()<>\\]|\\.|\([^\s()]*\))+))"
_INLINE: Final = re.compile(rf"\]\(\s*{_TARGET}(?:\s+(?:\"[^\"]*\"|'[^']*'|\([^()]*\)))?\s*\)")
_DEFINITION: Final = re.compile(rf"^ {{0,3}}\[(?!\^)[^\]\n]+\]:[ \t]*{_TARGET}[ \t]*(?:$|[\"'(])", re.MULTILINE)
_TAG: Final = re.compile(r"<(?:a|audio|embed|iframe|img|object|source|video)\b[^<>]*>", re.IGNORECASE)
_ATTRIBUTE: Final = re.compile(
    r"(?<=\s)(?:src|href|poster|data|srcset)\s*=\s*(?:\"(?P<double>[^\"]*)\"|'(?P<single>[^']*)'|(?P<none>[^\s\"'<>]+))",
    re.IGNORECASE,
)
_FENCE: Final = re.compile(r"[ \t>]*(?:[-*+] +|\d+[.)] +)?(?P<mark>`{3,}|~{3,})(?P<info>[^\n]*)")
_LIST_ITEM: Final = re.compile(r"\s*(?:[-*+]|\d{1,9}[.)])(?:\s|$)")
_BLANK_LINES: Final = re.compile(r"\n[ \t]*\n")
_TICKS: Final = re.compile(r"`+")
_SCHEME: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")
# Paths of the Hub's website, relative to the page of the repo.
_HUB_PAGE: Final = re.compile(r"(?:\./)?(?:blob|raw|resolve|tree)/[^/]+/")
_ANYTHING: Final = re.compile(r"[^\n]")


class Link(NamedTuple):
    """The destination of a link or picture, and its place in the text."""

    target: str
    start: int
    end: int


def markdown_links(text: str, start: int = 0) -> Iterator[Link]:
    """Yield every destination in a text from an offset on, in no particular order.

    Args:
        text: a Markdown document.
        start: the offset of the body, below the front matter.
    """
    visible = _without_code(text, start)
    for found in _INLINE.finditer(visible, start):
        # The bracket that opens it; a backslash makes it text.
        opening = visible.rfind("[", max(0, found.start() - 1000), found.start())
        if opening >= 0 and visible[opening - 1 : opening] != "\\":
            yield _link(found, "pointed", "bare")
    for found in _DEFINITION.finditer(visible, start):
        yield _link(found, "pointed", "bare")
    for tag in _TAG.finditer(visible, start):
        for found in _ATTRIBUTE.finditer(visible, *tag.span()):
            yield _link(found, "double", "single", "none")


def relative_path(target: str) -> str:
    """Return the path in the repo that a link leads to; empty for a URL, an anchor, or a path on the Hub's website.

    Args:
        target: the destination, without references to characters such as `&amp;`.
    """
    target = target.strip()
    if target.startswith(("/", "#", "?")) or _SCHEME.match(target):
        return ""
    path = unquote(re.split(r"[#?]", target)[0])
    path = posixpath.normpath(_HUB_PAGE.sub("", path, count=1)) if path else ""
    return "" if path == "." else path


def _link(found: re.Match[str], *groups: str) -> Link:
    name = next(name for name in groups if found[name] is not None)
    return Link(found[name], *found.span(name))


def _without_code(text: str, start: int) -> str:
    """Return the text with spaces in place of code and comments, so that offsets stay."""
    lines = list(_visible_lines(text.split("\n"), text.count("\n", 0, start)))
    whole = _without_comments("\n".join(lines))
    pieces, begin = list[str](), 0
    # A code span ends with its paragraph at the latest.
    for gap in _BLANK_LINES.finditer(whole):
        pieces += [_without_spans(whole[begin : gap.start()]), gap[0]]
        begin = gap.end()
    return "".join([*pieces, _without_spans(whole[begin:])])


def _visible_lines(lines: list[str], first: int) -> Iterator[str]:
    """Yield each line, blank if it is part of a code block."""
    fence, in_list, after_blank = "", False, True
    for number, line in enumerate(lines):
        mark = _FENCE.match(line) if number >= first else None
        if fence:
            closes = mark is not None and mark["mark"].startswith(fence) and not mark["info"].strip()
            fence = "" if closes else fence
            yield " " * len(line)
        elif mark is not None and not (mark["mark"][0] == "`" and "`" in mark["info"]):
            fence = mark["mark"]
            yield " " * len(line)
        elif after_blank and not in_list and line.startswith(("    ", "\t")):
            yield " " * len(line)  # indented code, which continues as long as lines are indented
            continue
        else:
            if line.strip():
                in_list = _LIST_ITEM.match(line) is not None or (in_list and line[0].isspace())
            yield line
        after_blank = not line.strip()


def _without_comments(text: str) -> str:
    begin = text.find("<!--")
    pieces, done = list[str](), 0
    while begin >= 0 and (end := text.find("-->", begin)) >= 0:
        pieces += [text[done:begin], _ANYTHING.sub(" ", text[begin : end + 3])]
        done = end + 3
        begin = text.find("<!--", done)
    return "".join([*pieces, text[done:]])


def _without_spans(paragraph: str) -> str:
    runs = [found.span() for found in _TICKS.finditer(paragraph)]
    # For each run of backticks, the next one of the same length, which closes it.
    following, latest = dict[int, int](), dict[int, int]()
    for index in reversed(range(len(runs))):
        length = runs[index][1] - runs[index][0]
        if length in latest:
            following[index] = latest[length]
        latest[length] = index
    pieces, done, index = list[str](), 0, 0
    while index < len(runs):
        closing = following.get(index)
        if closing is None:
            index += 1
            continue
        begin, end = runs[index][0], runs[closing][1]
        pieces += [paragraph[done:begin], _ANYTHING.sub(" ", paragraph[begin:end])]
        done, index = end, closing + 1
    return "".join([*pieces, paragraph[done:]])
