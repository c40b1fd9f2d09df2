"""Retries, and the total time spent waiting: the client sleeps for any Retry-After, but a command stops at 300 s."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final, TypeVar

from hublish.hub.client import failures

LIMIT_SECONDS: Final = 300.0
"""The total wait that the Hub may ask of one command, and the longest silence within one response."""

_CONNECT_SECONDS = 30.0
# Before each new try of a call that failed transiently, unless the Hub names a time.
_PAUSES = (1.0, 2.0, 4.0)
_BUSY = "another conflicting operation is in progress"

T = TypeVar("T")


class RetryBudget:
    """The rest of the time that one command may wait, over all its requests and threads.

    Args:
        limit: seconds the Hub may ask for in all.
        silence: seconds without a byte after which a response counts as lost; the client itself waits without end.
    """

    def __init__(self, limit: float = LIMIT_SECONDS, silence: float = LIMIT_SECONDS) -> None:
        self._limit = limit
        self._left = limit
        self._silence = silence
        self._lock = threading.Lock()

    @contextmanager
    def bounding(self, session: Any) -> Iterator[None]:
        """Count the waits of `session` (an httpx client) for the length of a `with` block.

        Raises:
            RequestedWaitError: from the request whose response asks for more time than is left.
        """
        # Added and removed one by one: another thread may do the same with the one session of the process.
        hooks = session.event_hooks
        hooks["request"].append(self._set_timeouts)
        hooks["response"].append(self._count_wait)
        try:
            yield
        finally:
            hooks["request"].remove(self._set_timeouts)
            hooks["response"].remove(self._count_wait)

    def retrying(self, call: Callable[[], T]) -> T:
        """Make an idempotent call, and repeat it up to three times while it fails transiently."""
        # The last try is outside the loop: its error is the one that the caller sees.
        for pause in _PAUSES:
            try:
                return call()
            except Exception as error:
                if not failures.is_transient(error):
                    raise
                response = failures.response_of(error)
                requested = 0.0 if response is None else failures.requested_wait(response)
                self.wait(requested or pause)
        return call()

    def wait(self, seconds: float) -> None:
        """Sleep."""
        time.sleep(seconds)

    def _set_timeouts(self, request: Any) -> None:
        # A timeout that the client sets itself stays.
        wanted = {"connect": _CONNECT_SECONDS, "read": self._silence, "write": self._silence}
        given = request.extensions.get("timeout", {})
        request.extensions["timeout"] = {**given, **{name: given.get(name) or wanted[name] for name in wanted}}

    def _count_wait(self, response: Any) -> None:
        if response.status_code in failures.TRANSIENT:  # the client obeys the header only then
            self._spend(failures.requested_wait(response), response)
        if response.status_code == 409 and _BUSY in response.read().decode("utf-8", "replace"):
            # The client repeats such a request at once and without end.
            self._spend(_PAUSES[0], response)
            self.wait(_PAUSES[0])

    def _spend(self, seconds: float, response: Any) -> None:
        with self._lock:
            # Counted before the client sleeps: the wait that would exceed the limit never begins.
            exceeded = seconds > self._left
            if not exceeded:
                self._left -= seconds
        if exceeded:
            response.read()  # a hook runs before the body is read, and the body may hold the Hub's reason
            raise failures.RequestedWaitError(response, seconds, self._limit)
