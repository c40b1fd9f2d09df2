"""Sizes as people write them: `5GB`, `500 MB`, `1024`."""

import re
from typing import Annotated

from pydantic import BeforeValidator, PlainSerializer, WithJsonSchema

from hublish.schemas.diagnose.problems import Refusal

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"\s*(\d{1,15})(?:\.(\d{1,6}))?\s*([KMGT]?B)?\s*", re.IGNORECASE | re.ASCII)


def parse_size(text: str | int) -> int:
    """Return a number of bytes. Units are decimal, as in huggingface_hub: `5GB` is 5 * 10^9.

    Raises:
        Refusal: when the text is no size.
    """
    if isinstance(text, bool) or not isinstance(text, str | int):
        raise _no_size(text)
    match = _SIZE.fullmatch(str(text))
    if match is None:
        raise _no_size(text)
    whole, fraction, unit = match.groups()
    factor = _UNITS[(unit or "").upper()]
    digits = fraction or ""
    fraction_bytes: int = int(digits or 0) * factor // 10 ** len(digits)
    return int(whole) * factor + fraction_bytes


def _no_size(text: object) -> Refusal:
    written = str(text).strip()
    likely = re.sub(r"(?<=[KMGTkmgt])i(?=[Bb]$)", "", written.replace(",", "."))
    hint = "write a number of bytes, or one with KB, MB, GB or TB, which are decimal"
    if isinstance(text, str) and likely != written and _SIZE.fullmatch(likely):
        hint = f"write {likely}; units are decimal, as in huggingface_hub"
    return Refusal("expected a size such as 5GB, 500MB or a number of bytes", hint)


def format_size(size: int) -> str:
    """Return a size for people: `4.2 MB`."""
    value = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if round(value, 1) < 1000:  # else 999,999 bytes would be "1000.0 KB"
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def _shortest(size: int) -> str | int:
    for unit in ("TB", "GB", "MB", "KB"):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return size


Size = Annotated[
    int,
    BeforeValidator(parse_size),
    PlainSerializer(_shortest),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "string", "pattern": r"^\s*\d{1,15}(\.\d{1,6})?\s*([KMGTkmgt]?[Bb])?\s*$"},
                {"type": "integer", "minimum": 0},
            ],
            "examples": ["5GB", "500MB", 1000000],
        }
    ),
]
