"""The variables of a card under all their names, and those that no template prints."""

from pathlib import Path
from typing import Any

import pytest

from hublish.base.errors import CardError
from hublish.base.values import Project
from hublish.pipeline.render_card.card_variables import with_aliases
from hublish.pipeline.render_card.render_card import render_card
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.manifest import Manifest

MANIFEST = b"written by a person"


def problems_of(
    folder: Path, variables: dict[str, Any], template: str = "model", text: bytes = MANIFEST
) -> list[Problem]:
    """Return the problems of a card's variables."""
    card = {"template": template, "metadata": {"license": "mit"}, "variables": variables}
    fields = {"repo": {"repo_id": "acme/x"}, "artifacts": [{"source": "*"}], "card": card}
    project = Project(Manifest.model_validate(fields), text, folder)
    assert project.manifest.card is not None
    try:
        found = render_card(project, project.manifest.card, []).warnings
    except CardError as error:
        found = tuple(error.problems)
    return [problem for problem in found if problem.code == "card.variable"]


def test_a_variable_has_all_its_names() -> None:
    assert with_aliases({"model_summary": "x"}) == dict.fromkeys(["model_summary", "summary", "dataset_summary"], "x")
    assert with_aliases({"mine": "x"}) == {"mine": "x"}


def test_two_names_of_one_variable_stay_as_they_are() -> None:
    assert with_aliases({"summary": "a", "model_summary": "b"}) == {"summary": "a", "model_summary": "b"}


ACCEPTED = (
    "limitations",
    "bias_risks_limitations",
    "model_card_authors",
    "citation_bibtex",
    "get_started_code",
    "title",
)


@pytest.mark.parametrize("name", ACCEPTED)
def test_every_name_of_a_documented_variable_is_accepted(name: str, tmp_path: Path) -> None:
    assert problems_of(tmp_path, {name: "x"}) == []


UNKNOWN = {
    "misspelt": ({"limitatons": "x"}, "rename it to 'limitations'"),
    "misspelt_name_of_huggingface_hub": ({"bias_risk_limitations": "x"}, "rename it to 'bias_risks_limitations'"),
    "of_another_template": ({"curators": "x"}, "this one uses title"),
    "unlike_any": ({"zzz": "x"}, "remove it, or use it in a template of your own"),
    "twice": ({"summary": "x", "model_summary": "y"}, "keep one of them"),
    "twice_without_the_first": ({"model_summary": "x", "dataset_summary": "y"}, "keep one of them"),
}


@pytest.mark.parametrize(("variables", "hint"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_variable_that_would_be_lost_is_an_error(variables: dict[str, str], hint: str, tmp_path: Path) -> None:
    found = problems_of(tmp_path, variables)
    assert {problem.severity for problem in found} == {"error"}
    assert all(problem.path.removeprefix("card.variables.") in variables for problem in found)
    assert hint in found[0].hint


def test_keywords_of_a_class_are_only_warned_about(tmp_path: Path) -> None:
    assert [problem.severity for problem in problems_of(tmp_path, {"zzz": "x"}, text=b"")] == ["warning"]


def test_a_template_of_a_users_own_may_leave_variables_out(tmp_path: Path) -> None:
    (tmp_path / "own.j2").write_text("{{ mine }} {{ dataset_summary }}")
    variables = {"mine": "x", "summary": "y", "zzz": "z"}
    found = problems_of(tmp_path, variables, "own.j2")
    assert [(problem.path, problem.severity) for problem in found] == [("card.variables.zzz", "warning")]
