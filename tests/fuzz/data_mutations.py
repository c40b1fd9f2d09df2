"""Mutations of plain data: one place in a document gets a value that does not belong there."""

import copy
import json
from collections.abc import Iterator
from random import Random
from typing import Any

from tests.fuzz import hostile

_ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 2**63, 10**30, 1.5, -0.0, 1e308, "", " ", "x", [], {}, [[]], [None], {"": None}),
    *({"a": {"b": {}}}, ["a"] * 50, "0" * 64, "g" * 64, "\ud800", {"\udfff": 1}, {"path_in_repo": "../x"}),
)
_MOST_AT_ONCE = 4


def mutated_json(rng: Random, text: bytes) -> bytes:
    """Return a JSON document with a few of its values replaced, removed, doubled or nested."""
    data = [copy.deepcopy(json.loads(text))]
    for _ in range(rng.randint(1, _MOST_AT_ONCE)):
        _mutate(rng, data)
    return json.dumps(data[0], ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def _mutate(rng: Random, data: list[Any]) -> None:
    holder, key = rng.choice(list(_places(data)))
    value = holder[key]
    match rng.randrange(6):
        case 0 | 1:
            holder[key] = copy.deepcopy(rng.choice(_ODD))
        case 2:
            holder[key] = rng.choice(hostile.ALL)
        case 3 if isinstance(holder, dict):
            del holder[key]
        case 4 if isinstance(holder, dict):
            holder[rng.choice(hostile.ALL)] = value
        case 4 if holder is not data:
            holder.append(value)
        case _:
            holder[key] = rng.choice([[value], {"a": value}, [value] * 30])


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place of a value as a holder and the key or index in it."""
    if isinstance(value, list | dict):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])
