"""Find the recorded statements of a card in its text after people have edited it.

A person may reword, move, join and delete what a card says; a fact is false only where another value has taken the
place of the published one. The recorded statements are therefore searched for in three passes, and a unit of the text
counts for one statement only:

1. with the same words;
2. with the same words around the facts, where at least one word, one of its facts, or the statements before and after
   it show that it is the same statement;
3. with similar words. Here, only a value of the same kind in the place of the published one counts: a number for a
   number, and one name for another.

Texts that people wrote are left. Each is kept with the facts that the card stated in its place.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from typing import Final

from hublish.cards.record.statements import Word, units, words
from hublish.schemas.documents.card_record import StatedInText, Statement

# The share of equal words above which two texts are versions of one statement.
_SIMILAR: Final = 0.45
# The words between a value and the place from which it was moved.
_NEAR: Final = 4
# Comparing texts takes time in proportion to the product of their lengths.
_MOST_COMPARISONS: Final = 20_000
_MOST_PAIRS: Final = 4_000_000


@dataclass(frozen=True, slots=True)
class Place:
    """The text that a card shows where a fact was published."""

    fact: StatedInText
    published: str
    """The text that was published."""
    shown: str
    """The text that the card shows now."""
    offset: int
    """Its place in the card."""


@dataclass(frozen=True, slots=True)
class NewText:
    """A unit of the card that people wrote or changed."""

    text: str
    start: int
    """Its place in the card."""
    heading: str
    """The heading above it."""
    replaced: tuple[StatedInText, ...] = ()
    """The facts that the card stated in its place, and that it does not state there any more."""


def find_places(
    statements: Sequence[Statement], card: str, start: int = 0, published: str = ""
) -> tuple[tuple[Place, ...], tuple[NewText, ...]]:
    """Return the place of each fact that the card still states, in the order of the facts, and the texts of people.

    Args:
        statements: the recorded statements.
        card: the text of the card.
        start: the offset of the text below the front matter.
        published: the card as it was published, if it is known: the other text in it is no version of a statement.
    """
    search = _Search(statements, card, start, published)
    places = tuple(search.places())
    return places, tuple(search.new_texts()) if published else ()


@dataclass(slots=True)
class _Known:
    """A statement in words."""

    statement: Statement
    words: tuple[str, ...]
    holes: tuple[tuple[int, int], ...]
    """For each fact, the words that show it."""
    unit: int | None = None
    """The unit of the card that it was found in."""
    shown: dict[int, tuple[int, int]] = field(default_factory=dict)
    """For each fact that the card still states, the words of the unit that show it."""

    @classmethod
    def of(cls, statement: Statement) -> "_Known":
        found = words(statement.text)
        return cls(statement, tuple(word.text for word in found), tuple(_hole(fact, found) for fact in statement.facts))

    def literals(self) -> list[tuple[str, ...]]:
        """Return the words before, between and after the facts; facts that share a word share a gap."""
        parts, end = [], 0
        for first, last in self.gaps():
            parts.append(self.words[end:first])
            end = last
        return [*parts, self.words[end:]]

    def gaps(self) -> list[tuple[int, int]]:
        """Return the words that show facts, without overlaps."""
        joined: list[tuple[int, int]] = []
        for first, last in sorted(set(self.holes)):
            if joined and first < joined[-1][1]:
                joined[-1] = joined[-1][0], max(last, joined[-1][1])
            else:
                joined.append((first, last))
        return joined


def _names(found: Sequence[str]) -> list[str]:
    return [word for word in found if word[0].isalnum()]


def _hole(fact: StatedInText, found: Sequence[Word]) -> tuple[int, int]:
    inside = [index for index, word in enumerate(found) if word.start < fact.end and word.end > fact.start]
    return (inside[0], inside[-1] + 1) if inside else (0, 0)


class _Search:
    def __init__(self, statements: Sequence[Statement], card: str, start: int, published: str) -> None:
        self._card = card
        self._known = [_Known.of(statement) for statement in statements]
        self._units = list(units(card, start))
        self._words = [
            [Word(word.text, word.start + unit.start, word.end + unit.start) for word in words(card[slice(*unit)])]
            for unit in self._units
        ]
        self._texts = [tuple(word.text for word in found) for found in self._words]
        self._free = set(range(len(self._units)))
        self._published = [tuple(word.text for word in words(published[slice(*unit)])) for unit in units(published)]

    def places(self) -> Iterator[Place]:
        self._find_equal()
        self._leave_out_other_text()
        self._find_around()
        self._find_similar()
        for known in self._known:
            if known.unit is None:
                continue
            found = self._words[known.unit]
            for index, (first, last) in known.shown.items():
                fact = known.statement.facts[index]
                first_word, last_word = known.holes[index]
                shown = self._card[found[first].start : found[last - 1].end] if last > first else ""
                offset = found[min(first, len(found) - 1)].start
                yield Place(fact, _published(known.statement, first_word, last_word), shown, offset)

    def new_texts(self) -> Iterator[NewText]:
        """Yield the units that the published card does not have, without code; after `places`."""
        known, heading, fenced = Counter(self._published), "", False
        replaced = self._replaced()
        for index, unit in enumerate(self._units):
            text = self._card[slice(*unit)]
            if text.lstrip().startswith(("```", "~~~")):
                fenced = not fenced
            elif text.startswith("#") and not fenced:
                heading = text
            if known[self._texts[index]] > 0:
                known[self._texts[index]] -= 1
            elif not fenced:
                yield NewText(text, unit.start, heading, replaced.get(index, ()))

    def _replaced(self) -> dict[int, tuple[StatedInText, ...]]:
        """Return the facts that are not stated any more, by the units in their place."""
        lost: dict[tuple[str, ...], list[StatedInText]] = {}
        for known in self._known:
            gone = [fact for index, fact in enumerate(known.statement.facts) if index not in known.shown]
            lost.setdefault(known.words, []).extend(gone)
        before = self._published
        if len(before) * len(self._texts) > _MOST_PAIRS or not any(lost.values()):
            return {}
        found: dict[int, tuple[StatedInText, ...]] = {}
        for tag, first, last, begin, end in SequenceMatcher(None, before, self._texts, autojunk=False).get_opcodes():
            facts = tuple(fact for words in before[first:last] for fact in lost.get(words, ()))
            if tag == "replace" and facts:
                found.update(dict.fromkeys(range(begin, end), facts))
        return found

    def _find_equal(self) -> None:
        by_words: dict[tuple[str, ...], list[int]] = {}
        for index, text in enumerate(self._texts):
            by_words.setdefault(text, []).append(index)
        for known in self._known:
            if found := by_words.get(known.words):
                self._settle(known, found.pop(0), dict(enumerate(known.holes)))

    def _leave_out_other_text(self) -> None:
        others = Counter(self._published) - Counter(known.words for known in self._known)
        for index in sorted(self._free):
            if others[self._texts[index]] > 0:
                others[self._texts[index]] -= 1
                self._free.discard(index)
            elif self._texts[index + 1 : index + 2] and set("".join(self._texts[index + 1])) == {"|", "-"}:
                self._free.discard(index)  # the head of a table

    def _find_around(self) -> None:
        for position, known in enumerate(self._known):
            if known.unit is not None:
                continue
            candidates = [
                (score, -abs(index - self._expected(position)), index, filled)
                for index in sorted(self._free)
                if (filled := _filled(known, self._texts[index])) is not None
                and (score := _kept(known, filled, self._texts[index]) or self._is_between(position, index))
            ]
            if candidates:
                _, _, index, filled = max(candidates, key=lambda one: one[:3])
                self._settle(known, index, filled)

    def _find_similar(self) -> None:
        left = _MOST_COMPARISONS
        for known in self._known:
            if known.unit is not None:
                continue
            best, unit = _SIMILAR, None
            literals = {word for literal in known.literals() for word in _names(literal)}
            for index in sorted(self._free):
                # Most texts have few words in common, which is known sooner than how many are in the same order.
                if left <= 0 or not literals & set(self._texts[index]):
                    continue
                left -= 1
                ratio = SequenceMatcher(None, _names(known.words), _names(self._texts[index]), autojunk=False).ratio()
                best, unit = (ratio, index) if ratio > best else (best, unit)
            if unit is not None:
                self._settle(known, unit, dict(_aligned(known, self._texts[unit])))

    def _settle(self, known: _Known, unit: int, shown: dict[int, tuple[int, int]]) -> None:
        known.unit, known.shown = unit, shown
        self._free.discard(unit)

    def _expected(self, position: int) -> int:
        """Return the unit after that of the nearest statement above that was found."""
        above = (known.unit for known in reversed(self._known[:position]) if known.unit is not None)
        return next(above, -1) + 1

    def _is_between(self, position: int, index: int) -> int:
        """Return 1 if a unit is where the statement was published: beside the unit of the statement next to it."""
        before = self._known[position - 1].unit if position else None
        after = self._known[position + 1].unit if position + 1 < len(self._known) else None
        return int((before is not None and index == before + 1) or (after is not None and index == after - 1))


def _published(statement: Statement, first: int, last: int) -> str:
    found = words(statement.text)
    return statement.text[found[first].start : found[last - 1].end] if last > first else ""


def _filled(known: _Known, text: tuple[str, ...]) -> dict[int, tuple[int, int]] | None:
    """Return the words that take the place of each fact in a text with the same words around them; else None."""
    literals, gaps = known.literals(), known.gaps()
    if text[: len(literals[0])] != literals[0]:
        return None
    spans, end = [], len(literals[0])
    for count, literal in enumerate(literals[1:], 1):
        published = known.words[slice(*gaps[count - 1])]
        # A value may contain the words that follow it: the published one comes first.
        kept = text[end : end + len(published)] == published
        last = count == len(literals) - 1
        begin = len(text) - len(literal) if last else _index(text, literal, end + kept * len(published))
        if begin < end or text[begin : begin + len(literal)] != literal:
            return None
        spans.append((end, begin))
        end = begin + len(literal)
    for gap, span in zip(gaps, spans, strict=True):
        if _is_number(known.words[slice(*gap)]) and not any(word[0].isdigit() for word in text[slice(*span)]):
            return None
    return {
        index: span
        for index, hole in enumerate(known.holes)
        for gap, span in zip(gaps, spans, strict=True)
        if gap[0] <= hole[0] and hole[1] <= gap[1]
    }


def _is_number(published: Sequence[str]) -> bool:
    # `2,410` and `9.6 KB`, but not `Apache license 2.0`.
    return any(word[0].isdigit() for word in published[:2] if word[0].isalnum())


def _index(text: tuple[str, ...], part: tuple[str, ...], start: int) -> int:
    if not part:
        return start
    starts = range(start, len(text) - len(part) + 1)
    return next((index for index in starts if text[index : index + len(part)] == part), -1)


def _kept(known: _Known, filled: dict[int, tuple[int, int]], text: tuple[str, ...]) -> int:
    """Return how much shows that a text is the statement: words around the facts, and facts that are unchanged."""
    kept = sum(text[slice(*span)] == known.words[slice(*known.holes[index])] for index, span in filled.items())
    around = sum(len(_names(literal)) for literal in known.literals())
    return around + 4 * kept


def _aligned(known: _Known, text: tuple[str, ...]) -> Iterator[tuple[int, tuple[int, int]]]:
    """Yield the words of a similar text that are in the place of a fact, if they are of the same kind."""
    codes = SequenceMatcher(None, known.words, text, autojunk=False).get_opcodes()
    for index, (first, last) in enumerate(known.holes):
        published = known.words[first:last]
        again = _index(text, published, 0) if published else -1
        if again >= 0:
            yield index, (again, again + len(published))
            continue
        for tag, left, right, begin, end in codes:
            if tag != "equal" and left < last and right > first:
                exact = tag == "replace" and (left, right) == (first, last)
                found = _of_same_kind(published, text, begin, end, exact=exact)
                if found := found or _moved(published, known.words, text, begin, end):
                    yield index, found
                break


def _is_alike(number: str, published: tuple[str, ...]) -> bool:
    # A year does not replace a fraction.
    return ("." in number) == any("." in word for word in published)


def _moved(
    published: tuple[str, ...], before: tuple[str, ...], text: tuple[str, ...], begin: int, end: int
) -> tuple[int, int] | None:
    """Return a new number of the same form a few words away: `0.99` for `0.93` in `an accuracy of 0.99`."""
    if not _is_number(published):
        return None
    near = range(max(0, begin - _NEAR), min(len(text), end + _NEAR))
    numbers = [index for index in near if text[index][0].isdigit() and text[index] not in before]
    alike = [index for index in numbers if _is_alike(text[index], published)]
    return (alike[0], alike[0] + 1) if alike else None


def _of_same_kind(
    published: tuple[str, ...], text: tuple[str, ...], begin: int, end: int, *, exact: bool
) -> tuple[int, int] | None:
    """Return the words that replace a number by a number, or in exactly its place a name by a name."""
    if _is_number(published):
        numbers = [index for index in range(begin, end) if text[index][0].isdigit()]
        alike = numbers if exact else [index for index in numbers if _is_alike(text[index], published)]
        return (alike[0], alike[0] + 1) if alike else None
    return (begin, end) if exact and end - begin <= len(published) + 1 else None
