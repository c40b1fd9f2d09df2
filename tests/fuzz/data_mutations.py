"""Mutations of plain data: replace, remove, repeat or nest a value in a JSON document."""

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
    """Return a JSON document with a few of its values replaced, removed, repeated or nested."""
    data = [copy.deepcopy(json.loads(text))]
    for _ in range(rng.randint(1, _MOST_AT_ONCE)):
        _mutate(rng, data)
    return json.dumps(data[0], ensure_ascii=rng.random() < 0.5).encode("utf-8", "surrogatepass")


def _mutate(rng: Random, data: list[Any]) -> None:
    container, key = rng.choice(list(_places(data)))
    value = container[key]
    match rng.randrange(6):
        case 0 | 1:
            container[key] = copy.deepcopy(rng.choice(_ODD))
        case 2:
            container[key] = rng.choice(hostile.ALL)
        case 3 if isinstance(container, dict):
            del container[key]
        case 4 if isinstance(container, dict):
            container[rng.choice(hostile.ALL)] = value
        case 4 if container is not data:
            container.append(value)
        case _:
            container[key] = rng.choice([[value], {"a": value}, [value] * 30])


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    """Yield every place in a value, as a container and the key or index in it."""
    if isinstance(value, list | dict):
        for key in list(value) if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from _places(value[key])
