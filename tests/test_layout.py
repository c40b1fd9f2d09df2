"""The layout of the code and its English stay within limits; `make layout` prints the figures."""

from functools import cache

import pytest

from benchmarks import layout

# Measured by the first test that runs, not by every process that collects tests.
measured = cache(layout.measure)
counted = cache(layout.count_phrases)


@pytest.mark.parametrize(
    ("figure", "most"), [("modules", 720), (layout.REPEATED, 0.12), ("verbs not found by name", 0)]
)
def test_a_figure_of_the_layout_is_within_its_limit(figure: str, most: float) -> None:
    assert measured()[figure] <= most


def test_the_code_has_comments() -> None:
    assert measured()["comments per 100 lines"] >= 4


@pytest.mark.parametrize("phrase", [name for name, _, _ in layout.PHRASES])
def test_a_phrase_is_as_rare_as_in_well_known_projects(phrase: str) -> None:
    count, most = counted()[phrase]
    assert round(count, 1) <= most, "write plain English: CONTRIBUTING.md, The shape of a change"
