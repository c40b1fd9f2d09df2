"""Long series keep their shape: both ends, and every peak and dip of an interval."""

from hypothesis import given
from hypothesis import strategies as st

from hublish.cards.charts.thinning import is_noisy, smoothed, thinned
from tests.hublish.cards.charts.sample_charts import falling

values = st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=200)


@given(values, st.integers(4, 60))
def test_thinning_keeps_the_ends_and_the_extremes(values: list[float], most: int) -> None:
    points = [(float(index), value) for index, value in enumerate(values)]
    kept = thinned(points, most)
    assert len(kept) <= max(most, 4)
    assert kept == sorted({*kept}) == [point for point in points if point in {*kept}]
    assert (kept[0], kept[-1]) == (points[0], points[-1])
    assert min(y for _, y in kept) == min(values)
    assert max(y for _, y in kept) == max(values)


@given(values, st.integers(1, 60))
def test_means_stay_within_their_values(values: list[float], count: int) -> None:
    means = smoothed([(float(index), value) for index, value in enumerate(values)], count)
    assert len(means) == min(count, len(values))
    assert all(min(values) - 1e-9 <= y <= max(values) + 1e-9 for _, y in means)


def test_a_spike_of_one_step_stays() -> None:
    points = [(float(step), 1.0) for step in range(3000)]
    points[1234] = (1234.0, 9.0)
    assert (1234.0, 9.0) in thinned(points, 100)


def test_only_long_series_that_jump_are_noisy() -> None:
    assert is_noisy([(x, y) for x, y in falling(3000, 0.1)])
    assert not is_noisy([(x, y) for x, y in falling(3000)])
    assert not is_noisy([(x, y) for x, y in falling(50, 1)])
