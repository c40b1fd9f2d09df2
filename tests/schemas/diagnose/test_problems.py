"""What several problems come to: which of them refuse, how many they are, in which order they are told."""

import pytest

from hublish.schemas.diagnose.problems import Location, Problem, by_place, counted, errors_in

ERROR = Problem("a.b", "wrong")
WARNING = Problem("a.c", "odd", severity="warning")


def test_warnings_refuse_nothing() -> None:
    assert errors_in([WARNING, ERROR, WARNING]) == (ERROR,)
    assert errors_in([WARNING]) == ()


@pytest.mark.parametrize(("count", "told"), [(1, "a problem"), (2, "2 problems")])
def test_problems_are_counted_in_words(count: int, told: str) -> None:
    assert counted([ERROR] * count) == told


def test_problems_are_told_from_the_top_of_the_text() -> None:
    late = Problem("a.b", "wrong", location=Location("hub.yaml", 10, 1))
    early = Problem("a.b", "wrong", location=Location("hub.yaml", 9, 3), path="b")
    beside = Problem("a.b", "wrong", location=Location("hub.yaml", 9, 3), path="a")
    assert sorted([late, early, beside, ERROR], key=by_place) == [ERROR, beside, early, late]
