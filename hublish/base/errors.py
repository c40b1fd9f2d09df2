"""The errors of hublish. Each has a message, a hint on the next step, and a stable code; none contains a credential."""

import errno
import os
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import ClassVar, Final

from hublish.schemas.diagnose.problems import Location, Problem, masked, without_secrets

_REASONS: Final = {
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "the file would exceed the limit for the size of a file",
}
NO_ROOM: Final = frozenset(_REASONS)
"""The numbers of the errors for which a file cannot grow."""

# xet is written in Rust, and only its texts have the number of the error; SQLite has an error of its own.
_RUST: Final = re.compile(r"\(os error (\d+)\)")
_SQLITE: Final = "database or disk is full"
_HINT: Final = "free some space, or choose a folder on another disk: --local-dir, --cache-dir, HF_HOME, TMPDIR"


# A subclass exists where a caller may want to handle the case, or a script the code. All other
# cases differ in the codes of their problems.
class HublishError(Exception):
    """The base of all errors.

    Args:
        message: the action or event that failed, in one sentence.
        hint: the next step.
        location: the place in a text file, if any.
        problems: all separate findings, when there are several.
    """

    # Part of the JSON output: a code is never changed or used again for another error.
    code: ClassVar[str] = "hublish.failed"
    exit_code: ClassVar[int] = 1

    def __init_subclass__(cls, *, code: str | None = None, exit_code: int | None = None) -> None:
        super().__init_subclass__()
        cls.code = code or cls.code
        cls.exit_code = exit_code or cls.exit_code

    def __init__(
        self, message: str, *, hint: str = "", location: Location | None = None, problems: Iterable[Problem] = ()
    ) -> None:
        # Here, so that callers of the library see no token either, in whichever argument or response it was.
        self.message = masked(message)
        super().__init__(self.message)
        self.hint = masked(hint)
        self.location = location
        # A tuple, since callers pass generators and the problems are read more than once.
        self.problems = tuple(problems)

    def hide(self, secrets: Iterable[str]) -> None:
        """Mask known secrets, which this error cannot recognize by their form."""
        known = tuple(secrets)
        self.message, self.hint = masked(self.message, known), masked(self.hint, known)
        self.args = (self.message, *self.args[1:])
        self.problems = tuple(without_secrets(problem, known) for problem in self.problems)

    def put_in_context(self, before: str, hint: str) -> None:
        """Put a fact before the message, and add a next step to the hint."""
        self.message = masked(f"{before}: {self.message}")
        self.args = (self.message, *self.args[1:])
        self.hint = masked(f"{self.hint}; {hint}" if self.hint else hint)

    def __str__(self) -> str:
        lines = [f"{self.location}: {self.message}" if self.location else self.message]
        lines += [str(problem) for problem in self.problems]
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


# Exit code 2 is the convention of argparse and of most command lines.
class UsageError(HublishError, code="usage.invalid", exit_code=2):
    """The command line or the call is invalid: exit code 2."""


# 130 is 128 + SIGINT, as shells report it.
class InterruptedRunError(HublishError, code="run.interrupted", exit_code=130):
    """The run was interrupted by Ctrl-C or a signal."""


class WarningsForbiddenError(HublishError, code="check.warnings"):
    """There are warnings, and `--strict` allows none."""


class SecretOutputError(HublishError, code="output.secret"):
    """The output would contain a credential, and must not be changed."""


class ManifestInvalidError(HublishError, code="manifest.invalid"):
    """hub.yaml is invalid; `problems` lists every reason."""


class DocumentInvalidError(HublishError, code="document.invalid"):
    """A plan, receipt or lock file cannot be read."""


class LockTargetError(HublishError, code="lock.target"):
    """The lock records a release for another repo, type or Hub than the manifest names."""


class SourceError(HublishError, code="source.invalid"):
    """A source is missing, matches nothing, or contains files that must not be published."""


class DraftError(HublishError, code="draft.refused"):
    """A manifest cannot be drafted: the folder or repo has nothing to release, or a manifest exists already."""


class SourceChangedError(HublishError, code="source.changed"):
    """A file changed after it was sealed; nothing was committed."""


class SerializationError(HublishError, code="serializer.failed"):
    """A file cannot be converted to the format of its artifact."""


class MissingDependencyError(HublishError, code="serializer.missing_dependency"):
    """A format or a signature needs a package that is not installed; the hint is the pip command."""


class CardError(HublishError, code="card.invalid"):
    """The card cannot be rendered, or the Hub would refuse its metadata."""


class PolicyError(HublishError, code="policy.refused"):
    """The release violates the manifest's policy; `problems` names every file and rule."""


class PreflightError(HublishError, code="publish.preflight"):
    """Publishing would fail for several reasons, found before a file was read; `problems` names each with its fix."""


# Raised before anything is written to the Hub.
class PlanStaleError(HublishError, code="plan.stale"):
    """The release differs from the plan that was reviewed."""


class DeclinedError(HublishError, code="publish.declined"):
    """The user declined to publish."""


class RemoteIgnoredError(HublishError, code="plan.remote_ignored"):
    """A .gitignore makes the Hub drop files of the release silently."""


class RemoteConflictError(HublishError, code="remote.conflict"):
    """The remote moved, or the tag points to another commit: nothing was overwritten."""


class RemoteError(HublishError, code="remote.failed"):
    """The Hub refused a request or could not be reached."""

    is_transient = False
    """Whether the same command may soon succeed: the Hub failed or could not be reached, but did not refuse."""


# The subclasses of RemoteError are those that a retry does not help with, or that a cache can answer.
class AuthenticationError(RemoteError, code="remote.unauthorized"):
    """The token is missing, invalid or lacks a permission."""


