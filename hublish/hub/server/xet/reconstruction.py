"""The byte ranges of xorbs that make up a file, or a range of it.

Source: Xet protocol specification, "CAS API", `GET /v1/reconstructions/{file}` and its second version. Both
list the terms of the file, and for every xorb in them the runs of chunks to fetch; they differ in form.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

from hublish.hub.server.xet.hashing import to_text
from hublish.hub.server.xet.shard_format import Term
from hublish.hub.server.xet.xorb_format import ChunkTable

# Returns the chunk table of a xorb.
Tables = Callable[[bytes], ChunkTable]

# Returns the address of a run of a xorb.
Locate = Callable[[bytes, "Run"], str]


@dataclass(frozen=True, slots=True)
class Run:
    """Consecutive chunks of one xorb, fetched together."""

    start: int
    stop: int
    first_byte: int
    last_byte: int


@dataclass(frozen=True, slots=True)
class Reconstruction:
    """The ranges to fetch, and how to assemble them."""

    offset: int  # bytes to skip at the start of the first term
    terms: tuple[Term, ...]
    runs: dict[bytes, tuple[Run, ...]]  # by xorb; the runs of a xorb neither overlap nor touch


def plan(terms: Iterable[Term], start: int, stop: int, tables: Tables) -> Reconstruction:
    """Plan the reconstruction of the plain bytes from `start` up to `stop` of the file with these terms.

    `0 <= start < stop <= size` must hold, except that all are 0 for an empty file.
    """
    kept: list[Term] = []
    offset = 0
    for begin, term in _overlapping(terms, start, stop):
        skipped, narrowed = _narrow(term, start - begin, stop - begin, tables(term.xorb))
        if not kept:
            offset = max(0, start - begin) - skipped
        kept.append(narrowed)
    return Reconstruction(offset, tuple(kept), _runs(kept, tables))


def _overlapping(terms: Iterable[Term], start: int, stop: int) -> Iterator[tuple[int, Term]]:
    begin = 0
    for term in terms:
        if begin >= stop:
            return
        if begin + term.length > start:
            yield begin, term
        begin += term.length


def _narrow(term: Term, start: int, stop: int, table: ChunkTable) -> tuple[int, Term]:
    """Drop the chunks of a term before `start` and from `stop` on; also return the number of bytes dropped before."""
    base = table.plain_offset(term.start)
    chunks = range(term.start, term.stop + 1)
    first = term.start + max(0, bisect_right(chunks, base + start, key=table.plain_offset) - 1)
    last = min(term.stop, term.start + bisect_left(chunks, base + stop, key=table.plain_offset))
    skipped = table.plain_offset(first) - base
    return skipped, Term(term.xorb, table.plain_offset(last) - base - skipped, first, last)


def _runs(terms: Iterable[Term], tables: Tables) -> dict[bytes, tuple[Run, ...]]:
    spans: dict[bytes, list[tuple[int, int]]] = {}
    for term in sorted(terms, key=lambda term: term.start):
        of_xorb = spans.setdefault(term.xorb, [])
        # Spans that overlap or touch become one: the client fetches no byte twice.
        start, stop = of_xorb.pop() if of_xorb and term.start <= of_xorb[-1][1] else (term.start, 0)
        of_xorb.append((start, max(stop, term.stop)))
    return {xorb: tuple(_run(start, stop, tables(xorb)) for start, stop in of_xorb) for xorb, of_xorb in spans.items()}


def _run(start: int, stop: int, table: ChunkTable) -> Run:
    return Run(start, stop, table.stored_offset(start), table.stored_offset(stop) - 1)


def to_json(plan: Reconstruction, version: int, locate: Locate) -> dict[str, Any]:
    """Return a reconstruction in the form of version 1 or 2 of the API."""
    runs = {
        to_text(xorb): _runs_to_json(of_xorb, version, partial(locate, xorb)) for xorb, of_xorb in plan.runs.items()
    }
    return {
        "offset_into_first_range": plan.offset,
        "terms": [_term_to_json(term) for term in plan.terms],
        ("fetch_info" if version == 1 else "xorbs"): runs,
    }


def _term_to_json(term: Term) -> dict[str, Any]:
    span = {"start": term.start, "end": term.stop}
    return {"hash": to_text(term.xorb), "unpacked_length": term.length, "range": span}


def _runs_to_json(runs: Iterable[Run], version: int, locate: Callable[[Run], str]) -> list[dict[str, Any]]:
    # Ends of chunks are exclusive, ends of bytes inclusive, as the specification has it. An address permits one run
    # only, so the second version has one entry for each, though one entry could contain several.
    spans = [
        (
            locate(run),
            {"start": run.start, "end": run.stop},
            {"start": run.first_byte, "end": run.last_byte},
        )
        for run in runs
    ]
    if version == 1:
        return [{"range": chunks, "url": url, "url_range": octets} for url, chunks, octets in spans]
    return [{"url": url, "ranges": [{"chunks": chunks, "bytes": octets}]} for url, chunks, octets in spans]
