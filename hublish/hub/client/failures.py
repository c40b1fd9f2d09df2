"""Translate every exception of the client into one of ours, in one place.

They are distinguished by the protocol (the status and the `X-Error-Code` header). The client's classes move between its
versions; where only the class distinguishes two errors, its name is compared.
"""

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from json import JSONDecodeError
from typing import Any, Final

from hublish.base import errors
from hublish.schemas.secrets.masking import redact

TRANSIENT: Final = frozenset([408, 429, 500, 502, 503, 504])
"""Statuses after which the same request may succeed a moment later."""

_NOT_FOUND = frozenset(["RepoNotFound", "RevisionNotFound", "EntryNotFound"])
_LONGEST_DETAIL = 500
_NO_CONNECTION = frozenset(
    ["ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol", "OfflineModeIsEnabled"]
)
# Exceptions from parsing a response that no Hub would send.
_MALFORMED = (JSONDecodeError, UnicodeError, KeyError, IndexError, TypeError, AttributeError, RecursionError)


class MalformedResponseError(Exception):
    """A response that no Hub would send; the message names the field, without the response itself."""


# The Hub answers 403 to them as well. A quota is of the account: no other token of it helps.
_STORAGE = re.compile(r"storage|quota|disk space|limit (?:reached|exceeded)|exceeds? .*limit|payment|billing", re.I)
_STORAGE_HINT = "free storage of the account that owns the repo, or raise its limit; nothing was published"


def response_of(error: BaseException) -> Any:
    """Return the HTTP response that an exception, or one of its causes, carries; None when there was none."""
    return next((found for one in _chain(error) if (found := getattr(one, "response", None)) is not None), None)


def is_missing(error: BaseException) -> bool:
    """Return whether the Hub responded that the repo or revision does not exist.

    Some self-hosted Hubs send no `X-Error-Code`; an HTML page about a missing page is not from a Hub at all.
    """
    response = response_of(error)
    if response is None:
        return False
    code = response.headers.get("X-Error-Code")
    if code is None:
        return response.status_code == 404 and "json" in response.headers.get("Content-Type", "")
    return code in ("RepoNotFound", "RevisionNotFound")


def is_transient(error: BaseException) -> bool:
    """Return whether the same call may succeed a moment later. A Hub that cannot be connected to is not retried."""
    status = status_of(error)
    if status is None:
        return _is_network(error) and not any(_names(one) & _NO_CONNECTION for one in _chain(error))
    return status in TRANSIENT


def outcome_is_unknown(error: BaseException) -> bool:
    """Return whether a write may have been applied although the call failed.

    That is so when there was no response or it cannot be read, when the server failed, and when it reports a conflict:
    the conflict may be with our own first try.
    """
    status = status_of(error)
    # 429 and 408 come from proxies as well, which may have forwarded the request.
    return status is None or status >= 500 or status in (408, 409, 412, 429)


def requested_wait(response: Any) -> float:
    """Return the seconds that a response asks to wait.

    They are in Retry-After (RFC 9110 10.2.3: seconds or a date), or in `t=` of the draft `ratelimit` header when its
    quota is used up (`r=0`).
    """
    status = response.status_code
    if status < 400:  # a redirect may carry the header too
        return 0.0
    limits = dict(part.strip().partition("=")[::2] for part in response.headers.get("ratelimit", "").split(";"))
    if status == 429 and limits.get("r", "").strip() == "0" and limits.get("t", "").strip().isdigit():
        return float(limits["t"])
    text = response.headers.get("Retry-After", "").strip()
    # A date in the past, or text that is neither, asks for no wait; the pauses between retries still apply.
    return float(text) if text.isdecimal() else max(0.0, _seconds_until(text))


def _seconds_until(text: str) -> float:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()


def words_of(response: Any) -> str:
    """Return the Hub's own explanation in a response; empty without one."""
    if header := response.headers.get("X-Error-Message"):
        return str(header)
    return " ".join(messages_of(response))


def messages_of(response: Any) -> tuple[str, ...]:
    """Return the messages in the JSON body of a response, each once."""
    try:
        body = response.json()
    except (ValueError, RuntimeError, RecursionError):  # not JSON, or not read
        return ()
    if not isinstance(body, dict):
        return ()
    listed = body.get("errors")
    texts = [body.get("error"), *(listed if isinstance(listed, list) else ()), body.get("message")]
    texts = [text.get("message") if isinstance(text, dict) else text for text in texts]
    return tuple(dict.fromkeys(text.strip() for text in texts if isinstance(text, str) and text.strip()))


def later(seconds: float) -> str:
    """Return the hint for a Hub that asks to wait."""
    return f"run the same command again in {seconds:.0f} s: it continues where it stopped"


