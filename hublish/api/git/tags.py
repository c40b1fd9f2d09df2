"""Which of several tags a release is called by."""

import re
from collections.abc import Iterable

_VERSION = re.compile(r"(?:.*/)?v?(?P<numbers>[0-9]{1,18}(?:\.[0-9]{1,18})*)(?P<rest>.*)", re.DOTALL | re.ASCII)
_PIECES = re.compile(r"[0-9]{1,18}|[^0-9]+", re.ASCII)
_DIGITS = "0123456789"
_AFTER_RELEASE = ("+", ".post", "-post", "post")
"""How what follows a version's numbers begins when it is no pre-release (SemVer 2.0 §10, PEP 440)."""

_Key = tuple[bool, bool, tuple[int, ...], bool, tuple[tuple[bool, int, str], ...], str]


def highest(names: Iterable[str]) -> str:
    """Return the highest version among tags at one commit: `v1.2.0` of `v1.2.0-rc.1`, `v1.2.0` and `latest`.

    Versions come before other names, releases before their pre-releases, and a name that is not UTF-8 comes last. The
    answer does not depend on the order, on git's configuration, or on when the tags were made.
    """
    return max(names, key=_rank)


def _rank(name: str) -> _Key:
    readable = not any("\ud800" <= char <= "\udfff" for char in name)
    found = _VERSION.fullmatch(name)
    if found is None:
        return readable, False, (), False, _natural(name), name
    numbers = tuple(int(part) for part in found["numbers"].split("."))
    is_release = not found["rest"] or found["rest"].startswith(_AFTER_RELEASE)
    return readable, True, _without_zeros(numbers), is_release, _natural(found["rest"]), name


def _without_zeros(numbers: tuple[int, ...]) -> tuple[int, ...]:
    """1.2 and 1.2.0 are one version."""
    while numbers and numbers[-1] == 0:
        numbers = numbers[:-1]
    return numbers


def _natural(text: str) -> tuple[tuple[bool, int, str], ...]:
    """Order runs of digits by their value: rc.10 comes after rc.9."""
    pieces = _PIECES.findall(text)
    return tuple((piece[0] in _DIGITS, int(piece) if piece[0] in _DIGITS else 0, piece) for piece in pieces)
