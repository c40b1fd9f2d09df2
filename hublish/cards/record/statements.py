"""Find the statements of a rendered card: the paragraphs, rows and lines that show facts."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from hublish.cards.record.markdown_units import Unit, units
from hublish.schemas.documents.card_record import Stated, StatedInText, Statement

# Characters of a statement before and after its facts, in a paragraph that is longer.
_AROUND: Final = 400
_MOST_STATEMENTS: Final = 2_000

# A number without its unit is another number.
_UNIT: Final = re.compile(r"[  ]?(?:%|(?:[KMGTB]i?B?|k|kB|bytes|thousand|million|billion|trillion|ms|s|min|h|d)\b)")

Printed = tuple[int, int, tuple[str, ...]]
"""The place of a printed value, and the names of the values that it was computed from."""


def find_statements(text: str, start: int, printed: Iterable[Printed], facts: Mapping[str, Stated]) -> list[Statement]:
    """Return the statements of a card, in the order of the text.

    Args:
        text: the card.
        start: the offset of the text below the front matter.
        printed: the places of printed values.
        facts: the fact of each name that is recorded.
    """
    parts = list(units(text, start))
    starts = [part.start for part in parts]
    inside: dict[Unit, list[Printed]] = {}
    for span in _innermost(sorted(printed)):
        index = bisect_right(starts, span[0]) - 1
        if index >= 0 and span[1] <= parts[index].end and any(name in facts for name in span[2]):
            inside.setdefault(parts[index], []).append(span)
    found = (_statement(text, part, spans, facts) for part, spans in sorted(inside.items()))
    return [statement for statement, _ in zip(found, range(_MOST_STATEMENTS), strict=False)]


def _innermost(spans: list[Printed]) -> Iterator[Printed]:
    """Yield the places that contain no other one: the elements of a printed list, and not the list."""
    for index, span in enumerate(spans):
        later = spans[index + 1 : index + 2]
        if not later or later[0][0] >= span[1] or (later[0][:2] == span[:2]):
            yield span


def _statement(text: str, part: Unit, spans: list[Printed], facts: Mapping[str, Stated]) -> Statement:
    first = max(part.start, spans[0][0] - _AROUND)
    last = min(part.end, spans[-1][1] + _AROUND)
    stated = tuple(
        StatedInText(**dict(facts[name]), start=start - first, end=_with_unit(text, end, last) - first)
        for start, end, names in dict.fromkeys(spans)
        for name in names
        if name in facts
    )
    return Statement(text=text[first:last], facts=stated)


def _with_unit(text: str, end: int, last: int) -> int:
    unit = _UNIT.match(text, end, last) if text[end - 1].isdigit() else None
    return unit.end() if unit else end
