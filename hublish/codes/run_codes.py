"""Failures of a run as a whole: the command line, this machine, hublish itself."""

from typing import Final

from hublish.base import errors
from hublish.codes.entry import Code

RUN: Final = (
    Code.of_error(
        errors.UsageError,
        cause="The command line or the call from Python has an unknown option, a missing argument, or values that "
        "exclude each other. The exit code is 2, and nothing was done.",
        fix="`hublish COMMAND --help` lists the options with examples.",
    ),
    Code.of_error(
        errors.WarningsForbiddenError,
        cause="`hublish check --strict` found warnings. Without `--strict` they do not fail the command.",
        fix="Correct the listed warnings, or leave `--strict` out.",
    ),
    Code.of_error(
        errors.SecretOutputError,
        cause="The content of a file that the command prints, such as a rendered card, contains a credential. Masking "
        "it would change the file, so nothing was printed.",
        fix="Remove the credential from the source, and revoke it where it was issued.",
    ),
    Code.of_error(
        errors.InterruptedRunError,
        cause="Ctrl-C or a signal ended the command. The exit code is 130.",
        fix="Run the same command again: it continues, and files that were sent are not sent again.",
    ),
    Code.of_error(
        errors.SystemFailedError,
        cause="The operating system refused an operation: no permission, no such folder, a port that is in use.",
        fix="Correct the cause in the message, then run again.",
    ),
    Code.of_error(
        errors.DiskFullError,
        cause="The disk or quota is full, or the file system does not store a file of this size. Existing files were "
        "not damaged: new ones are written beside them first.",
        fix="Free some space, or choose another disk with `--local-dir`, `--cache-dir`, HF_HOME or TMPDIR, and run "
        "again.",
    ),
    Code.of_error(
        errors.InternalError,
        cause="An unexpected exception ended the command. This is a defect in hublish.",
        fix="Run again with HF_DEBUG=1 for a traceback, and report it with the versions that `hublish doctor` shows. "
        "No token is shown in either.",
    ),
    Code(
        errors.HublishError.code,
        "A failure without a code of its own",
        cause="This machine refused something that no other code describes: hub.lock cannot be written beside the "
        "manifest or is another file, or the cache of huggingface_hub has no permission.",
        fix="Follow the hint: make the path in the message writable, or name another lock with `--lock`. Nothing was "
        "sent, unless the message says so.",
        error=errors.HublishError.__name__,
    ),
)
