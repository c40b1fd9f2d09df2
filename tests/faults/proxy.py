"""A proxy between the real client and a hub that makes the network or the hub fail on demand."""

import re
import select
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

_HOP_BY_HOP = frozenset(["connection", "keep-alive", "transfer-encoding", "content-length", "date", "server"])


@dataclass(frozen=True)
class Call:
    """A request on its way to the hub."""

    method: str
    path: str  # as on the wire, with its query
    headers: Mapping[str, str]
    body: bytes

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


@dataclass(frozen=True)
class Answer:
    """The response to the client."""

    status: int
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b""
    announced: int | None = None  # a wrong Content-Length: the connection breaks in the middle of the body


class HangupError(Exception):
    """The connection is reset instead of answered."""


Forward = Callable[[Call], Answer]
# The handling of a call; `Forward` sends it to the hub.
Behavior = Callable[[Call, Forward], Answer]


def lost_before(call: Call, forward: Forward) -> Answer:
    """Reset the connection; the hub does not receive the call."""
    raise HangupError


def lost_after(call: Call, forward: Forward) -> Answer:
    """Reset the connection after the hub has processed the call."""
    forward(call)
    raise HangupError


def instead(status: int, body: bytes = b"", **headers: str) -> Behavior:
    """Return an answer without calling the hub."""
    return lambda _call, _forward: _answer(status, body, headers)


def afterwards(status: int, body: bytes = b"", **headers: str) -> Behavior:
    """Call the hub, and return another answer."""

    def behave(call: Call, forward: Forward) -> Answer:
        forward(call)
        return _answer(status, body, headers)

    return behave


def edited(change: Callable[[Answer], Answer]) -> Behavior:
    """Call the hub, and change its answer."""
    return lambda call, forward: change(forward(call))


def rewritten(change: Callable[[Call], Call]) -> Behavior:
    """Change the client's request."""
    return lambda call, forward: forward(change(call))


def slow(seconds: float, then: Behavior = lambda call, forward: forward(call)) -> Behavior:
    """Wait before the call is handled."""

    def behave(call: Call, forward: Forward) -> Answer:
        time.sleep(seconds)
        return then(call, forward)

    return behave


def doing(action: Callable[[], Any], *, first: bool = True) -> Behavior:
    """Run an action before or after the hub processes the call."""

    def behave(call: Call, forward: Forward) -> Answer:
        if first:
            action()
        answer = forward(call)
        if not first:
            action()
        return answer

    return behave


