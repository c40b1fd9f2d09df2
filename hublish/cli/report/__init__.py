"""Output formats: one file each, listed in `FORMATS`, behind the interface that commands use.

A new format is one file with a class, and one line in `FORMATS`: `--format`, its help and its early detection follow.
Extend `HumanReport` and override the methods that the format writes differently.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from dataclasses import dataclass
from importlib import import_module
from json import dumps
from typing import Any, ClassVar, NamedTuple, Protocol, TextIO, cast

from hublish.base.errors import HublishError, SecretOutputError
from hublish.base.progress import Progress
from hublish.cli.terminal.bars import progress_on
from hublish.cli.terminal.color import Paint, paint_for
from hublish.cli.terminal.streams import Terminal, write_lines, write_text
from hublish.cli.terminal.text import escaped
from hublish.schemas.diagnose.problems import Problem


class View(Protocol):
    """A result, in the forms that the formats choose from."""

    def human(self, paint: Paint) -> Iterable[str]:
        """Return lines for people."""

    def document(self) -> Any:
        """Return plain data for JSON. Its keys are stable."""

    def quiet(self) -> Iterable[str]:
        """Return bare values for scripts, one a line; nothing when the exit code is the answer."""


@dataclass(frozen=True)
class Report(ABC):
    """An output format on a terminal: results go to stdout, everything else to stderr."""

    terminal: Terminal
    # Whether stage titles and remarks are shown, and whether bars are drawn on a terminal.
    verbose: ClassVar[bool] = True
    bars: ClassVar[bool] = True

    @property
    def can_ask(self) -> bool:
        """Whether a person reads and answers."""
        return False

    @abstractmethod
    def show(self, view: View) -> None:
        """Write a result."""

    def show_text(self, text: str, document: Any = None, *, one_line: bool = False) -> None:  # noqa: ARG002 - data is for JSON
        """Write a text of our own, unchanged: help, or the address of a server.

        Args:
            text: the result.
            document: the same as plain data, for formats that write data; None for help texts, which all formats show.
            one_line: write that data on one line, for readers that wait for the first line.
        """
        write_text(self.terminal.stdout, text, unmasked=True)

    def show_file(self, text: str, document: Any) -> None:
        """Write the content of a file, unchanged: a reader may redirect it into that file.

        Args:
            text: the content.
            document: the same as plain data, for formats that write data.

        Raises:
            SecretOutputError: when it contains a credential.
        """
        # Masked, it would be another file, and a mask could pass unnoticed.
        if self._holds_secret(text) or self._holds_secret(dumps(document, ensure_ascii=False)):
            msg = "the output contains a secret, so nothing was printed"
            raise SecretOutputError(msg, hint="remove it from the sources, and revoke it where it was issued")
        self.show_text(text, document)

    @abstractmethod
    def warn(self, problems: Iterable[Problem]) -> None:
        """Write warnings."""

    def annotate(self, problems: Iterable[Problem]) -> None:  # noqa: B027 - most formats show them in the result alone
        """Write the problems that a result lists beside the lines that they are about, where the format can."""

    @abstractmethod
    def fail(self, error: HublishError) -> None:
        """Write the error that ended the command."""

    def incomplete(self, error: HublishError) -> None:
        """Write the error because of which the result lacks a part; the data of that result holds it too."""
        self.fail(error)

    def note(self, *texts: str) -> None:
        """Write to stderr."""
        lines = (line for text in texts for line in text.split("\n"))
        self._print(self.terminal.stderr, lines, paint_for(self.terminal.stderr, self.terminal.environ))

    def confirm(self, view: View, question: str, *, name: str = "") -> bool:
        """Show a result on stderr, because stdout may be redirected to keep the result, and ask whether to go on.

        Args:
            view: the result.
            question: without its answers.
            name: typed to agree, instead of a yes; empty where a yes will do.
        """
        self._show_on(self.terminal.stderr, view)
        return self.ask(question, name=name)

    def ask(self, question: str, *, name: str = "") -> bool:
        """Ask on stderr, and return whether the answer is a yes; see `confirm`."""
        safe, typed = (self._safe(escaped(text, color=False)) for text in (question, name))
        return self.terminal.ask_for(typed, safe) if name else self.terminal.ask(safe)

    def progress(self) -> Progress:
        """Return the display for the progress of this run."""
        return progress_on(self.terminal.stderr, self.terminal.environ, titles=self.verbose, bars=self.bars)

    def _show_on(self, stream: TextIO, view: View) -> None:
        paint = paint_for(stream, self.terminal.environ)
        self._print(stream, view.human(paint), paint)

    def _print(self, stream: TextIO, lines: Iterable[str], paint: Paint) -> None:
        write_lines(stream, (self._safe(escaped(line, color=paint.on)) for line in lines))

    def _holds_secret(self, text: str) -> bool:
        from hublish.schemas.secrets.masking import holds_token

        return holds_token(text) or any(secret in text for secret in self.terminal.secrets)

    def _safe(self, line: str) -> str:
        """Return a line that the reader of this format takes for nothing but text."""
        return line


class Format(NamedTuple):
    """An entry of `--format`."""

    # The class in the module that is named like the format.
    report: str
    # A few words for `--help`.
    summary: str
    # The only commands with this format; empty for all.
    commands: tuple[str, ...] = ()


# The first one is the default.
FORMATS = {
    "human": Format("HumanReport", "for people (default)"),
    "json": Format("JsonReport", "one document on standard output"),
    "quiet": Format("QuietReport", "bare values"),
    "markdown": Format("MarkdownReport", "for a comment on GitHub, or the summary of a job"),
    "github": Format("GitHubReport", "for a step of a GitHub workflow: annotations, outputs, summary"),
    "agent": Format("AgentReport", "for language models: compact, every value quoted"),
    "sarif": Format("SarifReport", "findings for code scanning", ("audit", "check")),
}


def report_for(name: str, terminal: Terminal) -> Report:
    """Return the output format of that name."""
    # The other formats, and the modules that only they need, would slow down every start.
    module = import_module(f"{__name__}.{name}")
    return cast("Report", getattr(module, FORMATS[name].report)(terminal))
