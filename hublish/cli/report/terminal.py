"""Where a command reads and writes: results on stdout, everything else on stderr."""

import io
import json
import os
import sys
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, TextIO

from hublish.base.progress import Progress
from hublish.cli.report.interface import View
from hublish.cli.terminal.bars import progress_on
from hublish.cli.terminal.color import Paint, paint_for
from hublish.cli.terminal.redaction import redact_problem, secrets_in
from hublish.cli.terminal.streams import spell_out_what_cannot_be_encoded, width_of, write_lines, write_text
from hublish.cli.terminal.text import harmless
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.secrets.masking import redact

if TYPE_CHECKING:
    from hublish.base.errors import HublishError
    from hublish.cli.report.excerpts import Page


class Format(StrEnum):
    """How results are written."""

    HUMAN = "human"
    JSON = "json"
    QUIET = "quiet"
    GITHUB = "github"
    """As for people, with errors and warnings as annotations."""


@dataclass(frozen=True)
class Terminal:
    """The streams, the environment and the format of one run."""

    stdin: TextIO
    stdout: TextIO
    stderr: TextIO
    environ: Mapping[str, str]
    format: Format = Format.HUMAN
    secrets: tuple[str, ...] = ()
    """What is masked in errors and warnings."""

    @property
    def interactive(self) -> bool:
        """Whether a person can be asked."""
        return self.format is Format.HUMAN and self.stdin.isatty() and self.stderr.isatty()

    def progress(self) -> Progress:
        """Return where the work of this run reports to."""
        titles = self.format in (Format.HUMAN, Format.GITHUB)
        return progress_on(self.stderr, self.environ, titles=titles, bars=self.format is not Format.QUIET)

    def show(self, view: View) -> None:
        """Write a result to stdout in the format asked for."""
        if self.format is Format.JSON:
            self.show_document(view.document())
        elif self.format is Format.QUIET:
            self._write(self.stdout, view.quiet(), Paint())
        else:
            paint = paint_for(self.stdout, self.environ)
            self._write(self.stdout, view.human(paint), paint)

    def show_document(self, document: Any) -> None:
        """Write plain data to stdout as JSON."""
        write_text(self.stdout, _json_for(document, self.stdout) + "\n")

    def show_text(self, text: str) -> None:
        """Write a text that is the result itself to stdout, character by character as it is.

        On GitHub the log reads along, and a line of the text must not be a command to it.
        """
        write_text(self.stdout, "".join(map(self._defused, text.splitlines(keepends=True))))

    def show_aside(self, view: View) -> None:
        """Write a result to stderr for a person who is about to be asked something."""
        paint = paint_for(self.stderr, self.environ)
        self._write(self.stderr, view.human(paint), paint)

    def say(self, *texts: str) -> None:
        """Write to stderr, with no secret in it."""
        paint = paint_for(self.stderr, self.environ)
        self._write(self.stderr, (line for text in texts for line in redact(text, self.secrets).split("\n")), paint)

    def warn(self, problems: Iterable[Problem]) -> None:
        """Write warnings to stderr; `quiet` is spared them."""
        problems = tuple(problems)
        if not problems or self.format is Format.QUIET:
            return
        if self.format is Format.GITHUB:
            self._annotate(problems)
        else:
            from hublish.cli.report.human import warning_lines

            self.say(*warning_lines(problems, self._page()))

    def tell(self, error: "HublishError") -> None:
        """Write an error to stderr."""
        from hublish.cli.report.human import as_problem, error_lines, summary_lines

        if self.format is not Format.GITHUB:
            self.say(*error_lines(error, self._page()))
            return
        self._annotate(error.problems or [as_problem(error)])
        if error.problems:
            self.say(*summary_lines(error, paint_for(self.stderr, self.environ)))

    def confirm(self, question: str) -> bool:
        """Ask a person; anything but yes is no."""
        write_text(self.stderr, f"{question} [y/N] ")
        return self.stdin.readline().strip().lower() in ("y", "yes")

    def _write(self, stream: TextIO, lines: Iterable[str], paint: Paint) -> None:
        write_lines(stream, (self._defused(harmless(line, colour=paint.on)) for line in lines))

    def _defused(self, line: str) -> str:
        if self.format is not Format.GITHUB:
            return line
        from hublish.cli.report.github import defused

        return defused(line)

    def _annotate(self, problems: Iterable[Problem]) -> None:
        from hublish.cli.report.github import annotation

        lines = (annotation(redact_problem(problem, self.secrets), self.environ) for problem in problems)
        write_lines(self.stderr, (harmless(line, colour=False) for line in lines))

    def _page(self) -> "Page":
        from hublish.cli.report.excerpts import Page

        paint = paint_for(self.stderr, self.environ)
        return Page(paint, width_of(self.stderr, self.environ), self.stderr.encoding or "utf-8", self.secrets)


def standard_terminal(format_: Format, token: str | None = None) -> Terminal:
    """Return the terminal of this process.

    Args:
        format_: how results are written.
        token: a credential from the command line, kept out of errors like those of the environment.
    """
    # A stream that was closed before the start (`<&-`) is None: it reads as empty, and swallows.
    stdin = sys.stdin or io.TextIOWrapper(io.BytesIO())
    stdout, stderr = sys.stdout or io.StringIO(), sys.stderr or io.StringIO()
    for stream in (stdout, stderr):
        spell_out_what_cannot_be_encoded(stream)
    return Terminal(stdin, stdout, stderr, os.environ, format_, secrets_in(os.environ, token))


def _json_for(document: Any, stream: TextIO) -> str:
    text = json.dumps(document, indent=2, ensure_ascii=False)
    try:
        text.encode(stream.encoding or "utf-8")
    except UnicodeEncodeError:
        return json.dumps(document, indent=2)
    return text
