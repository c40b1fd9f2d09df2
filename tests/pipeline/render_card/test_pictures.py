"""Pictures of a card: drawn from its facts, released in `figures`, and shown where the template puts them."""

import json
from pathlib import Path
from typing import Any, get_args

import pytest

from hublish.base.errors import CardError
from hublish.base.values import Staged
from hublish.formats.dataset_splits import infer_splits
from hublish.formats.markdown_links import markdown_links
from hublish.pipeline.render_card.pictures import paths_of, possible_picture
from hublish.pipeline.render_card.render_card import RenderCard
from hublish.schemas.documents.manifest import PictureName
from tests.pipeline.staging import project_in, staged

METRICS = [{"type": name, "value": value} for name, value in (("accuracy", 0.93), ("f1", 0.91), ("recall", 0.9))]
RESULTS = [{"task": {"type": "x"}, "dataset": {"type": "d", "name": "Digits"}, "metrics": METRICS}]
SHOWS = "# T\n\n{% for each in pictures.values() %}\n{{ each.markup }}\n\n{% endfor %}\n"


def run_stage(
    folder: Path,
    template: str = SHOWS,
    files: dict[str, Any] | None = None,
    repo: dict[str, Any] | None = None,
    **card: Any,
) -> Staged:
    (folder / "card.md.j2").write_text(template)
    (folder / "results.json").write_text(json.dumps(RESULTS))
    card = {"template": "card.md.j2", "evaluation": "results.json", "metadata": {"license": "mit"}, **card}
    artifacts = [{"source": "*", "serializer": card.pop("serializer", "copy")}]
    fields = {"repo": {"repo_id": "acme/digits-mlp", **(repo or {})}, "artifacts": artifacts}
    return RenderCard().run(staged(project_in(folder, card=card, **fields), files or {}))


def text_of(value: Staged) -> str:
    return value.files[-1].content.read().decode()


def test_a_picture_is_released_beside_the_card_that_shows_it(tmp_path: Path) -> None:
    value = run_stage(tmp_path)
    paths = ["figures/evaluation.svg", "figures/evaluation-dark.svg", "README.md"]
    assert [file.path_in_repo for file in value.files] == paths
    assert (
        "<picture>\n"
        '  <source media="(prefers-color-scheme: dark)"'
        ' srcset="/acme/digits-mlp/resolve/main/figures/evaluation-dark.svg">\n'
        '  <img alt="Evaluation on Digits: accuracy 0.93, f1 0.91, recall 0.9" src="figures/evaluation.svg">\n'
        "</picture>\n"
    ) in text_of(value)
    assert value.warnings == ()


def test_the_verdict_names_the_field_and_the_source_of_a_picture(tmp_path: Path) -> None:
    origin = run_stage(tmp_path).files[0].origin
    assert (origin.serializer, origin.source) == ("card", "picture evaluation")
    assert origin.verdict.rule == "card.pictures: evaluation, drawn from the evaluation results"


@pytest.mark.parametrize(
    ("repo", "address"),
    [
        ({"tag": "v1.0"}, "/acme/digits-mlp/resolve/v1.0/figures/"),
        ({"revision": "exp/a"}, "/acme/digits-mlp/resolve/exp%2Fa/figures/"),
    ],
)
def test_the_dark_version_has_an_address_that_is_right_on_every_hub(
    tmp_path: Path, repo: dict[str, Any], address: str
) -> None:
    links = [link.target for link in markdown_links(text_of(run_stage(tmp_path, repo=repo)))]
    assert links == [f"{address}evaluation-dark.svg", "figures/evaluation.svg"]


@pytest.mark.parametrize("pictures", [False, [], ["training"]])
def test_a_picture_that_is_not_chosen_is_not_released(tmp_path: Path, pictures: Any) -> None:
    assert [file.path_in_repo for file in run_stage(tmp_path, pictures=pictures).files] == ["README.md"]


def test_a_picture_that_the_template_does_not_show_is_not_released(tmp_path: Path) -> None:
    value = run_stage(tmp_path, "# T\n\n{{ pictures.evaluation.alt }}\n")
    assert [file.path_in_repo for file in value.files] == ["README.md"]
    assert value.warnings == ()


