"""Problems as people read them: what is wrong, where, the line it is on, and what to do."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from hublish.base.errors import HublishError
from hublish.cli.report.excerpts import Mark, Page, excerpt, gutter
from hublish.cli.terminal.color import Paint
from hublish.schemas.diagnose.problems import Location, Problem, Related

_COLOURS = {"error": "red", "warning": "yellow"}


def error_lines(error: HublishError, page: Page) -> list[str]:
    """Return an error: every problem with its place and its line, what they come to, what to do."""
    if not error.problems and error.location and error.location.text is not None:
        return list(_block(_colourless(as_problem(error)), page))
    problems = [_colourless(problem) for problem in error.problems]
    if any(map(_has_line, problems)):
        blocks = [line for problem in problems for line in (*_block(problem, page), "")]
        return [*blocks, *summary_lines(error, page.paint)]
    told, *hint = summary_lines(error, page.paint)
    return [told, *(line for problem in problems for line in _short(problem, page.paint)), *hint]


def as_problem(error: HublishError) -> Problem:
    """Return an error that has no problems as the one problem it is."""
    return Problem(error.code, error.message, error.hint, location=error.location)


def summary_lines(error: HublishError, paint: Paint) -> list[str]:
    """Return what an error comes to, and what to do, without its problems."""
    place = f"{error.location}: " if error.location else ""
    told = _headline("error", error.code, _spelled(f"{place}{error.message}"), paint)
    return [told, f"{paint('cyan', 'hint:')} {_spelled(error.hint)}"] if error.hint else [told]


def warning_lines(problems: Iterable[Problem], page: Page) -> Iterator[str]:
    """Yield warnings, those about a document with their lines."""
    for problem in map(_colourless, problems):
        if _has_line(problem):
            yield from (*_block(problem, page), "")
        else:
            yield f"{page.paint('yellow', 'warning:')} {problem}"


def _short(problem: Problem, paint: Paint) -> Iterator[str]:
    """Yield a problem of which there is no line to show: of a file, or of a repo."""
    place = " ".join(part for part in (str(problem.location or ""), problem.path) if part)
    yield f"  {paint('bold', place)}: {problem.message}" if place else f"  {problem.message}"
    if problem.hint:
        yield f"    {paint('cyan', 'hint:')} {problem.hint}"


def _block(problem: Problem, page: Page) -> Iterator[str]:
    """Yield a problem with the line it is on, in the manner of rustc."""
    size = gutter(_places(problem))
    yield _headline(problem.severity, problem.code, problem.message, page.paint)
    if place := _place(problem.location, problem.path, page.paint):
        yield f"{' ' * size}{page.paint('cyan', '-->')} {place}"
    yield from excerpt(_marks(problem), page, size)
    for each in problem.related:
        if not _beside(each, problem):
            yield _note(each.message, _place(each.location, each.path, page.paint), size, page.paint)
    if problem.hint:
        yield _note("hint", problem.hint, size, page.paint)


def _has_line(problem: Problem) -> bool:
    """Whether there is a line of a document to show."""
    return problem.location is not None and problem.location.text is not None


def _beside(related: Related, problem: Problem) -> bool:
    """Whether both places can be shown in one excerpt."""
    here, there = problem.location, related.location
    return here is not None and there is not None and there.text is not None and here.source == there.source


def _places(problem: Problem) -> Iterator[Location]:
    if problem.location:
        yield problem.location
    yield from (each.location for each in problem.related if each.location and _beside(each, problem))


def _marks(problem: Problem) -> Iterator[Mark]:
    for each in problem.related:
        if each.location and _beside(each, problem):
            yield Mark(each.location, "cyan", "-", each.message)
    if problem.location:
        yield Mark(problem.location, _COLOURS[problem.severity])


def _headline(severity: str, code: str, message: str, paint: Paint) -> str:
    """Return `error[manifest.invalid]: hub.yaml has 2 problems`."""
    return f"{paint(_COLOURS[severity], f'{severity}[{code}]:')} {paint('bold', message)}"


def _place(location: Location | None, path: str, paint: Paint) -> str:
    """Return `hub.yaml:12:3  artifacts[0].artefacts`; terminals and editors open the first part when it is clicked."""
    return "  ".join(part for part in (paint("bold", str(location or "")), path) if part)


def _note(word: str, text: str, size: int, paint: Paint) -> str:
    below = "\n" + " " * (size + len(f" = {word}: "))
    return f"{' ' * size} {paint('cyan', f'= {word}:')} {text.replace(chr(10), below)}"


def _colourless(problem: Problem) -> Problem:
    """Return a problem none of whose colours are taken for ours."""
    related = tuple(replace(each, message=_spelled(each.message), path=_spelled(each.path)) for each in problem.related)
    message, hint, path = map(_spelled, (problem.message, problem.hint, problem.path))
    return replace(problem, message=message, hint=hint, path=path, related=related)


def _spelled(text: str) -> str:
    return text.replace("\x1b", r"\x1b")
