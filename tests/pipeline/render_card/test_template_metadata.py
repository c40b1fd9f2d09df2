"""A card has one front matter, whatever its template begins with."""

from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import ModelCard

from hublish.base.errors import CardError
from hublish.pipeline.render_card.render_card import RenderedCard, render_card
from tests.pipeline.staging import project_in

METADATA = {"license": "mit"}


def rendered(folder: Path, template: str, name: str = "t.md", **card: Any) -> RenderedCard:
    (folder / name).write_text(template, "utf-8")
    project = project_in(folder, card={"template": name, "metadata": METADATA, **card})
    assert project.manifest.card is not None
    return render_card(project, project.manifest.card, [])


def error_of(folder: Path, template: str, name: str = "t.md", **card: Any) -> CardError:
    with pytest.raises(CardError) as caught:
        rendered(folder, template, name, **card)
    return caught.value


ONE = {
    "card_data": "---\n{{ card_data }}\n---\n# x\n",
    "card_data_with_a_default": "---\n{{ card_data | default('') }}\n---\n# x\n",
    "card_data_below_comments": "{# ours #}\n---\n# see the docs\n{{- card_data -}}\n---\n\n# x\n",
    "card_data_in_a_file_of_windows": "---\r\n{{ card_data }}\r\n---\r\n# x\r\n",
    "empty": "---\n---\n# x\n",
    "a_rule": "---\nSome text\n\n---\n# x\n",
    "a_rule_further_down": "# x\n\n---\n\nlicense: none\n\n---\n",
}


@pytest.mark.parametrize("template", ONE.values(), ids=ONE)
def test_a_template_without_metadata_of_its_own_is_rendered(tmp_path: Path, template: str) -> None:
    text = rendered(tmp_path, template).text
    assert text.startswith("---\nlicense: mit\n---\n\n")
    assert "card_data" not in text
    card = ModelCard(text)
    assert card.data["license"] == "mit"
    assert "# x" in card.text


@pytest.mark.parametrize(
    ("name", "repo_type"), [("modelcard_template.md", "model"), ("datasetcard_template.md", "dataset")]
)
def test_the_templates_of_huggingface_hub_are_rendered(tmp_path: Path, name: str, repo_type: str) -> None:
    template = (resources.files("huggingface_hub") / "templates" / name).read_text("utf-8")
    text = rendered(tmp_path, template, variables={"dataset_summary": "Digits.", "model_summary": "Digits."}).text
    assert text.startswith("---\nlicense: mit\n---\n\n# ")
    assert "Digits." in text
    assert text.count("\n---\n") == 1, repo_type


TWICE = {
    "keys": ("---\nlicense: apache-2.0\ntags: [a]\n---\n# x\n", 2, "lines 1 to 4"),
    "a_list": ("---\n# comment\ntags:\n- a\n---\n# x\n", 3, "lines 1 to 5"),
    "expressions": ("---\n{{ metadata.license }}: x\n---\n# x\n", 2, "lines 1 to 3"),
    "card_data_and_more": ("---\n{{ card_data }}\nlicense: mit\n---\n# x\n", 2, "lines 1 to 4"),
    "below_blank_lines": ("\n\n---\nlicense: mit\n---\n# x\n", 4, "lines 3 to 5"),
    "below_a_statement": ("{% set a = 1 %}\n---\nlicense: mit\n---\n# x\n", 3, "lines 2 to 4"),
    "of_windows": ("---\r\nlicense: mit\r\n---\r\n# x\r\n", 2, "lines 1 to 3"),
    "behind_a_condition": ("{% if true %}---\n{% endif %}license: mit\n---\n# x\n", 2, "lines 1 to 3"),
}


@pytest.mark.parametrize(("template", "line", "lines"), TWICE.values(), ids=TWICE)
def test_metadata_of_a_templates_own_is_rejected_at_its_line(
    tmp_path: Path, template: str, line: int, lines: str
) -> None:
    (problem,) = error_of(tmp_path, template, "t.j2").problems
    assert problem.location is not None
    assert (problem.code, problem.location.source, problem.location.line) == ("card.two_metadata", "t.j2", line)
    assert "card: metadata:" in problem.hint
    assert lines in problem.hint


