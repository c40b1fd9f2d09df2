from __future__ import annotations

import io
import random
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.hub.server.xet.hashing import to_text
from hublish.hub.server.xet.reconstruction import Reconstruction, plan, to_json
from hublish.hub.server.xet.xorb_format import ChunkTable, read_chunks

if TYPE_CHECKING:
    from tests.hublish.hub.server.xet.conftest import Writers, Xorb

SIZES = st.lists(st.integers(1, 40), min_size=1, max_size=10)


@given(data=st.data(), sizes=st.lists(SIZES, min_size=1, max_size=3), seed=st.integers())
def test_a_client_that_follows_the_plan_gets_the_requested_bytes(
    write: Writers, data: st.DataObject, sizes: list[list[int]], seed: int
) -> None:
    source = random.Random(seed)
    xorbs = [write.xorb(*map(source.randbytes, of_xorb)) for of_xorb in sizes]
    parts = data.draw(st.lists(st.sampled_from(xorbs).flatmap(_part), min_size=1, max_size=6))
    whole = b"".join(b"".join(xorb.chunks[start:stop]) for xorb, start, stop in parts)
    start = data.draw(st.integers(0, len(whole) - 1))
    stop = data.draw(st.integers(start + 1, len(whole)))

    tables = {xorb.digest: ChunkTable.of(io.BytesIO(xorb.body)) for xorb in xorbs}
    planned = plan((xorb.term(first, last) for xorb, first, last in parts), start, stop, tables.__getitem__)

    content = _follow(planned, {xorb.digest: xorb for xorb in xorbs})
    assert content[planned.offset :][: stop - start] == whole[start:stop]
    assert planned.offset < 40, "a whole chunk was fetched for nothing at the start"
    assert len(content) - planned.offset - (stop - start) < 40, "and at the end"
    for runs in planned.runs.values():
        assert all(one.stop < other.start for one, other in pairwise(runs))


def _part(xorb: Xorb) -> st.SearchStrategy[tuple[Xorb, int, int]]:
    bounds = st.lists(st.integers(0, len(xorb.chunks)), min_size=2, max_size=2, unique=True)
    return bounds.map(lambda pair: (xorb, min(pair), max(pair)))


def _follow(planned: Reconstruction, xorbs: dict[bytes, Xorb]) -> bytes:
    """Fetch the runs and assemble the terms, like a client."""
    fetched: dict[tuple[bytes, int], bytes] = {}
    for digest, runs in planned.runs.items():
        for run in runs:
            body = xorbs[digest].body[run.first_byte : run.last_byte + 1]
            for at, chunk in enumerate(read_chunks(io.BytesIO(body)), start=run.start):
                fetched[digest, at] = chunk.decode()
    parts = [b"".join(fetched[term.xorb, at] for at in range(term.start, term.stop)) for term in planned.terms]
    assert [len(part) for part in parts] == [term.length for term in planned.terms]
    return b"".join(parts)


def test_an_empty_file_needs_nothing() -> None:
    assert plan([], 0, 0, dict[bytes, ChunkTable]().__getitem__) == Reconstruction(0, (), {})


@pytest.mark.parametrize(("version", "member"), [(1, "fetch_info"), (2, "xorbs")])
def test_both_versions_contain_the_same_ranges(write: Writers, version: int, member: str) -> None:
    xorb = write.xorb(b"abcd", b"ef", b"g", schemes=[0])
    table = ChunkTable.of(io.BytesIO(xorb.body))
    planned = plan([xorb.term(0, 1), xorb.term(2, 3)], 1, 5, lambda _: table)
    written = to_json(planned, version, lambda digest, run: f"http://hub/{to_text(digest)}/{run.first_byte}")

    text = to_text(xorb.digest)
    assert written["offset_into_first_range"] == 1
    assert written["terms"] == [
        {"hash": text, "unpacked_length": 4, "range": {"start": 0, "end": 1}},
        {"hash": text, "unpacked_length": 1, "range": {"start": 2, "end": 3}},
    ]
    spans = [({"start": 0, "end": 1}, {"start": 0, "end": 11}), ({"start": 2, "end": 3}, {"start": 22, "end": 30})]
    urls = [f"http://hub/{text}/{octets['start']}" for _, octets in spans]
    first = [{"range": span[0], "url": url, "url_range": span[1]} for url, span in zip(urls, spans, strict=True)]
    second = [
        {"url": url, "ranges": [{"chunks": span[0], "bytes": span[1]}]} for url, span in zip(urls, spans, strict=True)
    ]
    assert written[member] == {text: first if version == 1 else second}
