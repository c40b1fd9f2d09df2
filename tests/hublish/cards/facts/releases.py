"""Releases in memory, from which tests derive facts."""

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

from hublish.base.content import InMemory
from hublish.cards.facts.derive_facts import derive_facts
from hublish.cards.facts.fact import Fact
from hublish.formats.tensors.dtypes import DTYPES

Files = Mapping[str, Any]
"""Files by path: bytes, a text, or a value to write as JSON."""


def weights(**tensors: tuple[str, Iterable[int]]) -> bytes:
    """Return a safetensors file of zeros; names have `__` for a dot."""
    described, end = {}, 0
    for name, (dtype, shape) in tensors.items():
        begin, end = end, end + DTYPES[dtype].nbytes(math.prod(shape))
        described[name.replace("__", ".")] = {"dtype": dtype, "shape": list(shape), "data_offsets": [begin, end]}
    header = json.dumps(described).encode()
    return len(header).to_bytes(8, "little") + header + bytes(end)


def contents(files: Files) -> list[tuple[str, InMemory]]:
    """Return files as a stage passes them."""
    return [(path, InMemory(_bytes(value))) for path, value in files.items()]


def _bytes(value: Any) -> bytes:
    if isinstance(value, bytes):
        return value
    return value.encode() if isinstance(value, str) else json.dumps(value).encode()


def derived(files: Files, **others: Any) -> dict[str, Fact]:
    """Return the facts of a release by their names."""
    if "beside" in others:
        others["beside"] = contents(others["beside"])
    return {fact.name: fact for fact in derive_facts(contents(files), **others)}


def value_of(name: str, files: Files, **others: Any) -> Any:
    """Return the value of one fact; None without it."""
    fact = derived(files, **others).get(name)
    return fact.value if fact else None
