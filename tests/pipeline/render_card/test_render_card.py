"""The stage that adds the card, or checks an existing README; the built-in templates; the problems of a card."""

import hashlib
import json
import os
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from hublish.base.content import InMemory
from hublish.base.errors import CardError
from hublish.base.values import Origin, Staged, StagedFile
from hublish.pipeline.render_card.render_card import RenderCard, render_card
from hublish.schemas.diagnose.problems import Location
from tests.pipeline.staging import project_in, staged


def run_stage(folder: Path, files: dict[str, Any], **fields: Any) -> Staged:
    return RenderCard().run(staged(project_in(folder, **fields), files))


def stage_error(folder: Path, files: dict[str, Any], **fields: Any) -> CardError:
    with pytest.raises(CardError) as caught:
        run_stage(folder, files, **fields)
    return caught.value


def test_the_card_is_added_with_its_template(tmp_path: Path) -> None:
    value = run_stage(tmp_path, {"config.json": b"{}"}, card={"metadata": {"license": "mit"}})
    readme = value.files[-1]
    template = (resources.files("hublish") / "templates" / "model.md.j2").read_bytes()
    assert readme.path_in_repo == "README.md"
    assert isinstance(readme.content, InMemory)
    assert readme.content.data.startswith(b"---\nlicense: mit\n---\n\n# digits-mlp\n")
    assert readme.origin.serializer == "card"
    assert readme.origin.parameters == {"template": "model", "template_sha256": hashlib.sha256(template).hexdigest()}


def test_the_same_input_gives_the_same_card(tmp_path: Path) -> None:
    card = {"metadata": {"tags": ["b", "a"], "license": "mit"}, "variables": {"summary": "x"}}
    assert run_stage(tmp_path, {}, card=card).files == run_stage(tmp_path, {}, card=card).files


def test_without_a_card_the_release_is_unchanged(tmp_path: Path) -> None:
    value = staged(project_in(tmp_path), {"config.json": b"{}"})
    assert RenderCard().run(value) == value


def test_two_sources_for_the_readme_are_rejected(tmp_path: Path) -> None:
    card = {"metadata": {"license": "mit"}}
    (problem,) = stage_error(tmp_path, {"README.md": b"# Mine\n"}, card=card).problems
    assert problem.path == "artifacts[0].source"
    assert problem.message == "'README.md' and the rendered card have the same path, README.md"


def test_problems_of_an_existing_readme_have_its_line_numbers(tmp_path: Path) -> None:
    readme = b"---\nlicense: my-own\ntags: [a]\ndatasets:\n- /var/data\n---\n\n# Mine\n"
    problems = stage_error(tmp_path, {"README.md": readme}).problems
    assert [(problem.path, problem.location) for problem in problems] == [
        ("license", Location("README.md", 2, 10)),
        ("datasets[0]", Location("README.md", 5, 3)),
    ]


def test_advice_on_an_existing_readme_is_a_warning(tmp_path: Path) -> None:
    value = run_stage(tmp_path, {"README.md": b"---\nlicense: mit\nlicnse: mit\n---\n\n# Mine\n"})
    assert [(problem.path, problem.severity) for problem in value.warnings] == [("licnse", "warning")]
    assert len(value.files) == 1


def test_a_readme_without_metadata_is_a_warning(tmp_path: Path) -> None:
    (warning,) = run_stage(tmp_path, {"README.md": b"# Mine\n"}).warnings
    assert warning.message == "README.md has no metadata"


def test_metadata_that_is_not_yaml_is_rejected_at_its_line(tmp_path: Path) -> None:
    error = stage_error(tmp_path, {"README.md": b"---\nlicense: mit\nlicense: gpl\n---\n\n# Mine\n"})
    assert error.problems[0].location == Location("README.md", 3, 1)


def test_a_readme_in_a_folder_is_not_a_card(tmp_path: Path) -> None:
    assert run_stage(tmp_path, {"docs/README.md": b"# Docs\n"}).warnings == ()


def test_a_missing_readme_is_reported(tmp_path: Path) -> None:
    value = staged(project_in(tmp_path), {"README.md": b"# Mine\n"})
    (tmp_path / "README.md").unlink()
    with pytest.raises(CardError, match=r"README\.md cannot be read"):
        RenderCard().run(value)


