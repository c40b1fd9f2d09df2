"""`--format json`: one document on stdout; progress and warnings stay on stderr, for people."""

from dataclasses import dataclass
from enum import Enum
from typing import Any

from hublish.base.errors import HublishError
from hublish.base.values import Waived
from hublish.cli.report import View
from hublish.cli.report.human import HumanReport
from hublish.cli.terminal.streams import write_json, write_text
from hublish.schemas.diagnose.problems import Location, Problem


@dataclass(frozen=True)
class JsonReport(HumanReport):
    """Results and errors as data."""

    # Bars stay on: they need a terminal on stderr, where a person waits for the document.
    verbose = False
    can_ask = False

    def show(self, view: View) -> None:
        """Write the result's document."""
        write_json(self.terminal.stdout, view.document())

    def show_text(self, text: str, document: Any = None, *, one_line: bool = False) -> None:
        """Write the document, or the text without one."""
        if document is None:
            write_text(self.terminal.stdout, text, unmasked=True)
        else:
            # Programs that wait for the first line must find the whole document on it.
            write_json(self.terminal.stdout, document, indent=None if one_line else 2, unmasked=True)

    def fail(self, error: HublishError) -> None:
        """Write the error as a document: a failed command has no other."""
        write_json(self.terminal.stdout, {"error": error_document(error)})

    def incomplete(self, error: HublishError) -> None:
        """Write nothing: the result's document holds the error."""


# The keys below are a public interface, which scripts and editors read: add keys, but never rename or remove one.
def error_document(error: HublishError) -> dict[str, Any]:
    """Return an error as plain data. Its keys are stable."""
    return {
        **fields(error, "code", "message", "hint"),
        "location": location_document(error.location),
        "problems": [problem_document(problem) for problem in error.problems],
    }


def problem_document(problem: Problem) -> dict[str, Any]:
    """Return one problem as plain data. Its keys are stable.

    Lines and columns count from 1, in characters. `end_line` and `end_column` name the first character after the
    place, or are null where only the beginning is known. `related` lists other places that explain the problem.
    """
    return {
        **fields(problem, "code", "severity", "message", "hint", "path"),
        "location": location_document(problem.location),
        "related": [
            {**fields(each, "message", "path"), "location": location_document(each.location)}
            for each in problem.related
        ],
    }


def waived_document(waived: Waived) -> dict[str, Any]:
    """Return one waived finding as plain data: the keys of a problem, the file, and the reason."""
    return {**problem_document(waived.problem), **fields(waived, "path_in_repo"), "waived": waived.reason}


def location_document(location: Location | None) -> dict[str, Any] | None:
    """Return a place as plain data. Its keys are stable."""
    return None if location is None else fields(location, "source", "line", "column", "end_line", "end_column")


def fields(value: object, *names: str) -> dict[str, Any]:
    """Return the attributes of a value by name, as plain data, for a document that calls them the same."""
    return {name: _plain(getattr(value, name)) for name in names}


def _plain(value: Any) -> Any:
    return value.value if isinstance(value, Enum) else list(value) if isinstance(value, tuple) else value