@pytest.mark.parametrize(
    ("name", "template", "message"),
    [
        ("training", SHOWS, "there is no data for the picture 'training'"),
        ("tensors", SHOWS, "there is no data for the picture 'tensors'"),
        ("splits", SHOWS, "there is no data for the picture 'splits'"),
        ("evaluation", "# T\n\ntext\n", "the template 'card.md.j2' does not show the picture 'evaluation'"),
    ],
)
def test_a_chosen_picture_that_the_card_lacks_is_reported(
    tmp_path: Path, name: str, template: str, message: str
) -> None:
    (problem,) = run_stage(tmp_path, template, pictures=[name]).warnings
    assert (problem.code, problem.path, problem.message) == ("card.picture", "card.pictures[0]", message)


def test_tensors_that_await_their_conversion_are_not_missed(tmp_path: Path) -> None:
    value = run_stage(tmp_path, files={"model.npz": b""}, pictures=["tensors"], serializer="safetensors")
    assert value.warnings == ()


@pytest.mark.parametrize("path", ["figures/evaluation.svg", "figures/evaluation-dark.svg"])
def test_a_file_with_the_path_of_a_picture_is_refused(tmp_path: Path, path: str) -> None:
    with pytest.raises(CardError) as caught:
        run_stage(tmp_path, files={path: b"<svg/>"})
    (problem,) = caught.value.problems
    assert (problem.code, problem.path) == ("card.picture_twice", "artifacts[0].source")
    assert "pictures: false" in problem.hint
    assert run_stage(tmp_path, files={path: b"<svg/>"}, pictures=False).files[0].path_in_repo == path


def test_an_own_figure_is_shown_where_the_author_places_it(tmp_path: Path) -> None:
    template = "# T\n\n![loss](runs/loss.png)\n"
    assert run_stage(tmp_path, template, {"runs/loss.png": b"png"}).warnings == ()
    (problem,) = run_stage(tmp_path, template).warnings
    assert (problem.code, problem.message) == ("card.missing_file", "'runs/loss.png' is not a file of the release")


def test_a_hostile_name_stays_within_the_alternative_text(tmp_path: Path) -> None:
    hostile = '"><script>alert(1)</script> ](javascript:x) `{{ 7*7 }}` --> \n\n# x'
    (tmp_path / "r").mkdir()
    results = [{"task": {"type": "x"}, "dataset": {"type": "d", "name": hostile}, "metrics": METRICS}]
    (tmp_path / "r" / "h.json").write_text(json.dumps(results))
    text = text_of(run_stage(tmp_path, evaluation="r/h.json"))
    element = text[text.index("<picture>") : text.index("</picture>")]
    assert element.count("\n") == 3
    assert "<script" not in element
    assert [link.target for link in markdown_links(element)][1:] == ["figures/evaluation.svg"]


@pytest.mark.parametrize("name", get_args(PictureName))
def test_no_picture_changes_the_splits_of_a_dataset(name: PictureName) -> None:
    data = ["data/a.csv", "data/b.csv"]
    shown = paths_of(name, "dataset")
    assert len({path for each in get_args(PictureName) for path in paths_of(each, "dataset")}) == 8
    found = {split: [path for path in paths if path in data] for split, paths in infer_splits([*data, *shown]).items()}
    assert found == infer_splits(data)
    assert paths_of(name, "model") == (f"figures/{name}.svg", f"figures/{name}-dark.svg")


@pytest.mark.parametrize(
    ("path", "fields", "name"),
    [
        ("figures/training.svg", {}, "training"),
        ("figures/tensors-dark.svg", {}, "tensors"),
        ("figures/splits.svg", {}, None),
        ("figures/splits.svg", {"pictures": ["splits"]}, "splits"),
        ("figures/training.svg", {"pictures": False}, None),
        ("training.svg", {}, None),
    ],
)
def test_a_path_leads_to_the_picture_that_may_have_it(
    tmp_path: Path, path: str, fields: dict[str, Any], name: str | None
) -> None:
    verdict = possible_picture(path, project_in(tmp_path, card={"metadata": {"license": "mit"}, **fields}))
    assert (verdict is not None and verdict.rule.startswith(f"card.pictures: {name}, ")) == (name is not None)
    assert possible_picture(path, project_in(tmp_path)) is None
