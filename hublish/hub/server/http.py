"""What a handler takes and returns: a request, a response, and the Hub's way to say no."""

import json
import re
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

Headers = Mapping[str, str]

JSON_LIMIT = 64 << 20
"""Bytes of a request body that is held in memory as a whole; larger ones are streamed or refused."""


class HubError(Exception):
    """A refusal, as the client expects it.

    Attributes:
        status: The HTTP status.
        code: `X-Error-Code`, which the client maps to an exception type; None where the status says it all.
        message: For people: `X-Error-Message`, and `error` in the JSON body.
        extra: Further members of the JSON body, such as the `url` of a repository that exists.
    """

    def __init__(self, status: int, code: str | None, message: str, **extra: Any) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.extra = extra
        self.headers: dict[str, str] = {}

    def with_headers(self, headers: Headers) -> "HubError":
        """Add headers to the answer; the same error is returned, to be raised."""
        self.headers.update(headers)
        return self


def bad_request(message: str) -> HubError:
    """Return the error for a request that cannot be understood or must not be carried out."""
    return HubError(400, None, message)


class ClientDisconnectedError(Exception):
    """The client went away before its request was complete; there is nobody to answer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request."""

    method: str
    path: str
    """The path as sent, still percent-quoted, since revisions and tree paths hold %2F."""
    query: Mapping[str, tuple[str, ...]]
    """Unquoted values by name, in the order sent."""
    headers: Headers
    """By lower-case name; of a repeated header the last one."""
    stream: AsyncIterator[bytes]
    """The body as it arrives; it can be read once."""
    base_url: str
    """`http://host:port` as the client sees this server, without a slash at the end."""
    params: Mapping[str, str] = field(default_factory=dict)
    """What the route's placeholders matched, unquoted."""
    content: bytes = b""
    """The whole body: filled for handlers that are plain functions, empty for coroutines, which stream."""

    def first(self, name: str, default: str = "") -> str:
        """Return the first value of a query parameter."""
        values = self.query.get(name)
        return values[0] if values else default

    def flag(self, name: str) -> bool:
        """Tell whether a query parameter is switched on, in any of the spellings clients use."""
        return self.first(name).lower() in ("1", "true", "yes", "on")

    async def read_all(self, limit: int = JSON_LIMIT) -> bytes:
        """Read the whole body.

        Raises:
            HubError: 413, the body is larger than `limit` bytes.
        """
        content = bytearray()
        async for chunk in self.stream:
            content += chunk
            if len(content) > limit:
                raise HubError(413, None, f"Request body is larger than {limit} bytes")
        return bytes(content)

    def json(self) -> Any:
        """Parse `content` as JSON.

        Raises:
            HubError: 400, it is not JSON.
        """
        try:
            return json.loads(self.content)
        except (ValueError, RecursionError):
            raise bad_request("Request body is not valid JSON") from None

    def json_object(self) -> dict[str, Any]:
        """Parse `content` as a JSON object; an empty body or `null` is an empty object.

        Raises:
            HubError: 400, it is not a JSON object.
        """
        value = self.json() if self.content.strip() else {}
        if value is None:
            return {}
        if not isinstance(value, dict):
            raise bad_request("Request body must be a JSON object")
        return value


@dataclass(frozen=True, slots=True)
class FileSlice:
    """Bytes `start` to `start + length` of a file, streamed as the body of a response."""

    open: Callable[[], BinaryIO]
    """Gives the file, positioned anywhere; it is closed after sending."""
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
    """Answer with `value` as JSON."""
    content = json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return Response(status, {"content-type": "application/json; charset=utf-8", **(headers or {})}, content)


def empty_response(status: int = 200, headers: Headers | None = None) -> Response:
    """Answer without a body."""
    return Response(status, headers or {})


def bytes_response(
    content: bytes,
    media_type: str = "application/octet-stream",
    status: int = 200,
    headers: Headers | None = None,
) -> Response:
    """Answer with bytes that are in memory anyway."""
    return Response(status, {"content-type": media_type, **(headers or {})}, content)


def content_response(request: Request, source: Path | bytes, headers: Headers | None = None) -> Response:
    """Answer with a file (streamed) or with bytes, honouring the request's Range: 200, 206 or 416."""
    size = source.stat().st_size if isinstance(source, Path) else len(source)
    common = {"content-type": "application/octet-stream", "accept-ranges": "bytes", **(headers or {})}
    try:
        span = parse_range(request.headers.get("range"), size)
    except ValueError:
        raise HubError(416, None, "Range is outside of the file").with_headers(
            {**common, "content-range": f"bytes */{size}"}
        ) from None
    start, stop = span or (0, size)
    if span:
        common["content-range"] = f"bytes {start}-{stop - 1}/{size}"
    if isinstance(source, bytes):
        return Response(206 if span else 200, common, source[start:stop])
    path = source
    return Response(206 if span else 200, common, FileSlice(lambda: path.open("rb", 0), start, stop - start))


_RANGE = re.compile(r"bytes=(\d*)-(\d*)")


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """Return the (start, stop) a Range header asks for, or None for all of it (RFC 9110, section 14).

    Several ranges, other units and malformed headers count as no Range at all, as the RFC allows.

    Raises:
        ValueError: The range lies outside of the `size` bytes there are.
    """
    match = _RANGE.fullmatch((header or "").strip())
    if not match or match.group(0) == "bytes=-":
        return None
    first, last = match.groups()
    start = int(first) if first else max(0, size - int(last))
    stop = min(size, int(last) + 1) if first and last else size
    if first and last and int(last) < start:
        return None
    if start >= size:
        msg = f"range starts at {start}, size is {size}"
        raise ValueError(msg)
    return start, stop
