"""Compare the facts of a published card with the card as it is now, and with the values that its files have now.

A card shows 0.9312 as `93.1`, or 7241732096 as `7.2`: the form is known only from the text that was published.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from html import unescape
from typing import Any, Final

from hublish.cards.record.alternative_texts import describes
from hublish.cards.record.claims import find_claims, is_claimable
from hublish.cards.record.metadata_facts import find_metadata
from hublish.cards.record.text_comparison import find_places
from hublish.formats.front_matter import body_start, read_front_matter
from hublish.schemas.diagnose.problems import (
    InvalidDocumentError,
    Location,
    Positions,
    Problem,
    SourceText,
    format_path,
    shortened,
)
from hublish.schemas.documents.card_record import CardRecord, Stated
from hublish.schemas.documents.file_names import CARD_FILE

CODE: Final = "verify.fact"
_NUMBER: Final = re.compile(r"-?\d(?:[\d,_]*\d)?(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_ALTERNATIVE: Final = re.compile(r"pictures\.\w+\.alt")
# Percentages, and the multiples of decimal and binary units.
_FACTORS: Final = (1.0, 100.0, *(1000.0**-power for power in range(1, 5)), *(1024.0**-power for power in range(1, 5)))
# Characters of a value in a message.
_SHOWN: Final = 100


@dataclass(frozen=True, slots=True)
class Now:
    """The value that a fact has now."""

    value: Any
    known: bool = True
    """Whether the files that it is derived from can be read; otherwise the recorded value counts."""


NOTHING: Final = Now(None)
"""The value of a fact that the files do not have any more."""


@dataclass(frozen=True, slots=True)
class FalseFact:
    """A fact that no longer holds."""

    name: str
    """Its name in templates: `facts.model.parameters`."""
    expected: Any
    """The value that it has, or had if the file is not released."""
    found: str
    """The text in the card."""
    file: str
    """The file that it is derived from; empty for a fact of all files."""
    key: str
    """The place in the file."""
    place: str
    """The place in the front matter: `base_model`; empty for the text."""
    location: Location | None
    """The place in the card."""
    changed: bool
    """Whether the files have changed, and not the card."""

    @property
    def problem(self) -> Problem:
        """The problem to report."""
        name = self.name.removeprefix("facts.")
        source = f"{self.file}{f' ({self.key})' if self.key else ''}" if self.file else "the files of the release"
        gives, has = ("gives", "has") if self.file else ("give", "have")
        expected, found = shortened(_readable(self.expected), _SHOWN), shortened(self.found, _SHOWN)
        if self.expected is None:
            message = f"{name}: the card shows '{found}', and {source} on the Hub {has} no value for it any more"
        elif self.changed:
            message = f"{name}: the card shows '{found}', and {source} on the Hub now {gives} {expected}"
        else:
            message = f"{name}: expected {expected}, found '{found}'"
        hint = (
            "publish again: the card is then rendered from the files" if self.changed else f"{source} {gives} the value"
        )
        return Problem(CODE, message, hint, self.place, self.location)


def false_facts(
    record: CardRecord, card: bytes, now: Callable[[Stated], Now], published: bytes = b""
) -> tuple[FalseFact, ...]:
    """Return the facts of a card that no longer hold, in the order of the card.

    A fact that people have removed or worded anew is not false. A fact that they have corrected is right.

    Args:
        record: the facts as they were published.
        card: README.md as it is now.
        now: returns the value that a fact has now.
        published: README.md as it was published, if that is known.
    """
    text = SourceText(card.decode("utf-8", "replace"), CARD_FILE)
    found = [*_in_metadata(record, card, now), *_in_text(record, text, now, published.decode("utf-8", "replace"))]
    first: dict[tuple[Location | None, str], FalseFact] = {}
    for fact in found:
        first.setdefault((fact.location, fact.found), fact)
    return tuple(first.values())


def _in_text(record: CardRecord, text: SourceText, now: Callable[[Stated], Now], published: str) -> Iterator[FalseFact]:
    start = body_start(text.text)
    before = published[body_start(published) :]
    places, new_texts = find_places(record.statements, text.text, start, before)
    for place in places:
        fact = place.fact
        verdict = _verdict(fact, now(fact), place.shown, place.published)
        if verdict is not None:
            location = text.location(place.offset, place.offset + len(place.shown))
            yield _false(fact, place.shown, "", location, *verdict)
    if not new_texts:
        return
    stated = [fact for statement in record.statements for fact in statement.facts]
    # Numbers of the files on the Hub: people may have corrected the card after a file was replaced.
    known = [fact.model_copy(update={"value": now(fact).value}) for fact in stated if is_claimable(fact)]
    for claim in find_claims(new_texts, known, before):
        location = text.location(claim.start, claim.start + len(claim.text))
        yield _false(claim.fact, claim.text, "", location, claim.fact.value, False)


def _in_metadata(record: CardRecord, card: bytes, now: Callable[[Stated], Now]) -> Iterator[FalseFact]:
    try:
        reading = read_front_matter(card, CARD_FILE)
    except InvalidDocumentError:  # readers find no metadata in it, so that it states nothing
        return
    if reading is None:
        return
    positions: Positions = reading.positions
    for index, path, value in find_metadata(record.metadata, reading.data):
        fact = record.metadata[index]
        verdict = _verdict(fact, now(fact), plain(value), plain(fact.value))
        if verdict is not None:
            yield _false(fact, plain(value), format_path(path), positions.value(path), *verdict)


def _verdict(fact: Stated, now: Now, shown: str, published: str) -> tuple[Any, bool] | None:
    """Return the right value of a fact that does not hold, and whether the files have changed; None if it holds."""
    if _ALTERNATIVE.fullmatch(fact.name) and describes(unescape(shown), unescape(str(fact.value))):
        return None
    if fact.name.endswith(".install") and _has_packages(shown, published):
        return None
    if not now.known or now.value == fact.value:
        holds = shows(shown, fact.value, published=published, recorded=fact.value)
        return None if holds else (fact.value, False)
    if now.value is not None and shows(shown, now.value, published=published, recorded=fact.value):
        return None
    return now.value, True


def _has_packages(shown: str, published: str) -> bool:
    """Return whether a command installs the published packages: others may be added, or some left out."""
    given, known = set(shown.split()), set(published.split())
    return given >= known or (given < known and bool(given))


def _false(fact: Stated, shown: str, place: str, location: Location | None, expected: Any, changed: bool) -> FalseFact:
    return FalseFact(fact.name, expected, shown, fact.file, fact.key, place, location, changed)


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


def _readable(value: Any) -> str:
    """Return a value for a message; that of all files is their number and size."""
    if isinstance(value, dict) and value.keys() == {"count", "size"}:
        return f"{value['size']:,} bytes in {value['count']:,} files"
    return plain(value)


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
