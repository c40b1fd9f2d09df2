"""Curves over steps or epochs, with a label at the end of each."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from hublish.cards.charts.drawing import COLORS, TITLE, Drawing, Frame, dot, draw, label, line
from hublish.cards.charts.scales import LOGARITHMIC, Scale, finite, scale_of, short
from hublish.cards.charts.text_widths import drawable, width
from hublish.cards.charts.thinning import Point, is_noisy, smoothed, thinned

# Pixels of the wide layout.
_PANEL: Final = 210
_BETWEEN: Final = 16
_BELOW: Final = 44

# Points of one layout: a picture has at most about 60 KB.
_MOST_POINTS: Final = 1800
_MEANS: Final = 80
# Above and below the values of a panel, as a share of their range.
_MARGIN: Final = 0.05
_NEAR_ZERO: Final = 0.3
# A series with more interruptions is drawn as one line.
_MOST_RUNS: Final = 20


@dataclass(frozen=True, slots=True)
class Series:
    """One curve."""

    name: str
    points: Sequence[Sequence[Any]]
    """Pairs of a position and a value. A value that is not a finite number interrupts the curve."""


@dataclass(frozen=True, slots=True)
class Panel:
    """Curves that share one vertical axis."""

    name: str
    """The quantity, such as `loss`; empty if the title of the picture names it."""
    series: tuple[Series, ...]


@dataclass(frozen=True, slots=True)
class _Curve:
    name: str
    color: int
    """Of all curves with its name, in every panel."""
    runs: tuple[tuple[Point, ...], ...]
    """Uninterrupted parts, each in the order of x."""

    @property
    def points(self) -> Iterator[Point]:
        return (point for run in self.runs for point in run)

    @property
    def last(self) -> Point:
        return self.runs[-1][-1]

    @property
    def end(self) -> str:
        """The text after its name, at the end of the curve."""
        return f" {short(self.last[1])}"


def line_chart(title: str, panels: Sequence[Panel], x_name: str, alt: str) -> Drawing | None:
    """Return a picture with one panel below the other; None if no series has a point.

    Args:
        title: one line above the picture.
        panels: all with the same positions, such as steps.
        x_name: the name of the positions.
        alt: the data in words.
    """
    names = [*dict.fromkeys(series.name for panel in panels for series in panel.series)]
    drawn = [(panel, curves) for panel in panels if (curves := _curves(panel.series, names))]
    if not drawn:
        return None
    height = TITLE + len(drawn) * _PANEL + (len(drawn) - 1) * _BETWEEN + _BELOW

    def layout(frame: Frame) -> Iterator[str]:
        yield from _layout(frame, height, drawn, x_name)

    return draw(title, alt, height, layout)


def _curves(series: Iterable[Series], names: Sequence[str]) -> list[_Curve]:
    found = (_Curve(each.name, names.index(each.name) % COLORS, _runs(each.points)) for each in series)
    return [curve for curve in found if curve.runs][:COLORS]


def _runs(points: Sequence[Sequence[Any]]) -> tuple[tuple[Point, ...], ...]:
    placed = [(x, finite(point[1])) for point in points if (x := finite(point[0])) is not None]
    # A run that was resumed logs some steps twice.
    placed.sort(key=lambda point: point[0])
    runs: list[list[Point]] = [[]]
    for x, y in placed:
        if y is not None:
            runs[-1].append((x, y))
        elif runs[-1]:
            runs.append([])
    filled = [run for run in runs if run]
    if len(filled) > _MOST_RUNS:
        filled = [[point for run in filled for point in run]]
    return tuple(map(tuple, filled))


def _layout(frame: Frame, height: int, panels: Sequence[tuple[Panel, list[_Curve]]], x_name: str) -> Iterator[str]:
    unit, edge = frame.height / height, frame.edge
    every = [x for _, curves in panels for curve in curves for x, _ in curve.points]
    low, high = min(every), max(every)
    rows = max(2, int((_PANEL - 30) * unit / (frame.font * 2.2)))
    scales = [_vertical(curves, rows) for _, curves in panels]
    left = edge + max(width(text, frame.font) for scale in scales for text in scale.labels) + 8
    most = frame.width * 0.34
    names = [drawable(curve.name) + curve.end for _, curves in panels for curve in curves]
    right = frame.width - edge - min(most, max(width(name, frame.font, bold=True) for name in names)) - 9
    across = _horizontal(low, high, right - left, frame.font)
    bottom = 0.0
    for index, ((panel, curves), scale) in enumerate(zip(panels, scales, strict=True)):
        top = (TITLE + index * (_PANEL + _BETWEEN)) * unit
        above = frame.font * (2 if _heading(panel, scale) else 1)
        bottom = top + _PANEL * unit
        yield from _panel(_Box(frame, left, right, top + above, bottom), panel, curves, scale, across)
    yield from _below(_Box(frame, left, right, 0, bottom), across, x_name)


@dataclass(frozen=True, slots=True)
class _Box:
    """The plot of a panel: where its axes are."""

    frame: Frame
    left: float
    right: float
    top: float
    bottom: float

    def at(self, across: Scale, scale: Scale, point: Point) -> Point:
        x = self.left + across.share(point[0]) * (self.right - self.left)
        return x, self.bottom - scale.share(point[1]) * (self.bottom - self.top)


def _vertical(curves: Iterable[_Curve], rows: int) -> Scale:
    values = [y for curve in curves for _, y in curve.points]
    low, high = min(values), max(values)
    # An axis from 0 shows proportions, where it costs little room.
    return scale_of(
        0.0 if 0 < low < _NEAR_ZERO * high and high / low < LOGARITHMIC else low, high, rows, margin=_MARGIN
    )


def _horizontal(low: float, high: float, room: float, font: float) -> Scale:
    """Return the axis with as many marks as have room for their labels."""
    whole = low == int(low) and high == int(high)
    scales = (scale_of(low, high, most, whole=whole) for most in range(8, 1, -1))
    return next((scale for scale in scales if _has_room(scale, room, font)), scale_of(low, high, 2))


def _has_room(scale: Scale, room: float, font: float) -> bool:
    places = [scale.share(float(mark)) * room for mark in scale.marks]
    widest = max(width(text, font) for text in scale.labels)
    return all(after - before >= widest + font for before, after in pairwise(places))


def _panel(box: _Box, panel: Panel, curves: Sequence[_Curve], scale: Scale, across: Scale) -> Iterator[str]:
    font = box.frame.font
    if heading := _heading(panel, scale):
        yield label(box.left, box.top - font * 0.9, heading, font, most=box.right - box.left, style="muted")
    for mark, text in zip(scale.marks, scale.labels, strict=True):
        y = box.bottom - scale.share(float(mark)) * (box.bottom - box.top)
        yield line(box.left, y, box.right, y, "grid")
        yield label(box.left - 8, y + font * 0.35, text, font, anchor="end", style="muted")
    yield line(box.left, box.bottom, box.right, box.bottom, "axis")
    room = _MOST_POINTS // len(curves)
    for curve in curves:
        yield from _curve(box, curve, scale, across, room)
    yield from _end_labels(box, curves, scale, across)


def _heading(panel: Panel, scale: Scale) -> str:
    return " · ".join(part for part in (panel.name, "log scale" if scale.logarithmic else "") if part)


def _curve(box: _Box, curve: _Curve, scale: Scale, across: Scale, room: int) -> Iterator[str]:
    total = sum(len(run) for run in curve.runs)
    most = min(room, int(2 * (box.right - box.left)))
    for run in curve.runs:
        points = [box.at(across, scale, point) for point in thinned(run, max(4, most * len(run) // total))]
        if len(points) == 1:
            yield dot(*points[0], 3, f"fill{curve.color}")
        elif is_noisy(run):
            yield _path(points, f"faint line{curve.color}")
            means = (box.at(across, scale, point) for point in smoothed(run, _MEANS))
            yield _path([*means], f"curve line{curve.color}")
        else:
            yield _path(points, f"curve line{curve.color}")


def _path(points: Sequence[Point], style: str) -> str:
    """Return a line through points, as the differences of tenths of a pixel."""
    (x, y), *others = [(round(x * 10), round(y * 10)) for x, y in points]
    parts = [f"M{_tenth(x)} {_tenth(y)}"]
    for next_x, next_y in others:
        across, down = _tenth(next_x - x), _tenth(next_y - y)
        parts.append(f"l{across}{'' if down.startswith('-') else ' '}{down}")
        x, y = next_x, next_y
    return f'<path class="{style}" d="{"".join(parts)}"/>'


def _tenth(value: int) -> str:
    sign, (whole, rest) = "-" if value < 0 else "", divmod(abs(value), 10)
    return f"{sign}{whole}.{rest}" if rest else f"{sign}{whole}"


def _end_labels(box: _Box, curves: Sequence[_Curve], scale: Scale, across: Scale) -> Iterator[str]:
    font = box.frame.font
    ends = sorted((box.at(across, scale, curve.last)[1], index) for index, curve in enumerate(curves))
    places = spread([y for y, _ in ends], font * 1.35, box.top, box.bottom - font * 0.3)
    x = box.right + 8
    most = box.frame.width - box.frame.edge - x
    for (_, index), y in zip(ends, places, strict=True):
        curve = curves[index]
        style = f"fill{curve.color}"
        yield label(x, y + font * 0.35, curve.name, font, most=most, ending=curve.end, style=style, bold=True)


def spread(wanted: Sequence[float], gap: float, low: float, high: float) -> list[float]:
    """Return positions near the wanted ones, in their order, `gap` apart and from `low` to `high` if they have room."""
    places = list[float]()
    for value in wanted:
        places.append(max(value, places[-1] + gap if places else low))
    limit = high
    for index in range(len(places) - 1, -1, -1):
        places[index] = min(places[index], limit)
        limit = places[index] - gap
    return places


def _below(box: _Box, across: Scale, x_name: str) -> Iterator[str]:
    font = box.frame.font
    for mark, text in zip(across.marks, across.labels, strict=True):
        x = box.left + across.share(float(mark)) * (box.right - box.left)
        yield line(x, box.bottom, x, box.bottom + 4, "axis")
        yield label(x, box.bottom + font * 1.5, text, font, anchor="middle", style="muted")
    # Right of the last mark's label, half of which is beyond the plot.
    start = box.right + max(width(text, font) for text in across.labels) / 2 + 10
    most = box.frame.width - box.frame.edge - start
    yield label(start, box.bottom + font * 1.5, x_name, font, most=most, style="muted")