GOLDEN = Path(__file__).parent / "golden"
RESULTS = [
    {
        "task": {"type": "image-classification", "name": "Image classification"},
        "dataset": {"type": "digits", "name": "Digits | handwritten", "split": "test"},
        "metrics": [{"type": "accuracy", "name": "Accuracy", "value": 0.9722}, {"type": "f1", "value": 0.97}],
    },
    {
        "task": {"type": "image-classification"},
        "dataset": {"type": "mnist", "name": "MNIST"},
        "metrics": [{"type": "accuracy", "value": 0.91}],
    },
]
PROSE = {
    "title": "Digits: a *small* MLP",
    "summary": "Reads **handwritten digits**.",
    "description": "Two layers.\n\n- 64 inputs\n- 10 classes",
    "intended_use": "Teaching. Not <b>banking</b>.",
    "usage": "Scale the pixels to `0..16` first.",
    "training": "With [numpy](https://numpy.org) alone.",
    "limitations": "Sees 8 x 8 pixels.",
    "citation": "@misc{digits,\n  title = {Digits},\n  note = {```}\n}",
    "contact": "[us](javascript:alert(1)) or <mail@example.org>",
    "structure": "One array a column.",
    "collection": "Forty-three people wrote them.",
}
WEIGHTS = StagedFile("model.safetensors", InMemory(bytes(9)), Origin(0, "model.npz", "safetensors"))

CARDS: dict[str, dict[str, Any]] = {
    "model-least": {"card": {}},
    "model-full": {
        "repo": {"tag": "v1.2.0"},
        "card": {
            "metadata": {"license": "apache-2.0", "tags": ["digits", "no"], "language": "no"},
            "variables": PROSE,
            "evaluation": "metrics.json",
        },
    },
    "dataset-full": {
        "repo": {"repo_type": "dataset", "tag": "v1.2.0"},
        "card": {
            "template": "dataset",
            "metadata": {"license": "cc-by-4.0", "pretty_name": "Digits"},
            "variables": {name: text for name, text in PROSE.items() if name not in ("title", "training")},
        },
    },
    "space-full": {
        "repo": {"repo_type": "space"},
        "card": {
            "template": "space",
            "metadata": {"title": "Digits", "sdk": "static", "emoji": "✏️", "colorFrom": "red", "colorTo": "blue"},
            "variables": {name: PROSE[name] for name in ("summary", "usage", "limitations")},
        },
    },
}


@pytest.mark.parametrize("name", CARDS)
def test_a_card_equals_the_golden_one(tmp_path: Path, name: str, request: pytest.FixtureRequest) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps(RESULTS))
    project = project_in(tmp_path, **json.loads(json.dumps(CARDS[name])))
    assert project.manifest.card is not None
    files = [WEIGHTS] if name.startswith("model") else []
    text = render_card(project, project.manifest.card, files).text
    golden = GOLDEN / f"{name}.md"
    if request.config.getoption("--update-goldens", default=False):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


def card_error(folder: Path, card: dict[str, Any], **fields: Any) -> CardError:
    project = project_in(folder, card=card, **fields)
    assert project.manifest.card is not None
    with pytest.raises(CardError) as caught:
        render_card(project, project.manifest.card, [])
    return caught.value


def test_every_error_in_the_metadata_has_its_path(tmp_path: Path) -> None:
    error = card_error(tmp_path, {"metadata": {"license": "my-own", "datasets": ["/var/data"]}})
    assert [problem.path for problem in error.problems] == ["card.metadata.license", "card.metadata.datasets[0]"]


def test_advice_on_the_metadata_is_a_warning(tmp_path: Path) -> None:
    project = project_in(tmp_path, card={"metadata": {"license": "mit", "pipeline_tag": "image-clasification"}})
    assert project.manifest.card is not None
    warnings = render_card(project, project.manifest.card, []).warnings
    assert [problem.path for problem in warnings] == ["card.metadata.pipeline_tag"]
    assert {problem.severity for problem in warnings} == {"warning"}


def test_a_card_without_metadata_has_a_warning(tmp_path: Path) -> None:
    project = project_in(tmp_path, card={})
    assert project.manifest.card is not None
    (warning,) = render_card(project, project.manifest.card, []).warnings
    assert warning.path == "card.metadata.license"


def test_a_template_of_the_users_gets_the_documented_names(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "metrics.json").write_text(json.dumps({"results": RESULTS}))
    template = (
        "{{ repo.repo_id }} {{ repo.repo_type }} {{ repo.name }} "
        "{{ repo.namespace }} {{ repo.revision }} {{ repo.tag }}\n"
        "{{ metadata.license }} {{ metadata['model-index'][0].name }} {{ evaluation | length }}\n"
        "{% for file in files %}{{ file.path }} {{ file.suffix }} {{ file.size }}{% endfor %};\n"
        "{{ greeting }}\n"
    )
    (tmp_path / "cards" / "own.md.j2").write_text(template)
    card = {
        "template": "cards/own.md.j2",
        "metadata": {"license": "mit"},
        "variables": {"greeting": "{{ 7 * 7 }}"},
        "evaluation": "metrics.json",
    }
    project = project_in(tmp_path, card=card, repo={"tag": "v1"})
    assert project.manifest.card is not None
    rendered = render_card(project, project.manifest.card, [WEIGHTS])
    body = rendered.text.split("---\n\n", 1)[1]
    assert body.splitlines() == [
        "acme/digits-mlp model digits-mlp acme main v1",
        "mit digits-mlp 2",
        "model.safetensors .safetensors 9;",
        "{{ 7 \\* 7 }}",
    ]
    assert rendered.template.name == "cards/own.md.j2"


