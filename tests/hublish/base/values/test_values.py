import pytest

from hublish.base import values


def test_every_name_is_defined() -> None:
    assert all(getattr(values, name) for name in values.__all__)


def test_other_names_are_refused() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'Nothing'"):
        values.Nothing  # noqa: B018
