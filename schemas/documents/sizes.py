"""Parse and format sizes as people write them: `5GB`, `500 MB`, `1024`, `3 files`.

Without pydantic, which the process that renders a card need not import.
"""

import re

from hublish.schemas.diagnose.problems import InvalidValueError

_UNITS = {"": 1, "B": 1, "KB": 10**3, "MB": 10**6, "GB": 10**9, "TB": 10**12}
_SIZE = re.compile(r"\s*(\d{1,15})(?:\.(\d{1,6}))?\s*([KMGT]?B)?\s*", re.IGNORECASE | re.ASCII)


def parse_size(text: str | int) -> int:
    """Return a size in bytes. Units are decimal, as in huggingface_hub: `5GB` is 5 * 10^9.

    Raises:
        InvalidValueError: when the text is not a size.
    """
    if isinstance(text, bool) or not isinstance(text, str | int):
        raise _size_error(text)
    match = _SIZE.fullmatch(str(text))
    if match is None:
        raise _size_error(text)
    whole, fraction, unit = match.groups()
    factor = _UNITS[(unit or "").upper()]
    digits = fraction or ""
    fraction_bytes: int = int(digits or 0) * factor // 10 ** len(digits)
    return int(whole) * factor + fraction_bytes


def _size_error(text: object) -> InvalidValueError:
    written = str(text).strip()
    likely = re.sub(r"(?<=[KMGTkmgt])i(?=[Bb]$)", "", written.replace(",", "."))
    hint = "write a number of bytes, or a number with KB, MB, GB or TB (decimal units)"
    if isinstance(text, str) and likely != written and _SIZE.fullmatch(likely):
        hint = f"write {likely}; units are decimal, as in huggingface_hub"
    return InvalidValueError("expected a size such as 5GB, 500MB or a number of bytes", hint)


def format_size(size: int) -> str:
    """Return a size as text for people: `4.2 MB`."""
    value = float(size)
    for unit in ("B", "KB", "MB", "GB"):
        if round(value, 1) < 1000:  # otherwise, 999,999 bytes would be "1000.0 KB"
            return f"{value:.0f} {unit}" if unit == "B" else f"{value:.1f} {unit}"
        value /= 1000
    return f"{value:.1f} TB"


def shortest_size(size: int) -> str | int:
    """Return a size with the largest unit that leaves a whole number: `5GB`."""
    for unit in ("TB", "GB", "MB", "KB"):
        if size and size % _UNITS[unit] == 0:
            return f"{size // _UNITS[unit]}{unit}"
    return size


def plural(count: int, noun: str) -> str:
    """Return `1 file`, `2 files`, `5,000 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"
