"""HTTP messages: requests, responses, pages of long lists, and bodies of gigabytes.

The disk and the digests work in threads; the event loop only passes buffers on.
"""

import asyncio
import base64
import json
import re
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from typing import IO, Any, TypeVar
from urllib.parse import urlencode

from hublish.hub.server.refusals import HubError, bad_request, invalid_option

Headers = Mapping[str, str]
Send = Callable[[dict[str, Any]], Awaitable[None]]
T = TypeVar("T")

# Bytes of a request body that a handler may get as a whole, with a token and without. Others are streamed or refused.
BODY_LIMIT = 8 << 20
ANONYMOUS_LIMIT = 2 << 20

# Bytes of such a body that stay in memory while it arrives: many clients may send one slowly.
IN_MEMORY = 64 << 10

# Objects, lists and members in one JSON body, at most: short ones take 30 times as much memory as on the wire.
MAX_VALUES = 100_000

# Bytes handed to a thread at once: large enough to hide the switch, small enough for many transfers.
BATCH = 1 << 20

# The same for requests: their senders, who may be many, decide how long it takes to fill one.
RECEIVED_BATCH = 256 << 10

# Seconds that received bytes may wait for a full batch.
PATIENCE = 0.25

# Bodies sent at once in batches of full size.
FEW = 32

# A string in JSON, or the rest of a text in which one does not end.
_STRING = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)', re.DOTALL)

# As on the Hub. Files are anybody's, and have the origin of the pages: a browser must neither run nor render one.
_INERT = {"content-security-policy": "default-src 'none'; sandbox", "x-content-type-options": "nosniff"}

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

    def declares_more_than(self, limit: int) -> bool:
        """Return whether Content-Length announces a body of more than `limit` bytes."""
        length = self.headers.get("content-length", "")
        return length.isdigit() and (len(length) > 18 or int(length) > limit)

    async def read_all(self, limit: int) -> bytes:
        """Read the whole body; raise 413 when it is larger than `limit` bytes."""
        error = HubError(413, None, f"Request body is larger than {limit} bytes")
        if self.declares_more_than(limit):
            raise error
        with tempfile.SpooledTemporaryFile(IN_MEMORY) as content:
            async for chunk in self.stream:
                if content.tell() + len(chunk) > limit:
                    raise error
                content.write(chunk)
            content.seek(0)
            return content.read()

    def json_object(self) -> dict[str, Any]:
        """Parse `content` as a JSON object; an empty body and `null` are empty objects. Raise 400 for others."""
        try:
            value = parse_json(self.content) if self.content.strip() else {}
        except ValueError:
            raise bad_request("Request body is not valid JSON") from None
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise bad_request("Request body must be a JSON object")
        return value


def parse_json(data: bytes) -> Any:
    """Parse JSON; raise ValueError for anything else, and for more than `MAX_VALUES` values or very deep ones."""
    # Strings are left out: texts and base64 may contain any number of commas and brackets.
    if len(data) > MAX_VALUES:
        structure = _STRING.sub(b"", data)
        if sum(map(structure.count, (b"[", b"{", b","))) > MAX_VALUES:
            raise ValueError("too many values")
    try:
        return json.loads(data)
    except RecursionError:
        raise ValueError("nested too deeply") from None


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
    common = {"content-type": "application/octet-stream", "accept-ranges": "bytes", **_INERT, **(headers or {})}
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
    return page, {} if start + size >= len(items) else _next(request, str(start + size))


def page_after(
    request: Request, read: Callable[[str | None], Iterator[T]], name_of: Callable[[T], str], size: int
) -> tuple[list[T], dict[str, str]]:
    """Return one page of a list that is read as far as it is needed, and the `Link` header to the next page.

    `read` yields the items that follow the one with a name, or all of them; `cursor` carries this name.
    """
    cursor = request.first("cursor")
    items = read(_decode_cursor(cursor) if cursor else None)
    size = min(size, request.number("limit", size)) or size
    page = list(islice(items, size))
    more = next(items, None) is not None
    return page, _next(request, _encode_cursor(name_of(page[-1]))) if more else {}


