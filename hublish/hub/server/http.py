"""HTTP messages: requests, responses, pages of long lists, and bodies of gigabytes.

The disk and the digests work in threads; the event loop only passes buffers on.
"""

import asyncio
import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import urlencode

from hublish.hub.server.refusals import HubError, bad_request

Headers = Mapping[str, str]
Send = Callable[[dict[str, Any]], Awaitable[None]]
T = TypeVar("T")

# Bytes of a request body that may be in memory as a whole. Larger bodies are streamed or refused.
JSON_LIMIT = 64 << 20

# Bytes handed to a thread at once: large enough to hide the switch, small enough for many transfers.
BATCH = 1 << 20

_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


class ClientDisconnectedError(Exception):
    """The client closed the connection before its request was complete; a response has no receiver."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request."""

    method: str
    path: str  # as sent, still percent-quoted: revisions and tree paths contain %2F
    query: Mapping[str, tuple[str, ...]]  # unquoted values by name, in the order sent
    headers: Headers  # by lower-case name; of a repeated header, the last one
    stream: AsyncIterator[bytes]  # the body as it arrives; it can be read once
    base_url: str  # `http://host:port` as the client sees this server, without a trailing slash
    params: Mapping[str, str] = field(default_factory=dict)  # the route's placeholders, unquoted
    content: bytes = b""  # the whole body for plain handlers; empty for coroutines, which read the stream

    def first(self, name: str, default: str = "") -> str:
        """Return the first value of a query parameter."""
        return next(iter(self.query.get(name, ())), default)

    def flag(self, name: str) -> bool:
        """Return whether a query parameter is switched on, in any spelling that clients use."""
        return self.first(name).lower() in ("1", "true", "yes", "on")

    def number(self, name: str, default: int) -> int:
        """Return a query parameter as a number; raise 400 when it is not one."""
        number = parse_number(self.first(name, str(default)))
        if number is None:
            raise bad_request(f'"{name}" must be a number')
        return number

    async def read_all(self, limit: int = JSON_LIMIT) -> bytes:
        """Read the whole body; raise 413 when it is larger than `limit` bytes."""
        content = bytearray()
        async for chunk in self.stream:
            content += chunk
            if len(content) > limit:
                raise HubError(413, None, f"Request body is larger than {limit} bytes")
        return bytes(content)

    def json_object(self) -> dict[str, Any]:
        """Parse `content` as a JSON object; an empty body and `null` are empty objects. Raise 400 for others."""
        try:
            value = json.loads(self.content) if self.content.strip() else {}
        except (ValueError, RecursionError):
            raise bad_request("Request body is not valid JSON") from None
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise bad_request("Request body must be a JSON object")
        return value


def parse_number(text: str) -> int | None:
    """Return a number of at most nine ASCII digits, or None."""
    # int() would also accept signs, underscores and other scripts' digits, and takes long for thousands of digits.
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else None


@dataclass(frozen=True, slots=True)
class FileSlice:
    """Bytes `start` to `start + length` of a file, streamed as the body of a response."""

    open: Callable[[], IO[bytes]]  # returns the file at any position; it is closed after sending
    start: int
    length: int


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP response; build it with the functions below."""

    status: int
    headers: Headers
    body: bytes | FileSlice = b""

    @property
    def length(self) -> int:
        """Content-Length in bytes."""
        return self.body.length if isinstance(self.body, FileSlice) else len(self.body)


def json_response(value: Any, status: int = 200, headers: Headers | None = None) -> Response:
    """Respond with `value` as JSON."""
    # A lone surrogate (from a name on disk or in a request) becomes "?" instead of an encoding error.
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(status, {"content-type": "application/json; charset=utf-8", **(headers or {})}, content)


def content_response(request: Request, source: Path | bytes, headers: Headers | None = None) -> Response:
    """Respond with a file (streamed) or with bytes, and honor the request's Range: 200, 206 or 416."""
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    common = {"content-type": "application/octet-stream", "accept-ranges": "bytes", **(headers or {})}
    try:
        span = parse_range(request.headers.get("range"), size)
    except ValueError:
        error = HubError(416, None, "Range is outside of the file")
        raise error.with_headers({**common, "content-range": f"bytes */{size}"}) from None
    start, stop = span or (0, size)
    if span:
        common["content-range"] = f"bytes {start}-{stop - 1}/{size}"
    if isinstance(source, bytes):
        return Response(206 if span else 200, common, source[start:stop])
    return Response(206 if span else 200, common, FileSlice(lambda: source.open("rb", 0), start, stop - start))


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the (start, stop) of a Range header, or None for the whole file (RFC 9110, section 14).

    Raise ValueError when the range starts at or after the end of the `size` bytes.
    """
    # The RFC allows a server to ignore several ranges, other units and malformed headers.
    match = _RANGE.fullmatch((header or "").strip())
    if not match or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if first and last and int(last) < start:
        return None
    if start >= size:
        raise ValueError(f"range starts at {start}, size is {size}")
    return start, stop


def page_of(request: Request, items: Sequence[T], size: int) -> tuple[Sequence[T], dict[str, str]]:
    """Return one page of `items` and the `Link` header that leads to the next page.

    `limit` can make pages smaller, `cursor` is the index of the first item; raise 400 when one is not a number.
    """
    start = request.number("cursor", 0)
    size = min(size, request.number("limit", size)) or size
    page = items[start : start + size]
    if start + size >= len(items):
        return page, {}
    query = {**request.query, "cursor": (str(start + size),)}
    return page, {"link": f'<{request.base_url}{request.path}?{urlencode(query, doseq=True)}>; rel="next"'}


async def receive_into(stream: AsyncIterator[bytes], write: Callable[[bytes], object]) -> int:
    """Pass a request's body to `write`, in a thread, and return its size in bytes.

    The next batch is received while one is written; at most two are in memory.
    """
    total = 0
    writing: asyncio.Future[object] | None = None
    try:
        async for batch in _batches(stream):
            total += len(batch)
            if writing:
                await writing
            writing = asyncio.ensure_future(asyncio.to_thread(write, batch))
    finally:
        if writing:  # also after an error: the caller closes the file next
            await writing
    return total


async def _batches(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    batch = bytearray()
    async for chunk in stream:
        batch += chunk
        if len(batch) >= BATCH:
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)


async def send_response(response: Response, send: Send, *, with_body: bool) -> None:
    """Send a response; without the body for HEAD (`with_body=False`)."""
    body = response.body
    headers = [(b"content-length", str(response.length).encode())] if response.status != 304 else []
    headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if with_body and isinstance(body, FileSlice):
        await _send_slice(body, send)
    elif with_body:
        await send({"type": "http.response.body", "body": body, "more_body": True})
    await send({"type": "http.response.body", "body": b""})


async def _send_slice(body: FileSlice, send: Send) -> None:
    file = await asyncio.to_thread(body.open)
    reading: asyncio.Future[bytes] | None = None
    try:
        file.seek(body.start)
        rest = body.length
        while rest:
            chunk = await (reading or asyncio.to_thread(_read, file, rest))
            rest -= len(chunk)
            # The next batch is read while this one is sent.
            reading = asyncio.ensure_future(asyncio.to_thread(_read, file, rest)) if rest else None
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    finally:
        if reading:  # the client disconnected: the thread must end before its file is closed
            await asyncio.wait([reading])
        file.close()


def _read(file: IO[bytes], rest: int) -> bytes:
    chunk = file.read(min(BATCH, rest))
    if not chunk:
        # Content-Length was sent already. Only a broken connection shows the client that bytes are missing.
        raise OSError("file became shorter while it was sent")
    return chunk
