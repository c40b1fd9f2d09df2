"""Floating arrays in another precision, everything else untouched."""

from typing import Any

import ml_dtypes
import numpy as np
import pytest

from hublish.base.errors import UsageError
from hublish.pipeline.restore.casting import CastArrays

ARRAYS = {
    "double": np.array([1.5, 2.25]),
    "brain": np.array([1.5], dtype=ml_dtypes.bfloat16),
    "whole": np.array([7], dtype=np.int64),
    "flag": np.array([True]),
    "wave": np.array([1j], dtype=np.complex64),
}


@pytest.mark.parametrize("dtype", ["float16", np.float16, np.dtype(np.float16), "bfloat16", "float8_e4m3fn"])
def test_floating_arrays_are_cast_and_no_others(dtype: Any) -> None:
    cast = CastArrays(ARRAYS, dtype)
    wanted = np.dtype(getattr(ml_dtypes, dtype, dtype) if isinstance(dtype, str) else dtype)
    assert {name: array.dtype for name, array in cast.items()} == {
        "double": wanted,
        "brain": wanted,
        **{name: ARRAYS[name].dtype for name in ("whole", "flag", "wave")},
    }
    assert cast["double"].astype(float).tolist() == [1.5, 2.25]
    assert list(cast) == list(ARRAYS)
    assert len(cast) == len(ARRAYS)


def test_what_is_in_that_type_already_is_not_copied() -> None:
    assert CastArrays(ARRAYS, "float64")["double"] is ARRAYS["double"]


@pytest.mark.parametrize(
    ("dtype", "message"),
    [("int8", "cannot be cast to int8"), ("bool", "cannot be cast"), ("complex64", "cannot be"), ("flaot", "no type")],
)
def test_what_is_no_floating_type_is_refused(dtype: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        CastArrays(ARRAYS, dtype)
