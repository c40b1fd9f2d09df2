"""Exit codes, and the error report for each way in which a command can fail."""

from contextlib import suppress

from hublish.base.errors import HublishError, InternalError, InterruptedRunError, SystemFailedError, disk_full
from hublish.cli.report import Report

FAILED = 1
# argparse, like most command lines, uses 2.
USAGE = 2
# With --detailed-exitcode only; Terraform's `plan` has the same convention.
CHANGES = 2
INTERRUPTED = InterruptedRunError.exit_code


def report_failure(failure: BaseException, report: Report) -> int:
    """Report why a command failed, and return the exit code."""
    error = as_error(failure)
    # If printing the error fails as well (disk full), only the exit code remains.
    with suppress(OSError):
        if report.terminal.environ.get("HF_DEBUG", "").lower() in ("1", "true", "yes", "on"):
            import traceback

            report.note(*"".join(traceback.format_exception(failure)).splitlines())
        report.fail(error)
    return error.exit_code


def as_error(failure: BaseException) -> HublishError:
    """Return any exception as an error with a code."""
    if isinstance(failure, HublishError):
        return failure
    if isinstance(failure, KeyboardInterrupt):
        return InterruptedRunError("interrupted", hint="run the same command again: it continues from there")
    # Without a path, the output itself has no room: no other folder helps.
    if not (isinstance(failure, OSError) and failure.filename is None) and (full := disk_full(failure)):
        return full
    # Without an errno it is not a failure of the system but, for example, of a protocol.
    if isinstance(failure, OSError) and failure.strerror:
        place = f"{failure.filename}: " if failure.filename else ""
        return SystemFailedError(f"{place}{failure.strerror}")
    first_line = str(failure).strip().partition("\n")[0] or "no message"
    return InternalError(
        f"internal error: {type(failure).__name__}: {first_line}",
        hint="run again with HF_DEBUG=1 for a traceback, and report it at https://github.com/hublish/hublish/issues",
    )
