"""Find numbers that people attribute to a recorded fact in text of their own: `This model has 7B parameters.`

Only a clear claim about the release counts: a label with a number, such as `Accuracy: 0.99` or a row of a table, or a
sentence whose subject is the model. A sentence that makes a comparison, describes another version, or names another
model or dataset is left out. In the place of a published statement, the noun alone is enough, or a number of the same
form.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from hublish.cards.record.text_comparison import NewText
from hublish.schemas.documents.card_record import Stated, StatedInText

# The nouns of facts, by the ends of their names.
_NOUNS: Final[Mapping[str, str]] = {
    "model.parameters": r"param(?:eter)?s?|weights",
    "model.memory": r"memory|RAM|VRAM|to load",
    "model.context_length": r"context(?: length| window| size)?|tokens of context|(?:maximum )?sequence length",
    "model.vocabulary_size": r"vocab(?:ulary)?(?: size)?",
    "model.hidden_size": r"hidden (?:size|units|neurons|dimensions?)",
    "model.layers": r"(?:hidden )?layers",
    "training.epochs": r"epochs?",
    "training.steps": r"(?:training |optimizer )?steps",
    "data.rows": r"rows|examples|samples|records",
}
_SCORE: Final = re.compile(r'evaluation\[\d+\]\.metrics\["([^"]+)"\]\.(?:text|value)')
_SETTING: Final = re.compile(r"facts\.training\.hyperparameters\.(.+)")
_NUMBER: Final = (
    r"(?P<number>(?<![\w.,/-])\d(?:[\d,]*\d)?(?:\.\d+)?(?:[eE][+-]?\d+)?)"
    r"(?:[ \u00a0-]?(?P<unit>%|(?:percent|(?:[KMGT]i?)?B|bytes|[kKMBT]|thousand|million|billion|trillion)\b))?"
)
_QUANTITY: Final = re.compile(_NUMBER, re.ASCII)
# Every noun is searched for in every text.
_MOST_TEXTS: Final = 2_000
_LONGEST: Final = 4_000
_SCALES: Final = {"k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12, "thousand": 1e3, "million": 1e6, "billion": 1e9} | {
    "trillion": 1e12
}
_BYTES: Final = re.compile(r"(?:([KMGT])(i?))?(?:B|bytes)")
# A word that people write between a noun and its number, or between both and the rest of a phrase.
_LINK: Final = r"(?:\s|:|=|≈|~|\*|\||of|is|was|are|at|to|about|around|nearly|almost|reaches|with|has|size){1,12}?"
_WORDS_BETWEEN: Final = r"[\s-](?:[a-z]+[\s-]){0,2}?"
_SENTENCE: Final = re.compile(r"(?<=[.!?])\s+")
_SUBJECT: Final = re.compile(
    r"(?:\b(?:this|the|our) (?:\w+ ){0,2}?(?:model|network|net|classifier|checkpoint|adapter|encoder|dataset|release)\b"
    r"|^(?:it|we)\b|^\W*(?:trained|reaches|achieves|has|contains|with|scores)\b|^\W*\d)",
    re.IGNORECASE,
)
_OTHERS: Final = re.compile(
    r"\b(?:version|v\d|previous\w*|earlier|older|former\w*|baselines?|originals?|others?|another|compar\w+|than|"
    r"teacher|students?|unlike|instead|whereas|per|each|every|folds?|up to|at least|at most|over|more|less|fewer|"
    r"random|humans?|expect\w*|lower|higher|if|when|would|could|should|may|might|can|goal|target|aim\w*|models|tried|after|"
    r"first|last|half|quarter|only the|subset|of the|before|history|ablation|related)\b",
    re.IGNORECASE,
)
_LABEL: Final = re.compile(r"[\s>*+|-]*(?P<label>[^|:*]{1,60}?)\s*(?:\*\*)?\s*[:|]\s*(?:\*\*)?\s*(?P<rest>[^|]*)[|\s]*")
_NAME: Final = re.compile(r"(?<=[\w,;] )[A-Z]\w|\w/\w")
# The noun of another measurement: `validation accuracy` is not the accuracy.
_PLAIN: Final = frozenset(
    [
        *("a", "an", "the", "its", "of", "with", "and", "has", "have", "in", "all", "about"),
        *("total", "overall", "test", "final", "model", "trainable"),
    ]
)


@dataclass(frozen=True, slots=True)
class Claim:
    """A number that a text attributes to a fact."""

    fact: StatedInText
    text: str
    start: int
    """Its place in the card."""


@dataclass(frozen=True, slots=True)
class _Quantity:
    number: str
    unit: str
    text: str
    start: int

    @classmethod
    def of(cls, found: re.Match[str], offset: int = 0) -> "_Quantity":
        """Return the quantity in a match, in a part of a text that begins at `offset`."""
        end = found.end("unit") if found["unit"] else found.end("number")
        begin = found.start("number")
        return cls(found["number"], found["unit"] or "", found.string[begin:end], begin + offset)

    def agrees(self, value: float) -> bool:
        """Return whether a person would write a value so: rounded, in percent, or with another unit."""
        digits = self.number.replace(",", "")
        number, places = float(digits), len(re.split(r"[eE]", digits)[0].partition(".")[2])
        # The zeros at the end of a whole number may be rounded.
        zeros = len(digits) - len(digits.rstrip("0")) if digits.isdigit() and len(digits) > 1 else 0
        step = 0.5 * 10.0 ** (zeros if zeros else -places)
        exact = not zeros and not places and not self.unit
        return any(
            abs(number * scale - each) <= (0 if exact else step * scale) + 1e-9 * abs(each)
            for scale in self._scales()
            for each in ((value, value * 100, value / 100) if self.unit in ("", "%", "percent") else (value,))
        )

    def _scales(self) -> tuple[float, ...]:
        if self.unit.casefold() in _SCALES:
            scale = _SCALES[self.unit.casefold()]
            # A billion, or a byte.
            return (scale, 1.0) if self.unit == "B" else (scale,)
        if of_bytes := _BYTES.fullmatch(self.unit):
            power = " KMGT".index(of_bytes[1] or " ")
            return (1000.0**power, 1024.0**power)
        return (1.0,)


def find_claims(texts: Iterable[NewText], facts: Sequence[StatedInText], own: str) -> Iterator[Claim]:
    """Yield the claims in texts of people that no value of the fact agrees with, one for each number.

    Args:
        texts: the units that people wrote.
        facts: the recorded facts.
        own: the published text; a name that occurs in it does not refer to another model or dataset.
    """
    nouns: dict[str, list[StatedInText]] = {}
    for fact in facts:
        if is_claimable(fact) and (noun := _noun(fact)):
            nouns.setdefault(noun, []).append(fact)
    for text in islice(texts, _MOST_TEXTS):
        if len(text.text) > _LONGEST or not any(character.isdigit() for character in text.text):
            continue
        claimed = dict[int, Claim]()
        for claim in (*_in_place(text), *_claims(text, nouns, own)):
            claimed.setdefault(claim.start, claim)
        yield from claimed.values()


def _noun(fact: Stated) -> str:
    if found := _SCORE.fullmatch(fact.name) or _SETTING.fullmatch(fact.name):
        words = re.split(r"[\s_-]+", re.sub(r"\s*\(.*\)", "", found[1]).strip())
        return r"[\s_-]".join(map(re.escape, words))
    return next((noun for name, noun in _NOUNS.items() if fact.name == f"facts.{name}"), "")


def is_claimable(fact: Stated) -> bool:
    """Return whether a fact is a number."""
    return isinstance(fact.value, int | float) and not isinstance(fact.value, bool)


def _in_place(text: NewText) -> Iterator[Claim]:
    """Yield the claims of a text that took the place of published statements."""
    quantities = [_Quantity.of(found) for found in _QUANTITY.finditer(text.text)]
    for fact in text.replaced:
        if not is_claimable(fact) or any(each.agrees(fact.value) for each in quantities):
            continue
        noun = _noun(fact)
        named = [each for part, start in _sentences(text) for each in _beside(part, noun, start)] if noun else []
        alike = [each for each in quantities if each.unit and _same_form(each, fact)]
        for each in named or (alike if len(alike) == 1 else ()):
            if not each.agrees(fact.value):
                yield Claim(fact, each.text, text.start + each.start)


def _same_form(quantity: _Quantity, fact: StatedInText) -> bool:
    in_bytes = fact.name.endswith((".memory", ".size"))
    percent = quantity.unit in ("%", "percent")
    return bool(_BYTES.fullmatch(quantity.unit)) if in_bytes else percent and abs(float(fact.value)) <= 1


def _claims(text: NewText, nouns: Mapping[str, Sequence[StatedInText]], own: str) -> Iterator[Claim]:
    if _OTHERS.search(text.heading):
        return
    labelled = _LABEL.fullmatch(text.text)
    about = [] if labelled else [part for part in _sentences(text) if _is_about_release(part[0], own)]
    for noun, facts in nouns.items():
        if labelled:
            found = _labelled(text.text, labelled, noun)
        else:
            found = [each for sentence, start in about for each in _beside(sentence, noun, start, strict=True)]
        for each in found:
            if not any(each.agrees(float(fact.value)) for fact in facts):
                yield Claim(facts[0], each.text, text.start + each.start)


def _labelled(text: str, labelled: re.Match[str], noun: str) -> list[_Quantity]:
    if not re.fullmatch(rf"(?:the |total |number of )?(?:{noun})", labelled["label"].strip(), re.IGNORECASE):
        return []
    found = _QUANTITY.match(text, labelled.start("rest"))
    return [_Quantity.of(found)] if found and not _OTHERS.search(labelled["rest"]) else []


def _sentences(text: NewText) -> Iterator[tuple[str, int]]:
    start = 0
    for found in _SENTENCE.finditer(text.text):
        yield text.text[start : found.start()], start
        start = found.end()
    yield text.text[start:], start


def _is_about_release(sentence: str, own: str) -> bool:
    if not _SUBJECT.search(sentence) or _OTHERS.search(sentence):
        return False
    names = (sentence[found.start() :].split(maxsplit=1)[0].strip(".,;:()") for found in _NAME.finditer(sentence))
    return all(name in own for name in names)


def _beside(sentence: str, noun: str, start: int, *, strict: bool = False) -> Iterator[_Quantity]:
    """Yield the numbers before and after a noun."""
    for found in re.finditer(rf"{_NUMBER}{_WORDS_BETWEEN}(?:{noun})\b", sentence, re.IGNORECASE | re.ASCII):
        yield _Quantity.of(found, start)
    for found in re.finditer(rf"\b(?P<noun>{noun})\b{_LINK}{_NUMBER}", sentence, re.IGNORECASE | re.ASCII):
        before = re.search(r"([\w-]+) $", sentence[: found.start("noun")])
        if strict and before and before[1].casefold() not in _PLAIN:
            continue
        yield _Quantity.of(found, start)
