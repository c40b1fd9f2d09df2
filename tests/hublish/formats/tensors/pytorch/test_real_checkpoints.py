"""Files that torch 2.13.0 wrote: see checkpoints/write.py."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from numpy.typing import NDArray

from hublish.base.errors import SerializationError
from hublish.formats.interface import Written
from hublish.formats.safetensors import Safetensors

CHECKPOINTS = Path(__file__).parent / "checkpoints"
Dump = Callable[..., tuple[Written, ...]]
Arrays = dict[str, NDArray[Any]]


def converted(dump: Dump, name: str, **options: Any) -> Arrays:
    (file,) = dump(CHECKPOINTS / name, name, **options)
    return dict(Safetensors().load({file.path_in_repo: file.path}))


def assert_same(found: Arrays, expected: Arrays) -> None:
    assert sorted(found) == sorted(expected)
    for name, array in expected.items():
        assert (found[name].dtype, found[name].shape) == (array.dtype, array.shape), name
        assert found[name].tobytes() == array.tobytes(), name


def test_every_element_type_keeps_its_bits(dump: Dump) -> None:
    raw = np.arange(16, dtype="u1")
    names = [
        "uint8",
        "int8",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "int64",
        "uint64",
        "float16",
        "float32",
        "float64",
        "complex64",
    ]
    foreign = ["bfloat16", "float8_e4m3fn", "float8_e5m2", "float8_e4m3fnuz", "float8_e5m2fnuz", "float8_e8m0fnu"]
    expected: Arrays = {name: raw.view(name) for name in names}
    expected |= {name: raw.view(getattr(ml_dtypes, name)) for name in foreign}
    assert_same(converted(dump, "dtypes.pt"), expected | {"bool": raw % 2 == 1})


@pytest.mark.parametrize("name", ["layouts.pt", "legacy.pt"])
def test_views_have_the_elements_that_torch_reads(dump: Dump, name: str) -> None:
    whole = np.arange(24, dtype="f4").reshape(2, 3, 4)
    expected = {
        "whole": whole,
        "tied": whole,
        "transposed": whole.T,
        "stepped": whole[:, 1:, ::2],
        "part": whole[1],
        "scalar": whole[1, 2, 3],
        "expanded": np.array([[1, 1, 1], [2, 2, 2]], "f4"),
        "repeated": np.full((2, 2), 2.5, "f4"),
        "empty": np.zeros((0, 3), "f4"),
        "count": np.array(7),
        "parameter": whole[0],
        "with_state": np.arange(3, dtype="f4"),
        "bfloat16": np.arange(6).astype(ml_dtypes.bfloat16).reshape(2, 3).T,
    }
    assert_same(converted(dump, name), {key: np.asarray(value) for key, value in expected.items()})


def test_parameters_and_buffers_of_a_torchscript_archive_are_read(dump: Dump) -> None:
    numbers = np.arange(4, dtype="f4")
    expected: Arrays = {"bias": numbers + np.float32(1), "inner.weight": numbers, "inner.steps": np.array(5)}
    assert_same(converted(dump, "script.pt"), expected)


@pytest.mark.parametrize("key", ["model.plain", "model.ema.0"])
def test_a_state_dict_is_found_by_its_key(dump: Dump, key: str) -> None:
    assert sorted(converted(dump, "nested.ckpt", key=key)) == ["bias", "inner.steps", "inner.weight"]


def test_one_of_several_state_dicts_must_be_chosen(dump: Dump) -> None:
    with pytest.raises(SerializationError, match=r"it holds 2 state dicts: 'model\.plain', 'model\.ema\.0'") as caught:
        dump(CHECKPOINTS / "nested.ckpt", "nested.ckpt")
    assert caught.value.hint == "choose one, for example options: {key: model.plain}"


def test_a_key_that_matches_nothing_gets_the_existing_keys(dump: Dump) -> None:
    with pytest.raises(SerializationError, match=r"at key 'model\.ema' there is nothing") as caught:
        dump(CHECKPOINTS / "nested.ckpt", "nested.ckpt", key="model.ema")
    assert caught.value.hint == "did you mean 'model.ema.0'? it holds model.plain, model.ema.0"


@pytest.mark.parametrize("name", ["dtypes.pt", "layouts.pt", "legacy.pt", "script.pt"])
def test_the_same_checkpoint_gives_the_same_bytes(dump: Dump, name: str) -> None:
    first, second = (dump(CHECKPOINTS / name, name)[0].path.read_bytes() for _ in range(2))
    assert first == second