def translate(error: Exception, action: str, secret: str | None = None) -> errors.HublishError:
    """Return our error for an exception that the client raised.

    Args:
        error: the client's exception.
        action: the attempted action, for the message: "reading acme/x".
        secret: the token in use, which a server may echo.
    """
    # Our own errors pass through the client's threads, which wrap them.
    ours = next((one for one in _chain(error) if isinstance(one, errors.HublishError)), None)
    if ours is not None:
        return ours
    # Cut afterwards: a part of a token does not look like one.
    detail = redact(_detail(error), [secret] if secret else [])[:_LONGEST_DETAIL]
    response = response_of(error)
    if response is None:
        return _without_response(error, action, detail)
    status = int(response.status_code)
    found = _for_status(status, response.headers.get("X-Error-Code"), action, detail)
    if isinstance(found, errors.RemoteError):
        found.is_transient = status in TRANSIENT
    if wait := requested_wait(response):
        found.hint = later(wait)
    return found


def _for_status(status: int, code: str | None, action: str, detail: str) -> errors.HublishError:
    # Without a token, the Hub responds to a missing or private repo with 401 and RepoNotFound. The status comes first:
    # logging in is then the likelier fix.
    if status == 403 and _STORAGE.search(detail):
        return errors.RemoteError(f"{action}: the Hub refused it. {detail}", hint=_STORAGE_HINT)
    if code == "GatedRepo" or status in (401, 403):
        hint = "log in with `hf auth login` or set HF_TOKEN to a token with this permission"
        if code == "GatedRepo":
            hint = "request access on the repo's page, then use a token of that account"
        return errors.AuthenticationError(f"{action}: not allowed. {detail}", hint=hint)
    if code in _NOT_FOUND or status == 404:
        return errors.NotFoundError(
            f"{action}: not found. {detail}",
            hint="check repo_id, repo_type, revision and endpoint; a private repo needs a token with read access",
        )
    if status in (409, 412):
        return errors.RemoteConflictError(f"{action}: rejected, the remote has moved. {detail}", hint="plan again")
    return errors.RemoteError(f"{action}: the Hub responded with {status}. {detail}")


def _without_response(error: Exception, action: str, detail: str) -> errors.HublishError:
    if _is_network(error):
        return errors.OfflineError(
            f"{action}: the Hub cannot be reached. {detail}",
            hint="check the network and HF_ENDPOINT; `--local` needs neither",
        )
    ours = isinstance(error, MalformedResponseError)
    if ours or any("FileMetadataError" in _names(one) for one in _chain(error)) or isinstance(error, _MALFORMED):
        return errors.RemoteError(
            f"{action}: the response is not from a Hub. {detail if ours else f'{type(error).__name__}: {detail}'}",
            hint="check HF_ENDPOINT, and proxies that respond in its place",
        )
    # The client raises it also for a cache miss after a failed request; the cause was translated above.
    if "LocalEntryNotFoundError" in _names(error):
        return errors.OfflineError(f"{action}: not in the cache, and the network is off", hint="run with the network")
    # With an errno, the operating system failed on this machine: a full disk, a missing permission.
    if isinstance(error, OSError) and error.errno is not None:
        return errors.HublishError(f"{action}: {detail}", hint="check permissions and free space there")
    return errors.RemoteError(f"{action}: {detail}")


def status_of(error: BaseException) -> int | None:
    """Return the status of the Hub's response; None when there was none."""
    response = response_of(error)
    return None if response is None else int(response.status_code)


def _chain(error: BaseException) -> Iterator[BaseException]:
    # Where one of our errors is translated again, the chain leads back to it.
    current: BaseException | None = error
    seen: set[int] = set()
    while current is not None and id(current) not in seen:
        yield current
        seen.add(id(current))
        current = current.__cause__


def _names(error: BaseException) -> set[str]:
    return {kind.__name__ for kind in type(error).__mro__}


def _is_network(error: BaseException) -> bool:
    return any(
        isinstance(one, ConnectionError | TimeoutError) or "TransportError" in _names(one) or _was_closed(one)
        for one in _chain(error)
    )


def _was_closed(error: BaseException) -> bool:
    # When one thread cannot connect, the client closes the session that all of them use. Until it has made the next
    # one, another thread finds None.
    if isinstance(error, AttributeError):
        return error.obj is None and error.name in ("request", "stream")
    return isinstance(error, RuntimeError) and "client has been closed" in str(error)


def _detail(error: BaseException) -> str:
    response = response_of(error)
    if response is not None and (words := words_of(response)):
        return words
    # The first lines only: a proxy's error page may be long.
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])
