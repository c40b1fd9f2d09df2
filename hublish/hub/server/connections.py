"""Connections of clients that may be hostile: bounded headers, bounded waiting, and a bounded number.

uvicorn leaves these to a proxy in front of it. The embedded Hub has none.
"""

import asyncio
import resource
import time
from http import HTTPStatus
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

# Bytes of a request line and of all headers, at most.
MAX_URL = 16 << 10
MAX_HEADERS = 64 << 10

# Headers, at most.
MAX_FIELDS = 200

# Requests that a client may send before it has read the response to the first one.
MAX_PIPELINE = 16

# Seconds until the headers of a request are complete, counted from its first byte or from the connection.
HEADER_TIMEOUT = 30.0

# Seconds that a client may continue to send the body of a request that was answered already.
LINGER = 60.0

# Connections, at most. Beyond them, the one that has been silent for the longest time makes room.
MAX_CONNECTIONS = 1000

# Connections that are read in large pieces.
FEW = 32

# Seconds in which a refused client can read the reason.
GOODBYE = 2.0


def connection_limit() -> int:
    """Return how many connections fit into this process: half of its file descriptors remain for files."""
    return min(MAX_CONNECTIONS, max(16, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2))


class BoundedProtocol(HttpToolsProtocol):
    """One connection."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Accept a connection; close the most silent one when there are too many."""
        self._heard = time.monotonic()
        self._progress = False  # of the parser, in the data that just arrived
        self._stuck = 0  # bytes since the parser's last progress
        self._fields = self._field_bytes = 0
        self._between = True  # requests, or inside of headers
        self._refused = self._leaving = False
        self._deadline: asyncio.TimerHandle | None = None
        super().connection_made(transport)
        self._limit_time(HEADER_TIMEOUT)
        if len(self.connections) > FEW:
            # Bytes that asyncio reads at once: 256 KiB of each of a thousand senders would be too much.
            transport.max_size = 64 << 10  # type: ignore[attr-defined]
        if len(self.connections) > connection_limit():
            self._make_room()

    def _make_room(self) -> None:
        others = [one for one in self.connections if isinstance(one, BoundedProtocol) and one.is_waiting]
        if others:
            min(others, key=lambda one: one._heard).transport.abort()  # noqa: SLF001 - the same class

    @property
    def is_waiting(self) -> bool:
        """Whether the next step is the client's: the server neither works on a request nor sends a response."""
        cycle = self._exchange
        return cycle is None or cycle.response_complete or cycle.more_body

    @property
    def _exchange(self) -> RequestResponseCycle | None:
        return self.cycle  # None before the first request, unlike uvicorn's annotation

    def _limit_time(self, seconds: float | None) -> None:
        if self._deadline:
            self._deadline.cancel()
        self._deadline = self.loop.call_later(seconds, self._refuse, 408) if seconds else None

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop the clock."""
        self._limit_time(None)
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Parse the received bytes, and refuse the parts that the parser only collects."""
        if self._refused:
            return
        self._heard = time.monotonic()
        self._progress = False
        if self._between and not self._deadline:
            self._limit_time(HEADER_TIMEOUT)
        super().data_received(data)
        # A header, a trailer or a chunk extension without end makes no event.
        self._stuck = 0 if self._progress else self._stuck + len(data)
        if self._stuck > MAX_HEADERS:
            self._refuse(431)

    def on_message_begin(self) -> None:
        """Begin to count the headers of a request."""
        super().on_message_begin()
        self._fields = self._field_bytes = 0

    def on_url(self, url: bytes) -> None:
        """Collect a request line of limited length."""
        super().on_url(url)
        if len(self.url) > MAX_URL:
            self._refuse(414)

    def on_header(self, name: bytes, value: bytes) -> None:
        """Collect a limited number of headers and trailers."""
        self._progress = True
        self._fields += 1
        self._field_bytes += len(name) + len(value)
        if self._fields > MAX_FIELDS or self._field_bytes > MAX_HEADERS:
            self._refuse(431)
        if not self._refused:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """Start to serve a request."""
        self._progress = True
        if self._refused or self._leaving:
            return
        self._between = False
        self._limit_time(None)
        super().on_headers_complete()
        self.cycle.transport = cast("asyncio.Transport", _LastWords(self))
        if len(self.pipeline) > MAX_PIPELINE:
            self._refuse(431)

    def on_body(self, body: bytes) -> None:
        """Pass a part of a body on."""
        self._progress = True
        if not self._refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Expect the next request."""
        if self._refused:
            return
        self._between = True
        self._limit_time(None)
        super().on_message_complete()
        if self._leaving:
            self.transport.close()

    def on_response_complete(self) -> None:
        """Limit the time in which the rest of the body of an answered request is discarded."""
        super().on_response_complete()
        if not self._between:
            self._limit_time(LINGER)

    def leave(self) -> None:
        """Close the connection after a response, once the rest of the request has arrived."""
        if self._between or not self.transport.can_write_eof():
            self.transport.close()
        elif not self.transport.is_closing():
            # Closing with unread data would reset the connection, and the client would lose the response.
            self._leaving = True
            self.transport.write_eof()

    def send_400_response(self, msg: str) -> None:
        """Answer bytes that are not HTTP."""
        if not self._refused:
            super().send_400_response(msg)

    def _refuse(self, status: int) -> None:
        """Stop to parse, and close the connection after an answer that the client has time to read."""
        if self._refused:
            return
        self._refused = True
        self.flow.resume_reading()
        if self.transport.is_closing():
            return
        cycle = self._exchange
        if cycle is not None and not (cycle.response_complete and self._between):
            self.transport.abort()  # inside of another exchange, where a second response would be misread
            return
        reason = HTTPStatus(status).phrase
        head = f"HTTP/1.1 {status} {reason}\r\ncontent-type: text/plain\r\ncontent-length: {len(reason)}\r\n"
        self.transport.write(f"{head}connection: close\r\n\r\n{reason}".encode())
        if self.transport.can_write_eof():  # as in `leave`
            self.transport.write_eof()
        self._deadline = self.loop.call_later(GOODBYE, self.transport.abort)


class _LastWords:
    """The transport of one response, which a request with `Connection: close` must not end too early."""

    def __init__(self, protocol: BoundedProtocol) -> None:
        self._protocol = protocol

    def write(self, data: bytes) -> None:
        self._protocol.transport.write(data)

    def is_closing(self) -> bool:
        return self._protocol.transport.is_closing()

    def close(self) -> None:
        self._protocol.leave()
