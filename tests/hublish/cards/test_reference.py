"""The page about templates is current, its examples work, and it names what the code computes."""

import json
import re
from pathlib import Path

import jinja2
import pytest

from hublish.cards import reference
from hublish.cards.reference import DATA, FACTS, FILTERS, PICTURES, Described, reference_page
from hublish.pipeline.render_card.template_sandbox import new_environment
from hublish.schemas.documents.manifest import TEMPLATE_NAMES
from tests.pipeline.render_card.built_in import FACTS as KNOWN
from tests.pipeline.render_card.built_in import everything

ROOT = Path(reference.__file__).parents[2]


def test_the_committed_page_is_current() -> None:
    committed = (ROOT / "templates" / "README.md").read_text(encoding="utf-8")
    assert committed == reference_page(), "run `make schemas`"


def test_the_names_that_templates_get_are_documented() -> None:
    assert [each.name for each in DATA] == [*TEMPLATE_NAMES]
    assert [each.name for each in PICTURES] == ["training", "evaluation", "tensors", "splits"]


def test_the_filters_that_hublish_adds_are_documented() -> None:
    # A name of Jinja2's would change templates that use it.
    added = new_environment().filters.keys() - jinja2.Environment().filters.keys()
    assert {each.name for each in FILTERS} == added


@pytest.mark.parametrize("each", FILTERS, ids=lambda each: each.name)
def test_the_example_of_a_filter_prints_its_result(each: Described) -> None:
    assert new_environment().from_string(each.example).render() == each.result


@pytest.mark.parametrize("each", DATA, ids=lambda each: each.name)
def test_the_example_of_a_name_works(each: Described) -> None:
    given = {**everything(), "data": {"metrics": {"accuracy": 0.9}}}
    assert new_environment().from_string(each.example).render(given)


def test_every_fact_that_the_code_derives_is_documented() -> None:
    documented = {each.name for each in FACTS}
    sources = "\n".join(path.read_text("utf-8") for path in (ROOT / "hublish" / "cards" / "facts").glob("*.py"))
    derived = set(re.findall(r'Fact\("([a-z_.]+)"', sources))
    assert derived
    assert {name for name in derived if not {name, name.rpartition(".")[0]} & documented} == set()


def test_the_facts_of_the_templates_are_documented() -> None:
    documented = {each.name for each in FACTS}
    known = {
        f"{group}.{name}" if isinstance(value, dict) else group for group, value in KNOWN.items() for name in value
    }
    # Versions and the training's settings have names of their own.
    assert {name for name in known if not {name, name.partition(".")[0]} & documented} == set()


@pytest.mark.parametrize("each", FACTS, ids=lambda each: each.name)
def test_the_example_of_a_fact_is_a_value(each: Described) -> None:
    json.loads(each.example)
