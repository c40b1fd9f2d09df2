from pathlib import Path
from typing import Any, get_args

import ml_dtypes
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from hublish.base.content import Identity
from hublish.formats.format_options import Float
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import DTYPES, dtype_of
from hublish.formats.tensors.tensor import BLOCK_SIZE, Sink, Tensor
from hublish.formats.tensors.tensor_data import FileRange, InMemoryArray
from hublish.formats.tensors.tensor_options import cast, renamed, selected

NAMES = ("encoder.0.weight", "encoder.0.bias", "encoder.10.weight", "head.weight", "step")


def new_names(*names: str, **rename: str) -> list[str]:
    array = np.ones(1, "f4")
    tensors = [Tensor(name, DTYPES["F32"], (1,), InMemoryArray(array, DTYPES["F32"])) for name in names]
    return [tensor.name for tensor in renamed(tensors, rename)]


@pytest.mark.parametrize(
    ("include", "exclude", "expected"),
    [
        ((), (), set(NAMES)),
        (("encoder.*",), (), {"encoder.0.weight", "encoder.0.bias", "encoder.10.weight"}),
        (("*.weight",), ("encoder.1*",), {"encoder.0.weight", "head.weight"}),
        (("step", "*bias"), (), {"step", "encoder.0.bias"}),
        (("encoder.?.*",), (), {"encoder.0.weight", "encoder.0.bias"}),
        (("*",), ("*",), set()),
    ],
)
def test_patterns_select_by_name(include: tuple[str, ...], exclude: tuple[str, ...], expected: set[str]) -> None:
    assert selected(NAMES, include, exclude) == expected


@pytest.mark.parametrize(("option", "pattern"), [("include", "head.wieght"), ("exclude", "Head.weight")])
def test_a_pattern_that_matches_nothing_gets_near_misses_in_its_hint(option: str, pattern: str) -> None:
    with pytest.raises(InvalidFileError, match=f"^{option} '{pattern}' matches no tensor$") as caught:
        selected(NAMES, **({"include": (), "exclude": ()} | {option: (pattern,)}))
    assert caught.value.hint.startswith("near misses: head.weight")


def test_a_pattern_unlike_any_name_gets_the_tensors_in_its_hint() -> None:
    with pytest.raises(InvalidFileError) as caught:
        selected(NAMES, ("zzz",), ())
    assert caught.value.hint == "the tensors: encoder.0.weight, encoder.0.bias, encoder.10.weight"


@pytest.mark.parametrize(
    ("rename", "expected"),
    [
        ({}, ["a.b.w", "a.w", "w"]),
        ({"a.": ""}, ["b.w", "w1", "w"]),
        ({"a.": "x.", "a.b.": "y."}, ["y.w", "x.w", "w"]),
        ({"a.": "x.", "a.w": "z"}, ["x.b.w", "z", "w"]),
        ({"": "m."}, ["m.a.b.w", "m.a.w", "m.w"]),
        ({"w": "v"}, ["a.b.w", "a.w", "v"]),
        ({"a.w": "w", "w": "a.w"}, ["a.b.w", "w", "a.w"]),
    ],
)
def test_whole_names_win_over_prefixes_and_long_prefixes_over_short(
    rename: dict[str, str], expected: list[str]
) -> None:
    names = ("a.b.w", "a.w" if rename != {"a.": ""} else "a.w1", "w")
    assert new_names(*names, **rename) == expected


def test_two_tensors_never_get_one_name() -> None:
    with pytest.raises(InvalidFileError, match=r"rename gives both 'a\.w' and 'w' the name 'w'"):
        new_names("a.w", "w", **{"a.": ""})


@pytest.mark.parametrize("key", ["b.", "weight", "a"])
def test_a_key_that_matches_nothing_is_refused(key: str) -> None:
    with pytest.raises(InvalidFileError, match=f"rename '{key}' matches no tensor"):
        new_names("a.w", **{key: "x"})


# ------------------------------------------------------------------------------------------------- casting


class Bytes:
    """A sink that keeps everything."""

    def __init__(self) -> None:
        self.data = b""

    def write(self, data: bytes | memoryview) -> None:
        self.data += bytes(data)

    def copy(self, source: int, offset: int, length: int) -> int:
        raise NotImplementedError


class Pieces:
    """Content that arrives in pieces of given sizes."""

    def __init__(self, data: bytes, sizes: list[int]) -> None:
        self.data, self.sizes = data, sizes

    def write_to(self, output: Sink) -> None:
        rest = self.data
        for size in self.sizes:
            output.write(rest[:size])
            rest = rest[size:]
        output.write(memoryview(rest))


def tensor(array: NDArray[Any]) -> Tensor:
    dtype = dtype_of(array.dtype)
    assert dtype is not None
    return Tensor("a", dtype, array.shape, InMemoryArray(array, dtype))


