"""How long the Hub may make us wait: the client sleeps any Retry-After; we stop at 300 seconds in all."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from hublish.pipeline.errors import RemoteError

LIMIT_SECONDS = 300


class _Patience:
    """Adds up what the Hub asks us to wait, as a response hook of the client's session."""

    def __init__(self, limit: float) -> None:
        self._left = limit

    def __call__(self, response: Any) -> None:
        asked = _seconds(response.headers) if response.status_code in (429, 503) else 0
        self._left -= asked
        if self._left < 0:
            msg = f"the Hub asks to wait {asked:.0f} s; hublish waits at most {LIMIT_SECONDS} s in all"
            raise RemoteError(msg, hint="run the same command again later: it goes on where it stopped")


@contextmanager
def bounded(session: Any, limit: float = LIMIT_SECONDS) -> Iterator[None]:
    """Let the requests of `session` (an httpx client) be put off for at most `limit` seconds in all.

    Raises:
        RemoteError: from the request whose answer asks for more.
    """
    hook = _Patience(limit)
    before = session.event_hooks
    session.event_hooks = {**before, "response": [*before.get("response", []), hook]}
    try:
        yield
    finally:
        session.event_hooks = before


def _seconds(headers: Any) -> float:
    """Return the wait asked for, in seconds: Retry-After, or `t=` of the draft `ratelimit` header."""
    try:
        return max(0.0, float(headers.get("Retry-After", "")))
    except ValueError:
        pass
    for part in headers.get("ratelimit", "").split(";"):
        name, _, value = part.strip().partition("=")
        if name == "t" and value.isdigit():
            return float(value)
    return 0.0