def test_a_variable_must_not_have_a_reserved_name(tmp_path: Path) -> None:
    card = {"metadata": {"license": "mit"}, "variables": {"files": "mine", "repo": "mine"}}
    error = card_error(tmp_path, card)
    assert [problem.path for problem in error.problems] == ["card.variables.files", "card.variables.repo"]


def test_results_given_twice_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps(RESULTS))
    card = {"evaluation": "metrics.json", "metadata": {"model-index": [{"name": "a", "results": RESULTS}]}}
    assert "given twice" in str(card_error(tmp_path, card))


def test_only_models_have_results(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps(RESULTS))
    error = card_error(tmp_path, {"template": "dataset", "evaluation": "metrics.json"}, repo={"repo_type": "dataset"})
    assert "only models have evaluation results" in str(error)


def test_results_of_the_wrong_form_are_rejected(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('[{"task": {"type": "x"}, "metrics": [{"type": "f1"}]}]')
    error = card_error(tmp_path, {"evaluation": "metrics.json", "metadata": {"license": "mit"}})
    assert {problem.path for problem in error.problems} == {
        "card.metadata.model-index[0].results[0].dataset",
        "card.metadata.model-index[0].results[0].metrics[0].value",
    }


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "not JSON"),
        (b"[1, 2]", "contains no list of results"),
        (b'{"accuracy": 0.9}', "contains no list of results"),
        (b'[{"a": 1, "a": 2}]', "duplicate key 'a'"),
        (b"[NaN]", "NaN is not a JSON number"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b"[" + b" " * (1 << 20) + b"]", "larger than 1024 KiB"),
    ],
)
def test_an_invalid_evaluation_file_is_rejected_with_a_reason(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "metrics.json").write_bytes(content)
    assert message in str(card_error(tmp_path, {"evaluation": "metrics.json"}))


def link_out(folder: Path) -> str:
    (folder / "link").symlink_to("/etc/passwd")
    return "link"


def link_to_a_folder(folder: Path) -> str:
    (folder / "linked").symlink_to("/etc")
    return "linked/passwd"


def a_pipe(folder: Path) -> str:
    os.mkfifo(folder / "pipe")
    return "pipe"


def a_folder(folder: Path) -> str:
    (folder / "folder").mkdir()
    return "folder"


BAD_FILES = {
    "missing": (lambda _: "missing.json", "there is no file missing.json"),
    "a link out": (link_out, "cannot be read"),
    "a linked folder": (link_to_a_folder, "cannot be read"),
    "a pipe": (a_pipe, "not a regular file"),
    "a folder": (a_folder, "not a regular file"),
}


@pytest.mark.parametrize("field", ["template", "evaluation"])
@pytest.mark.parametrize(("make", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_card_reads_regular_files_of_its_own_folder_only(tmp_path: Path, field: str, make: Any, message: str) -> None:
    error = card_error(tmp_path, {field: make(tmp_path)})
    assert message in str(error)
    assert error.problems[0].path == f"card.{field}"


def test_a_template_that_is_not_text_is_rejected(tmp_path: Path) -> None:
    (tmp_path / "own.j2").write_bytes(b"caf\xe9")
    assert "own.j2 is not UTF-8 at byte 3" in str(card_error(tmp_path, {"template": "own.j2"}))


def test_an_unknown_template_gets_the_built_in_ones_as_a_hint(tmp_path: Path) -> None:
    assert "did you mean 'model'?" in str(card_error(tmp_path, {"template": "modle"}))
    assert "a built-in template: model, dataset, space" in str(card_error(tmp_path, {"template": "card.md.j2"}))


def test_a_misspelled_file_gets_the_nearest_name_as_a_hint(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "own.md.j2").write_text("x")
    assert "did you mean 'cards/own.md.j2'?" in str(card_error(tmp_path, {"template": "cards/onw.md.j2"}))


def test_all_problems_of_a_card_are_reported_at_once(tmp_path: Path) -> None:
    card = {
        "template": "modle",
        "metadata": {"license": "apache2", "base_model": "./x"},
        "variables": {"files": 1},
        "evaluation": "m.json",
    }
    assert [problem.path for problem in card_error(tmp_path, card).problems] == [
        *("card.variables.files", "card.template", "card.evaluation"),
        *("card.metadata.license", "card.metadata.base_model"),
    ]
