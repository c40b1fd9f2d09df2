"""Browser sessions: each maps the random id in a cookie to an access token, which never leaves this process.

A cookie shows pages and nothing else: neither the API nor git accepts one.
"""

import hashlib
import secrets
import threading
import time
from collections import OrderedDict, deque
from collections.abc import Callable

# Seconds after which a login ends, even if the browser keeps its cookie.
LIFETIME = 8 * 3600

# Logins at once. Beyond them, the oldest ends.
MAX_SESSIONS = 1000

# Tokens that may be wrong within a minute, by all callers together: on loopback, they have one address.
MAX_FAILURES = 10
MINUTE = 60.0


class Sessions:
    """The logins of one server; they end with it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        # By the digest of an id: a comparison of digests takes as long for a close guess as for any other.
        self._tokens: OrderedDict[bytes, tuple[str, float]] = OrderedDict()
        self._failures: deque[float] = deque()
        self._lock = threading.Lock()

    def open(self, token: str) -> str:
        """Begin a login with a token that was checked, and return its id."""
        session = secrets.token_urlsafe(32)
        with self._lock:
            self._tokens[_digest(session)] = (token, self._clock() + LIFETIME)
            while len(self._tokens) > MAX_SESSIONS:
                self._tokens.popitem(last=False)
        return session

    def token(self, session: str) -> str | None:
        """Return the token of a login, or None for one that has ended."""
        with self._lock:
            token, end = self._tokens.get(_digest(session), ("", 0.0))
            return token if self._clock() < end else None

    def close(self, session: str) -> None:
        """End a login."""
        with self._lock:
            self._tokens.pop(_digest(session), None)

    def seconds_to_wait(self) -> int:
        """Return after how many seconds another token may be tried; 0 for at once."""
        with self._lock:
            now = self._clock()
            while self._failures and self._failures[0] <= now - MINUTE:
                self._failures.popleft()
            return int(self._failures[0] + MINUTE - now) + 1 if len(self._failures) >= MAX_FAILURES else 0

    def fail(self) -> None:
        """Count a wrong token."""
        with self._lock:
            self._failures.append(self._clock())


def _digest(session: str) -> bytes:
    return hashlib.sha256(session.encode("utf-8", "replace")).digest()
