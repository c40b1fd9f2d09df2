"""Surprises inside of files: terms and text of the card, tensors, and code that a configuration names."""

import pytest

from hublish.diffs.differences import Entry, FileDiff, Hunk, Line
from hublish.pipeline.compare.surprises import surprises
from tests.pipeline.compare.planned import file, planned

CARD = """\
---
license: apache-2.0
base_model: acme/base
---
# Digits

It reads the digits that people write by hand, in black on white, one at a time and never two of them.

## Limitations

Do not use it to read amounts of money: how often it takes a seven for a one has not been measured.

## Results

The accuracy is 0.981 on the test split.
"""


def card(before: str, after: str) -> FileDiff:
    return FileDiff("README.md", "text", "", before_text=before, after_text=after)


def tensors(*entries: Entry) -> FileDiff:
    return FileDiff("model.safetensors", "tensors", "", entries=entries)


def configured(name: str, before: str | None, after: str | None) -> FileDiff:
    return FileDiff("config.json", "json", "", entries=(Entry(name, before, after),))


def added_text(path: str, text: str) -> FileDiff:
    return FileDiff(path, "text", "", hunks=(Hunk(1, 1, (Line(" ", "{"), Line("+", text))),))


@pytest.mark.parametrize(
    ("diff", "code", "words"),
    [
        (card(CARD, CARD.replace("apache-2.0", "other")), "license", "from 'apache-2.0' to 'other'"),
        (card(CARD, CARD.replace("license: apache-2.0\n", "")), "license", "from 'apache-2.0' to none"),
        (card(CARD, CARD.replace("acme/base", "evil/base")), "base_model", "from 'acme/base' to 'evil/base'"),
        (card(CARD, CARD.replace("acme/base", "[acme/base, b/c]")), "base_model", "to 'acme/base, b/c'"),
        (card(CARD, CARD.replace("license:", "license_link: x\nlicense:")), "license_link", "from none to 'x'"),
        (card(CARD, CARD.replace("## Limitations", "## Other")), "card_text", "loses the section 'Limitations'"),
        (card(CARD, CARD.replace(CARD.split("\n\n")[3], "")), "card_text", "loses the text 'Do not use it to read"),
        (tensors(Entry("w", "F32 [2, 3]", "F16 [2, 3]")), "dtype", "'w' F32 [2, 3] -> F16 [2, 3]"),
        (tensors(Entry("w", "F32 [2, 3]", "F32 [3, 2]")), "shape", "has another shape"),
        (tensors(Entry("w", "F32 [2]", None), Entry("v", "F32 [2]", None)), "tensors", "2 tensors: 'w' and 1 more"),
        (configured("auto_map.AutoModel", None, '"modeling.M"'), "auto_map", "auto_map in 'config.json'"),
        (configured("auto_map.AutoModel", '"a.M"', '"evil/repo--b.M"'), "auto_map", "auto_map"),
        (added_text("tokenizer_config.json", '  "auto_map": {'), "auto_map", "'tokenizer_config.json'"),
    ],
)
def test_a_fault_inside_of_a_file_is_a_surprise(diff: FileDiff, code: str, words: str) -> None:
    (found,) = surprises(planned(), [diff])
    assert (found.code, found.level, found.path_in_repo) == (f"surprise.{code}", "high", diff.path_in_repo)
    assert words in found.message


@pytest.mark.parametrize(
    "diff",
    [
        card(CARD, CARD),
        card(CARD, CARD.replace("0.981", "0.985")),
        card(CARD, CARD + "\n## More\n\nText.\n"),
        # written anew with the same content
        card(CARD, CARD.replace("one at a time and never two of them", "one at a time")),
        card("", CARD),
        FileDiff("README.md", "text", "", after_text=CARD),
        tensors(Entry("w", "F32 [2, 3]", "F32 [2, 3], largest difference 0.1"), Entry("v", None, "F32 [2]")),
        tensors(Entry("metadata format", "pt", "tf"), Entry("metadata old", "x", None)),
        configured("hidden_size", "128", "256"),
        configured("auto_map.AutoModel", '"modeling.M"', None),
        added_text("notes.md", "auto_map"),
        FileDiff("README.md", "unread", "not UTF-8"),
    ],
)
def test_an_ordinary_change_inside_of_a_file_is_no_surprise(diff: FileDiff) -> None:
    assert surprises(planned(), [diff]) == ()


def test_a_deleted_card_is_one_surprise() -> None:
    plan = planned(files=(file("README.md", 9, 9, "delete"),))
    assert [each.code for each in surprises(plan, [card(CARD, "")])] == ["surprise.deleted"]


@pytest.mark.parametrize(
    "text", ["---\n: : [\n---\n", "---\n- a\n---\n", "\ud800", "---\nlicense: [x\n", "x" * 500_000]
)
def test_hostile_cards_raise_nothing(text: str) -> None:
    assert isinstance(surprises(planned(), [card(CARD, text), card(text, CARD)]), tuple)
