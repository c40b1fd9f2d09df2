"""Mutations of a document: of its bytes, its lines, its tokens and values, its structure, and its size."""

import re
from collections.abc import Callable, Sequence
from random import Random

from tests.fuzz import hostile

Mutation = Callable[[Random, bytes, Sequence[bytes]], bytes]
"""Returns a mutated document; the last argument has other documents to take parts from."""

# In bytes: more than a manifest may have.
LARGEST = 300_000
_MOST_AT_ONCE = 6
_VALUE = re.compile(rb"(?m)^(?P<key>[ \t]*(?:- )?[^\s:#][^:\n]*:)(?P<value>[ \t]+[^\n]*)$")
_ITEM = re.compile(rb"(?m)^(?P<key>[ \t]*-)(?P<value>[ \t]+[^\n]*)$")
_TOKEN = re.compile(rb"[A-Za-z0-9_.\-/*]+|\s+|.", re.DOTALL)
_KEY = re.compile(rb"[A-Za-z_][A-Za-z_-]*(?=:)")


def mutated(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    """Return `text` after a few mutations; often one, so that a fault is not hidden by another."""
    count = min(1 + int(rng.expovariate(1.2)), _MOST_AT_ONCE)
    for mutation in rng.choices(_MUTATIONS, _WEIGHTS, k=count):
        text = mutation(rng, text, others)[:LARGEST]
    return text


# ---------------------------------------------------------------------------------------------------- bytes


def _flip(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    data = bytearray(text or b" ")
    for _ in range(rng.randint(1, 4)):
        data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def _cut(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    start, end = _span(rng, text)
    return text[:start] + text[end:]


def _truncate(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    return text[: rng.randrange(len(text) + 1)]


def _insert_bytes(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.randbytes(rng.randint(1, 8)) + text[at:]


def _insert_hostile(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    at = rng.randrange(len(text) + 1)
    return text[:at] + rng.choice(hostile.ALL).encode() + text[at:]


def _repeat_span(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    start, end = _span(rng, text)
    return text[:end] + text[start:end] * rng.randint(1, 4) + text[end:]


def _encode_otherwise(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    as_text = text.decode("utf-8", "replace")
    return as_text.encode(rng.choice(["utf-16", "utf-16-le", "utf-8-sig", "latin-1", "utf-32", "cp1252"]), "replace")


# ---------------------------------------------------------------------------------------------------- lines


def _drop_line(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    lines = text.split(b"\n")
    del lines[rng.randrange(len(lines))]
    return b"\n".join(lines)


def _repeat_line(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    lines = text.split(b"\n")
    lines.insert(rng.randrange(len(lines) + 1), rng.choice(lines))
    return b"\n".join(lines)


def _swap_lines(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    lines = text.split(b"\n")
    one, other = rng.randrange(len(lines)), rng.randrange(len(lines))
    lines[one], lines[other] = lines[other], lines[one]
    return b"\n".join(lines)


def _indent(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    lines = text.split(b"\n")
    start, end = sorted(rng.choices(range(len(lines) + 1), k=2))
    by = rng.choice([b" ", b"  ", b"    ", b"\t", b"- ", b"? ", b"\xc2\xa0"])
    return b"\n".join([*lines[:start], *(by + line for line in lines[start:end]), *lines[end:]])


def _dedent(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    lines = text.split(b"\n")
    at = rng.randrange(len(lines))
    lines[at] = lines[at].lstrip()
    return b"\n".join(lines)


def _end_lines_otherwise(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    return text.replace(b"\n", rng.choice([b"\r\n", b"\r", b"\n\n", b"\xe2\x80\xa8", b" #\n", b"\x0c\n", b" \n"]))


# ---------------------------------------------------------------------------------------------------- tokens and values


def _other_value(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    found = _place(rng, text, rng.choice([_VALUE, _VALUE, _ITEM]))
    if found is None:
        return _insert_hostile(rng, text, others)
    key = found["key"].decode("utf-8", "replace")
    values = hostile.values_for(key) if rng.random() < 0.7 else hostile.ALL
    return _with(text, found.span("value"), b" " + _written(rng, rng.choice(values)))


def _value_from_elsewhere(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    """Give a key the value from another document: each may be valid, but not their combination."""
    mine = _place(rng, text, _VALUE)
    if mine is None:
        return text
    key = re.escape(mine["key"].strip())
    theirs = re.search(rb"(?m)^[ \t]*(?:- )?" + key + rb"(?P<value>[ \t]+[^\n]*)$", rng.choice(others))
    return text if theirs is None else _with(text, mine.span("value"), theirs["value"])


def _longer_value(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    found = _place(rng, text, _VALUE)
    more = rng.choice(hostile.ALL).encode()
    return text + more if found is None else _with(text, (found.end("value"),) * 2, more)


def _other_token(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    found = _place(rng, text, _TOKEN)
    return text if found is None else _with(text, found.span(), rng.choice(hostile.ALL).encode())


def _swap_tokens(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    tokens: list[bytes] = _TOKEN.findall(text)
    if not tokens:
        return text
    one, other = rng.randrange(len(tokens)), rng.randrange(len(tokens))
    tokens[one], tokens[other] = tokens[other], tokens[one]
    return b"".join(tokens)


def _misspell(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    found = _place(rng, text, _KEY)
    if found is None:
        return text
    key = bytearray(found.group())
    at = rng.randrange(len(key))
    key[at : at + 1] = rng.choice([b"", key[at : at + 1] * 2, b"x", "\u0430".encode(), key[at : at + 1].upper(), b"-"])
    return _with(text, found.span(), bytes(key))


def _key_from_elsewhere(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    found, other = _place(rng, text, _KEY), _place(rng, rng.choice(others), _KEY)
    return text if found is None or other is None else _with(text, found.span(), other.group())


# ---------------------------------------------------------------------------------------------------- structure


def _splice(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    mine, theirs = text.split(b"\n"), rng.choice(others).split(b"\n")
    return b"\n".join(mine[: rng.randrange(len(mine) + 1)] + theirs[rng.randrange(len(theirs) + 1) :])


def _borrow_block(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    mine, theirs = text.split(b"\n"), rng.choice(others).split(b"\n")
    start = rng.randrange(len(theirs))
    at = rng.randrange(len(mine) + 1)
    return b"\n".join([*mine[:at], *theirs[start : start + rng.randint(1, 12)], *mine[at:]])


def _nest(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    depth = rng.choice([3, 60, 63, 64, 65, 500, 20_000])
    opening, closing = rng.choice([(b"[", b"]"), (b"{a: ", b"}"), (b'{"a": ', b"}"), (b"- ", b""), (b"[{a: ", b"}]")])
    nested = b" " + opening * depth + b"x" + closing * rng.choice([depth, depth, 0, depth - 1])
    found = _place(rng, text, _VALUE)
    return b"a:" + nested if found is None else _with(text, found.span("value"), nested)


def _second_document(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    return text + rng.choice([b"\n---\n", b"\n...\n", b"\n--- |\n", b"\n...\n---\n"]) + rng.choice(others)


# ---------------------------------------------------------------------------------------------------- size


def _bulk(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    """Repeat a few lines up to the size limit of a manifest, which exposes quadratic code."""
    lines = text.split(b"\n")
    start = rng.randrange(len(lines))
    block = b"\n".join(lines[start : start + rng.randint(1, 3)]) + b"\n"
    room = rng.choice([2_000, 20_000, 250_000])
    times = max(1, min(room // len(block), 40_000))
    many = b"".join(_numbered(block, number) for number in range(times)) if rng.random() < 0.5 else block * times
    return b"\n".join(lines[:start]) + b"\n" + many + b"\n".join(lines[start:])


def _long_value(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    found = _place(rng, text, rng.choice([_VALUE, _ITEM]))
    piece = rng.choice(
        [b"a", b"*a", b"a/", b"{{ v }}", b"\\", b'"', b"[", b"a: ", b"?", b" ", "é".encode(), b"-", b"0"]
    )
    long = piece * (rng.choice([300, 5_000, 250_000]) // len(piece))
    quote = rng.choice([b"", b"'", b'"'])
    return long if found is None else _with(text, found.span("value"), b" " + quote + long + quote)


def _many_items(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    found = _place(rng, text, _VALUE)
    items = rng.choice([b"a", b"'*a*b'", b"[]", b"{a: 1}", b"1", b"~", b"'{{ x }}'", b"*", b"&a b"])
    count = rng.choice([100, 3_000, 25_000])
    wrap = rng.choice([b" [%s]", b" {a: [%s]}"])
    many = b", ".join(_numbered(items, number) for number in range(min(count, 200_000 // (len(items) + 6))))
    return text if found is None else _with(text, found.span("value"), wrap.replace(b"%s", many))


def _many_names(rng: Random, text: bytes, others: Sequence[bytes]) -> bytes:
    """Declare many names and use as many, most of them misspelled: each is compared with each."""
    count = rng.choice([50, 500, 4_000])
    declared = b"".join(b"  name_%d: x\n" % number for number in range(count))
    written = rng.choice([b"nmae_%d", b"name_%d", b"env.NAME_%d", b"git.name_%d"])
    mentioned = b" ".join(b"{{ " + written % number + b" }}" for number in range(count))
    return b"variables:\n" + declared + b"env: [A, B]\n" + text + b"\nload: {target: '" + mentioned + b"'}\n"


# ----------------------------------------------------------------------------------------------------


_OFTEN: tuple[Mutation, ...] = (_other_value, _value_from_elsewhere, _longer_value, _other_token)
_SOMETIMES: tuple[Mutation, ...] = (
    *(_flip, _cut, _truncate, _insert_bytes, _insert_hostile, _repeat_span, _drop_line, _repeat_line, _swap_lines),
    *(_indent, _dedent, _swap_tokens, _misspell, _key_from_elsewhere, _borrow_block, _splice),
)
_SELDOM: tuple[Mutation, ...] = (
    *(_encode_otherwise, _end_lines_otherwise, _nest, _second_document, _bulk, _long_value, _many_items, _many_names),
)
_MUTATIONS = (*_OFTEN, *_SOMETIMES, *_SELDOM)
_WEIGHTS = (80, 60, 30, 20, *[5] * len(_SOMETIMES), *[1] * len(_SELDOM))


def _span(rng: Random, text: bytes) -> tuple[int, int]:
    start = rng.randrange(len(text) + 1)
    return start, min(len(text), start + rng.choice([1, 2, 5, 20, 200]))


def _place(rng: Random, text: bytes, form: re.Pattern[bytes]) -> re.Match[bytes] | None:
    """Return a match at a random place, without searching for all matches."""
    start = rng.randrange(len(text) + 1)
    return form.search(text, start) or form.search(text)


def _with(text: bytes, span: tuple[int, int], new: bytes) -> bytes:
    return text[: span[0]] + new + text[span[1] :]


def _written(rng: Random, value: str) -> bytes:
    """Return a value as YAML: plain, quoted, or in a list."""
    style = rng.randrange(4)
    if style == 0:
        return value.encode()
    if style == 1:
        return b"[" + _quoted(value) + b"]"
    return _quoted(value)


def _quoted(value: str) -> bytes:
    return b"'" + value.replace("'", "''").encode() + b"'"


def _numbered(block: bytes, number: int) -> bytes:
    """Return a block with a number after its first word (usually a key) or its last one (usually a value)."""
    words = list(re.finditer(rb"[A-Za-z]+", block))
    return _with(block, (words[-1 if number else 0].end(),) * 2, str(number).encode()) if words else block
