"""Translate every exception of the client into one of ours, in one place.

They are distinguished by the protocol (the status and the `X-Error-Code` header). The client's classes move between its
versions; where only the class distinguishes two errors, its name is compared.
"""

import errno
import html
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from json import JSONDecodeError
from typing import Any, Final

from hublish.base import errors
from hublish.hub.client.installed_client import xet_folder
from hublish.schemas.secrets.masking import redact

TRANSIENT: Final = frozenset([408, 429, 500, 502, 503, 504])
"""Statuses after which the same request may succeed a moment later."""

# The server understood the request and does not process it: not implemented, out of storage, network access refused.
_REFUSING = frozenset([501, 505, 507, 508, 510, 511])
_NOT_FOUND = frozenset(["RepoNotFound", "RevisionNotFound", "EntryNotFound"])
_LONGEST_DETAIL = 500
_LONGEST_XML = 64 << 10
_XML_MESSAGE = re.compile(r"<Message>([^<]*)</Message>", re.I)
_RATELIMIT = re.compile(r'"\w+"\s*;\s*r\s*=\s*(?P<r>\d+)\s*;\s*t\s*=\s*(?P<t>\d+)')
# hf_xet raises ConnectionError also for a response, and keeps nothing of it but the status.
_XET_STATUS = re.compile(r"HTTP status (?:client|server) error \((\d{3}) ?([^)]*)\)")
_RATE = re.compile(
    r"rate.?limit|too many (?:requests|commits)|per (?:hour|minute)"
    r"|retry (?:this action )?(?:in|after) (?:about )?(?:\d|an?\b)",
    re.I,
)
_STORAGE = re.compile(
    r"(?:storage|disk space|quota)\b.*\b(?:limit|full|exceed|reach|insufficient|upgrade|left)"
    r"|(?:exceed\w*|reach\w*|insufficient|not enough|out of|no more)\b.*\b(?:storage|disk space|quota)|payment|billing",
    re.I,
)
_SIZE = re.compile(r"too (?:large|big)|(?:exceed\w*|larger than|max\w*)\b.*(?:size|\b[KMGT]i?B\b)", re.I)
_PERMISSION = re.compile(
    r"^$|^forbidden|token|permission|authori[sz]|authentic|access to|log.?in|rights?\b|scope|credential|allowed|write",
    re.I,
)
_STORAGE_HINT = "free storage of the account that owns the repo, or raise its limit"
_SIZE_HINT = "make the files smaller (`max_shard_size` splits weights), or exclude them"
_NO_CONNECTION = frozenset(
    ["ConnectError", "ConnectTimeout", "ProxyError", "UnsupportedProtocol", "OfflineModeIsEnabled"]
)
# Exceptions from parsing a response that no Hub would send.
_MALFORMED = (JSONDecodeError, UnicodeError, KeyError, IndexError, TypeError, AttributeError, RecursionError)


# A full disk is reported before.
_NO_PERMISSION = frozenset([errno.EACCES, errno.EPERM, errno.EROFS])


class MalformedResponseError(Exception):
    """A response that no Hub would send; the message names the field, without the response itself."""


class RequestedWaitError(Exception):
    """The Hub asks for a wait that exceeds the rest of the budget.

    Args:
        response: the response that asks.
        seconds: the requested wait.
        limit: the most that a command waits in all.
    """

    def __init__(self, response: Any, seconds: float, limit: float) -> None:
        super().__init__(f"the Hub asks to wait {duration(seconds)}; hublish waits at most {limit:.0f} s in all")
        self.response = response
        self.seconds = seconds


def response_of(error: BaseException) -> Any:
    """Return the HTTP response that an exception, or one of its causes, carries; None when there was none."""
    return next((found for one in _chain(error) if (found := getattr(one, "response", None)) is not None), None)


def gave_up_waiting(error: BaseException) -> RequestedWaitError | None:
    """Return the wait that was too long, when that is the reason of an exception."""
    return next((one for one in _chain(error) if isinstance(one, RequestedWaitError)), None)


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
    return status in TRANSIENT and gave_up_waiting(error) is None


