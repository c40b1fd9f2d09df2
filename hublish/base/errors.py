"""The errors of hublish. Each has a message, a hint on the next step, and a stable code."""

from collections.abc import Iterable
from typing import ClassVar

from hublish.schemas.diagnose.problems import Location, Problem


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

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        location: Location | None = None,
        problems: Iterable[Problem] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.location = location
        # A tuple, since callers pass generators and the problems are read more than once.
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [f"{self.location}: {self.message}" if self.location else self.message]
        lines += [str(problem) for problem in self.problems]
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


# Exit code 2 is the convention of argparse and of most command lines.
class UsageError(HublishError):
    """The command line or the call is invalid: exit code 2."""

    code = "usage.invalid"
    exit_code = 2


class ManifestInvalidError(HublishError):
    """hub.yaml is invalid; `problems` lists every reason."""

    code = "manifest.invalid"


class DocumentInvalidError(HublishError):
    """A plan, receipt or lock file cannot be read."""

    code = "document.invalid"


class SourceError(HublishError):
    """A source is missing, matches nothing, or contains files that must not be published."""

    code = "source.invalid"


class DraftError(HublishError):
    """A manifest cannot be drafted: the folder or repo has nothing to release, or a manifest exists already."""

    code = "draft.refused"


class SourceChangedError(HublishError):
    """A file changed after it was sealed; nothing was committed."""

    code = "source.changed"


class SerializationError(HublishError):
    """A file cannot be converted to the format of its artifact."""

    code = "serializer.failed"


class MissingDependencyError(HublishError):
    """A format needs a package that is not installed; the hint is the pip command."""

    code = "serializer.missing_dependency"


class CardError(HublishError):
    """The card cannot be rendered, or the Hub would refuse its metadata."""

    code = "card.invalid"


class PolicyError(HublishError):
    """The release violates the manifest's policy; `problems` names every file and rule."""

    code = "policy.refused"


# Raised before anything is written to the Hub.
class PlanStaleError(HublishError):
    """The release differs from the plan that was reviewed."""

    code = "plan.stale"


class DeclinedError(HublishError):
    """The user declined to publish."""

    code = "publish.declined"


class RemoteIgnoredError(HublishError):
    """A .gitignore makes the Hub drop files of the release silently."""

    code = "plan.remote_ignored"


class RemoteConflictError(HublishError):
    """The remote moved, or the tag points to another commit: nothing was overwritten."""

    code = "remote.conflict"


class RemoteError(HublishError):
    """The Hub refused a request or could not be reached."""

    code = "remote.failed"


# The subclasses of RemoteError are those that a retry does not help with, or that a cache can answer.
class AuthenticationError(RemoteError):
    """The token is missing, invalid or lacks a permission."""

    code = "remote.unauthorized"


class NotFoundError(RemoteError):
    """The repo, revision or file does not exist, or the token has no access to it."""

    code = "remote.not_found"


class OfflineError(RemoteError):
    """The network is off or unreachable, and the cache lacks the files."""

    code = "remote.offline"


class VerificationError(HublishError):
    """The commit on the Hub differs from the plan; `problems` names every difference."""

    code = "verify.failed"


# Not a LoadError: a caller that falls back to other weights must not do so after an attack or a broken disk.
class IntegrityError(HublishError):
    """Downloaded bytes do not have the expected digest; they were removed."""

    code = "integrity.failed"


class LoadError(HublishError):
    """The files are intact, but cannot be loaded according to the load plan."""

    code = "load.failed"


class NoArraysError(LoadError):
    """The release contains no arrays by name, but another object: an estimator, a learner."""

    code = "load.no_arrays"
