"""Problems as text, in the manner of rustc: message, place, the lines of the document with carets, and the fix.

    error[manifest.unknown_key]: unknown key 'artefacts', did you mean 'artifacts'?
      --> hub.yaml:12:3  artefacts
       |
    12 |   artefacts:
       |   ^^^^^^^^^
       = hint: rename it to 'artifacts'

No line is wider than the terminal, and none holds a character that the terminal would act on.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate

from hublish.base.errors import HublishError
from hublish.base.visible_text import escaped_char
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.text import width
from hublish.schemas.diagnose.problems import Location, Problem, Related
from hublish.schemas.secrets.masking import mask

_COLORS = {"error": "red", "warning": "yellow"}
_TAB = "    "
_CUT = "..."
# Room for a line number, so that the excerpts of a short file line up.
_LEAST_DIGITS = 2
_LEAST_WIDTH = 20
# Characters to consider for each cell of the width: combining marks take no cell, and a line may hold any number.
_MOST_CHARACTERS = 4
# Characters to search around an excerpt for a secret that begins before it or ends after it.
_LONGEST_SECRET = 4096


@dataclass(frozen=True, slots=True)
class Page:
    """The properties of the terminal that problems are laid out for."""

    paint: Paint
    # Cells in a line.
    width: int = 100
    encoding: str = "utf-8"
    # Masked, in addition to everything that looks like a credential.
    secrets: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Mark:
    """A place to underline, with a label."""

    place: Location
    color: str = "red"
    sign: str = "^"
    label: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """The part of a line around a mark that fits, as it is shown."""

    before: str
    marked: str
    after: str

    @property
    def text(self) -> str:
        """The line."""
        return f"{self.before}{self.marked}{self.after}".rstrip()

    def underline(self, sign: str) -> tuple[str, str]:
        """Return the space left of the carets, and the carets; a place between two characters gets one."""
        return " " * width(self.before), sign * max(1, width(self.marked))


def error_lines(error: HublishError, page: Page) -> list[str]:
    """Return every problem of an error with its place and its line, then the summary and the hint."""
    if not error.problems and error.location and error.location.text is not None:
        return list(_block(_without_colors(as_problem(error)), page))
    problems = [_without_colors(problem) for problem in error.problems]
    if any(map(_has_line, problems)):
        blocks = [line for problem in problems for line in (*_block(problem, page), "")]
        return [*blocks, *summary_lines(error, page.paint)]
    summary, *hint = summary_lines(error, page.paint)
    return [summary, *(line for problem in problems for line in _short(problem, page.paint)), *hint]


def as_problem(error: HublishError) -> Problem:
    """Return an error without problems as a single problem."""
    return Problem(error.code, error.message, error.hint, location=error.location)


def summary_lines(error: HublishError, paint: Paint) -> list[str]:
    """Return the error's own message and hint, without its problems."""
    place = f"{error.location}: " if error.location else ""
    summary = _headline("error", error.code, _without_color(f"{place}{error.message}"), paint)
    return [summary, f"{paint('cyan', 'hint:')} {_without_color(error.hint)}"] if error.hint else [summary]


def warning_lines(problems: Iterable[Problem], page: Page) -> Iterator[str]:
    """Yield warnings, those about a document with their lines."""
    for problem in map(_without_colors, problems):
        if _has_line(problem):
            yield from (*_block(problem, page), "")
        else:
            yield f"{page.paint('yellow', 'warning:')} {problem}"


def gutter(places: Iterable[Location]) -> int:
    """Return how many cells the line numbers of these places take."""
    return max([_LEAST_DIGITS, *(len(str(place.line)) for place in places)])


def excerpt(marks: Iterable[Mark], page: Page, size: int) -> list[str]:
    """Return the lines of one document that hold the marks, in order, with `size` cells for line numbers."""
    # A place without text cannot be shown.
    shown = sorted((mark for mark in marks if mark.place.text is not None), key=lambda mark: mark.place)
    bar = page.paint("cyan", "|")
    return [f"{' ' * size} {bar}", *_numbered(shown, size, bar, page)] if shown else []


def fitted(place: Location, room: int, page: Page) -> Line:
    """Return the part of a line that fits in `room` cells (at least 20), with everything escaped that is invisible."""
    whole = place.text or ""
    start, end = _span(place, len(whole))
    reach = _MOST_CHARACTERS * room
    first, last = max(0, start - reach), start + reach
    around = max(0, first - _LONGEST_SECRET)
    # Mask before cutting: half a token no longer looks like one.
    text = mask(whole[around : last + _LONGEST_SECRET], page.secrets)[first - around : last - around]
    before = [_shown(char, page.encoding) for char in text[: start - first]]
    # A marked tab is the mistake itself, so it must be visible.
    marked = [_shown(char, page.encoding, tab="\\t") for char in text[start - first : end - first]]
    after = [_shown(char, page.encoding) for char in text[end - first :]]
    return _cut(before, marked, after, room)


def _short(problem: Problem, paint: Paint) -> Iterator[str]:
    """Yield a problem without a line to show: about a file, or a repo."""
    place = problem.place
    yield f"  {paint('bold', place)}: {problem.message}" if place else f"  {problem.message}"
    if problem.hint:
        yield f"    {paint('cyan', 'hint:')} {problem.hint}"