def outcome_is_unknown(error: BaseException) -> bool:
    """Return whether a write may have been applied although the call failed.

    That is so when there was no response or it cannot be read, when the server failed, and when it reports a conflict:
    the conflict may be with our own first try.
    """
    status = status_of(error)
    # 429 and 408 come from proxies as well, which may have forwarded the request.
    return status is None or status in (408, 409, 412, 429) or (status >= 500 and status not in _REFUSING)


def took_too_long(error: BaseException) -> bool:
    """Return whether a request failed because the server, or a proxy before it, had not processed it in time."""
    status = status_of(error)
    if status is None:
        return any(isinstance(one, TimeoutError) or "TimeoutException" in _names(one) for one in _chain(error))
    return status in (408, 504, 524)


def requested_wait(response: Any) -> float:
    """Return the seconds that a response asks to wait.

    They are in Retry-After (RFC 9110 10.2.3: seconds or a date), or in `t=` of the draft `ratelimit` header when its
    quota is used up (`r=0`). The client sleeps for either number, so that both are read as it reads them.
    """
    status = response.status_code
    if status < 400:  # a redirect may carry the header too
        return 0.0
    quota = _RATELIMIT.search(response.headers.get("ratelimit", ""))
    if status == 429 and quota and int(quota["r"]) == 0:
        return float(quota["t"])
    text = response.headers.get("Retry-After", "").strip()
    # A date in the past, or text that is neither, asks for no wait; the pauses between retries still apply.
    return float(text) if text.isdecimal() else max(0.0, _seconds_until(text))


