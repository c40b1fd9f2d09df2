"""People's edits survive, ours follow, and a place that both changed is a conflict."""

import subprocess
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hublish.cards.merging.card_parts import Outline
from hublish.cards.merging.merge import Merged, kept_card, merge_cards
from tests.hublish.cards.merging.edits import Draft, drafts, edited, lost, without_comments

CARD = """---
license: mit
tags:
- a
- b
---

# Title

Summary.

## Results

| metric | value |
|---|---|
| accuracy | 0.9 |
| f1 | 0.8 |

## Use

Text.
"""


def merged(ours: str, theirs: str, base: str | None = CARD) -> Merged:
    return merge_cards(ours, theirs, None if base is None else Outline.of(base))


@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_no_byte_that_a_person_wrote_is_lost(data: st.DataObject) -> None:
    base = data.draw(drafts())
    ours, own = data.draw(edited(base, "OURS"))
    theirs, people = data.draw(edited(base, "PEOPLE"))
    ours = without_comments(ours)
    result = merged(ours.text, theirs.text, base.text)
    if result.conflicts:
        assert result.text == theirs.text
        return
    assert lost(people, result.text) == []
    assert result.outline is not None
    assert result.outline.blocks is not None
    deleted = any(token.startswith("-") for token in result.outline.blocks)
    # Ours are all there, unless people deleted the text that they are part of.
    if not deleted:
        assert lost([line for line in own if not line.startswith("# ")], result.text) == []
    assert merge_cards(ours.text, result.text, result.outline) == Merged(result.text)
    assert merged(ours.text, result.text, ours.text) == Merged(result.text)
    # A run that repeats this one with the older record may ask, and never adds anything twice. The newer record alone
    # knows of a deletion beside a change of ours.
    assert deleted or merged(ours.text, result.text, base.text).text == result.text


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_without_a_record_nothing_of_theirs_is_removed(data: st.DataObject) -> None:
    base = data.draw(drafts())
    ours, theirs = data.draw(edited(base, "OURS"))[0], data.draw(edited(base, "PEOPLE"))[0]
    result = merged(without_comments(ours).text, theirs.text, None)
    assert not result.conflicts
    written = [line for line in theirs.text.splitlines() if line != "tags: []"]
    assert lost(written, result.text) == []


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_the_result_is_the_only_side_that_changed(data: st.DataObject) -> None:
    base = data.draw(drafts())
    other, _ = data.draw(edited(base, "EDIT"))
    plain = without_comments(other)
    assert merged(base.text, other.text, base.text) == Merged(other.text)
    assert merged(plain.text, base.text, base.text) == Merged(plain.text)
    assert merged(plain.text, plain.text, base.text) == Merged(plain.text)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("Summary.", "A better summary."),
        ("- b", "- b\n- mine"),
        ("license: mit", "license: mit # checked"),
        ("license: mit", "license: 'mit'"),
        ("tags:\n- a\n- b", "tags: [a, b, mine]"),
        ("| f1 | 0.8 |", "| f1 | 0.8 |\n| mine | 1 |"),
        ("| accuracy | 0.9 |", "| mine | 1 |\n| accuracy | 0.9 |"),
        ("Text.\n", "Text.\n\nA note.\n"),
        ("## Use", "A remark on the results.\n\n## Use"),
        ("## Use", "## Mine\n\nAll of it.\n\n## Use"),
        ("Text.\n", "Text."),
        ("Text.\n", "Text.  \n\n\n"),
        ("# Title\n\nSummary.\n\n", "# Title\n\n"),
        ("---\n\n# Title", "---\n# Title"),
    ],
)
def test_an_edit_survives_a_release_that_changes_the_numbers(old: str, new: str) -> None:
    theirs = CARD.replace(old, new)
    ours = CARD.replace("0.9", "0.95").replace("0.8", "0.85").replace("- a\n", "- a2\n")
    result = merged(ours, theirs)
    expected = (
        theirs.replace("0.9 ", "0.95 ").replace("0.8 ", "0.85 ").replace("- a\n", "- a2\n").replace("[a,", "[a2,")
    )
    assert result == Merged(expected)


def numbered(version: int) -> str:
    """Return a card in which each release changes every section."""
    card = CARD.replace("0.9", f"0.9{version}").replace("Summary.", f"Summary {version}.")
    return card.replace("Text.", f"Text {version}.").replace("license: mit", f"license: mit\ndate: '{version}'")