def written(source: Tensor) -> bytes:
    sink = Bytes()
    source.content.write_to(sink)
    return sink.data


def test_numbers_are_rounded_to_nearest_ties_to_even() -> None:
    halfway = np.array([1 + 2**-8, 1 + 3 * 2**-8, 1 + 2**-8 + 2**-20], "f4")
    found = cast(tensor(halfway), "bfloat16")
    assert (found.dtype.name, found.shape, found.nbytes) == ("BF16", (3,), 6)
    expected = np.array([1, 1 + 2**-6, 1 + 2**-7], ml_dtypes.bfloat16)
    assert written(found) == expected.tobytes()


@pytest.mark.parametrize("name", get_args(Float))
@pytest.mark.parametrize("stored", ["f2", "f4", "f8", ml_dtypes.bfloat16, ml_dtypes.float8_e5m2])
def test_nan_and_zero_survive_and_nothing_warns(name: Float, stored: Any) -> None:
    found = cast(tensor(np.array([0.0, np.nan, 1.0, -2.0]).astype(stored)), name)
    after = np.frombuffer(written(found), found.dtype.numpy).astype("f8")
    assert np.array_equal(after, [0.0, np.nan, 1.0, -2.0], equal_nan=True)


@pytest.mark.parametrize("name", ["float16", "bfloat16", "float8_e5m2"])
def test_infinities_survive_where_the_type_has_them(name: Float) -> None:
    found = cast(tensor(np.array([np.inf, -np.inf], "f4")), name)
    assert np.array_equal(np.frombuffer(written(found), found.dtype.numpy).astype("f4"), [np.inf, -np.inf])


@pytest.mark.parametrize(
    ("value", "name"),
    [(1e6, "float16"), (-7e4, "float16"), (1e39, "float32"), (1e6, "float8_e5m2"), (np.inf, "float8_e4m3fn")],
)
def test_a_number_that_the_type_cannot_represent_is_refused(value: float, name: Float) -> None:
    with pytest.raises(InvalidFileError, match=r"tensor 'a' has values that F.* cannot represent"):
        written(cast(tensor(np.array([1.0, value])), name))


@pytest.mark.parametrize(
    ("value", "stored", "name", "hint"),
    [
        (1e6, "f4", "float16", "such as bfloat16"),
        (1e6, "f4", "float8_e5m2", "such as bfloat16"),
        (1e3, "f4", "float8_e4m3fn", "such as float16"),
        (np.inf, "f4", "float8_e4m3fn", "such as float16"),
        (np.finfo("f4").max, "f4", "bfloat16", "keeps the type float32"),
        (np.finfo("f4").max, "f8", "bfloat16", "such as float32"),
        (1e300, "f8", "bfloat16", "keeps the type float64"),
        (7e4, ml_dtypes.bfloat16, "float16", "keeps the type bfloat16"),
    ],
)
def test_the_hint_names_a_type_that_holds_the_number(value: float, stored: Any, name: Float, hint: str) -> None:
    with pytest.raises(InvalidFileError, match="cannot represent") as caught:
        written(cast(tensor(np.array([value], stored)), name))
    assert caught.value.hint.endswith(hint)


@pytest.mark.parametrize("kind", ["?", "i1", "u2", "i8", "c8", ml_dtypes.float8_e8m0fnu])
def test_a_type_that_is_not_floating_point_stays(kind: Any) -> None:
    whole = tensor(np.ones(3, kind))
    assert cast(whole, "float16") is whole


def test_the_same_type_stays() -> None:
    single = tensor(np.ones(3, "f4"))
    assert cast(single, "float32") is single


@given(st.binary(max_size=200), st.lists(st.integers(0, 30), max_size=10))
def test_blocks_may_end_anywhere(data: bytes, sizes: list[int]) -> None:
    whole = (np.frombuffer(data, "u1")[: len(data) // 4 * 4].astype("f4")).tobytes()
    source = Tensor("a", DTYPES["F32"], (len(whole) // 4,), Pieces(whole, sizes))
    assert written(cast(source, "float64")) == np.frombuffer(whole, "<f4").astype("f8").tobytes()


def test_a_range_of_a_file_is_converted_a_block_at_a_time(tmp_path: Path) -> None:
    array = np.arange(BLOCK_SIZE // 2 + 3, dtype="f4")
    path = tmp_path / "data"
    path.write_bytes(b"head" + array.tobytes() + b"tail")
    content = FileRange(path, Identity.of(path.stat()), 4, array.nbytes)
    found = cast(Tensor("a", DTYPES["F32"], array.shape, content), "float64")
    assert written(found) == array.astype("f8").tobytes()
