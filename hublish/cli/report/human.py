"""`--format human`: results in words and columns, errors and warnings with the lines they are about."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hublish.base.errors import HublishError
from hublish.cli.report import Report, View
from hublish.cli.terminal.color import paint_for
from hublish.cli.terminal.streams import width_of
from hublish.schemas.diagnose.problems import Problem

if TYPE_CHECKING:
    from hublish.cli.report.diagnostics import Page

# Most runs have no problem to show, and start faster without `diagnostics`.


@dataclass(frozen=True)
class HumanReport(Report):
    """The default format, and the base of the others."""

    @property
    def can_ask(self) -> bool:
        """Whether a person reads and answers."""
        return self.terminal.interactive

    def show(self, view: View) -> None:
        """Write a result to stdout."""
        self._show_on(self.terminal.stdout, view)

    def warn(self, problems: Iterable[Problem]) -> None:
        """Write warnings to stderr."""
        if listed := tuple(problems):
            from hublish.cli.report.diagnostics import warning_lines

            self.note(*warning_lines(listed, self._page()))

    def fail(self, error: HublishError) -> None:
        """Write an error to stderr."""
        from hublish.cli.report.diagnostics import error_lines

        self.note(*error_lines(error, self._page()))

    def _page(self) -> "Page":
        from hublish.cli.report.diagnostics import Page

        stream, environ = self.terminal.stderr, self.terminal.environ
        encoding = stream.encoding or "utf-8"
        return Page(paint_for(stream, environ), width_of(stream, environ), encoding, self.terminal.secrets)
