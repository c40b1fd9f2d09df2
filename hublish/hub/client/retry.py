"""How long the Hub may make us wait, and what is asked again: the client sleeps any Retry-After; we stop at 300 s."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

from hublish.base.errors import RemoteError
from hublish.hub.client import failures

LIMIT_SECONDS = 300.0
"""What one command waits in all because the Hub asks for it, and how long one answer may take."""
_CONNECT_SECONDS = 30.0
_PAUSES = (1.0, 2.0, 4.0)
"""Seconds before a call that failed in passing is made again, unless the Hub names a time."""
_BUSY = "another conflicting operation is in progress"

T = TypeVar("T")


class Patience:
    """What is left of the time a command may be put off, over all its requests and threads.

    Args:
        limit: seconds the Hub may ask us to wait in all.
        answer: seconds without a byte after which an answer counts as lost; the client itself waits for ever.
    """

    def __init__(self, limit: float = LIMIT_SECONDS, answer: float = LIMIT_SECONDS) -> None:
        self._limit = limit
        self._left = limit
        self._answer = answer
        self._counting = threading.Lock()

    @contextmanager
    def bounding(self, session: Any) -> Iterator[None]:
        """Watch the requests of `session` (an httpx client) for the length of a `with` block.

        Raises:
            RemoteError: from the request whose answer asks for more time than is left.
        """
        # In place and by identity: another thread may be doing the same with the one session there is.
        hooks = session.event_hooks
        hooks["request"].append(self._limit_answer)
        hooks["response"].append(self._count_wait)
        try:
            yield
        finally:
            hooks["request"].remove(self._limit_answer)
            hooks["response"].remove(self._count_wait)

    def retrying(self, call: Callable[[], T]) -> T:
        """Make a call that may be repeated without harm until it no longer fails in passing, four times at most."""
        for pause in _PAUSES:
            try:
                return call()
            except Exception as error:
                if not failures.is_passing(error):
                    raise
                asked = _asked(response) if (response := failures.response_of(error)) is not None else 0
                self.wait(asked or pause)
        return call()

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def _limit_answer(self, request: Any) -> None:
        wanted = {"connect": _CONNECT_SECONDS, "read": self._answer, "write": self._answer}
        given = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {**given, **{name: given.get(name) or wanted[name] for name in wanted}}

    def _count_wait(self, response: Any) -> None:
        self._spend(_asked(response))
        if response.status_code == 409 and _BUSY in response.read().decode("utf-8", "replace"):
            # The client asks again at once and for ever.
            self._spend(_PAUSES[0])
            self.wait(_PAUSES[0])

    def _spend(self, seconds: float) -> None:
        with self._counting:
            self._left -= seconds
            spent = self._left < 0
        if spent:
            msg = f"the Hub asks to wait {seconds:.0f} s; hublish waits at most {self._limit:.0f} s in all"
            raise RemoteError(msg, hint="run the same command again later: it goes on where it stopped")


def _asked(response: Any) -> float:
    """Return the wait an answer asks for, in seconds.

    It stands in Retry-After (RFC 9110 10.2.3: seconds or a date), or in `t=` of the draft `ratelimit` header when
    that has nothing remaining (`r=0`).
    """
    status = response.status_code
    if status not in failures.PASSING:
        return 0.0
    limits = dict(part.strip().partition("=")[::2] for part in response.headers.get("ratelimit", "").split(";"))
    if status == 429 and limits.get("r", "").strip() == "0" and limits.get("t", "").strip().isdigit():
        return float(limits["t"])
    text = response.headers.get("Retry-After", "").strip()
    return float(text) if text.isdecimal() else max(0.0, _until(text))


def _until(text: str) -> float:
    try:
        date = parsedate_to_datetime(text)
    except ValueError:
        return 0.0
    return (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
