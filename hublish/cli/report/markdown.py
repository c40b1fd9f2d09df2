"""`--format markdown`: results for a pull request's comment, or redirected to $GITHUB_STEP_SUMMARY."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import cast

from hublish.base.errors import HublishError
from hublish.cli.report import View
from hublish.cli.report.human import HumanReport
from hublish.cli.report.markup import LIMIT, Block, Fence, Ink, Items, Paragraph, render
from hublish.cli.terminal.color import Paint
from hublish.cli.terminal.streams import MaskedStream, Terminal, write_text
from hublish.schemas.diagnose.problems import Problem


@dataclass(frozen=True)
class MarkdownReport(HumanReport):
    """Results and errors on stdout as Markdown, which holds at most 65,536 characters; the log gets the rest."""

    can_ask = False

    def show(self, view: View) -> None:
        """Write the result: by its own layout, or the lines for people where it has none."""
        ink = self._ink
        layout = getattr(view, "markdown", None)
        self._write(layout(ink) if layout else [Fence([ink.line(line) for line in view.human(Paint())], "text")])

    def fail(self, error: HublishError) -> None:
        """Write the error to both streams: a summary that stays empty would look like a job that has not run."""
        super().fail(error)
        self._write(error_blocks(error, self._ink))

    def incomplete(self, error: HublishError) -> None:
        """Write the error to stderr: the result shows it as well."""
        super().fail(error)

    @property
    def _ink(self) -> Ink:
        return ink_of(self.terminal)

    def _write(self, blocks: Iterable[Block]) -> None:
        text = render(blocks)
        # Masked once more as a whole. Only a secret of a character or two could make it longer.
        masked: str = cast("MaskedStream", self.terminal.stdout).masked(text)
        write_text(self.terminal.stdout, masked if len(masked) <= LIMIT else masked[:LIMIT], unmasked=True)


def ink_of(terminal: Terminal) -> Ink:
    """Return the ink that hides the credentials of a run."""
    return Ink(cast("MaskedStream", terminal.stdout).masked)


def error_blocks(error: HublishError, ink: Ink) -> Iterator[Block]:
    """Yield an error, its problems and its hint."""
    place = f" at {ink.code(str(error.location))}" if error.location else ""
    yield Paragraph(f"**Error** {ink.code(error.code)}{place}: {ink.text(error.message)}")
    if error.problems:
        yield Items([problem_item(problem, ink) for problem in error.problems], "problem")
    if error.hint:
        yield Paragraph(f"Hint: {ink.text(error.hint)}")


def problem_item(problem: Problem, ink: Ink) -> str:
    """Return a problem in one line."""
    place = f" {ink.code(problem.place)}" if problem.place else ""
    hint = f" Hint: {ink.text(problem.hint)}" if problem.hint else ""
    return f"**{problem.severity}** {ink.code(problem.code)}{place}: {ink.text(problem.message)}.{hint}"
