"""The recommended sections of a card without content, and the ways to fill them."""

from typing import Any

import pytest

from hublish.cards.sections import SECTIONS, missing_sections
from hublish.schemas.vocabulary import card_variables
from tests.pipeline.render_card.built_in import context_of, everything

TEMPLATES = ("model", "dataset", "space", "kernel", "eu-ai-act")


def missing(template: str, **given: Any) -> dict[str, str]:
    return {section.title: section.path for section in missing_sections(template, context_of(**given))}


def test_an_empty_model_card_lacks_its_recommended_sections() -> None:
    assert missing("model") == {
        "Summary": "card.variables.summary",
        "License": "card.metadata.license",
        "Task": "card.metadata.pipeline_tag",
        "Library": "card.metadata.library_name",
        "Developers": "card.variables.developers",
        "Usage": "card.variables.usage",
        "Intended use": "card.variables.intended_use",
        "Out-of-scope use": "card.variables.out_of_scope_use",
        "Limitations": "card.variables.limitations",
        "Recommendations": "card.variables.bias_recommendations",
        "Training data": "card.metadata.datasets",
        "Training procedure": "card.variables.training",
        "Evaluation": "card.evaluation",
        "Environmental impact": "card.metadata.co2_eq_emissions",
        "Citation": "card.variables.citation",
        "Contact": "card.variables.contact",
    }


FILLED = {
    "variable": ({"variables": {"limitations": "x"}}, "Limitations"),
    "other_name": ({"variables": {"bias_risks_limitations": "x"}}, "Limitations"),
    "second_variable": ({"variables": {"direct_use": "x"}}, "Intended use"),
    "metadata": ({"metadata": {"license": "mit"}}, "License"),
    "fact": ({"facts": {"model": {"pipeline_tag": "x"}}}, "Task"),
    "training": ({"facts": {"training": {"epochs": 3}}}, "Training procedure"),
    "evaluation": ({"evaluation": [{}]}, "Evaluation"),
    "snippet": ({"snippets": [{}]}, "Usage"),
}


@pytest.mark.parametrize(("given", "title"), FILLED.values(), ids=FILLED)
def test_content_of_any_kind_fills_a_section(given: dict[str, Any], title: str) -> None:
    assert title in missing("model")
    assert title not in missing("model", **given)


@pytest.mark.parametrize("empty", ["", "  \n", None, [], {}])
def test_an_empty_value_fills_nothing(empty: Any) -> None:
    assert "Limitations" in missing("model", variables={"limitations": empty})


@pytest.mark.parametrize("template", TEMPLATES)
def test_the_variable_that_fills_a_section_is_printed_by_its_template(template: str) -> None:
    for section in SECTIONS:
        if template in section.templates and section.variables:
            assert template in card_variables()[section.variables[0]].templates, section.title


def test_a_variable_that_the_template_does_not_print_fills_nothing() -> None:
    assert "Intended use" in missing("space", variables={"direct_use": "x"})


def test_a_complete_card_lacks_nothing() -> None:
    texts = {name: about.example for name, about in card_variables().items()}
    metadata = {"license": "mit", "pipeline_tag": "x", "library_name": "x"}
    assert [*missing_sections("model", everything(variables=texts, metadata=metadata))] == []


def test_a_section_names_every_way_to_fill_it() -> None:
    found = {section.title: section for section in missing_sections("model", context_of())}
    evaluation = found["Evaluation"]
    assert (evaluation.path, evaluation.example, evaluation.instead) == (
        "card.evaluation",
        "metrics.json",
        ("card.variables.results",),
    )
    assert found["Training procedure"].instead == (
        "release a training log or parameters: trainer_state.json, params.yaml",
    )
