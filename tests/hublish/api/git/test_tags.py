"""Which of several tags counts."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.api.git.tags import highest

RISING = [
    "\udcff",
    "latest",
    "release",
    "v0.9",
    "v1.2.0-alpha",
    "v1.2.0-rc.9",
    "v1.2.0-rc.10",
    "v1.2",
    "1.2.0+build.7",
    "v1.2.1",
    "models/v1.10.0",
    "v2026.1.31",
]


@pytest.mark.parametrize(("lower", "higher"), list(itertools.pairwise(RISING)))
def test_the_higher_version_counts(lower: str, higher: str) -> None:
    assert highest([lower, higher]) == highest([higher, lower]) == higher


names = st.sampled_from(RISING) | st.text(max_size=8)


several = st.lists(names, min_size=1, max_size=6, unique=True)


@given(several.flatmap(lambda each: st.tuples(st.just(each), st.permutations(each))))
def test_the_order_they_come_in_does_not_matter(orders: tuple[list[str], list[str]]) -> None:
    one, another = orders
    assert highest(one) == highest(another)
