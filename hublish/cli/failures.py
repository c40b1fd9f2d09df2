"""Whatever ends a command early becomes an exit code and a text, here and nowhere else."""

from contextlib import suppress
from typing import Any

from hublish.base.errors import HublishError
from hublish.cli.report.terminal import Format, Terminal
from hublish.cli.terminal.redaction import redact_document
from hublish.schemas.diagnose.problems import Location, Problem

FAILED = 1
INTERRUPTED = 130
"""128 + SIGINT, as shells report it."""


class InterruptedRunError(HublishError):
    """Ctrl-C."""

    code = "run.interrupted"
    exit_code = INTERRUPTED


class SystemFailedError(HublishError):
    """The operating system refused: no space, no permission, no such folder."""

    code = "system.failed"


class InternalError(HublishError):
    """A defect in hublish."""

    code = "internal.error"


def report(failure: BaseException, terminal: Terminal) -> int:
    """Tell the user what went wrong, in the format asked for, and return the exit code."""
    error = as_error(failure)
    # A full disk may be what is to be told: when telling fails too, the exit code still says it.
    with suppress(OSError):
        _tell(failure, error, terminal)
    return error.exit_code


def _tell(failure: BaseException, error: HublishError, terminal: Terminal) -> None:
    if terminal.environ.get("HF_DEBUG", "").lower() in ("1", "true", "yes", "on"):
        import traceback

        terminal.say(*"".join(traceback.format_exception(failure)).splitlines())
    if terminal.format is Format.JSON:
        terminal.show_document(redact_document({"error": error_document(error)}, terminal.secrets))
    else:
        terminal.tell(error)


def as_error(failure: BaseException) -> HublishError:
    """Return the failure as one of ours."""
    if isinstance(failure, HublishError):
        return failure
    if isinstance(failure, KeyboardInterrupt):
        return InterruptedRunError("interrupted", hint="run the same command again: it goes on from what is there")
    if isinstance(failure, OSError) and failure.strerror:
        place = f"{failure.filename}: " if failure.filename else ""
        return SystemFailedError(f"{place}{failure.strerror}")
    return InternalError(
        f"internal error: {type(failure).__name__}: {_first_line(str(failure))}",
        hint="run again with HF_DEBUG=1 to see where, and report it",
    )


def error_document(error: HublishError) -> dict[str, Any]:
    """Return the error as plain data; the keys are stable."""
    return {
        "code": error.code,
        "message": error.message,
        "hint": error.hint,
        "location": location_document(error.location),
        "problems": [problem_document(problem) for problem in error.problems],
    }


def problem_document(problem: Problem) -> dict[str, Any]:
    """Return one problem as plain data; the keys are stable.

    Lines and columns count from 1, in characters; `end_line` and `end_column` name the first character that no longer
    belongs to it, and are null where only the beginning is known. `related` holds other places to look at.
    """
    return {
        "code": problem.code,
        "severity": problem.severity,
        "message": problem.message,
        "hint": problem.hint,
        "path": problem.path,
        "location": location_document(problem.location),
        "related": [
            {"message": each.message, "path": each.path, "location": location_document(each.location)}
            for each in problem.related
        ],
    }


def location_document(location: Location | None) -> dict[str, Any] | None:
    """Return a place as plain data; the keys are stable."""
    if location is None:
        return None
    return {
        "source": location.source,
        "line": location.line,
        "column": location.column,
        "end_line": location.end_line,
        "end_column": location.end_column,
    }


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0] or "no message"
