"""The Hub's refusals, with the codes and the words the client knows."""

from hublish.hub.server.http import HubError
from hublish.hub.server.names import RepoId


def repo_not_found() -> HubError:
    """Return the error for a repository that is missing, or that the caller may not know of.

    404 rather than the 401 of the real Hub for anonymous callers: the client reads a 401 as "not found" on
    https alone.
    """
    return HubError(404, "RepoNotFound", "Repository not found")


def revision_not_found(revision: str) -> HubError:
    """Return the error for a revision that names no commit."""
    return HubError(404, "RevisionNotFound", f"Invalid rev id: {revision}")


def entry_not_found(path: str, commit: str | None = None) -> HubError:
    """Return the error for a path that is not in a commit; with the commit, the client caches the absence."""
    error = HubError(404, "EntryNotFound", f"Entry not found: {path}")
    return error.with_headers({"x-repo-commit": commit}) if commit else error


def gated_repo(repo: RepoId, *, anonymous: bool) -> HubError:
    """Return the error for content of a gated repository."""
    hint = (
        "You must have access to it and be authenticated to access it. Please log in."
        if anonymous
        else "You are not in the authorized list."
    )
    message = f"Access to {repo.kind} {repo.full_name} is restricted. {hint}"
    return HubError(401 if anonymous else 403, "GatedRepo", message)


def unauthenticated() -> HubError:
    """Return the error for a call that needs a token and came without."""
    return HubError(401, None, "Invalid username or password.")


def invalid_token() -> HubError:
    """Return the error for a token nobody knows."""
    return HubError(401, None, "Invalid credentials in Authorization header")


def forbidden(message: str) -> HubError:
    """Return the error for a caller who is known and may not do this."""
    return HubError(403, None, message)


def conflict(message: str, **extra: object) -> HubError:
    """Return the error for a name that is taken."""
    return HubError(409, None, message, **extra)
