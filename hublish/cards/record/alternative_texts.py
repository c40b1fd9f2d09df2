"""Compare the alternative text of a picture that people have written anew with the data in words that was published.

The published text gives each number a label: `validation loss from 0.437 at epoch 1 to 0.0754 at epoch 60`. Another
text is right if its numbers are among these, if none has the label of another one, and if a curve that rises or falls
in it does so in the data.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from hublish.cards.results.metric_names import is_known

_CLAUSE: Final = re.compile(r"\s*(?:[;,]\s|\.\s|\band\b|\bwhile\b|\bbut\b|\bwhereas\b)\s*")
_NUMBER: Final = re.compile(r"(?<![\w.,])-?\d(?:[\d,]*\d)?(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w])", re.ASCII)
_WORD: Final = re.compile(r"[^\W\d_]\w+")
_PLAIN: Final = frozenset(["from", "at", "to", "epoch", "epochs", "step", "steps", "of", "by", "in", "on", "the"])
_UP: Final = re.compile(r"\b(?:rise|rises|rising|rose|increas\w+|grow\w*|grew|climb\w*)\b", re.IGNORECASE)
_DOWN: Final = re.compile(r"\b(?:falls?|falling|fell|drop\w*|decreas\w+|declin\w+|shrink\w*|shrank)\b", re.IGNORECASE)
# What is measured, and on which data: no other one may take the place of a label.
_SPLITS: Final = frozenset(["train", "training", "validation", "test", "evaluation"])
# Smaller whole numbers count panels and colors.
_LEAST: Final = 10


@dataclass(frozen=True, slots=True)
class _Part:
    """A clause with numbers."""

    words: frozenset[str]
    numbers: tuple[float, ...]
    texts: tuple[str, ...]
    text: str


def describes(text: str, right: str) -> bool:
    """Return whether an alternative text agrees with the data in words."""
    known, shown = list(_parts(right)), list(_parts(text))
    if not all(map(partial(_agrees, known), known)):
        # Labels that contain commas or each other's numbers: only the numbers can be compared.
        return all(_owners(part, known) is not None for part in shown)
    return all(map(partial(_agrees, known), shown))


def _agrees(known: list[_Part], part: _Part) -> bool:
    return _has_labels(part, known) and _has_directions(part, known)


def _parts(text: str) -> Iterator[_Part]:
    heading = frozenset[str]()
    for clause in _CLAUSE.split(text):
        before, colon, rest = clause.rpartition(": ")
        if colon:
            heading = _words(before)
        texts = tuple(found[0] for found in _NUMBER.finditer(clause))
        yield _Part(_words(rest) | heading, tuple(float(each.replace(",", "")) for each in texts), texts, clause)


def _words(text: str) -> frozenset[str]:
    return frozenset(word.casefold() for word in _WORD.findall(text)) - _PLAIN


def _owners(part: _Part, known: list[_Part]) -> set[_Part] | None:
    """Return the clauses of the data whose numbers a part contains; None if it contains other ones."""
    owners = set[_Part]()
    for number, text in zip(part.numbers, part.texts, strict=True):
        found = [each for each in known if any(_rounded(exact, number, text) for exact in each.numbers)]
        if not found and (number != int(number) or abs(number) >= _LEAST):
            return None
        # The positions on a shared axis belong to all curves.
        owners.update(found if len(found) == 1 else ())
    return owners


def _has_labels(part: _Part, known: list[_Part]) -> bool:
    """Return whether each number is a known one, and whether the words beside it are no other number's label."""
    owners = _owners(part, known)
    if owners is None or (" from " in part.text and len(owners) > 1):
        return False
    if not part.numbers:
        return True
    every = frozenset[str]().union(*(each.words for each in known))
    own = frozenset[str]().union(*(each.words for each in owners)) or every
    named = {word for word in part.words if is_known(word) or word in _SPLITS}
    return not part.words & (every - own) and named <= every


def _has_directions(part: _Part, known: list[_Part]) -> bool:
    up, down = _UP.search(part.text), _DOWN.search(part.text)
    if bool(up) == bool(down):
        return True
    curves = [each for each in known if len(each.numbers) == 4 and each.words & part.words]
    best = max((len(each.words & part.words) for each in curves), default=0)
    # Value and position at the start, value and position at the end.
    rises = {each.numbers[2] > each.numbers[0] for each in curves if len(each.words & part.words) == best}
    return rises in (set(), {bool(up)})


def _rounded(exact: float, number: float, text: str) -> bool:
    places = len(re.split(r"[eE]", text)[0].partition(".")[2])
    return abs(exact - number) <= 0.5 * 10.0**-places + 1e-12 * abs(exact) if places else exact == number
