import asyncio
import io
import threading
from collections.abc import AsyncIterator
from typing import Any

import pytest

from hublish.hub.server.http import FileSlice, Response
from hublish.hub.server.streaming import BATCH, receive_into, send_response

CONTENT = bytes(range(256)) * 20_000


async def chunks(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize("size", [1000, 70_000, BATCH, 3 * BATCH])
def test_a_body_arrives_whole_and_in_order_off_the_event_loop(size: int) -> None:
    received = bytearray()
    threads = set()

    def write(data: bytes) -> None:
        threads.add(threading.get_ident())
        received.extend(data)

    assert asyncio.run(receive_into(chunks(CONTENT, size), write)) == len(CONTENT)
    assert received == CONTENT
    assert threading.get_ident() not in threads


def test_a_writer_that_fails_ends_the_transfer() -> None:
    def write(_data: bytes) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        asyncio.run(receive_into(chunks(CONTENT, 100_000), write))


def sent(response: Response, *, with_body: bool = True) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    asyncio.run(send_response(response, send, with_body=with_body))
    return messages


def slice_of(content: bytes, start: int, length: int) -> tuple[io.BytesIO, Response]:
    file = io.BytesIO(content)
    return file, Response(200, {}, FileSlice(lambda: file, start, length))


@pytest.mark.parametrize(("start", "length"), [(0, len(CONTENT)), (5, BATCH), (7, 3 * BATCH + 1), (len(CONTENT), 0)])
def test_a_slice_of_a_file_is_sent_and_the_file_closed(start: int, length: int) -> None:
    file, response = slice_of(CONTENT, start, length)
    messages = sent(response)
    assert b"".join(message.get("body", b"") for message in messages) == CONTENT[start : start + length]
    assert (b"content-length", str(length).encode()) in messages[0]["headers"]
    assert not messages[-1].get("more_body", False)
    assert file.closed


def test_a_file_that_became_shorter_is_an_error_and_not_a_short_answer() -> None:
    file, response = slice_of(b"short", 0, 100)
    with pytest.raises(OSError, match="shorter"):
        sent(response)
    assert file.closed


def test_for_head_the_file_is_not_opened() -> None:
    file, response = slice_of(CONTENT, 0, 10)
    messages = sent(response, with_body=False)
    assert (b"content-length", b"10") in messages[0]["headers"]
    assert b"".join(message.get("body", b"") for message in messages) == b""
    assert not file.closed
