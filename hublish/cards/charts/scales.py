"""From values to positions on an axis, with round numbers as its marks."""

import math
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from typing import Final

# Logarithms and divisions with more digits than a position on a page has.
_CONTEXT: Final = Context(prec=15, rounding=ROUND_HALF_EVEN, Emin=-999999, Emax=999999)
_STEPS: Final = (Decimal(1), Decimal(2), Decimal("2.5"), Decimal(5), Decimal(10))
LOGARITHMIC: Final = 1000
"""The ratio of values from which on equal steps would press most of a curve onto the axis."""
# Values that differ by a smaller part of themselves are drawn as equal: their labels would have a dozen digits.
_EQUAL: Final = 1e-6
_LARGEST: Final = 1e300
# Smaller numbers are written in full.
_THOUSANDS: Final = 100_000
_UNITS: Final = ((12, "T"), (9, "B"), (6, "M"), (3, "k"))


@dataclass(frozen=True, slots=True)
class Scale:
    """An axis from `low` to `high`, with its marks."""

    low: float
    high: float
    marks: tuple[Decimal, ...]
    labels: tuple[str, ...]
    logarithmic: bool = False

    def share(self, value: float) -> float:
        """Return the position of a value, from 0 at `low` to 1 at `high`."""
        if self.logarithmic:
            low, high, at = _log10(self.low), _log10(self.high), _log10(value)
            return (at - low) / (high - low)
        return (value - self.low) / (self.high - self.low)


def finite(value: object) -> float | None:
    """Return a value as a number that can be drawn; None for NaN, infinities and everything that is not a number."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    if not abs(number) <= _LARGEST:  # as NaN is
        return None
    # Smaller numbers have too few digits to be divided.
    return number if abs(number) >= 1 / _LARGEST else 0.0


def scale_of(low: float, high: float, most: int, *, whole: bool = False, margin: float | None = None) -> Scale:
    """Return the scale for values from `low` to `high`.

    Args:
        low: the smallest value.
        high: the largest value.
        most: the number of marks that have room, at least 2.
        whole: whether marks are whole numbers, such as steps.
        margin: the room beyond the values, as a share of their range; none beyond 0. Values of very different size
            then get a logarithmic scale. None for positions, whose axis ends at the values themselves.
    """
    # The context of the thread belongs to the caller.
    with localcontext(_CONTEXT):
        if margin is not None and low > 0 and high / low >= LOGARITHMIC:
            return _logarithmic(low, high, most)
        if high - low <= _EQUAL * max(abs(low), abs(high)):
            # All values are equal: they are drawn in the middle.
            room, margin = abs(low) / 2 or 1.0, None
            low, high = low - room, low + room
        step = _step(low, high, most, whole=whole)
        if margin:
            room = margin * (high - low)
            low, high = low - (room if low else 0.0), high + (room if high else 0.0)
        first, last = math.ceil(Decimal(low) / step), math.floor(Decimal(high) / step)
        marks = tuple(step * index for index in range(first, last + 1)) or (Decimal(low), Decimal(high))
        return Scale(low, high, marks, _labels(marks, step))


def _logarithmic(low: float, high: float, most: int) -> Scale:
    first, last = Decimal(low).adjusted(), Decimal(high).adjusted()
    if Decimal(1).scaleb(last) < Decimal(high):
        last += 1
    stride = max(1, -(-(last - first) // max(1, most - 1)))
    exponents = range(first, last + 1, stride)
    marks = tuple(Decimal(1).scaleb(exponent) for exponent in exponents)
    plain = first >= -4 and last <= 5
    labels = tuple(f"{mark:,f}" if plain else f"1e{mark.adjusted()}" for mark in marks)
    return Scale(float(marks[0]), float(Decimal(1).scaleb(last)), marks, labels, logarithmic=True)


def _step(low: float, high: float, most: int, *, whole: bool) -> Decimal:
    """Return the smallest round step with at most `most` marks."""
    rough = (Decimal(high) - Decimal(low)) / max(1, most - 1)
    power = Decimal(1).scaleb(rough.adjusted())
    step = next(factor * power for factor in _STEPS if factor * power >= rough)
    return max(step.to_integral_value(), Decimal(1)) if whole else step


def _log10(value: float) -> float:
    return float(_CONTEXT.log10(_CONTEXT.create_decimal_from_float(value)))


def short(value: float, *, padded: bool = False) -> str:
    """Return a number with three significant digits, as people write it: `0.083`, `1,234`, `1.23M`.

    Args:
        value: a finite number.
        padded: whether zeros at the end stay, for numbers below each other.
    """
    exponent = int(f"{value:.2e}".partition("e")[2])
    unit, suffix = 0, ""
    if value and not -4 <= exponent < 15:
        unit, suffix = exponent, f"e{exponent}"
    elif exponent >= 6:
        unit, suffix = next(each for each in _UNITS if exponent >= each[0])
    # Digits beyond the third are exact below a million: 123,456 and not 123,000.
    with localcontext(_CONTEXT):
        text = f"{Decimal(value).scaleb(-unit):,.{max(0, 2 - exponent + unit)}f}"
    if "." in text and (not padded or value == 0):
        text = text.rstrip("0").rstrip(".")
    return f"{text}{suffix}"


def _labels(marks: tuple[Decimal, ...], step: Decimal) -> tuple[str, ...]:
    largest = max(abs(mark) for mark in marks)
    if not Decimal("0.001") <= largest < Decimal("1e15"):
        return tuple(_exponential(mark, step) for mark in marks)
    unit, suffix = next(((power, name) for power, name in _UNITS if largest >= 10**power), (0, ""))
    if largest < _THOUSANDS:
        unit, suffix = 0, ""
    places = max(0, unit - _last_digit(step))
    return tuple("0" if mark == 0 else f"{mark.scaleb(-unit):,.{places}f}{suffix}" for mark in marks)


def _exponential(mark: Decimal, step: Decimal) -> str:
    if mark == 0:
        return "0"
    places = max(0, mark.adjusted() - _last_digit(step))
    return f"{mark.scaleb(-mark.adjusted()):.{places}f}e{mark.adjusted()}"


def _last_digit(step: Decimal) -> int:
    """Return the exponent of the last digit of a step that is not 0."""
    exponent = step.normalize().as_tuple().exponent
    assert isinstance(exponent, int)
    return exponent
