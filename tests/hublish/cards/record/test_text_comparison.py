"""Recorded statements in a text that people have edited."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hublish.cards.record.statements import find_statements, units, words
from hublish.cards.record.text_comparison import find_places
from hublish.schemas.documents.card_record import Stated, Statement

CARD = """# Digits

The model has <parameters:1,234> parameters and reaches <accuracy:0.93> accuracy on <data:mnist>, which
is in line with earlier work.

| file | size |
|---|---|
| <first:model.safetensors> | <size:5 MB> |
| <second:config.json> | <small:1 kB> |

- License: <license:mit>
- Trained for <epochs:3> epochs

```python
load("x", revision="<tag:v1.2>")
```
"""


def published(template: str) -> tuple[str, list[Statement]]:
    """Return a card, and the statements of the facts that it has in angle brackets."""
    text, spans, end = "", [], 0
    for found in re.finditer(r"<(\w+):(.*?)>", template):
        text += template[end : found.start()]
        spans.append((len(text), len(text) + len(found[2]), (found[1],)))
        text, end = text + found[2], found.end()
    text += template[end:]
    facts = {names[0]: Stated(name=names[0], value=text[start:end]) for start, end, names in spans}
    return text, find_statements(text, 0, spans, facts)


def changed(edited: str) -> dict[str, str]:
    """Return the text in the place of each fact that another one has replaced."""
    text, statements = published(CARD)
    places, _ = find_places(statements, edited, 0, text)
    return {place.fact.name: place.shown for place in places if place.shown != place.published}


EDITS = [
    ("0.93", "0.99", {"accuracy": "0.99"}),
    ("on mnist", "on cifar10", {"data": "cifar10"}),
    ("1,234", "12", {"parameters": "12"}),
    ("| 5 MB |", "| 9 MB |", {"size": "9 MB"}),
    ("| 5 MB |", "| 5 GB |", {"size": "5 GB"}),
    ("model.safetensors", "other.bin", {"first": "other.bin"}),
    ("| model.safetensors | 5 MB |", "| other.bin | 9 MB |", {"first": "other.bin", "size": "9 MB"}),
    ("License: mit", "License: apache-2.0", {"license": "apache-2.0"}),
    ("v1.2", "v1.3", {"tag": "v1.3"}),
    ("for 3 epochs", "for 30 long epochs", {"epochs": "30 long"}),
    ("reaches 0.93 accuracy", "now reaches an accuracy of 0.99", {"accuracy": "0.99"}),
    ("The model has 1,234 parameters and reaches 0.93", "With 1,234 parameters, it reaches 0.97", {"accuracy": "0.97"}),
    # No value has taken the place of another one.
    ("which\nis in", "which is\nin", {}),
    ("The model has 1,234 parameters and reaches 0.93", "With 1,234 parameters, it reaches 0.93", {}),
    ("reaches 0.93 accuracy", "is excellent", {}),
    ("reaches 0.93 accuracy", "is the best of 2024, it is said,", {}),
    ("- License: mit\n", "", {}),
    ("| config.json | 1 kB |\n", "", {}),
    ("| model.safetensors | 5 MB |\n", "", {}),
    ("- License: mit", "- License: mit\n- Seeds: 5", {}),
    ("- License: mit", "The license is mit", {}),
    ("# Digits", "# 7 digits of 1998", {}),
    ("is in line with earlier work", "beats 0.5 by far", {}),
]


@pytest.mark.parametrize(("before", "after", "found"), EDITS)
def test_only_a_value_that_replaces_a_fact_is_found(before: str, after: str, found: dict[str, str]) -> None:
    text, _ = published(CARD)
    assert text.count(before) == 1
    assert changed(text.replace(before, after)) == found


def test_one_of_two_equal_lines_may_change() -> None:
    text, statements = published("| a | <x:1> |\n\n| a | <y:1> |\n")
    places, _ = find_places(statements, text.replace("| 1 |", "| 2 |", 1))
    assert sorted(place.shown for place in places) == ["1", "2"]


@given(st.permutations(range(8)))
@settings(max_examples=50, deadline=None)
def test_the_order_of_units_does_not_matter(order: list[int]) -> None:
    text, _ = published(CARD)
    blocks = [text[slice(*unit)] for unit in units(text)]
    rest = [block for index, block in enumerate(blocks) if index not in order]
    assert changed("\n\n".join([*(blocks[index] for index in order), *rest])) == {}


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_is_divided_without_losing_a_word(text: str) -> None:
    found = list(units(text))
    assert all(before.end <= after.start for before, after in pairwise(found))
    inside = [word.text for unit in found for word in words(text[slice(*unit)])]
    assert "".join(inside) == "".join(word.text for word in words(text))
    find_places(published(CARD)[1], text)
