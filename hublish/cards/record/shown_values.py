"""Decide whether a text shows a value, given the text that was published for the recorded value.

A card shows 0.9312 as `93.1`, or 7241732096 as `7.2`: the form is known only from the text that was published.
"""

import re
from typing import Any, Final

_NUMBER: Final = re.compile(r"-?\d(?:[\d,_]*\d)?(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
# Percentages, and the multiples of decimal and binary units.
_FACTORS: Final = (1.0, 100.0, *(1000.0**-power for power in range(1, 5)), *(1024.0**-power for power in range(1, 5)))


def shows(text: str, value: Any, *, published: str, recorded: Any) -> bool:
    """Return whether a text shows a value, in the form in which the published text shows the recorded one."""
    if value == recorded and _equal(text, published):
        return True
    if _equal(text, plain(value)):
        return True
    if isinstance(value, str) and isinstance(recorded, str):
        return recorded in published and _equal(published.replace(recorded, value), text)
    numbers = all(isinstance(each, int | float) and not isinstance(each, bool) for each in (value, recorded))
    return numbers and _shows_number(text, value, published, recorded)


def plain(value: Any) -> str:
    """Return a value as a template prints it."""
    return "" if value is None else str(value)


def _equal(text: str, other: str) -> bool:
    # People break lines anew, and Markdown escapes characters that need none.
    return "".join(text.replace("\\", "").split()) == "".join(other.replace("\\", "").split())


def _shows_number(text: str, value: float, published: str, recorded: float) -> bool:
    before, after = _NUMBER.search(published), _NUMBER.search(text)
    if before is None or after is None:
        return False
    shown, now, places = _parsed(before[0]), _parsed(after[0]), _places(before[0])
    if _around(text, after) != _around(published, before):
        # Some write 0.93 as 93 %.
        percent = _around(text, after) == ("", "%") and _around(published, before) == ("", "")
        return percent and _rounded(value * 100, now, _places(after[0]))
    # Fewer digits would make any value right.
    if _places(after[0]) < places:
        return value == recorded and shown == now
    factors = (factor for factor in _FACTORS if _rounded(recorded * factor, shown, places))
    return any(_rounded(value * factor, now, _places(after[0])) for factor in factors) or (
        value == recorded and shown == now
    )


def _rounded(exact: float, shown: float, places: int) -> bool:
    return abs(exact - shown) <= 0.5 * 10.0**-places * (1 + 1e-9) + 1e-12 * abs(exact)


def _around(text: str, found: re.Match[str]) -> tuple[str, str]:
    return text[: found.start()].strip(), text[found.end() :].strip()


def _parsed(number: str) -> float:
    return float(re.sub(r"[,_]", "", number))


def _places(number: str) -> int:
    return len(re.split(r"[eE]", number)[0].partition(".")[2])
