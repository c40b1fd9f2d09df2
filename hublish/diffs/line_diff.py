"""The shortest list of edits between two sequences, such as the lines of two texts, and their hunks.

E. W. Myers, "An O(ND) Difference Algorithm and Its Variations" (1986). Its time grows with the product of length and
differences, which a hostile file makes quadratic. Three steps keep it linear: equal ends and items of one side alone
are set aside, which keeps the result minimal; work is counted; and beyond the limit, items that both sides have once
divide the rest (the "patience" diff), which is then not minimal everywhere.
"""

from array import array
from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from hublish.diffs.differences import Hunk, Line

# Steps of Myers' algorithm for one pair of files: half a second, or some 1,000 differences in any place.
_MOST_STEPS: Final = 1_500_000
# Nested divisions by unique items, each of which takes time in proportion to the length.
_DEEPEST: Final = 6
CONTEXT: Final = 3
"""Unchanged lines around the changed ones of a hunk."""

_Pairs = list[tuple[int, int]]


class Edit(NamedTuple):
    """A range that replaces another one; either may be empty."""

    start: int
    end: int
    new_start: int
    new_end: int


def edits(before: Sequence[Hashable], after: Sequence[Hashable]) -> list[Edit]:
    """Return the edits that make `after` of `before`, in order: as few changed items as possible, within the limit."""
    # Numbers compare faster than lines.
    numbers: dict[Hashable, int] = {}
    old = [numbers.setdefault(item, len(numbers)) for item in before]
    new = [numbers.setdefault(item, len(numbers)) for item in after]
    return _moved_down(list(_gaps(_matches(old, new), len(old), len(new))), old, new)


def hunks_of(before: Sequence[str], after: Sequence[str], found: Sequence[Edit]) -> list[Hunk]:
    """Return the edits of lines with the lines around them; edits that share such lines share a hunk."""
    hunks: list[Hunk] = []
    for group in _groups(found):
        start = max(0, group[0].start - CONTEXT)
        shift = group[0].new_start - group[0].start
        position, lines = start, list[Line]()
        for edit in group:
            lines += [Line(" ", text) for text in before[position : edit.start]]
            lines += [Line("-", text) for text in before[edit.start : edit.end]]
            lines += [Line("+", text) for text in after[edit.new_start : edit.new_end]]
            position = edit.end
        lines += [Line(" ", text) for text in before[position : position + CONTEXT]]
        hunks.append(Hunk(start + 1, start + shift + 1, tuple(lines)))
    return hunks


def _groups(found: Sequence[Edit]) -> Iterator[list[Edit]]:
    group: list[Edit] = []
    for edit in found:
        if group and edit.start - group[-1].end > 2 * CONTEXT:
            yield group
            group = []
        group.append(edit)
    if group:
        yield group


def _gaps(matches: _Pairs, length: int, new_length: int) -> Iterator[Edit]:
    """Yield the ranges between matching pairs."""
    start = new_start = 0
    for old, new in [*matches, (length, new_length)]:
        if old > start or new > new_start:
            yield Edit(start, old, new_start, new)
        start, new_start = old + 1, new + 1


def _moved_down(found: list[Edit], old: Sequence[int], new: Sequence[int]) -> list[Edit]:
    """Move pure insertions and deletions down as far as they go, as git does: people expect a new block there."""
    moved: list[Edit] = []
    # From the last one: each stops at the one below it, wherever that is now.
    bound, new_bound = len(old), len(new)
    for start, end, new_start, new_end in reversed(found):
        if start == end or new_start == new_end:
            side, low, high = (new, new_start, new_end) if start == end else (old, start, end)
            room, by = min(bound - end, new_bound - new_end), 0
            while by < room and side[low + by] == side[high + by]:
                by += 1
        else:
            by = 0
        edit = Edit(start + by, end + by, new_start + by, new_end + by)
        moved.append(edit)
        bound, new_bound = edit.start, edit.new_start
    return _joined(moved[::-1])


def _joined(found: list[Edit]) -> list[Edit]:
    """Join edits that have come to touch each other."""
    joined: list[Edit] = []
    for edit in found:
        if joined and joined[-1].end == edit.start and joined[-1].new_end == edit.new_start:
            last = joined.pop()
            joined.append(Edit(last.start, edit.end, last.new_start, edit.new_end))
        else:
            joined.append(edit)
    return joined


# ------------------------------------------------------------------------------------------------------- the matches


@dataclass(slots=True)
class _Work:
    """The steps that are left."""

    left: int = _MOST_STEPS


