"""The error tree. Every error says what happened, what to do about it, and carries a stable code."""

from collections.abc import Iterable
from typing import ClassVar

from hublish.schemas.diagnose.problems import Location, Problem


class HublishError(Exception):
    """The base of everything hublish refuses or fails at.

    Args:
        message: what the user did or what happened, in one sentence.
        hint: what to do about it.
        location: the place in a text file, when there is one.
        problems: every separate finding, when there are several.
    """

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
        self.problems = tuple(problems)

    def __str__(self) -> str:
        lines = [f"{self.location}: {self.message}" if self.location else self.message]
        lines += [str(problem) for problem in self.problems]
        if self.hint:
            lines.append(f"hint: {self.hint}")
        return "\n".join(lines)


class UsageError(HublishError):
    """The command line or the call does not fit: exit code 2."""

    code = "usage.invalid"
    exit_code = 2


class ManifestInvalidError(HublishError):
    """hub.yaml was refused; `problems` holds every reason."""

    code = "manifest.invalid"


class DocumentInvalidError(HublishError):
    """A plan, receipt or lock file is not one hublish can read."""

    code = "document.invalid"


class SourceError(HublishError):
    """A source is missing, matches nothing, or holds what may not be published."""

    code = "source.invalid"


class DraftError(HublishError):
    """A folder or repo cannot be made into a manifest: it holds nothing to release, or a manifest stands there."""

    code = "draft.refused"


class SourceChangedError(HublishError):
    """A file changed after it was sealed; nothing was committed."""

    code = "source.changed"


class SerializationError(HublishError):
    """A file cannot be turned into the format the manifest asks for."""

    code = "serializer.failed"


class MissingDependencyError(HublishError):
    """A format needs a package that is not installed; the hint is the pip line."""

    code = "serializer.missing_dependency"


class CardError(HublishError):
    """The card cannot be rendered, or its metadata would be refused by the Hub."""

    code = "card.invalid"


class PolicyError(HublishError):
    """The release breaks the manifest's policy; `problems` names every file and rule."""

    code = "policy.refused"


class PlanStaleError(HublishError):
    """What was reviewed is no longer what would be published."""

    code = "plan.stale"


class DeclinedError(HublishError):
    """The person who was asked said no."""

    code = "publish.declined"


class RemoteIgnoredError(HublishError):
    """A .gitignore makes the Hub drop files of the release silently."""

    code = "plan.remote_ignored"


class RemoteConflictError(HublishError):
    """The remote moved, or a tag stands elsewhere: nothing was overwritten."""

    code = "remote.conflict"


class RemoteError(HublishError):
    """The Hub refused a request or could not be reached."""

    code = "remote.failed"


class AuthenticationError(RemoteError):
    """The token is missing, invalid or lacks a permission."""

    code = "remote.unauthorized"


class NotFoundError(RemoteError):
    """There is no such repo, revision or file, or the token may not see it."""

    code = "remote.not_found"


class OfflineError(RemoteError):
    """The network is off or out of reach, and the cache does not hold what is needed."""

    code = "remote.offline"


class VerificationError(HublishError):
    """What stands on the Hub is not what was planned; `problems` names every difference."""

    code = "verify.failed"


class IntegrityError(HublishError):
    """Downloaded bytes are not the bytes that were promised; they were removed."""

    code = "integrity.failed"


class LoadError(HublishError):
    """The files are right, yet cannot be loaded the way the load plan says."""

    code = "load.failed"


class NoArraysError(LoadError):
    """The release holds something else than arrays by name: an estimator, a learner."""

    code = "load.no_arrays"
