"""`--format github`: errors and warnings as workflow commands, which GitHub shows beside the lines of a pull request.

Results are also added to the summary of the job, and set as outputs of the step.

Their form and escapes follow "Workflow commands for GitHub Actions". Which other lines a runner takes for a command
follows its parser (actions/runner, ActionCommand.cs): `::name` at the start of a line, after any white space, and the
older `##[name]` anywhere in a line.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hublish.base.errors import HublishError
from hublish.cli.report import View
from hublish.cli.report.human import HumanReport
from hublish.cli.report.step_files import OUTPUT, SUMMARY, append_outputs, append_summary
from hublish.cli.terminal.streams import write_lines, write_text
from hublish.cli.terminal.text import escaped
from hublish.schemas.diagnose.problems import Location, Problem

_COMMAND = re.compile(r"^(\s*):(?=:)|(?<=#)#(?=\[)")


@dataclass(frozen=True)
class GitHubReport(HumanReport):
    """The output for people, with annotations in place of errors and warnings.

    A view sets outputs of the step when it has a method `outputs`, and is in the summary when it has a layout.
    """

    # A workflow may have a terminal, but no person at it.
    can_ask = False

    def show(self, view: View) -> None:
        """Write the result to the log, then to the files of the step."""
        super().show(view)
        layout, outputs = getattr(view, "markdown", None), getattr(view, "outputs", None)
        if layout and self.terminal.environ.get(SUMMARY):
            from hublish.cli.report.markdown import ink_of

            append_summary(self.terminal, layout(ink_of(self.terminal)))
        if outputs and self.terminal.environ.get(OUTPUT):
            append_outputs(self.terminal, outputs())

    def show_text(self, text: str, document: Any = None, *, one_line: bool = False) -> None:  # noqa: ARG002 - data is for JSON
        """Write a text to stdout with every workflow command in it disarmed: the runner reads the log."""
        write_text(self.terminal.stdout, "".join(map(self._safe, text.splitlines(keepends=True))), unmasked=True)

    def warn(self, problems: Iterable[Problem]) -> None:
        """Write every warning as an annotation."""
        self._annotate(problems)

    def annotate(self, problems: Iterable[Problem]) -> None:
        """Write the problems of a result as annotations."""
        self._annotate(problems)

    def fail(self, error: HublishError) -> None:
        """Write every problem as an annotation, then the error they add up to, and add it to the summary."""
        self.incomplete(error)
        if self.terminal.environ.get(SUMMARY):
            from hublish.cli.report.markdown import error_blocks, ink_of

            append_summary(self.terminal, error_blocks(error, ink_of(self.terminal)))

    def incomplete(self, error: HublishError) -> None:
        """Write the error to the log alone: the result shows it as well."""
        from hublish.cli.report.diagnostics import as_problem, summary_lines

        self._annotate(error.problems or [as_problem(error)])
        # GitHub shows at most ten errors of a step beside the lines; the log keeps the summary.
        if error.problems:
            self.note(*summary_lines(error, self._page().paint))

    def _annotate(self, problems: Iterable[Problem]) -> None:
        lines = (annotation(problem, self.terminal.environ) for problem in problems)
        # Not through note(): its lines are disarmed.
        write_lines(self.terminal.stderr, (escaped(line, color=False) for line in lines))

    def _safe(self, line: str) -> str:
        return without_commands(line)


def annotation(problem: Problem, environ: Mapping[str, str]) -> str:
    """Return a problem as `::error file=hub.yaml,line=3,...::message`, or as a warning."""
    # An annotation has one place, so other places are named in its message.
    notes = [f"  {each.message}: {each.location or each.path}" for each in problem.related]
    properties = {**_where(problem.location, environ), "title": problem.code}
    listed = ",".join(f"{name}={_property(str(value))}" for name, value in properties.items())
    return f"::{problem.severity} {listed}::{_data(chr(10).join([str(problem), *notes]))}"


def without_commands(line: str) -> str:
    """Return a line of any other output with the characters escaped that make it a workflow command."""
    return _COMMAND.sub(lambda found: r"\x23" if found[1] is None else rf"{found[1]}\x3a", line)


def _where(location: Location | None, environ: Mapping[str, str]) -> dict[str, str | int]:
    """Return the place in GitHub's terms."""
    file = _file(location.source, environ) if location else None
    if location is None or file is None:
        return {}
    end = location.end_line or location.line
    lines: dict[str, str | int] = {"file": file, "line": location.line, "endLine": end}
    # The Checks API accepts columns only where the first and the last line are the same.
    if end != location.line:
        return lines
    return {**lines, "col": location.column, "endColumn": location.end_column or location.column}


def _file(source: str, environ: Mapping[str, str]) -> str | None:
    """Return a file's name relative to GITHUB_WORKSPACE, or else to its git repository; None for another source."""
    # Standard input has no lines in the pull request: the message alone is shown in the log.
    path = Path(source)
    if not path.is_file():
        return None
    whole = path.resolve()
    root = environ.get("GITHUB_WORKSPACE")
    for folder in (Path(root).resolve(),) if root else (each for each in whole.parents if (each / ".git").exists()):
        if whole.is_relative_to(folder):
            return whole.relative_to(folder).as_posix()
    return path.as_posix()


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
