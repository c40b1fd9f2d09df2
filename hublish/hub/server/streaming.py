"""Bodies of gigabytes in and out: disk and digests work in threads, the event loop only passes buffers on."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, BinaryIO

from hublish.hub.server.http import FileSlice, Response

BATCH = 1 << 20
"""Bytes handed to a thread at once: large enough to hide the switch, small enough for many transfers."""

Send = Callable[[dict[str, Any]], Awaitable[None]]


async def receive_into(stream: AsyncIterator[bytes], write: Callable[[bytes], object]) -> int:
    """Pass a request's body to `write`, in a thread, and return its size in bytes.

    While one batch is being written the next one is received; never more than two are in memory.
    """
    total = 0
    writing: asyncio.Future[None] | None = None
    try:
        async for batch in _batches(stream):
            total += sum(map(len, batch))
            if writing:
                await writing
            writing = asyncio.ensure_future(asyncio.to_thread(_write_all, write, batch))
    finally:
        if writing:  # also on errors: the caller closes the file next
            await writing
    return total


def _write_all(write: Callable[[bytes], object], batch: list[bytes]) -> None:
    for chunk in batch:
        write(chunk)


async def _batches(stream: AsyncIterator[bytes]) -> AsyncIterator[list[bytes]]:
    batch: list[bytes] = []
    size = 0
    async for chunk in stream:
        batch.append(chunk)
        size += len(chunk)
        if size >= BATCH:
            yield batch
            batch, size = [], 0
    if batch:
        yield batch


async def send_response(response: Response, send: Send, *, with_body: bool) -> None:
    """Send a response; for HEAD (`with_body=False`) everything but the body."""
    headers = [(b"content-length", str(response.length).encode())] if response.status != 304 else []
    headers += [(name.encode("latin-1"), value.encode("latin-1")) for name, value in response.headers.items()]
    await send({"type": "http.response.start", "status": response.status, "headers": headers})
    if with_body and isinstance(response.body, FileSlice):
        await _send_slice(response.body, send)
    elif with_body and isinstance(response.body, bytes):
        await send({"type": "http.response.body", "body": response.body, "more_body": True})
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
            reading = asyncio.ensure_future(asyncio.to_thread(_read, file, rest)) if rest else None
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
    finally:
        if reading:  # the client went away: the thread must be done before its file is closed
            await asyncio.wait([reading])
        file.close()


def _read(file: BinaryIO, rest: int) -> bytes:
    chunk = file.read(min(BATCH, rest))
    if not chunk:
        msg = "file became shorter while it was sent"
        raise OSError(msg)
    return chunk