def truncated(answer: Answer) -> Answer:
    """Announce the whole body, but send half of it."""
    return replace(answer, body=answer.body[: len(answer.body) // 2], announced=len(answer.body))


def corrupted(answer: Answer) -> Answer:
    """Change one byte of the body and keep its length."""
    middle = len(answer.body) // 2
    flipped = bytes([answer.body[middle] ^ 1]) if answer.body else b""
    return replace(answer, body=answer.body[:middle] + flipped + answer.body[middle + 1 :])


def without_header(*names: str) -> Callable[[Answer], Answer]:
    """Remove headers."""
    unwanted = {name.lower() for name in names}
    return lambda answer: replace(
        answer, headers=tuple(item for item in answer.headers if item[0].lower() not in unwanted)
    )


def _answer(status: int, body: bytes, headers: Mapping[str, str]) -> Answer:
    return Answer(status, tuple((name.replace("_", "-"), value) for name, value in headers.items()), body)


@dataclass
class _Rule:
    pattern: re.Pattern[str]
    behavior: Behavior
    skip: int
    times: int

    def takes(self, call: Call) -> bool:
        if not self.times or not self.pattern.search(str(call)):
            return False
        if self.skip:
            self.skip -= 1
            return False
        self.times -= 1
        return True


@dataclass(eq=False)
class Proxy:
    """Forwards all calls to `upstream` except those that match a rule.

    The Host header is passed on and the hub builds its URLs from it, so calls to these URLs pass the proxy too.
    """

    upstream: str
    calls: list[Call] = field(default_factory=list, repr=False)  # all requests, in the order of arrival
    answers: list[tuple[Call, int]] = field(default_factory=list, repr=False)  # the hub's own answers
    watch: Callable[[Call, str], None] | None = None  # called `before` and `after` the hub processes each request

    def __post_init__(self) -> None:
        self._rules: list[_Rule] = []
        self._lock = threading.Lock()
        self._sockets: set[socket.socket] = set()
        self._server: ThreadingHTTPServer | None = None
        # Each connection of a client has one to the hub: opening it for every call takes as long as the call.
        self._upstream = threading.local()

    @property
    def endpoint(self) -> str:
        """The address for clients."""
        assert self._server is not None
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def on(self, pattern: str, behavior: Behavior, *, skip: int = 0, times: int = 1_000_000) -> None:
        """Apply `behavior` to calls that match `pattern` (`METHOD /path`): skip `skip` of them, then `times` times."""
        with self._lock:
            self._rules.append(_Rule(re.compile(pattern), behavior, skip, times))

    def clear(self) -> None:
        """Remove all rules and recorded calls."""
        with self._lock:
            self._rules.clear()
            self.calls.clear()
            self.answers.clear()
            self.watch = None

    def count(self, pattern: str) -> int:
        """Return the number of matching requests."""
        return sum(1 for call in list(self.calls) if re.search(pattern, str(call)))

    def done(self, pattern: str) -> int:
        """Return the number of matching requests that the hub itself answered with success."""
        return sum(1 for call, status in list(self.answers) if status < 400 and re.search(pattern, str(call)))

    @contextmanager
    def running(self) -> Iterator["Proxy"]:
        """Serve during a `with` block."""
        self._server = _Server(("127.0.0.1", 0), self._handler())
        thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        thread.start()
        try:
            yield self
        finally:
            self._server.shutdown()
            self._server.server_close()
            thread.join()
            with self._lock:
                left = list(self._sockets)
            for one in left:
                _shut(one)

    def answer(self, call: Call) -> Answer:
        """Return the answer to a call; raise `HangupError` for none."""
        with self._lock:
            self.calls.append(call)
            behavior = next((rule.behavior for rule in self._rules if rule.takes(call)), None)
        if behavior is None:
            return self._forward(call)
        return behavior(call, self._forward)

    def _forward(self, call: Call) -> Answer:
        if self.watch:
            self.watch(call, "before")
        connection = self._connection()
        try:
            connection.putrequest(call.method, call.path, skip_host=True, skip_accept_encoding=True)
            for name, value in call.headers.items():
                if name.lower() not in _HOP_BY_HOP:
                    connection.putheader(name, value)
            if call.body or call.method in ("POST", "PUT"):
                connection.putheader("Content-Length", str(len(call.body)))
            connection.endheaders(call.body or None)
            response = connection.getresponse()
            answer = Answer(response.status, tuple(response.getheaders()), response.read())
        except (OSError, HTTPException):
            self.hang_up()
            raise HangupError from None  # the hub died: break this connection as well
        with self._lock:
            self.answers.append((call, answer.status))
        if self.watch:
            self.watch(call, "after")
        return answer

    def _connection(self) -> HTTPConnection:
        connection: HTTPConnection | None = getattr(self._upstream, "connection", None)
        # A connection without a call in progress is readable after the hub closed it.
        if connection and connection.sock and not select.select([connection.sock], [], [], 0)[0]:
            return connection
        self.hang_up()
        target = urlsplit(self.upstream)
        assert target.hostname is not None
        self._upstream.connection = connection = HTTPConnection(target.hostname, target.port, timeout=120)
        return connection

    def hang_up(self) -> None:
        """Close this thread's connection to the hub."""
        if connection := self._upstream.__dict__.pop("connection", None):
            connection.close()

    def _handler(proxy) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - `self` is the handler
        class Handler(_Handler):
            owner = proxy

        return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def shutdown_request(self, request: Any) -> None:
        """Close without a shutdown: a requested reset must not become an orderly close."""
        self.close_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    owner: Proxy

    def setup(self) -> None:
        super().setup()
        with self.owner._lock:
            self.owner._sockets.add(self.connection)

    def finish(self) -> None:
        self.owner.hang_up()
        with self.owner._lock:
            self.owner._sockets.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def log_message(self, *_: object) -> None:
        """Do not log."""

    def _serve(self) -> None:
        call = Call(self.command, self.path, dict(self.headers.items()), self._body())
        try:
            answer = self.owner.answer(call)
        except HangupError:
            self.close_connection = True
            _reset(self.connection)
            return
        self._send(call, answer)

    do_GET = do_HEAD = do_POST = do_PUT = do_DELETE = do_PATCH = _serve  # noqa: N815 - the names come from the base class

    def _body(self) -> bytes:
        if "chunked" in (self.headers.get("Transfer-Encoding") or ""):
            return b"".join(self._chunks())
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self.rfile.readline().split(b";")[0], 16):
            yield self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()

    def _send(self, call: Call, answer: Answer) -> None:
        self.send_response_only(answer.status)
        length = len(answer.body) if answer.announced is None else answer.announced
        for name, value in answer.headers:
            if name.lower() not in _HOP_BY_HOP:
                self.send_header(name, value)
            elif name.lower() == "content-length" and call.method == "HEAD":
                length = int(value)
        self.send_header("Content-Length", str(length))
        self.end_headers()
        if call.method != "HEAD":
            self.wfile.write(answer.body)
        if answer.announced is not None:
            self.close_connection = True
            _reset(self.connection)


def _reset(connection: socket.socket) -> None:
    # With this option, the close that follows sends RST.
    with suppress(OSError):
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def _shut(connection: socket.socket) -> None:
    with suppress(OSError):
        connection.shutdown(socket.SHUT_RDWR)
