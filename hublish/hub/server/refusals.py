"""Refusals: the status, the `X-Error-Code` and the message by which the client picks an exception."""

from collections.abc import Iterable, Mapping
from typing import Any


class HubError(Exception):
    """A refused request."""

    def __init__(self, status: int, code: str | None, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code  # `X-Error-Code`, which the client maps to an exception type; None when the status is enough
        self.message = message  # the reason, sent as `X-Error-Message` and as `error` in the JSON body
        self.extra = extra  # further members of the JSON body, such as the `url` of an existing repository
        self.headers: dict[str, str] = {}

    def with_headers(self, headers: Mapping[str, str]) -> "HubError":
        """Add response headers and return this error, ready to raise."""
        self.headers.update(headers)
        return self


def bad_request(message: str) -> HubError:
    """Return the 400 for a request that is malformed or must not be executed."""
    return HubError(400, None, message)


def invalid_option(allowed: Iterable[str], place: str) -> HubError:
    """Return the 400, in the Hub's words, for a parameter that is not one of the allowed values."""
    expected = "Invalid option: expected one of " + "|".join(f'"{option}"' for option in allowed)
    error = bad_request(f"\u2716 {expected}\n  \u2192 at {place}")
    # The client shows the header, which cannot carry the symbols.
    return error.with_headers({"x-error-message": f"{expected} at {place}"})


def invalid_path(path: str, problem: str) -> HubError:
    """Return the refusal of a path that no file may have: 422 for one that other systems would split at backslashes."""
    # The client's own tests expect that status for a path such as `..\\file`.
    return HubError(422 if "\\" in path else 400, None, f"Invalid path {path!r}: {problem}")


def repo_not_found() -> HubError:
    """Return the 404 for a repository that does not exist, or that the caller may not know about."""
    # The real Hub answers 401 to anonymous callers. The client reads a 401 as "not found" only on https://
    # (REPO_API_REGEX is anchored), so a Hub on http:// must answer 404.
    return HubError(404, "RepoNotFound", "Repository not found")


def revision_not_found(revision: str) -> HubError:
    """Return the 404 for a revision that does not name a commit."""
    return HubError(404, "RevisionNotFound", f"Invalid rev id: {revision}")


def entry_not_found(path: str, commit: str | None = None) -> HubError:
    """Return the 404 for a path that the commit does not contain."""
    error = HubError(404, "EntryNotFound", f"Entry not found: {path}")
    # With X-Repo-Commit, the client records the absence in its cache (`.no_exist`) and does not ask again.
    return error.with_headers({"x-repo-commit": commit}) if commit else error


def unauthenticated() -> HubError:
    """Return the 401 for an anonymous call that needs a token."""
    return HubError(401, None, "Invalid username or password.")


def invalid_token() -> HubError:
    """Return the 401 for an unknown token."""
    # The client never maps this exact message to an exception of its own.
    return HubError(401, None, "Invalid credentials in Authorization header")


def forbidden(message: str) -> HubError:
    """Return the 403 for a known caller without the necessary rights."""
    return HubError(403, None, message)


def conflict(message: str, **extra: object) -> HubError:
    """Return the 409 for a name that is already in use."""
    return HubError(409, None, message, **extra)