def _seconds_until(text: str) -> float:
    try:
        date = parsedate_to_datetime(text)
        return (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
    except (ValueError, OverflowError):  # a zone may move the first or last day out of the calendar
        return 0.0


def words_of(response: Any) -> str:
    """Return the Hub's own explanation in a response; empty without one."""
    header = response.headers.get("X-Error-Message", "")
    return " ".join(dict.fromkeys([*header.splitlines(), *messages_of(response)])) or _plain_words(response)


def messages_of(response: Any) -> tuple[str, ...]:
    """Return the messages in the JSON body of a response, each once."""
    try:
        body = response.json()
    except (ValueError, RuntimeError, RecursionError):  # not JSON, or not read
        return ()
    if not isinstance(body, dict):
        body = {"errors": body if isinstance(body, list) else [body]}
    listed = body.get("errors")
    # `error_description` is from OAuth; `title` and `detail` from RFC 9457 and FastAPI.
    names = ("error", "error_description", "message", "title", "detail")
    texts = [body.get(names[0]), *(listed if isinstance(listed, list) else ()), *(body.get(name) for name in names[1:])]
    texts = [text.get("message") if isinstance(text, dict) else text for text in texts]
    return tuple(dict.fromkeys(" ".join(text.split()) for text in texts if isinstance(text, str) and text.strip()))


def _plain_words(response: Any) -> str:
    # Storage servers respond with XML, proxies with text or a page for people.
    try:
        text = response.text
    except RuntimeError:  # not read
        return ""
    kind = response.headers.get("Content-Type", "").lower()
    if "xml" in kind or text.startswith("<?xml"):
        return " ".join(html.unescape(found).strip() for found in _XML_MESSAGE.findall(text[:_LONGEST_XML]))
    return " ".join(text.split()) if kind.startswith("text/plain") else ""


def duration(seconds: float) -> str:
    """Return a wait in seconds, and in a larger unit when it is long."""
    for unit, size in (("days", 86400), ("h", 3600), ("min", 60)):
        if seconds >= 2 * size:
            return f"{seconds:.0f} s ({seconds / size:.3g} {unit})"
    return f"{seconds:.0f} s"


def later(seconds: float) -> str:
    """Return the hint for a Hub that is busy; 0 when it does not name a time."""
    when = f"in {duration(seconds)}" if seconds else "later"
    return f"run the same command again {when}"


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
    status, response = status_of(error), response_of(error)
    if status is None:
        return _without_response(error, action, detail)
    code = None if response is None else response.headers.get("X-Error-Code")
    wait = 0.0 if response is None else requested_wait(response)
    too_long = gave_up_waiting(error)
    if too_long is not None:
        wait = too_long.seconds
        found: errors.HublishError = errors.RemoteError(f"{action}: {too_long}. {detail}")
    else:
        found = _for_status(status, code, action, detail)
    if isinstance(found, errors.RemoteError):
        found.is_transient = status in TRANSIENT and status != 429
    if wait:
        found.hint = later(wait)
    return found


def refusal_hint(words: str, status: int = 0) -> str:
    """Return the hint for a refusal that no other token changes: of rate, storage or size; empty for others.

    The Hub sends each of them with several statuses, 403 among them, so that its words decide as well.
    """
    if status == 429 or _RATE.search(words):
        return later(0)
    if status in (402, 507) or _STORAGE.search(words):
        return _STORAGE_HINT
    return _SIZE_HINT if status == 413 or _SIZE.search(words) else ""


def _for_status(status: int, code: str | None, action: str, detail: str) -> errors.HublishError:
    # Without a token, the Hub responds to a missing or private repo with 401 and RepoNotFound. The status comes first:
    # logging in is then the likelier fix.
    is_refusal = status in (400, 402, 403, 413, 422, 429, 507) and code not in (*_NOT_FOUND, "GatedRepo")
    if is_refusal and (hint := refusal_hint(detail, status)):
        return errors.RemoteError(f"{action}: the Hub refused it with {status}. {detail}", hint=hint)
    if code == "GatedRepo" or status in (401, 403):
        hint = "log in with `hf auth login` or set HF_TOKEN to a token with this permission"
        if code == "GatedRepo":
            hint = "request access on the repo's page, then use a token of that account"
        # Other reasons, such as an account that is suspended, are not of the token.
        elif status == 403 and not _PERMISSION.search(detail):
            hint = ""
        return errors.AuthenticationError(f"{action}: not allowed. {detail}", hint=hint)
    if code in _NOT_FOUND or status == 404:
        return errors.NotFoundError(
            f"{action}: not found. {detail}",
            hint="check repo_id, repo_type, revision and endpoint; a private repo needs a token with read access",
        )
    if status in (409, 412):
        return errors.RemoteConflictError(f"{action}: rejected, the remote has moved. {detail}", hint="plan again")
    hint = later(0) if status in TRANSIENT else ""
    return errors.RemoteError(f"{action}: the Hub responded with {status}. {detail}", hint=hint)


def _without_response(error: Exception, action: str, detail: str) -> errors.HublishError:
    # Apart from downloads, the client writes to the cache of xet alone.
    if full := errors.disk_full(error, xet_folder()):
        return errors.DiskFullError(f"{action}: {full.message}", hint=full.hint)
    if any("OfflineModeIsEnabled" in _names(one) for one in _chain(error)):
        # The network is not asked at all, so that checking it would not help.
        return errors.OfflineError(
            f"{action}: HF_HUB_OFFLINE is set, and this needs the Hub", hint="unset HF_HUB_OFFLINE"
        )
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
        return errors.HublishError(
            f"{action}: {detail}", hint="check the permissions there" if error.errno in _NO_PERMISSION else ""
        )
    return errors.RemoteError(f"{action}: {detail}")


def status_of(error: BaseException) -> int | None:
    """Return the status of the Hub's response; None when there was none."""
    response = response_of(error)
    if response is not None:
        return int(response.status_code)
    found = _xet_status(error)
    return int(found[1]) if found else None


def _xet_status(error: BaseException) -> re.Match[str] | None:
    return next((found for one in _chain(error) if (found := _XET_STATUS.search(str(one)))), None)


def _chain(error: BaseException) -> Iterator[BaseException]:
    return errors.chain(error, _origin)


def _origin(error: BaseException) -> BaseException | None:
    # The client may fail while it reads the body of a refusal, such as a JSON list: it is then only the context.
    unread = isinstance(error, _MALFORMED) and hasattr(error.__context__, "response")
    return error.__context__ if unread else error.__cause__


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
    if response is not None:
        # Without an explanation, the client's message repeats the URL, which may be a signed one.
        return words_of(response) or str(response.reason_phrase)
    if found := _xet_status(error):
        return found[2]
    # The first lines only: a proxy's error page may be long.
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return " ".join(lines[:3])
