"""What went wrong on the way to the Hub, in words: every client exception becomes one of ours, in one place.

Exceptions are told apart by what the protocol says (status and the `X-Error-Code` header), not by the client's
classes, which move between its versions.
"""

import re
from typing import Any

from hublish.pipeline import errors

_TOKEN = re.compile(r"\b(hf|api_org)_[A-Za-z0-9_]{6,}")
_NOT_FOUND = frozenset(["RepoNotFound", "RevisionNotFound", "EntryNotFound"])


def redact(text: str) -> str:
    """Return `text` without anything that looks like a Hub token."""
    return _TOKEN.sub(r"\1_…", text)


def status_of(error: BaseException) -> int | None:
    """Return the HTTP status an exception carries, itself or as its cause; None when no answer came."""
    response = _response(error)
    return None if response is None else int(response.status_code)


def error_code_of(error: BaseException) -> str | None:
    """Return the Hub's `X-Error-Code`."""
    response = _response(error)
    return None if response is None else response.headers.get("X-Error-Code")


def in_doubt(error: BaseException) -> bool:
    """Whether a write may have happened although it failed for us: a lost answer, a server error, a conflict."""
    status = status_of(error)
    if status is None:
        return _is_network(error)
    return status >= 500 or status in (408, 409, 412)


def translate(error: Exception, action: str) -> errors.HublishError:
    """Return our error for what the client raised while `action` ("reading acme/x") was under way."""
    if isinstance(error, errors.HublishError):
        return error
    status, code = status_of(error), error_code_of(error)
    detail = _detail(error)
    if code == "GatedRepo" or status in (401, 403):
        return _unauthorized(action, detail, gated=code == "GatedRepo")
    if code in _NOT_FOUND or status == 404:
        return errors.NotFoundError(
            f"{action}: not found. {detail}",
            hint="check repo_id, repo_type and revision; a private repo needs a token that may read it",
        )
    if status in (409, 412):
        return errors.RemoteConflictError(f"{action}: refused, the remote moved. {detail}", hint="plan again")
    if status is None and _is_network(error):
        return errors.OfflineError(
            f"{action}: the Hub cannot be reached. {detail}",
            hint="check the network and HF_ENDPOINT; `--local` needs neither",
        )
    return errors.RemoteError(f"{action}: {_status(status)}{detail}")


def _unauthorized(action: str, detail: str, *, gated: bool) -> errors.AuthenticationError:
    hint = (
        "ask for access on the repo's page, then use a token of that account"
        if gated
        else "log in with `hf auth login` or set HF_TOKEN to a token that may do this"
    )
    return errors.AuthenticationError(f"{action}: not allowed. {detail}", hint=hint)


def _response(error: BaseException) -> Any:
    current: BaseException | None = error
    while current is not None:
        response = getattr(current, "response", None)
        if response is not None:
            return response
        current = current.__cause__
    return None


def _is_network(error: BaseException) -> bool:
    current: BaseException | None = error
    while current is not None:
        names = {kind.__name__ for kind in type(current).__mro__}
        if isinstance(current, ConnectionError | TimeoutError) or names & {"TransportError", "OfflineModeIsEnabled"}:
            return True
        current = current.__cause__
    return False


def _detail(error: BaseException) -> str:
    response = _response(error)
    if response is not None and response.headers.get("X-Error-Message"):
        return redact(str(response.headers["X-Error-Message"]))
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return redact(" ".join(lines[:3])[:500])


def _status(status: int | None) -> str:
    return f"the Hub answered {status}. " if status else ""
