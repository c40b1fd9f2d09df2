"""Axes have round marks, as many as have room, and numbers are written as people write them."""

import decimal
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.cards.charts.scales import finite, scale_of, short


@pytest.mark.parametrize(
    ("low", "high", "most", "labels"),
    [
        (0, 2.31, 5, "0 1 2"),
        (0.08, 2.31, 6, "0 0.5 1.0 1.5 2.0"),
        (0.93, 0.97, 4, "0.94 0.96"),
        (-3, 5, 5, "-2 0 2 4"),
        (0, 150_000, 4, "0 50k 100k 150k"),
        (0, 99_999, 3, "0 50k 100k"),
        (0, 90_000, 3, "0 50,000"),
        (0, 2.5e9, 6, "0 0.5B 1.0B 1.5B 2.0B 2.5B"),
        (0, 4e-5, 5, "0 1e-5 2e-5 3e-5 4e-5"),
        (0, 3e16, 4, "0 1e16 2e16 3e16"),
        (5, 5, 6, "3 4 5 6 7"),
        (0, 0, 3, "-1 0 1"),
        (1e9, 1e9 + 1, 5, "0.50B 0.75B 1.00B 1.25B 1.50B"),
        (0.01, 100, 5, "0.01 0.1 1 10 100"),
        (1e-9, 1e12, 4, "1e-9 1e-2 1e5 1e12"),
    ],
)
def test_an_axis_has_round_marks(low: float, high: float, most: int, labels: str) -> None:
    assert scale_of(low, high, most, margin=0.05).labels == tuple(labels.split())


@pytest.mark.parametrize(("high", "labels"), [(2, "0 1 2"), (3, "0 1 2 3"), (2999, "0 1,000 2,000"), (1, "0 1")])
def test_steps_are_whole(high: float, labels: str) -> None:
    scale = scale_of(0, high, 4, whole=True)
    assert scale.labels == tuple(labels.split())
    assert (scale.low, scale.high) == (0, high)


@given(
    st.floats(-1e300, 1e300).filter(lambda value: finite(value) == value),
    st.floats(-1e300, 1e300).filter(lambda value: finite(value) == value),
    st.integers(2, 9),
    st.sampled_from([None, 0.05]),
)
def test_every_value_is_on_its_axis(one: float, other: float, most: int, margin: float | None) -> None:
    low, high = sorted((one, other))
    scale = scale_of(low, high, most, margin=margin)
    assert 1 <= len(scale.marks) == len(scale.labels) <= most + 2
    assert len({*scale.labels}) == len(scale.labels)
    for value in (low, high, *map(float, scale.marks)):
        assert -1e-9 <= scale.share(value) <= 1 + 1e-9


@pytest.mark.parametrize(
    ("value", "text", "padded"),
    [
        (0, "0", "0"),
        (1, "1", "1.00"),
        (0.5, "0.5", "0.500"),
        (0.0825, "0.0825", "0.0825"),
        (-0.2, "-0.2", "-0.200"),
        (99.99, "100", "100"),
        (123_456, "123,456", "123,456"),
        (999_999.9, "1M", "1.00M"),
        (1_234_567, "1.23M", "1.23M"),
        (-7.2e9, "-7.2B", "-7.20B"),
        (1e14, "100T", "100T"),
        (1e15, "1e15", "1.00e15"),
        (-1e-9, "-1e-9", "-1.00e-9"),
        (0.00012345, "0.000123", "0.000123"),
    ],
)
def test_a_number_is_short(value: float, text: str, padded: str) -> None:
    with decimal.localcontext(decimal.Context(prec=2)):
        assert (short(value), short(value, padded=True)) == (text, padded)


@pytest.mark.parametrize(
    ("value", "number"),
    [
        (1, 1.0),
        (1e-320, 0.0),
        (1e301, None),
        (10**400, None),
        (math.nan, None),
        (math.inf, None),
        (True, None),
        ("1", None),
        (None, None),
    ],
)
def test_only_finite_numbers_are_drawn(value: object, number: float | None) -> None:
    assert finite(value) == number
