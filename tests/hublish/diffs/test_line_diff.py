"""The edits between two sequences are the fewest possible, and hostile sequences take little time."""

import random
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.diffs.differences import Line
from hublish.diffs.line_diff import CONTEXT, Edit, edits, hunks_of

SHORT = st.lists(st.integers(0, 4), max_size=14)


def applied(before: Sequence[int], after: Sequence[int], found: Sequence[Edit]) -> list[int]:
    result: list[int] = []
    position = 0
    for edit in found:
        assert edit.start >= position
        result += [*before[position : edit.start], *after[edit.new_start : edit.new_end]]
        position = edit.end
        assert len(result) == edit.new_end
    return [*result, *before[position:]]


def size(found: Sequence[Edit]) -> int:
    return sum(edit.end - edit.start + edit.new_end - edit.new_start for edit in found)


def longest_common(before: Sequence[int], after: Sequence[int]) -> int:
    row = [0] * (len(after) + 1)
    for item in before:
        last = 0
        for index, other in enumerate(after):
            above = row[index + 1]
            row[index + 1] = last + 1 if item == other else max(above, row[index])
            last = above
    return row[-1]


@given(SHORT, SHORT)
def test_the_edits_lead_to_the_other_sequence_and_are_the_fewest(before: list[int], after: list[int]) -> None:
    found = edits(before, after)
    assert applied(before, after, found) == after
    assert size(found) == len(before) + len(after) - 2 * longest_common(before, after)


@pytest.mark.parametrize("seed", range(5))
def test_edits_of_long_sequences_with_few_changes_are_the_fewest(seed: int) -> None:
    choose = random.Random(seed)
    before = [choose.randrange(300) for _ in range(600)]
    after = [item for item in before if choose.random() > 0.05]
    for _ in range(20):
        after.insert(choose.randrange(len(after)), choose.randrange(400))
    found = edits(before, after)
    assert applied(before, after, found) == after
    assert size(found) == len(before) + len(after) - 2 * longest_common(before, after)


_MANY = 40_000
_SHUFFLED = random.Random(1).sample(range(_MANY), _MANY)
_BITS = [random.Random(2).randrange(2) for _ in range(2 * _MANY)]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param([1, 2] * _MANY, [1, 3, 2] * _MANY, id="alternating"),
        pytest.param(_BITS[:_MANY], _BITS[_MANY:], id="two kinds of items"),
        pytest.param(range(_MANY), _SHUFFLED, id="shuffled"),
        pytest.param(range(_MANY), range(_MANY)[::-1], id="reversed"),
        pytest.param(range(_MANY), range(_MANY, 2 * _MANY), id="nothing in common"),
        pytest.param([1] * _MANY, [*[1] * 9000, 2, *[1] * _MANY], id="all the same"),
    ],
)
def test_hostile_sequences_have_correct_edits_within_the_limit_of_work(
    before: Sequence[int], after: Sequence[int]
) -> None:
    # Without a limit, most of these take hours.
    assert applied(before, after, edits(before, after)) == list(after)


def test_beyond_the_limit_of_work_lines_that_both_sides_have_once_still_match() -> None:
    before = [item for index in range(3000) for item in (index, -1, -2)]
    after = [item for index in range(3000) for item in (index, -2, -1)]
    found = edits(before, after)
    assert applied(before, after, found) == after
    assert size(found) <= 2 * 3000


def test_an_inserted_block_is_shown_where_people_expect_it() -> None:
    before = ["def a", "  1", "end", "", "def c", "  3", "end"]
    after = [*before[:4], "def b", "  2", "end", "", *before[4:]]
    (edit,) = edits(before, after)
    assert after[edit.new_start : edit.new_end] == ["def b", "  2", "end", ""]


def test_hunks_have_context_and_the_numbers_of_their_first_lines() -> None:
    before = [str(number) for number in range(1, 31)]
    after = [*before[:9], "ten", *before[10:19], *before[20:]]
    first, second = hunks_of(before, after, edits(before, after))
    assert (first.before, first.after) == (10 - CONTEXT, 10 - CONTEXT)
    assert [line.mark for line in first.lines] == [" "] * CONTEXT + ["-", "+"] + [" "] * CONTEXT
    assert (second.before, second.after) == (20 - CONTEXT, 20 - CONTEXT)
    assert second.lines[CONTEXT] == Line("-", "20")
    assert [hunk.header for hunk in (first, second)] == ["@@ -7,7 +7,7 @@", "@@ -17,7 +17,6 @@"]


@pytest.mark.parametrize(("gap", "hunks"), [(2 * CONTEXT, 1), (2 * CONTEXT + 1, 2)])
def test_changes_that_share_lines_of_context_share_a_hunk(gap: int, hunks: int) -> None:
    before = [str(number) for number in range(40)]
    after = [*before[:10], "x", *before[11 : 11 + gap], "y", *before[12 + gap :]]
    assert len(hunks_of(before, after, edits(before, after))) == hunks


def test_the_hunk_of_a_new_file_begins_at_its_first_line() -> None:
    (hunk,) = hunks_of([], ["a"], edits([], ["a"]))
    assert (hunk.before, hunk.after, hunk.lines) == (1, 1, (Line("+", "a"),))
    assert hunk.header == "@@ -0,0 +1,1 @@"
