"""Output formats: one file each, listed in `FORMATS`, behind the interface that commands use.

A new format is one file with a class, and one line in `FORMATS`: `--format`, its help and its early detection follow.
Extend `HumanReport` and override the methods that the format writes differently.
"""

from collections.abc import Iterable
from importlib import import_module
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, cast

if TYPE_CHECKING:
    from hublish.base.errors import HublishError
    from hublish.base.progress import Progress
    from hublish.cli.terminal.color import Paint
    from hublish.cli.terminal.streams import Terminal
    from hublish.schemas.diagnose.problems import Problem


class View(Protocol):
    """A result, in the forms that the formats choose from."""

    def human(self, paint: "Paint") -> Iterable[str]:
        """Return lines for people."""

    def document(self) -> Any:
        """Return plain data for JSON. Its keys are stable."""

    def quiet(self) -> Iterable[str]:
        """Return bare values for scripts, one a line; nothing when the exit code is the answer."""


class Report(Protocol):
    """An output format on a terminal: results go to stdout, everything else to stderr."""

    @property
    def terminal(self) -> "Terminal":
        """The streams it writes to."""

    @property
    def verbose(self) -> bool:
        """Whether it shows stage titles and remarks."""

    @property
    def can_ask(self) -> bool:
        """Whether it can ask a person a question."""

    def progress(self) -> "Progress":
        """Return the display for the progress of this run."""

    def show(self, view: View) -> None:
        """Write a result."""

    def show_text(self, text: str, document: Any = None, *, one_line: bool = False) -> None:
        """Write a result that is a text, unchanged.

        Args:
            text: the result.
            document: the same as plain data, for formats that write data; None for help texts, which all formats show.
            one_line: write that data on one line, for readers that wait for the first line.
        """

    def warn(self, problems: "Iterable[Problem]") -> None:
        """Write warnings."""

    def fail(self, error: "HublishError") -> None:
        """Write the error that ended the command."""

    def incomplete(self, error: "HublishError") -> None:
        """Write the error because of which the result lacks a part; the data of that result holds it too."""

    def note(self, *texts: str) -> None:
        """Write remarks to stderr, without secrets."""

    def confirm(self, view: View, question: str) -> bool:
        """Show a result on stderr and ask whether to go on."""


class Format(NamedTuple):
    """An entry of `--format`."""

    # The class in the module that is named like the format.
    report: str
    # A few words for `--help`.
    summary: str


# The first one is the default.
FORMATS = {
    "human": Format("HumanReport", "for people (default)"),
    "json": Format("JsonReport", "one document on standard output"),
    "quiet": Format("QuietReport", "bare values"),
    "github": Format("GitHubReport", "errors and warnings as annotations of a GitHub workflow"),
}


def report_for(name: str, terminal: "Terminal") -> Report:
    """Return the output format of that name, and import no other."""
    # The other formats, and the modules that only they need, would slow down every start.
    module = import_module(f"{__name__}.{name}")
    return cast("Report", getattr(module, FORMATS[name].report)(terminal))
