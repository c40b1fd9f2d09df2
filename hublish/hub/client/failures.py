"""What went wrong on the way to the Hub, in words: every client exception becomes one of ours, in one place.

Exceptions are told apart by what the protocol says (status and the `X-Error-Code` header), not by the client's
classes, which move between its versions.
"""

from collections.abc import Iterator
from json import JSONDecodeError
from typing import Any

from hublish.base import errors
from hublish.schemas.secrets.masking import redact

PASSING = frozenset([408, 429, 500, 502, 503, 504])
"""Statuses that may be gone a moment later."""
_NOT_FOUND = frozenset(["RepoNotFound", "RevisionNotFound", "EntryNotFound"])
_UNREACHED = frozenset(["ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol", "OfflineModeIsEnabled"])
_SENSELESS = (JSONDecodeError, UnicodeDecodeError, KeyError, IndexError, TypeError, AttributeError)
"""What reading an answer raises that is none of the Hub's."""


def response_of(error: BaseException) -> Any:
    """Return the HTTP response an exception carries, itself or as its cause; None when no answer came."""
    return next((found for one in _chain(error) if (found := getattr(one, "response", None)) is not None), None)


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status of that response."""
    response = response_of(error)
    return None if response is None else int(response.status_code)


def is_absence(error: BaseException) -> bool:
    """Whether the Hub says that there is no such repo or revision.

    Some self-hosted Hubs send no `X-Error-Code`; an HTML page about a missing page comes from no Hub at all.
    """
    response = response_of(error)
    if response is None:
        return False
    code = response.headers.get("X-Error-Code")
    if code is None:
        return response.status_code == 404 and "json" in response.headers.get("Content-Type", "")
    return code in ("RepoNotFound", "RevisionNotFound")


def is_passing(error: BaseException) -> bool:
    """Whether the same call may succeed a moment later; a Hub that cannot be connected to is not waited for."""
    status = status_of(error)
    if status is None:
        return _is_network(error) and not any(_names(one) & _UNREACHED for one in _chain(error))
    return status in PASSING


def in_doubt(error: BaseException) -> bool:
    """Whether a write may have happened although it failed for us.

    So it is when no answer came or it cannot be read, when the server failed, and when it speaks of a conflict,
    which may be the one with our own first try.
    """
    status = status_of(error)
    return status is None or status >= 500 or status in (408, 409, 412, 429)


def translate(error: Exception, action: str, secret: str | None = None) -> errors.HublishError:
    """Return our error for what the client raised while `action` ("reading acme/x") was under way.

    Args:
        error: the client's.
        action: what was under way.
        secret: the token in use, which a server may echo.
    """
    ours = next((one for one in _chain(error) if isinstance(one, errors.HublishError)), None)
    if ours is not None:
        return ours
    detail = redact(_detail(error), [secret] if secret else [])
    response = response_of(error)
    if response is None:
        return _unanswered(error, action, detail)
    return _answered(int(response.status_code), response.headers.get("X-Error-Code"), action, detail)


def _answered(status: int, code: str | None, action: str, detail: str) -> errors.HublishError:
    if code == "GatedRepo" or status in (401, 403):
        return _unauthorized(action, detail, gated=code == "GatedRepo")
    if code in _NOT_FOUND or status == 404:
        return errors.NotFoundError(
            f"{action}: not found. {detail}",
            hint="check repo_id, repo_type, revision and endpoint; a private repo needs a token that may read it",
        )
    if status in (409, 412):
        return errors.RemoteConflictError(f"{action}: refused, the remote moved. {detail}", hint="plan again")
    return errors.RemoteError(f"{action}: the Hub answered {status}. {detail}")


def _unanswered(error: Exception, action: str, detail: str) -> errors.HublishError:
    if _is_network(error):
        return errors.OfflineError(
            f"{action}: the Hub cannot be reached. {detail}",
            hint="check the network and HF_ENDPOINT; `--local` needs neither",
        )
    if any("FileMetadataError" in _names(one) for one in _chain(error)) or isinstance(error, _SENSELESS):
        return errors.RemoteError(
            f"{action}: the answer is none of a Hub. {type(error).__name__}: {detail}",
            hint="check HF_ENDPOINT, and proxies on the way that answer themselves",
        )
    if "LocalEntryNotFoundError" in _names(error):
        return errors.OfflineError(f"{action}: not in the cache, and the network is off", hint="run with the network")
    if isinstance(error, OSError) and error.errno is not None:
        return errors.HublishError(f"{action}: {detail}", hint="look at permissions and free space there")
    return errors.RemoteError(f"{action}: {detail}")


def _unauthorized(action: str, detail: str, *, gated: bool) -> errors.AuthenticationError:
    hint = (
        "ask for access on the repo's page, then use a token of that account"
        if gated
        else "log in with `hf auth login` or set HF_TOKEN to a token that may do this"
    )
    return errors.AuthenticationError(f"{action}: not allowed. {detail}", hint=hint)


def _chain(error: BaseException) -> Iterator[BaseException]:
    current: BaseException | None = error
    while current is not None:
        yield current
        current = current.__cause__


def _names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _is_network(error: BaseException) -> bool:
    return any(
        isinstance(one, ConnectionError | TimeoutError) or "TransportError" in _names(one) or _was_closed(one)
        for one in _chain(error)
    )


def _was_closed(error: BaseException) -> bool:
    # When one thread cannot connect, the client closes the session that all of them use; the next is made a little
    # later, and another thread may find none.
    if isinstance(error, AttributeError):
        return error.obj is None and error.name in ("request", "stream")
    return isinstance(error, RuntimeError) and "client has been closed" in str(error)


def _detail(error: BaseException) -> str:
    response = response_of(error)
    if response is not None and response.headers.get("X-Error-Message"):
        return str(response.headers["X-Error-Message"])
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])[:500]