class ExchangeError(RemoteError, code="remote.exchange"):
    """The ID token of a CI job was not exchanged for a token; no other token takes its place."""


class NotFoundError(RemoteError, code="remote.not_found"):
    """The repo, revision or file does not exist, or the token has no access to it."""


class OfflineError(RemoteError, code="remote.offline"):
    """The network is off or unreachable, and the cache lacks the files."""

    is_transient = True


class VerificationError(HublishError, code="verify.failed"):
    """The commit on the Hub differs from the plan; `problems` names every difference."""


# Not a LoadError: a caller that falls back to other weights must not do so after an attack or a broken disk.
class IntegrityError(HublishError, code="integrity.failed"):
    """Downloaded bytes do not have the expected digest; they were removed."""


class SigningError(HublishError, code="sign.failed"):
    """A release cannot be signed: its key, certificate or identity is missing or not the declared one."""


class TrustError(HublishError, code="trust.refused"):
    """The signature or the claims of a release do not satisfy the trust policy."""


class TrustPolicyError(HublishError, code="trust.invalid"):
    """A trust policy is invalid, or names files that cannot be used; `problems` lists every reason."""


class OverwriteError(HublishError, code="pull.would_overwrite"):
    """A download would overwrite files that no earlier pull wrote; `problems` names every one."""


class LoadError(HublishError, code="load.failed"):
    """The files are intact, but cannot be loaded according to the load plan."""


class NoArraysError(LoadError, code="load.no_arrays"):
    """The release contains no arrays by name, but another object: an estimator, a learner."""


class DiskFullError(HublishError, code="system.disk_full"):
    """A disk, a quota or the limit for the size of a file leaves no room."""


class SystemFailedError(HublishError, code="system.failed"):
    """The operating system refused an operation."""


class InternalError(HublishError, code="internal.error"):
    """A defect in hublish ended the command."""


class HiddenCauseError(Exception):
    """Takes the place of an exception whose text contains a credential, with that text masked."""


@contextmanager
def concealing(secrets: Iterable[str] = ()) -> Iterator[None]:
    """Hide credentials in an error that leaves the block, and in the exceptions that led to it.

    Other libraries quote paths, inputs and responses in their exceptions, and Python prints those with ours.
    """
    try:
        yield
    except HublishError as error:
        conceal(error, secrets)
        raise


def conceal(error: HublishError, secrets: Iterable[str] = ()) -> None:
    """Hide known secrets in an error, and every credential in the exceptions that led to it."""
    known, seen = tuple(secrets), set[int]()
    pending: list[BaseException] = [error]
    while pending:
        current = pending.pop()
        seen.add(id(current))
        if isinstance(current, HublishError) and known:
            current.hide(known)
        # Assigning a cause suppresses the context, which `raise ... from` has done already.
        if current.__cause__ is not None:
            current.__cause__ = _hidden(current.__cause__, known)
        if current.__context__ is not None:
            current.__context__ = _hidden(current.__context__, known)
        linked = (current.__cause__, current.__context__)
        pending += [each for each in linked if each is not None and id(each) not in seen]


def _hidden(linked: BaseException, known: tuple[str, ...]) -> BaseException:
    # Ours hide what they quote. Some exceptions keep their arguments, or the document or request, in attributes.
    text, shown = str(linked), f"{linked}\n{linked!r}\n{vars(linked)!r}"
    if isinstance(linked, HublishError) or masked(shown, known) == shown:
        return linked
    hidden = HiddenCauseError(f"{type(linked).__name__}: {masked(text, known)}").with_traceback(linked.__traceback__)
    hidden.__cause__, hidden.__context__ = linked.__cause__, linked.__context__
    hidden.__suppress_context__ = linked.__suppress_context__
    return hidden


def disk_full(error: BaseException, place: Path | None = None, *, hint: str = _HINT) -> DiskFullError | None:
    """Return the error to raise when an exception, or one that led to it, reports a full disk; else None.

    Args:
        error: any exception.
        place: the file or folder that was written, if the exception does not name it.
        hint: the next step.
    """
    for one in chain(error, _origin):
        if isinstance(one, DiskFullError):
            return one
        number = _number(one)
        if number is not None and number in _REASONS:
            # An operation with two paths, such as a copy, fails at its target.
            named = getattr(one, "filename2", None) or getattr(one, "filename", None)
            path = Path(os.fsdecode(named)) if isinstance(named, str | bytes) else place
            return DiskFullError(f"{_REASONS[number]}{_left(path)}", hint=hint)
    return None


def _number(error: BaseException) -> int | None:
    if isinstance(error, OSError) and error.errno is not None:
        return error.errno
    found = _RUST.search(text := str(error))
    return int(found[1]) if found else errno.ENOSPC if _SQLITE in text else None


def _left(path: Path | None) -> str:
    if path is None:
        return ""
    # The folder may not exist, as there was no room to create it.
    folder = next((each for each in (path, *path.absolute().parents) if each.is_dir()), None)
    if folder is None:
        return f": {path}"
    # Imported here: most runs have room.
    import shutil

    from hublish.schemas.documents.sizes import format_size

    return f": {path}, with {format_size(shutil.disk_usage(folder).free)} left"


def chain(error: BaseException, origin: Callable[[BaseException], BaseException | None]) -> Iterator[BaseException]:
    """Yield an error and the ones that led to it, each once.

    Args:
        error: where to begin.
        origin: returns the error that led to another; None for the first one.
    """
    current: BaseException | None = error
    seen: set[int] = set()
    # Where one of our errors is translated again, the chain leads back to it.
    while current is not None and id(current) not in seen:
        yield current
        seen.add(id(current))
        current = origin(current)


def _origin(error: BaseException) -> BaseException | None:
    return error.__cause__ or error.__context__
