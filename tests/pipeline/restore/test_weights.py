"""The weights of a release, and their cast: floating arrays in another precision, everything else unchanged."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest

from hublish.base.errors import LoadError, UsageError
from hublish.pipeline.restore.weights import CastArrays, Weights
from hublish.schemas.documents.manifest import Load
from tests.pipeline.restore.releases import checked

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


def test_an_array_of_that_type_is_not_copied() -> None:
    assert CastArrays(ARRAYS, "float64")["double"] is ARRAYS["double"]


@pytest.mark.parametrize(
    ("dtype", "message"),
    [
        ("int8", "cannot be cast to int8"),
        ("bool", "cannot be cast"),
        ("complex64", "cannot be"),
        ("flaot", "not a numpy type"),
    ],
)
def test_other_types_are_refused(dtype: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        CastArrays(ARRAYS, dtype)


def test_unchecked_files_are_not_opened(tmp_path: Path) -> None:
    with pytest.raises(LoadError, match="only after every digest was checked"):
        Weights.of(replace(checked(tmp_path), checked=False))


def test_the_serializer_of_the_load_plan_is_used(tmp_path: Path) -> None:
    (tmp_path / "x.safetensors").write_bytes(b"")
    assert Weights.of(checked(tmp_path, load=Load(serializer="torch"))).serializer.name == "torch"
    assert Weights.of(checked(tmp_path)).serializer.name == "safetensors"
