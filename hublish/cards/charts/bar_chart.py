"""Horizontal bars in groups, each with its name on the left and its value on the right."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hublish.cards.charts.drawing import TITLE, Drawing, Frame, bar, draw, label, line
from hublish.cards.charts.scales import finite, short
from hublish.cards.charts.text_widths import drawable, width

# Pixels of the wide layout.
_ROW: Final = 30
_HEADING: Final = 34
_BELOW: Final = 16

MOST_BARS: Final = 24
"""More bars are counted and not drawn."""
# A value that is not 0 is visible.
_THINNEST: Final = 1.5


@dataclass(frozen=True, slots=True)
class Bar:
    """One value."""

    name: str
    value: Any
    """A value that is not a finite number has no bar."""
    text: str = ""
    """The value as it is written; empty for three significant digits."""
    error: float | None = None
    """The standard error of the value, which is drawn on both sides of its end."""


@dataclass(frozen=True, slots=True)
class Group:
    """Bars with a common heading."""

    name: str
    """Empty if the title of the picture says it all."""
    bars: tuple[Bar, ...]


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the columns of a layout are."""

    names: float
    start: float
    """The left edge of the bars."""
    end: float
    values: float


def bar_chart(title: str, groups: Sequence[Group], alt: str, full: float | None = None) -> Drawing | None:
    """Return a picture with bars; None without any.

    Args:
        title: one line above the picture.
        groups: in the order in which they are shown.
        alt: the data in words.
        full: the value of a full bar, such as 1 for a share; None for the largest value.
    """
    shown, hidden = _first(groups)
    if not shown:
        return None
    count = sum(len(group.bars) for group in shown) + (1 if hidden else 0)
    height = TITLE + count * _ROW + sum(_HEADING for group in shown if group.name) + _BELOW

    def layout(frame: Frame) -> Iterator[str]:
        yield from _layout(frame, height, shown, hidden, full)

    return draw(title, alt, height, layout)


def _first(groups: Iterable[Group]) -> tuple[list[Group], int]:
    """Return as many bars as have room, and the number of the others."""
    shown, hidden, room = list[Group](), 0, MOST_BARS
    for group in groups:
        kept = group.bars[:room]
        hidden += len(group.bars) - len(kept)
        room -= len(kept)
        if kept:
            shown.append(Group(group.name, kept))
    return shown, hidden


def _layout(frame: Frame, height: int, groups: Sequence[Group], hidden: int, full: float | None) -> Iterator[str]:
    unit, font, edge = frame.height / height, frame.font, frame.edge
    columns = _columns(frame, [each for group in groups for each in group.bars])
    numbers = [number for group in groups for each in group.bars if (number := finite(each.value)) is not None]
    # Every bar begins at 0, because its length is its value.
    low, high = min([0.0, *numbers]), max([0.0, *numbers, full or 0.0])
    place = (TITLE - 2) * unit
    for group in groups:
        if group.name:
            place += _HEADING * unit
            yield label(
                edge, place - 10 * unit, group.name, font, most=frame.width - 2 * edge, style="muted", bold=True
            )
        for each in group.bars:
            yield from _row(each, place, _ROW * unit, columns, (low, high), font)
            place += _ROW * unit
    if hidden:
        yield label(edge, place + _ROW * unit / 2 + font * 0.35, f"and {hidden:,} more", font, style="muted")


def _columns(frame: Frame, bars: Iterable[Bar]) -> _Columns:
    font, edge = frame.font, frame.edge
    names = max(width(drawable(each.name), font) for each in bars)
    values = min(max(width(drawable(_value(each)), font) for each in bars), frame.width * 0.34)
    start = edge + min(names, frame.width * 0.36) + 10
    return _Columns(edge, start, frame.width - edge - values - 8, frame.width - edge)


def _row(
    each: Bar, top: float, height: float, columns: _Columns, ends: tuple[float, float], font: float
) -> Iterator[str]:
    baseline = top + height / 2 + font * 0.35
    yield label(columns.names, baseline, each.name, font, most=columns.start - 10 - columns.names)
    wide, (low, high) = columns.end - columns.start, ends
    thick = height * 0.5
    yield bar(columns.start, top + (height - thick) / 2, wide, thick, "track")
    number = finite(each.value)
    if number is not None and high > low:
        zero = columns.start - low / (high - low) * wide
        length = max(abs(number) / (high - low) * wide, _THINNEST if number else 0.0)
        if length:
            yield bar(zero - (length if number < 0 else 0), top + (height - thick) / 2, length, thick, "fill0")
        if (error := finite(each.error)) is not None and error > 0:
            yield from _whisker(number, error, top + height / 2, height * 0.16, columns, ends)
        if low < 0:
            yield line(zero, top + 2, zero, top + height - 2, "axis")
    most = columns.values - columns.end - 8
    yield label(columns.values, baseline, _value(each), font, most=most, anchor="end", style="muted")


def _whisker(
    number: float, error: float, middle: float, half: float, columns: _Columns, ends: tuple[float, float]
) -> Iterator[str]:
    low, high = ends
    left, right = (
        columns.start + (min(max(value, low), high) - low) / (high - low) * (columns.end - columns.start)
        for value in (number - error, number + error)
    )
    yield line(left, middle, right, middle, "whisker")
    for x in (left, right):
        yield line(x, middle - half, x, middle + half, "whisker")


def _value(each: Bar) -> str:
    number = finite(each.value)
    return each.text or ("—" if number is None else short(number, padded=True))
