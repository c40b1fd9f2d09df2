"""Facts become nested mappings for templates."""

import pytest

from hublish.cards.facts.fact import Fact, as_tree


def test_a_dot_in_a_name_is_a_level() -> None:
    facts = [Fact("model.parameters", 2410), Fact("model.dtypes", {"F32": 2410}), Fact("files.count", 3)]
    assert as_tree(facts) == {"model": {"parameters": 2410, "dtypes": {"F32": 2410}}, "files": {"count": 3}}


@pytest.mark.parametrize("names", [("a.b", "a.b"), ("a", "a.b"), ("a.b", "a.b.c"), ("a.b", "a")])
def test_two_facts_of_one_place_are_refused(names: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match=r"another fact|given twice"):
        as_tree(Fact(name, 1) for name in names)


def test_a_mapping_as_value_is_not_extended() -> None:
    with pytest.raises(ValueError, match="continues"):
        as_tree([Fact("a", {}), Fact("a.b", 1)])
