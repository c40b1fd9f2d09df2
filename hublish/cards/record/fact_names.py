"""Find the value of a name such as `files.largest["a.bin"].size` among plain data."""

import re
from typing import Any, Final

_STEP: Final = re.compile(r'\["([^"]*)"\]|\[(\d+)\]|\.?([^.\[\]]+)')
KEYS: Final = ("path", "repo_id", "config_name", "name")
"""The keys that name the elements of a list, so that a name holds when another element is added."""


class MissingError(LookupError):
    """The data has no value of a name."""


def element_name(item: Any, index: int) -> str:
    """Return the part of a name for an element of a list: `["a.bin"]` or `[0]`."""
    if isinstance(item, dict):
        for key in KEYS:
            if isinstance(item.get(key), str) and '"' not in item[key]:
                return f'["{item[key]}"]'
    return f"[{index}]"


def value_of(name: str, data: Any) -> Any:
    """Return the value of a name.

    Raises:
        MissingError: when there is none.
    """
    rest = name
    while rest:
        found, rest = _next(rest, data)
        data = found
    return data


def _next(name: str, data: Any) -> tuple[Any, str]:
    if isinstance(data, dict):
        # A key may contain dots itself: the longest one that fits counts.
        plain = name.removeprefix(".")
        fitting = [key for key in data if plain == key or plain.startswith((f"{key}.", f"{key}["))]
        if not fitting:
            raise MissingError(name)
        key = max(fitting, key=len)
        return data[key], plain[len(key) :]
    step = _STEP.match(name)
    if not isinstance(data, list) or step is None:
        raise MissingError(name)
    for index, item in enumerate(data):
        if step[0] in (element_name(item, index), f"[{index}]"):
            return item, name[step.end() :]
    raise MissingError(name)
