from typing import Any

import pytest

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import DTYPES
from hublish.formats.tensors.pytorch.state_dict import find_state_dict
from hublish.formats.tensors.pytorch.torch_objects import Storage, StorageType, StoredTensor

TENSOR = StoredTensor(Storage("0", StorageType("torch.FloatStorage", None), 4), DTYPES["F32"], 0, (1,), (1,))
PLAIN: dict[Any, Any] = {"w": TENSOR}
DEEP: Any = PLAIN
for _ in range(12):
    DEEP = {"in": DEEP}


@pytest.mark.parametrize(
    "value",
    [
        PLAIN,
        {"state_dict": PLAIN, "epoch": 3},
        {"a": {"b": {"c": PLAIN}}},
        # An optimizer names its states by numbers, so they are not state dicts.
        {"model": PLAIN, "optimizer": {"state": {0: {"exp_avg": TENSOR}}, "param_groups": []}},
    ],
)
def test_the_only_state_dict_is_found(value: dict[Any, Any]) -> None:
    assert find_state_dict(value, None) is PLAIN


def test_a_dictionary_inside_a_state_dict_belongs_to_it() -> None:
    value = {"w": TENSOR, "nested": {"v": TENSOR}}
    assert find_state_dict(value, None) is value


@pytest.mark.parametrize(
    ("value", "key"),
    [
        ({"model": PLAIN, "ema": {}}, "model"),
        ({"model": {"ema": PLAIN}}, "model.ema"),
        ({"model.ema": PLAIN, "model": {"ema": {}}}, "model.ema"),
        ({"a": {"b.c": {"d": PLAIN}}}, "a.b.c.d"),
        ({"a.b": {"c": PLAIN}}, "a.b.c"),
    ],
)
def test_a_key_is_followed_and_its_parts_may_contain_dots(value: dict[Any, Any], key: str) -> None:
    assert find_state_dict(value, key) is PLAIN


@pytest.mark.parametrize(
    ("value", "key", "problem", "hint"),
    [
        ({"a": PLAIN, "b": PLAIN}, None, "it holds 2 state dicts: 'a', 'b'", "options: {key: a}"),
        ({f"m{i}": PLAIN for i in range(20)}, None, r"it holds 20 state dicts: 'm0', .*'m7', \.\.\.$", "key: m0"),
        ({"a": PLAIN}, "b", "at key 'b' there is nothing", "it holds a"),
        ({"model": PLAIN}, "modle", "at key 'modle' there is nothing", "did you mean 'model'?"),
        ({"a": 3, "m": PLAIN}, "a", "at key 'a' there is a int", "it holds m"),
        ({"a": 3}, "a.b", "at key 'a.b' there is nothing", "it holds no state dict"),
        ({}, None, "no dictionary in it holds tensors", ""),
        (DEEP, None, "no dictionary in it holds tensors", ""),
        ([TENSOR], None, "it holds a list, not a dictionary", "torch.save"),
        (None, None, "it holds a NoneType", "torch.save"),
    ],
)
def test_a_missing_state_dict_is_reported(value: Any, key: str | None, problem: str, hint: str) -> None:
    with pytest.raises(InvalidFileError, match=problem) as caught:
        find_state_dict(value, key)
    assert hint in caught.value.hint


def test_the_search_in_recursive_dictionaries_ends() -> None:
    endless: dict[Any, Any] = {"w": 1}
    endless["again"] = endless
    with pytest.raises(InvalidFileError, match="no dictionary in it holds tensors"):
        find_state_dict(endless, None)


def test_a_dictionary_that_many_share_is_not_searched_without_end() -> None:
    # Seven levels of 300 names for the same dictionary: 300**7 places.
    value: dict[Any, Any] = {f"k{number}": {} for number in range(300)}
    for _ in range(6):
        value = {f"k{number}": value for number in range(300)}
    with pytest.raises(InvalidFileError, match="no dictionary in it holds tensors"):
        find_state_dict(value, None)
