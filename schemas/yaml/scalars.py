"""What an unquoted YAML scalar means: the core schema of YAML 1.2 (§10.3.2), and nothing else.

`no`, `on`, `yes`, `12:30:45` and dates are text; YAML 1.1 made booleans, a number and dates of them.
"""

import re
from decimal import Decimal

MAX_DIGITS = 64
"""No number of a manifest needs more; Python refuses to read 4,301 of them at all."""

Scalar = str | int | float | bool | None

_NAMED: dict[str, Scalar] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INTEGER = re.compile(r"[-+]?[0-9]+", re.ASCII)
_OTHER_BASE = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+", re.ASCII)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", re.ASCII)
_NOT_FINITE = re.compile(r"[-+]?(?:\.inf|\.Inf|\.INF)|\.nan|\.NaN|\.NAN")


def resolve(text: str) -> Scalar:
    """Return the value of an unquoted scalar.

    Raises:
        ValueError: for a number that is too large, or not finite; JSON, and so the lock, has no place for it.
    """
    if text in _NAMED:
        return _NAMED[text]
    if text[0] not in "+-.0123456789":
        return text
    if _NOT_FINITE.fullmatch(text):
        msg = "not a finite number"
        raise ValueError(msg)
    if _INTEGER.fullmatch(text) or _OTHER_BASE.fullmatch(text):
        return _integer(text)
    return _float(text) if _FLOAT.fullmatch(text) else text


def is_plain_text(text: str) -> bool:
    """Whether `text`, written without quotes, would be read as that text."""
    try:
        return resolve(text) == text
    except ValueError:
        return False


def _integer(text: str) -> int:
    _refuse_long(text)
    base = {"0o": 8, "0x": 16}.get(text[:2], 10)
    return int(text[2:] if base != 10 else text, base)


def _float(text: str) -> float:
    _refuse_long(text)
    value = float(text)
    if value in (float("inf"), float("-inf")) or (value == 0 and not Decimal(text).is_zero()):
        msg = "number too large or too small"
        raise ValueError(msg)
    return value


def _refuse_long(text: str) -> None:
    if len(text) > MAX_DIGITS:
        msg = f"number too large: {len(text)} digits"
        raise ValueError(msg)
