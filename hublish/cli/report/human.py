"""`--format human`: results in words and columns, errors and warnings with the lines they are about."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, TextIO

from hublish.base.progress import Progress
from hublish.cli.report import View
from hublish.cli.terminal.bars import progress_on
from hublish.cli.terminal.color import Paint, paint_for
from hublish.cli.terminal.streams import Terminal, width_of, write_lines, write_text
from hublish.cli.terminal.text import escaped

if TYPE_CHECKING:
    from hublish.base.errors import HublishError
    from hublish.cli.report.diagnostics import Page
    from hublish.schemas.diagnose.problems import Problem


@dataclass(frozen=True)
class HumanReport:
    """The default format, and the base of the others."""

    terminal: Terminal
    verbose: ClassVar[bool] = True
    bars: ClassVar[bool] = True

    @property
    def can_ask(self) -> bool:
        """Whether a person reads and answers."""
        return self.terminal.interactive

    def progress(self) -> Progress:
        """Return the display for the progress of this run."""
        return progress_on(self.terminal.stderr, self.terminal.environ, titles=self.verbose, bars=self.bars)

    def show(self, view: View) -> None:
        """Write a result to stdout."""
        self._show_on(self.terminal.stdout, view)

    def show_text(self, text: str, document: Any = None, *, one_line: bool = False) -> None:  # noqa: ARG002 - data is for JSON
        """Write a text to stdout, unchanged."""
        write_text(self.terminal.stdout, text)

    def warn(self, problems: "Iterable[Problem]") -> None:
        """Write warnings to stderr."""
        if listed := tuple(problems):
            # Most runs have no problems to show, and start faster without this module.
            from hublish.cli.report.diagnostics import warning_lines

            self.note(*warning_lines(listed, self._page()))

    def fail(self, error: "HublishError") -> None:
        """Write an error to stderr."""
        from hublish.cli.report.diagnostics import error_lines

        self.note(*error_lines(error, self._page()))

    def incomplete(self, error: "HublishError") -> None:
        """Write an error to stderr, beside the result."""
        self.fail(error)

    def note(self, *texts: str) -> None:
        """Write to stderr, without secrets."""
        # Compiling the rules for secrets takes longer than a start without any remark.
        from hublish.schemas.secrets.masking import redact

        lines = (line for text in texts for line in redact(text, self.terminal.secrets).split("\n"))
        self._print(self.terminal.stderr, lines, paint_for(self.terminal.stderr, self.terminal.environ))

    def confirm(self, view: View, question: str) -> bool:
        """Show a result on stderr and ask."""
        # On stderr, because stdout may be redirected to keep the result.
        self._show_on(self.terminal.stderr, view)
        return self.terminal.ask(question)

    def _show_on(self, stream: TextIO, view: View) -> None:
        paint = paint_for(stream, self.terminal.environ)
        self._print(stream, view.human(paint), paint)

    def _print(self, stream: TextIO, lines: Iterable[str], paint: Paint) -> None:
        write_lines(stream, (self._safe(escaped(line, color=paint.on)) for line in lines))

    def _safe(self, line: str) -> str:
        """Return a line that the reader of this format takes for nothing but text."""
        return line

    def _page(self) -> "Page":
        from hublish.cli.report.diagnostics import Page

        stream, environ = self.terminal.stderr, self.terminal.environ
        encoding = stream.encoding or "utf-8"
        return Page(paint_for(stream, environ), width_of(stream, environ), encoding, self.terminal.secrets)
