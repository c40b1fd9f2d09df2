import asyncio
import io
import threading
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hublish.hub.server.http import (
    BATCH,
    FileSlice,
    Request,
    Response,
    Sender,
    content_response,
    json_response,
    parse_range,
    receive_into,
)
from hublish.hub.server.refusals import HubError

CONTENT = bytes(range(100))
LONG = bytes(range(256)) * 20_000


async def nothing() -> AsyncIterator[bytes]:
    chunks: tuple[bytes, ...] = ()
    for chunk in chunks:
        yield chunk


def request(content: bytes = b"", query: dict[str, tuple[str, ...]] | None = None, **headers: str) -> Request:
    return Request(
        method="GET",
        path="/",
        query=query or {},
        headers=headers,
        stream=nothing(),
        base_url="http://x",
        content=content,
    )


@pytest.mark.parametrize(
    ("header", "span"),
    [
        (None, None),
        ("", None),
        ("bytes=0-", (0, 100)),
        ("bytes=10-19", (10, 20)),
        ("bytes=99-", (99, 100)),
        ("bytes=90-200", (90, 100)),
        ("bytes=-5", (95, 100)),
        ("bytes=-500", (0, 100)),
        ("bytes=5-4", None),
        ("bytes=-", None),
        ("bytes=1-2,4-5", None),
        ("items=1-2", None),
        ("bytes=a-b", None),
    ],
)
def test_a_range_header_is_parsed_into_a_span(header: str | None, span: tuple[int, int] | None) -> None:
    assert parse_range(header, 100) == span


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_beyond_the_end_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(ValueError, match="range"):
        parse_range(header, 100)


@given(
    st.text(max_size=30).map("bytes=".__add__) | st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True),
    st.integers(0, 500),
)
@example("bytes=0-0", 0)
def test_a_span_is_always_within_the_file(header: str, size: int) -> None:
    try:
        span = parse_range(header, size)
    except ValueError:
        return
    if span:
        assert 0 <= span[0] < span[1] <= size


@pytest.mark.parametrize("as_file", [False, True])
def test_bytes_and_files_are_served_alike(tmp_path: Path, as_file: bool) -> None:
    (tmp_path / "f").write_bytes(CONTENT)
    response = content_response(request(range="bytes=10-19"), tmp_path / "f" if as_file else CONTENT)
    assert (response.status, response.length) == (206, 10)
    assert response.headers["content-range"] == "bytes 10-19/100"
    if isinstance(response.body, FileSlice):
        assert (response.body.start, response.body.length) == (10, 10)
    else:
        assert response.body == CONTENT[10:20]


@pytest.mark.parametrize("content", [b"", b"null", b"  "])
def test_an_empty_body_is_an_empty_object(content: bytes) -> None:
    assert request(content).json_object() == {}


@pytest.mark.parametrize("content", [b"{", b"[1]", b'"x"', b"[" * 100_000, b"\xff"])
def test_a_body_that_is_not_an_object_is_refused(content: bytes) -> None:
    with pytest.raises(HubError) as caught:
        request(content).json_object()
    assert caught.value.status == 400


def test_flags_are_recognized_in_every_spelling() -> None:
    query = {"a": ("1",), "b": ("True",), "c": ("false",), "d": ()}
    assert [request(query=query).flag(name) for name in "abcde"] == [True, True, False, False, False]


def test_json_is_utf8() -> None:
    assert json_response({"ä": "\ud800"}).body == '{"ä":"?"}'.encode()


async def chunks(content: bytes, size: int) -> AsyncIterator[bytes]:
    for start in range(0, len(content), size):
        yield content[start : start + size]


@pytest.mark.parametrize("size", [1000, 70_000, BATCH, 3 * BATCH])
def test_a_body_is_written_completely_and_in_order_off_the_event_loop(size: int) -> None:
    received = bytearray()
    threads = set()

    def write(data: bytes) -> None:
        threads.add(threading.get_ident())
        received.extend(data)

    assert asyncio.run(receive_into(chunks(LONG, size), write)) == len(LONG)
    assert received == LONG
    assert threading.get_ident() not in threads


def test_a_writer_that_fails_ends_the_transfer() -> None:
    def write(_data: bytes) -> None:
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        asyncio.run(receive_into(chunks(LONG, 100_000), write))


def sent(response: Response, *, with_body: bool = True) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = []

    async def send(message: dict[str, Any]) -> None:
        messages.append(message)

    asyncio.run(Sender().send(response, send, with_body=with_body))
    return messages


def slice_of(content: bytes, start: int, length: int) -> tuple[io.BytesIO, Response]:
    file = io.BytesIO(content)
    return file, Response(200, {}, FileSlice(lambda: file, start, length))


@pytest.mark.parametrize(("start", "length"), [(0, len(LONG)), (5, BATCH), (7, 3 * BATCH + 1), (len(LONG), 0)])
def test_a_slice_of_a_file_is_sent_and_the_file_closed(start: int, length: int) -> None:
    file, response = slice_of(LONG, start, length)
    messages = sent(response)
    assert b"".join(message.get("body", b"") for message in messages) == LONG[start : start + length]
    assert (b"content-length", str(length).encode()) in messages[0]["headers"]
    assert not messages[-1].get("more_body", False)
    assert file.closed


def test_a_file_that_became_shorter_is_an_error() -> None:
    file, response = slice_of(b"short", 0, 100)
    with pytest.raises(OSError, match="shorter"):
        sent(response)
    assert file.closed


def test_for_head_the_file_is_not_opened() -> None:
    file, response = slice_of(LONG, 0, 10)
    messages = sent(response, with_body=False)
    assert (b"content-length", b"10") in messages[0]["headers"]
    assert b"".join(message.get("body", b"") for message in messages) == b""
    assert not file.closed
