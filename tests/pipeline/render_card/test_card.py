"""Whole cards: what the built-in templates make, and what a card refuses."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from hublish.base.content import InMemory
from hublish.base.errors import CardError
from hublish.base.values import Origin, StagedFile
from hublish.pipeline.render_card.card import render_card
from tests.pipeline.staging import project_in

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
def test_a_card_is_the_golden_one(tmp_path: Path, name: str) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps(RESULTS))
    project = project_in(tmp_path, **json.loads(json.dumps(CARDS[name])))
    assert project.manifest.card is not None
    files = [WEIGHTS] if name.startswith("model") else []
    text = render_card(project, project.manifest.card, files).text
    golden = GOLDEN / f"{name}.md"
    if os.environ.get("UPDATE_GOLDEN"):
        golden.write_text(text, "utf-8")
    assert text == golden.read_text("utf-8")


def refused(folder: Path, card: dict[str, Any], **fields: Any) -> CardError:
    project = project_in(folder, card=card, **fields)
    assert project.manifest.card is not None
    with pytest.raises(CardError) as caught:
        render_card(project, project.manifest.card, [])
    return caught.value


def test_every_error_of_the_metadata_is_named_at_its_place(tmp_path: Path) -> None:
    error = refused(tmp_path, {"metadata": {"license": "my-own", "datasets": ["/var/data"]}})
    assert [problem.path for problem in error.problems] == ["card.metadata.license", "card.metadata.datasets[0]"]


def test_advice_on_the_metadata_is_returned_as_warnings(tmp_path: Path) -> None:
    project = project_in(tmp_path, card={"metadata": {"license": "mit", "pipeline_tag": "image-clasification"}})
    assert project.manifest.card is not None
    warnings = render_card(project, project.manifest.card, []).warnings
    assert [problem.path for problem in warnings] == ["card.metadata.pipeline_tag"]
    assert {problem.severity for problem in warnings} == {"warning"}


def test_a_card_without_metadata_is_warned_about(tmp_path: Path) -> None:
    project = project_in(tmp_path, card={})
    assert project.manifest.card is not None
    (warning,) = render_card(project, project.manifest.card, []).warnings
    assert warning.path == "card.metadata.license"


def test_a_template_of_one_s_own_sees_the_documented_names(tmp_path: Path) -> None:
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


def test_a_variable_may_not_take_the_name_of_something_else(tmp_path: Path) -> None:
    error = refused(tmp_path, {"variables": {"files": "mine", "repo": "mine"}})
    assert [problem.path for problem in error.problems] == ["card.variables.files", "card.variables.repo"]


def test_results_given_twice_are_refused(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps(RESULTS))
    card = {"evaluation": "metrics.json", "metadata": {"model-index": [{"name": "a", "results": RESULTS}]}}
    assert "given twice" in str(refused(tmp_path, card))


def test_results_belong_to_models(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text(json.dumps(RESULTS))
    error = refused(tmp_path, {"template": "dataset", "evaluation": "metrics.json"}, repo={"repo_type": "dataset"})
    assert "belong to models" in str(error)


def test_results_of_the_wrong_form_are_refused_before_they_are_shown(tmp_path: Path) -> None:
    (tmp_path / "metrics.json").write_text('[{"task": {"type": "x"}, "metrics": [{"type": "f1"}]}]')
    error = refused(tmp_path, {"evaluation": "metrics.json"})
    assert {problem.path for problem in error.problems} == {
        "card.metadata.model-index[0].results[0].dataset",
        "card.metadata.model-index[0].results[0].metrics[0].value",
    }


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "not JSON"),
        (b"[1, 2]", "holds no list of results"),
        (b'{"accuracy": 0.9}', "holds no list of results"),
        (b'[{"a": 1, "a": 2}]', "duplicate key 'a'"),
        (b"[NaN]", "NaN is no JSON number"),
        (b"\xff\xfe", "not UTF-8"),
        (b"[" * 100_000, "nested too deep"),
        (b"[" + b" " * (1 << 20) + b"]", "larger than 1024 KiB"),
    ],
)
def test_a_bad_evaluation_file_is_refused_in_words(tmp_path: Path, content: bytes, says: str) -> None:
    (tmp_path / "metrics.json").write_bytes(content)
    assert says in str(refused(tmp_path, {"evaluation": "metrics.json"}))


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
@pytest.mark.parametrize(("make", "says"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_card_reads_files_of_its_own_folder_only(tmp_path: Path, field: str, make: Any, says: str) -> None:
    error = refused(tmp_path, {field: make(tmp_path)})
    assert says in str(error)
    assert error.problems[0].path == f"card.{field}"


def test_a_template_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "own.j2").write_bytes(b"caf\xe9")
    assert "own.j2 is not UTF-8 at byte 3" in str(refused(tmp_path, {"template": "own.j2"}))


def test_a_name_that_is_no_template_is_told_the_built_in_ones(tmp_path: Path) -> None:
    assert "did you mean 'model'?" in str(refused(tmp_path, {"template": "modle"}))
    assert "a built-in template: model, dataset, space" in str(refused(tmp_path, {"template": "card.md.j2"}))


def test_a_file_that_is_misspelt_is_told_its_neighbour(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards" / "own.md.j2").write_text("x")
    assert "did you mean 'cards/own.md.j2'?" in str(refused(tmp_path, {"template": "cards/onw.md.j2"}))


def test_everything_that_is_wrong_with_a_card_comes_at_once(tmp_path: Path) -> None:
    card = {
        "template": "modle",
        "metadata": {"license": "apache2", "base_model": "./x"},
        "variables": {"files": 1},
        "evaluation": "m.json",
    }
    assert [problem.path for problem in refused(tmp_path, card).problems] == [
        *("card.variables.files", "card.template", "card.evaluation"),
        *("card.metadata.license", "card.metadata.base_model"),
    ]
