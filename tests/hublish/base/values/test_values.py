import pytest

from hublish.base import values


def test_every_value_is_there() -> None:
    assert all(getattr(values, name) for name in values.__all__)


def test_nothing_else_is() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        values.Nothing  # noqa: B018