@pytest.mark.parametrize(
    ("old", "new", "gone"),
    [
        ("Summary 1.\n\n", "", "Summary"),
        ("## Use\n\nText 1.\n", "", "Text"),
        ("| accuracy | 0.91 |\n", "", "accuracy"),
        ("## Results\n\n| metric | value |\n|---|---|\n| accuracy | 0.91 |\n| f1 | 0.8 |\n\n", "", "accuracy"),
        ("date: '1'\n", "", "date"),
        ("- a\n", "", "- a"),
    ],
)
def test_text_that_people_deleted_does_not_come_back(old: str, new: str, gone: str) -> None:
    published = numbered(1).replace(old, new)
    assert published != numbered(1)
    outline = Outline.of(numbered(1))
    for version in (2, 3, 4):
        result = merge_cards(numbered(version), published, outline)
        assert not result.conflicts
        published, outline = result.text, Outline.read(result.outline.record() if result.outline else "") or outline
        assert gone not in published
        for text in ("Summary", "Text", "0.9"):
            assert f"{text} {version}" in published or f"{text}{version}" in published or gone in (text, "accuracy")


def test_a_card_that_was_never_ours_is_never_in_conflict() -> None:
    published = "---\nlicense: bsd\ndate: mine\n---\n\n# By hand\n\nMy summary.\n\n## Results\n\nMine.\n"
    outline: Outline | None = None
    for version in (1, 2, 3):
        result = merge_cards(numbered(version), published, outline)
        assert not result.conflicts
        published, outline = result.text, result.outline
        assert "license: bsd\ndate: mine\n" in published
        assert "# By hand\n\nMy summary.\n\n## Results\n\nMine.\n\n## Use\n\nText" in published
        assert f"Text {version}." in published
        assert "Summary" not in published.replace("My summary", "")
        assert "accuracy" not in published


def test_a_decision_for_their_card_is_not_asked_again() -> None:
    published = numbered(1).replace("Summary 1.", "By hand.").replace("license: mit", "license: bsd")
    assert merged(numbered(2).replace("mit", "gpl"), published, numbered(1)).conflicts
    result = kept_card(numbered(2).replace("mit", "gpl"), published)
    assert result.text == published
    result = merge_cards(numbered(3).replace("mit", "lgpl"), published, result.outline)
    assert not result.conflicts
    assert "By hand.\n" in result.text
    assert "license: bsd\n" in result.text


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_merge_that_git_can_do_gives_the_same(data: st.DataObject) -> None:
    base = Draft({"license": "mit"}, tuple(f"Block {number}" for number in range(data.draw(st.integers(2, 8)))))
    texts = [without_comments(data.draw(edited(base, mark))[0]).text for mark in ("OURS", "PEOPLE")]
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder, name) for name in ("ours", "base", "theirs")]
        for path, text in zip(paths, (texts[0], base.text, texts[1]), strict=True):
            path.write_text(text)
        git = subprocess.run(["git", "merge-file", "-p", *map(str, paths)], capture_output=True, text=True, check=False)
    if git.returncode == 0:
        assert merged(texts[0], texts[1], base.text) == Merged(git.stdout)


LARGE = {
    "the same line": "a\n\n" * 30_000,
    "unclosed code": "```\n" * 30_000,
    "an unclosed comment": "<!--\n" * 30_000,
    "blank lines": "- a\n" + "\n" * 90_000,
    "one line": "x" * 1_000_000,
    "a long table": "|a|b|\n|-|-|\n" + "|1|2|\n" * 20_000,
    "backticks": "`" * 1_000_000,
    "delimiters": "a|b\n" + "|-" * 400_000 + "\n",
}


@pytest.mark.parametrize("body", LARGE.values(), ids=LARGE)
def test_large_texts_end(body: str) -> None:
    front = "---\nlicense: mit\n---\n\n"
    result = merged(f"{front}{body}\n\nours\n", f"{front}mine\n\n{body}", front + body)
    assert not result.conflicts
    assert "mine\n\n" + body[:10] in result.text
    assert len(result.text) >= len(front + body)


def test_many_keys_end() -> None:
    tags = "\n".join(f"- t{number}" for number in range(3_000))
    ours = tags.replace("- t", "- u")
    ours, theirs, base = (f"---\ntags:\n{each}\n---\n" for each in (ours, f"- mine\n{tags}", tags))
    result = merged(ours, theirs, base)
    assert result.text.count("- ") == 3_001


@pytest.mark.parametrize(
    ("theirs", "ours", "path", "line"),
    [
        ("license: bsd", "license: apache-2.0", "license", 2),
        ("license: bsd", "", "license", 2),
        ("| accuracy | 0.91 |", "| accuracy | 0.95 |", "", 16),
        ("Other summary.", "New summary.", "", 10),
        ("Other summary.", "", "", 10),
    ],
)
def test_a_place_that_both_changed_is_a_conflict(theirs: str, ours: str, path: str, line: int) -> None:
    old = {"lic": "license: mit", "| a": "| accuracy | 0.9 |", "Oth": "Summary."}[theirs[:3]]
    published = CARD.replace(old, theirs)
    result = merged(CARD.replace(f"{old}\n", f"{ours}\n" if ours else ""), published)
    assert result.text == published
    assert [(each.path, each.line) for each in result.conflicts] == [(path, line)]
    assert f"-{theirs}" in result.conflicts[0].diff
    assert not ours or f"+{ours}" in result.conflicts[0].diff
