"""Trees of arrays: every leaf gets a name that leads back to it."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.base.errors import LoadError, SerializationError
from hublish.formats.trees import flattened, nested

KEYS = st.text(st.characters(exclude_characters="/"), min_size=1, max_size=5)
TREES = st.dictionaries(
    KEYS,
    st.recursive(st.integers(), lambda inside: st.dictionaries(KEYS, inside, min_size=1, max_size=3)),
    min_size=1,
    max_size=4,
)


@given(TREES)
def test_nested_dicts_come_back(tree: dict[str, Any]) -> None:
    assert nested(flattened(tree, "/"), "/") == tree


def test_items_of_lists_are_numbered() -> None:
    names = flattened({"layers": [{"w": 1}, ({"w": 2}, 3)], 4: 5}, ".")
    assert names == {"layers.0.w": 1, "layers.1.0.w": 2, "layers.1.1": 3, "4": 5}
    assert nested(names, ".") == {"layers": {"0": {"w": 1}, "1": {"0": {"w": 2}, "1": 3}}, "4": 5}


@pytest.mark.parametrize(
    ("tree", "message"),
    [
        ({}, "a dict is no tree of arrays"),
        (3, "a int is no tree of arrays"),
        ({"a": {"b.c": 1}}, r"'a': the key 'b.c' is empty or holds the separator"),
        ({"": 1}, "the key '' is empty"),
        ({None: 1}, "the key None is neither"),
        ({True: 1}, "the key True is neither"),
    ],
)
def test_what_has_no_name_is_refused(tree: Any, message: str) -> None:
    with pytest.raises(SerializationError, match=message):
        flattened(tree, ".")


def test_a_tree_that_holds_itself_is_refused() -> None:
    tree: dict[str, Any] = {}
    tree["again"] = tree
    with pytest.raises(SerializationError, match="more than 100 deep"):
        flattened(tree, ".")


@pytest.mark.parametrize("names", [["a", "a.b"], ["a.b", "a"], ["a.b", "a.b.c.d"]])
def test_a_name_that_leads_through_an_array_is_refused(names: list[str]) -> None:
    with pytest.raises(LoadError, match="leads through"):
        nested(dict.fromkeys(names, 1), ".")


def test_a_name_of_too_many_parts_is_refused() -> None:
    with pytest.raises(LoadError, match="more than 100 deep"):
        nested({"." * 1000: 1}, ".")


def test_two_keys_that_are_spelled_alike_are_refused() -> None:
    with pytest.raises(SerializationError, match="'1' twice"):
        flattened({"1": 1, 1: 2}, ".")
