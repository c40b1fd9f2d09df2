from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hublish.hub.server.http import FileSlice, HubError, Request, content_response, json_response, parse_range

CONTENT = bytes(range(100))


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
def test_a_range_header_names_a_span(header: str | None, span: tuple[int, int] | None) -> None:
    assert parse_range(header, 100) == span


@pytest.mark.parametrize("header", ["bytes=100-", "bytes=100-200", "bytes=-0"])
def test_a_range_behind_the_end_cannot_be_satisfied(header: str) -> None:
    with pytest.raises(ValueError, match="range"):
        parse_range(header, 100)


@given(
    st.text(max_size=30).map("bytes=".__add__) | st.from_regex(r"bytes=\d{0,4}-\d{0,4}", fullmatch=True),
    st.integers(0, 500),
)
@example("bytes=0-0", 0)
def test_a_span_always_lies_within_the_file(header: str, size: int) -> None:
    try:
        span = parse_range(header, size)
    except ValueError:
        return
    if span:
        assert 0 <= span[0] < span[1] <= size


@pytest.mark.parametrize("as_file", [False, True])
def test_bytes_and_files_are_answered_alike(tmp_path: Path, as_file: bool) -> None:
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
def test_a_body_that_is_no_object_is_refused(content: bytes) -> None:
    with pytest.raises(HubError) as caught:
        request(content).json_object()
    assert caught.value.status == 400


def test_flags_are_read_in_every_spelling() -> None:
    query = {"a": ("1",), "b": ("True",), "c": ("false",), "d": ()}
    assert [request(query=query).flag(name) for name in "abcde"] == [True, True, False, False, False]


def test_json_is_utf8() -> None:
    assert json_response({"ä": "\ud800"}).body == '{"ä":"?"}'.encode()
