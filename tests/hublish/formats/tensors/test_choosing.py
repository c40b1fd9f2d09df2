import numpy as np
import pytest

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.choosing import chosen, renamed
from hublish.formats.tensors.dtypes import DTYPES
from hublish.formats.tensors.tensor import Tensor
from hublish.formats.tensors.tensor_data import InMemoryArray

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
def test_patterns_choose_by_name(include: tuple[str, ...], exclude: tuple[str, ...], expected: set[str]) -> None:
    assert chosen(NAMES, include, exclude) == expected


@pytest.mark.parametrize(("option", "pattern"), [("include", "head.wieght"), ("exclude", "Head.weight")])
def test_a_pattern_that_matches_nothing_is_told_its_near_misses(option: str, pattern: str) -> None:
    with pytest.raises(InvalidFileError, match=f"^{option} '{pattern}' matches no tensor$") as caught:
        chosen(NAMES, **({"include": (), "exclude": ()} | {option: (pattern,)}))
    assert caught.value.hint.startswith("near misses: head.weight")


def test_a_pattern_unlike_any_name_is_told_what_there_is() -> None:
    with pytest.raises(InvalidFileError) as caught:
        chosen(NAMES, ("zzz",), ())
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