def _next(request: Request, cursor: str) -> dict[str, str]:
    query = {**request.query, "cursor": (cursor,)}
    return {"link": f'<{request.base_url}{request.path}?{urlencode(query, doseq=True)}>; rel="next"'}


def _encode_cursor(name: str) -> str:
    return base64.urlsafe_b64encode(json.dumps({"after": name}).encode()).decode()


def _decode_cursor(cursor: str) -> str:
    try:
        name = json.loads(base64.urlsafe_b64decode(cursor))["after"]
        name.encode("utf-8", "surrogateescape")
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
        name = None
    if not isinstance(name, str) or not name:
        raise bad_request('"cursor" must come from the link to the next page')
    return name


def expanded(request: Request, allowed: Collection[str]) -> set[str]:
    """Return the properties that `expand` selects; raise 400, in the Hub's words, for one that is not `allowed`."""
    # huggingface_hub repeats `expand`; JavaScript clients send `expand[]`.
    sent = [value for key in ("expand", "expand[]") for value in request.query.get(key, ())]
    wanted = [name for value in sent for name in value.split(",")]
    for at, name in enumerate(wanted):
        if name not in allowed:
            raise invalid_option(allowed, f"expand[{at}]")
    return set(wanted)


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
    began = 0.0
    async for chunk in stream:
        began = began if batch else time.monotonic()
        batch += chunk
        # The bytes of clients that are slow, perhaps on purpose, do not wait in memory.
        if len(batch) >= RECEIVED_BATCH or (batch and time.monotonic() - began > PATIENCE):
            yield bytes(batch)
            batch.clear()
    if batch:
        yield bytes(batch)


@dataclass(slots=True)
class Sender:
    """Sends responses; clients that read slowly, or not at all, do not fill the memory."""

    _active: int = 0  # bodies from files that are being sent

    async def send(self, response: Response, send: Send, *, with_body: bool) -> None:
        """Send a response; without the body for HEAD (`with_body=False`)."""
        headers = [(b"content-length", str(response.length).encode())] if response.status != 304 else []
        headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
        await send({"type": "http.response.start", "status": response.status, "headers": headers})
        if with_body and isinstance(response.body, FileSlice):
            await self._send_slice(response.body, send)
        elif with_body:
            await send({"type": "http.response.body", "body": response.body, "more_body": True})
        await send({"type": "http.response.body", "body": b""})

    async def _send_slice(self, body: FileSlice, send: Send) -> None:
        file = await asyncio.to_thread(body.open)
        reading: asyncio.Future[bytes] | None = None
        self._active += 1
        try:
            file.seek(body.start)
            rest = body.length
            while rest:
                # Three batches of every client that stops to read stay in memory.
                size = min(rest, BATCH if self._active <= FEW else BATCH // 16)
                chunk = await (reading or asyncio.to_thread(_read, file, size))
                rest -= len(chunk)
                # The next batch is read while this one is sent.
                reading = asyncio.ensure_future(asyncio.to_thread(_read, file, min(rest, size))) if rest else None
                await send({"type": "http.response.body", "body": chunk, "more_body": True})
        finally:
            self._active -= 1
            if reading:  # the client disconnected: the thread must end before its file is closed
                await asyncio.wait([reading])
            file.close()


def spill(response: Response) -> Response:
    """Return the response with its body in a file, for a client that may read slowly or not at all."""
    file = tempfile.TemporaryFile()  # noqa: SIM115 - closed after it was sent
    assert isinstance(response.body, bytes)
    file.write(response.body)
    return replace(response, body=FileSlice(lambda: file, 0, len(response.body)))


def _read(file: IO[bytes], size: int) -> bytes:
    chunk = file.read(size)
    if not chunk:
        # Content-Length was sent already. Only a broken connection shows the client that bytes are missing.
        raise OSError("file became shorter while it was sent")
    return chunk