def _block(problem: Problem, page: Page) -> Iterator[str]:
    """Yield a problem with its excerpt."""
    marks = _marks(problem)
    size = gutter(mark.place for mark in marks)
    yield _headline(problem.severity, problem.code, problem.message, page.paint)
    if place := _place(problem.location, problem.path, page.paint):
        yield f"{' ' * size}{page.paint('cyan', '-->')} {place}"
    yield from excerpt(marks, page, size)
    for each in problem.related:
        if not _in_same_excerpt(each, problem):
            yield _note(each.message, _place(each.location, each.path, page.paint), size, page.paint)
    if problem.hint:
        yield _note("hint", problem.hint, size, page.paint)


def _has_line(problem: Problem) -> bool:
    return problem.location is not None and problem.location.text is not None


def _in_same_excerpt(related: Related, problem: Problem) -> bool:
    here, there = problem.location, related.location
    return here is not None and there is not None and there.text is not None and here.source == there.source


def _marks(problem: Problem) -> list[Mark]:
    related = (each for each in problem.related if _in_same_excerpt(each, problem))
    marks = [Mark(each.location, "cyan", "-", each.message) for each in related if each.location]
    return [*marks, Mark(problem.location, _COLORS[problem.severity])] if problem.location else marks


def _headline(severity: str, code: str, message: str, paint: Paint) -> str:
    return f"{paint(_COLORS[severity], f'{severity}[{code}]:')} {paint('bold', message)}"


def _place(location: Location | None, path: str, paint: Paint) -> str:
    """Return `hub.yaml:12:3  artifacts[0].source`: terminals and editors open the first part on a click."""
    return "  ".join(part for part in (paint("bold", str(location or "")), path) if part)


def _note(title: str, text: str, size: int, paint: Paint) -> str:
    below = "\n" + " " * (size + len(f" = {title}: "))
    return f"{' ' * size} {paint('cyan', f'= {title}:')} {text.replace(chr(10), below)}"


def _without_colors(problem: Problem) -> Problem:
    """Return a problem with the color sequences in its texts escaped: later steps let our own through."""
    related = tuple(
        replace(each, message=_without_color(each.message), path=_without_color(each.path)) for each in problem.related
    )
    message, hint, path = map(_without_color, (problem.message, problem.hint, problem.path))
    return replace(problem, message=message, hint=hint, path=path, related=related)


def _without_color(text: str) -> str:
    return text.replace("\x1b", r"\x1b")


def _numbered(marks: list[Mark], size: int, bar: str, page: Page) -> Iterator[str]:
    room = max(_LEAST_WIDTH, page.width - size - len(" | "))
    last = (0, "")
    for mark in marks:
        line, number = fitted(mark.place, room, page), mark.place.line
        if last[0] and number > last[0] + 1:
            yield page.paint("cyan", _CUT)
        # Two marks on one line share it, unless it is cut differently around each.
        if (number, line.text) != last:
            yield f"{page.paint('cyan', f'{number:>{size}}')} {bar} {line.text}".rstrip()
        space, carets = line.underline(mark.sign)
        yield f"{' ' * size} {bar} {space}{page.paint(mark.color, f'{carets} {mark.label}'.rstrip())}"
        last = (number, line.text)


def _span(place: Location, length: int) -> tuple[int, int]:
    """Return the first and the last index to mark; a place that ends on a later line reaches the end of this one."""
    start = min(place.column - 1, length)
    if place.end_line is None or place.end_column is None:
        return start, start
    end = place.end_column - 1 if place.end_line == place.line else length
    return start, max(start, min(end, length))


def _cut(before: list[str], marked: list[str], after: list[str], room: int) -> Line:
    """Cut a line to fit: first the text after the mark, then the text before it, then the end of the mark."""
    if _cells(before) + min(_cells(marked), room // 2) > room - len(_CUT):
        before = [_CUT, *reversed(_fitting(before[::-1], room // 3 - len(_CUT)))]
    left = room - _cells(before)
    if _cells(marked) + _cells(after) <= left:
        return Line("".join(before), "".join(marked), "".join(after))
    kept = _fitting([*marked, *after], left - len(_CUT))
    return Line("".join(before), "".join(kept[: len(marked)]), "".join([*kept[len(marked) :], _CUT]))


def _fitting(pieces: Sequence[str], room: int) -> list[str]:
    """Return the leading pieces that fit into so many cells."""
    ends = accumulate(map(width, pieces))
    return [piece for piece, end in zip(pieces, ends, strict=True) if end <= room]


def _cells(pieces: Iterable[str]) -> int:
    return sum(map(width, pieces))


def _shown(char: str, encoding: str, tab: str = _TAB) -> str:
    """Return a character as a terminal can show it: a tab as spaces, an invisible or unencodable one as an escape."""
    if char == "\t":
        return tab
    try:
        char.encode(encoding)
    except UnicodeEncodeError:
        return escaped_char(char)
    return char if char.isprintable() else escaped_char(char)
