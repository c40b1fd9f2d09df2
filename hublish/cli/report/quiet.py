"""`--format quiet`: bare values on stdout, one a line; only errors on stderr."""

from collections.abc import Iterable
from dataclasses import dataclass

from hublish.cli.report import View
from hublish.cli.report.human import HumanReport
from hublish.cli.terminal.color import Paint
from hublish.schemas.diagnose.problems import Problem


@dataclass(frozen=True)
class QuietReport(HumanReport):
    """Values for scripts."""

    # A script may read both streams, so nothing but errors is written to stderr.
    verbose = False
    bars = False
    can_ask = False

    def show(self, view: View) -> None:
        """Write the result's values."""
        # Never colored: the reader is a program even when stdout is a terminal.
        self._print(self.terminal.stdout, view.quiet(), Paint())

    def warn(self, problems: Iterable[Problem]) -> None:
        """Write nothing: a script reads stderr for errors only."""