def test_metadata_in_a_variable_is_rejected_too(tmp_path: Path) -> None:
    variables = {"text": "---\nlicense: x\n---\n# x"}
    error = error_of(tmp_path, "{{ text | markdown }}\n", variables=variables)
    assert [problem.code for problem in error.problems] == ["card.two_metadata"]


def test_a_readme_as_a_template_may_also_be_uploaded_as_it_is(tmp_path: Path) -> None:
    (problem,) = error_of(tmp_path, "---\nlicense: mit\n---\n# x\n", "README.md").problems
    assert "remove `card`" in problem.hint


@pytest.mark.parametrize("template", ["# x\n\n{{ card_data }}\n", "{{ card_data }}\n# x\n"])
def test_card_data_in_the_text_is_not_given_a_default(tmp_path: Path, template: str) -> None:
    (problem,) = error_of(tmp_path, template).problems
    assert "default" not in problem.hint
    assert "metadata.license" in problem.hint


@pytest.mark.parametrize("tag", ['{% extends "model.md.j2" %}', '{% include "model.md.j2" %}\n\nMore.'])
def test_a_template_may_build_on_a_built_in_one(tmp_path: Path, tag: str) -> None:
    card = rendered(tmp_path, f"{tag}\n", variables={"summary": "Reads *digits*."})
    assert "# digits-mlp\n\nReads *digits*.\n" in card.text
    assert card.warnings == ()


@pytest.mark.parametrize(
    ("verb", "name"),
    [("extends", "other.md"), ("include", "../secret"), ("import", "/etc/passwd"), ("include", "models")],
)
def test_a_template_cannot_read_other_files(tmp_path: Path, verb: str, name: str) -> None:
    (tmp_path / "other.md").write_text("secret")
    (problem,) = error_of(tmp_path, f'# x\n{{% {verb} "{name}" {"as y" if verb == "import" else ""} %}}\n').problems
    assert problem.code == "card.missing"
    assert problem.location is not None
    assert problem.location.line == 2
    assert "model.md.j2" in problem.hint


@pytest.mark.parametrize("text", ["`{{ messages }}`", "${{ secrets.TOKEN_NAME }}", "{% unknown %}", "## x {#my-id}"])
def test_braces_of_a_readme_can_be_kept_with_raw(tmp_path: Path, text: str) -> None:
    (problem,) = error_of(tmp_path, f"# x\n\n{text}\n", "README.md").problems
    assert "{% raw %}" in problem.hint
    assert text in rendered(tmp_path, f"# x\n\n{{% raw %}}{text}{{% endraw %}}\n", "README.md").text


UNUSED = {
    "misspelt": ("model", "limitatons", "'limitations'"),
    "like_one_of_huggingface_hub": ("model", "model_card_autors", "'model_card_authors'"),
    "of_another_template": ("space", "training_data", "uses"),
    "unlike_any": ("model", "zzz", "uses title, model_id, model_name"),
}


@pytest.mark.parametrize(("template", "name", "hint"), UNUSED.values(), ids=UNUSED)
def test_a_variable_that_a_template_does_not_use_is_a_warning(
    tmp_path: Path, template: str, name: str, hint: str
) -> None:
    project = project_in(tmp_path, card={"template": template, "metadata": METADATA, "variables": {name: "Few."}})
    assert project.manifest.card is not None
    (warning,) = render_card(project, project.manifest.card, []).warnings
    assert (warning.path, warning.severity, warning.of_key) == (f"card.variables.{name}", "warning", True)
    assert hint in warning.hint
    assert name in warning.message


def test_a_users_template_uses_the_names_in_its_tags_only(tmp_path: Path) -> None:
    template = "{% if one is defined or x.two or repo.six %}{{ 'three' }}{{ a | upper }}{% endif %} five {{ seven }}"
    variables = dict.fromkeys(["one", "two", "three", "upper", "five", "six", "seven", "a", "x"], "y")
    warnings = rendered(tmp_path, template, variables=variables).warnings
    assert [warning.path.rpartition(".")[2] for warning in warnings] == ["two", "three", "upper", "five", "six"]


def test_an_undefined_name_like_a_variable_names_the_variable(tmp_path: Path) -> None:
    error = error_of(tmp_path, "{{ limitations }}\n", variables={"limitatons": "Few."})
    assert [problem.severity for problem in error.problems] == ["error", "warning"]
    assert "did you mean `limitatons`?" in error.problems[0].hint
