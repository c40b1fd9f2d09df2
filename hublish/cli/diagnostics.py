"""A problem as people read it: what is wrong, where, the line it is on, and what to do."""

from collections.abc import Iterable, Iterator

from hublish.cli.excerpts import Mark, Page, excerpt, gutter
from hublish.cli.paint import Paint
from hublish.schemas.problems import Location, Problem, Related

COLOURS = {"error": "red", "warning": "yellow"}


def headline(severity: str, code: str, message: str, paint: Paint) -> str:
    """Return `error[manifest.invalid]: hub.yaml has 2 problems`."""
    return f"{paint(COLOURS[severity], f'{severity}[{code}]:')} {paint('bold', message)}"


def has_line(problem: Problem) -> bool:
    """Whether there is a line of a document to show."""
    return problem.location is not None and problem.location.text is not None


def block(problem: Problem, page: Page) -> Iterator[str]:
    """Yield a problem with the line it is on, in the manner of rustc."""
    size = gutter(_places(problem))
    yield headline(problem.severity, problem.code, problem.message, page.paint)
    if place := _place(problem.location, problem.path, page.paint):
        yield f"{' ' * size}{page.paint('cyan', '-->')} {place}"
    yield from excerpt(_marks(problem), page, size)
    for each in problem.related:
        if not _beside(each, problem):
            yield _note(each.message, _place(each.location, each.path, page.paint), size, page.paint)
    if problem.hint:
        yield _note("hint", problem.hint, size, page.paint)


def warning_lines(problems: Iterable[Problem], page: Page) -> Iterator[str]:
    """Yield warnings, those about a document with their lines."""
    label = page.paint("yellow", "warning:")
    for problem in problems:
        if has_line(problem):
            yield from (*block(problem, page), "")
        else:
            yield f"{label} {problem}"


def _places(problem: Problem) -> Iterable[Location]:
    found = (problem.location, *(each.location for each in problem.related if _beside(each, problem)))
    return [place for place in found if place]


def _marks(problem: Problem) -> Iterator[Mark]:
    for each in problem.related:
        if each.location and _beside(each, problem):
            yield Mark(each.location, "cyan", "-", each.message)
    if problem.location:
        yield Mark(problem.location, COLOURS[problem.severity])


def _beside(related: Related, problem: Problem) -> bool:
    """Whether both places can be shown in one excerpt."""
    here, there = problem.location, related.location
    return here is not None and there is not None and there.text is not None and here.source == there.source


def _place(location: Location | None, path: str, paint: Paint) -> str:
    """Return `hub.yaml:12:3  artifacts[0].artefacts`; terminals and editors open the first part when it is clicked."""
    return "  ".join(part for part in (paint("bold", str(location or "")), path) if part)


def _note(word: str, text: str, size: int, paint: Paint) -> str:
    below = "\n" + " " * (size + len(f" = {word}: "))
    return f"{' ' * size} {paint('cyan', f'= {word}:')} {text.replace(chr(10), below)}"