def _matches(old: Sequence[int], new: Sequence[int]) -> _Pairs:
    """Return the matching pairs of indices, in order."""
    work, found = _Work(), list[tuple[int, int]]()
    pending = [(0, len(old), 0, len(new), 0)]
    while pending:
        low, high, new_low, new_high, depth = pending.pop()
        while low < high and new_low < new_high and old[low] == new[new_low]:
            found.append((low, new_low))
            low, new_low = low + 1, new_low + 1
        while low < high and new_low < new_high and old[high - 1] == new[new_high - 1]:
            high, new_high = high - 1, new_high - 1
            found.append((high, new_high))
        one, two = _shared(old, low, high, new, new_low, new_high)
        a, b = [old[index] for index in one], [new[index] for index in two]
        pairs = _shortest(a, b, work) if a and b else []
        if pairs is not None:
            found += [(one[first], two[second]) for first, second in pairs]
        elif depth < _DEEPEST:
            anchors = [(one[first], two[second]) for first, second in _unique(a, b)]
            found += anchors
            pending += [(*gap, depth + 1) for gap in _between(anchors, (low, high, new_low, new_high))] * bool(anchors)
    return sorted(found)


def _shared(
    old: Sequence[int], low: int, high: int, new: Sequence[int], new_low: int, new_high: int
) -> tuple[list[int], list[int]]:
    """Return the indices of the items that are on both sides: no other can match."""
    both = {*old[low:high]} & {*new[new_low:new_high]}
    one = [index for index in range(low, high) if old[index] in both]
    return one, [index for index in range(new_low, new_high) if new[index] in both]


def _between(anchors: _Pairs, place: tuple[int, int, int, int]) -> Iterator[tuple[int, int, int, int]]:
    low, high, new_low, new_high = place
    for first, second in [*anchors, (high, new_high)]:
        if low < first and new_low < second:
            yield low, first, new_low, second
        low, new_low = first + 1, second + 1


def _shortest(a: Sequence[int], b: Sequence[int], work: _Work) -> _Pairs | None:
    """Return the matching pairs of a shortest edit script; None beyond the limit of work."""
    n, m = len(a), len(b)
    # No part may use up all of the work.
    most = work.left // 2
    # The furthest x on each diagonal x - y = k, found at k + zero; two more on each side need no test for the ends.
    zero = m + 2
    reach = array("q", [-1]) * (n + m + 5)
    reach[zero + 1] = 0
    trace: list[tuple[int, array[int]]] = []
    for d in range(n + m + 1):
        first = -d if d <= m else -m + (d - m) % 2
        last = d if d <= n else n - (d - n) % 2
        trace.append((first - 1, reach[zero + first - 1 : zero + last + 2]))
        most -= last - first + 2
        for k in range(first, last + 1, 2):
            at = zero + k
            begin = reach[at + 1] if reach[at - 1] < reach[at + 1] else reach[at - 1] + 1
            x, y = begin, begin - k
            while x < n and y < m and a[x] == b[y]:
                x, y = x + 1, y + 1
            reach[at] = x
            most -= x - begin
            if x >= n and y >= m:
                work.left -= work.left // 2 - most
                return _followed(trace, n, m)
        if most < 0:
            work.left //= 2
            return None
    return []


def _followed(trace: "list[tuple[int, array[int]]]", x: int, y: int) -> _Pairs:
    """Return the pairs on the path, from its end to its beginning."""
    pairs: _Pairs = []
    for offset, reach in reversed(trace):
        k = x - y
        below, above = reach[k - 1 - offset], reach[k + 1 - offset]
        start = above if below < above else below + 1
        while x > start:
            x, y = x - 1, y - 1
            pairs.append((x, y))
        x, y = (x, y - 1) if below < above else (x - 1, y)
    return pairs


def _unique(a: Sequence[int], b: Sequence[int]) -> _Pairs:
    """Return the longest row of pairs, in the order of both sides, of items that each side has exactly once."""
    once, other_once = Counter(a), Counter(b)
    places = {item: index for index, item in enumerate(b) if once[item] == 1 and other_once[item] == 1}
    pairs = [(index, places[item]) for index, item in enumerate(a) if item in places]
    # The longest increasing subsequence, by the smallest last item of each length.
    ends: list[int] = []
    rows: list[int] = []
    previous = [-1] * len(pairs)
    for number, (_, place) in enumerate(pairs):
        length = bisect_left(ends, place)
        if length == len(ends):
            ends.append(place)
            rows.append(number)
        else:
            ends[length], rows[length] = place, number
        previous[number] = rows[length - 1] if length else -1
    found: _Pairs = []
    number = rows[-1] if rows else -1
    while number >= 0:
        found.append(pairs[number])
        number = previous[number]
    return found[::-1]
