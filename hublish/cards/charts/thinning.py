"""Long series with fewer points and the same shape: every peak and every dip stays, at its own position."""

import math
from collections.abc import Sequence
from itertools import pairwise

Point = tuple[float, float]


def thinned(points: Sequence[Point], most: int) -> list[Point]:
    """Return at most `most` of the points: the first, the last, and of each interval the lowest and the highest.

    Args:
        points: in the order of x.
        most: at least 4.
    """
    if len(points) <= most:
        return list(points)
    kept = [points[0]]
    for bucket in _buckets(points[1:-1], (most - 2) // 2):
        lowest = min(bucket, key=_y)
        highest = max(bucket, key=_y)
        kept += (lowest,) if lowest == highest else sorted((lowest, highest))
    return [*kept, points[-1]]


def smoothed(points: Sequence[Point], count: int) -> list[Point]:
    """Return the means of `count` intervals of a series, each at the mean of its positions."""
    if len(points) <= count:
        return list(points)
    means = (
        # Not `sum`: its rounding depends on the version of Python.
        (math.fsum(x for x, _ in bucket) / len(bucket), math.fsum(y for _, y in bucket) / len(bucket))
        for bucket in _buckets(points, count)
    )
    return list(means)


def is_noisy(points: Sequence[Point]) -> bool:
    """Return whether a series is so long and jumps so much that its line would be a band."""
    if len(points) < 100:
        return False
    values = [y for _, y in points]
    jumps = math.fsum(abs(after - before) for before, after in pairwise(values))
    return jumps > 8 * (max(values) - min(values))


def _buckets(points: Sequence[Point], count: int) -> list[Sequence[Point]]:
    """Return the points in `count` parts with nearly as many points each."""
    edges = [len(points) * index // count for index in range(count + 1)]
    return [points[start:end] for start, end in pairwise(edges) if start < end]


def _y(point: Point) -> float:
    return point[1]
