"""Find the value of a name among plain data: `files.largest["a.bin"].size`, and `model.dtypes{F32}` for a key."""

import re
from typing import Any, Final

_ELEMENT: Final = re.compile(r'\["[^"]*"\]|\[\d+\]')
_QUOTED: Final = re.compile(r'\["([^"]*)"\]')
# The keys that name the elements of a list, so that a name holds when another element is added.
_KEYS: Final = ("path", "repo_id", "config_name", "name")

PIECES: Final = "\0pieces"
"""The key of a mapping in the place of a text: its pieces, each with the name of the value that it is, or None."""
VALUE: Final = "\0value"
"""The key of a mapping in the place of a value: the value, and its name."""


class MissingError(LookupError):
    """The data has no value of a name."""


def element_name(item: Any, index: int) -> str:
    """Return the part of a name for an element of a list: `["a.bin"]` or `[0]`."""
    if isinstance(item, dict):
        for key in _KEYS:
            if isinstance(item.get(key), str) and '"' not in item[key]:
                return f'["{item[key]}"]'
    return f"[{index}]"


def summary(files: list[dict[str, Any]]) -> dict[str, int]:
    """Return the value that is recorded for the list of all files."""
    return {"count": len(files), "size": sum(file["size"] for file in files)}


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
        if name.startswith("{") and name[1:-1] in data:
            return name[1:-1], ""
        quoted = _QUOTED.match(name)
        if quoted is not None and quoted[1] in data:
            return data[quoted[1]], name[quoted.end() :]
        # A key may contain dots itself: the longest one that fits counts.
        plain = name.removeprefix(".")
        fitting = [key for key in data if plain == key or plain.startswith((f"{key}.", f"{key}[", f"{key}{{"))]
        if not fitting:
            raise MissingError(name)
        key = max(fitting, key=len)
        return data[key], plain[len(key) :]
    step = _ELEMENT.match(name)
    if not isinstance(data, list) or step is None:
        raise MissingError(name)
    for index, item in enumerate(data):
        if step[0] in (element_name(item, index), f"[{index}]"):
            return item, name[step.end() :]
    raise MissingError(name)
