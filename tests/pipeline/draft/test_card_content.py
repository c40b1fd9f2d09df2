"""Results, logs, parameters and figures become lines of a draft that check and card accept."""

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

import hublish
from hublish.schemas.documents.card_evaluation import EvaluationFile
from tests.pipeline.draft.shapes.making import mit, png, safetensors, write

BERT = {"architectures": ["BertForSequenceClassification"], "model_type": "bert"}
PLAIN = {"accuracy": 0.91, "runtime": 3.5}
INDEX = {
    "task": {"type": "text-classification"},
    "dataset": {"type": "imdb", "name": "IMDb"},
    "metrics": [{"type": "accuracy", "value": 0.91}],
}
MEAN = {"precision": 0.9, "recall": 0.8, "f1-score": 0.85, "support": 30}
REPORT = {"accuracy": 0.91, "macro avg": MEAN, "weighted avg": MEAN}
LM_EVAL = {"results": {"gsm8k": {"acc,none": 0.91}}, "versions": {"gsm8k": 3}, "configs": {}}
LIGHTEVAL = {"config_general": {}, "results": {"lighteval|gsm8k|5": {"acc": 0.91}}}
INSPECT = {
    "version": 2,
    "status": "success",
    "eval": {"task": "gsm8k", "dataset": {"name": "gsm8k"}},
    "results": {"scores": [{"name": "match", "metrics": {"accuracy": {"value": 0.91}}}]},
}


def drafted(folder: Path, files: dict[str, Any], config: Any = BERT) -> hublish.Draft:
    safetensors(folder / "model.safetensors")
    write(folder / "config.json", config)
    for path, content in files.items():
        write(folder / path, content)
    return hublish.init(folder, repo_id="acme/tiny")


def entries(made: hublish.Draft) -> tuple[EvaluationFile, ...]:
    assert made.manifest.card is not None
    found = made.manifest.card.evaluation
    assert isinstance(found, tuple)
    return found


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("metrics.json", PLAIN),
        ("eval_results.json", {"eval_accuracy": 0.91, "eval_runtime": 3.5}),
        ("all_results.json", {"eval_accuracy": 0.91, "train_loss": 0.2}),
        ("test_results.json", {"test_accuracy": 0.91}),
        ("reports/classification_report.json", REPORT),
        ("metrics.csv", "metric,value\naccuracy,0.91\n"),
        ("results.tsv", "accuracy\tf1\n0.91\t0.9\n"),
        ("metrics.yaml", "accuracy: 0.91\n"),
    ],
)
def test_metrics_are_shown_where_a_file_names_their_dataset(file: str, content: Any, tmp_path: Path) -> None:
    made = drafted(tmp_path, {file: content, "params.yaml": "dataset: {name: imdb, split: test}\nlr: 0.1\n"})
    (entry,) = entries(made)
    assert (entry.file, entry.task) == (file, "text-classification")
    assert entry.dataset is not None
    assert (entry.dataset.type, entry.dataset.split) == ("imdb", "test")
    card = hublish.card(tmp_path / "hub.yaml")
    assert "    - type: accuracy\n      value: 0.91\n" in card
    assert "| 0.91 |" in card
    assert not [one for one in made.left_out if one.path == file and "the card" not in one.why]


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("results/org__tiny/results_2026-01-31T10-00-00.json", LM_EVAL),
        ("evals/results/tiny/results_2026-01-31.json", LIGHTEVAL),
        ("eval_log.json", INSPECT),
    ],
)
def test_harnesses_name_their_benchmarks(file: str, content: Any, tmp_path: Path) -> None:
    made = drafted(tmp_path, {file: content})
    (entry,) = entries(made)
    assert (entry.file, entry.task, entry.dataset) == (file, None, None)
    card = hublish.card(tmp_path / "hub.yaml")
    assert "gsm8k" in card
    assert "0.91" in card


def test_a_log_of_inspect_is_read_without_its_samples(tmp_path: Path) -> None:
    (tmp_path / "evals").mkdir()
    with zipfile.ZipFile(tmp_path / "evals" / "gsm8k.eval", "w") as archive:
        archive.writestr("header.json", json.dumps(INSPECT))
        archive.writestr("samples/1.json", "x" * 1000)
    made = drafted(tmp_path, {})
    assert [entry.file for entry in entries(made)] == ["evals/gsm8k.eval"]
    assert ("evals/", "not uploaded; the card shows its results") in [(one.path, one.why) for one in made.left_out]


def test_a_model_index_goes_into_the_card_as_it_is(tmp_path: Path) -> None:
    made = drafted(tmp_path, {"metrics.json": [INDEX]})
    assert made.manifest.card is not None
    assert made.manifest.card.evaluation == "metrics.json"


@pytest.mark.parametrize(
    "content",
    [PLAIN, REPORT, {"accuracy": 0.91, "dataset": "./data/mine"}, {"accuracy": 0.91, "dataset": "data/mine.csv"}],
)
def test_results_without_a_dataset_are_lines_to_fill_in(content: Any, tmp_path: Path) -> None:
    made = drafted(tmp_path, {"metrics.json": content})
    assert made.manifest.card is not None
    assert made.manifest.card.evaluation is None
    assert "\n  # evaluation:\n  #   - file: metrics.json\n  #     task: text-classification\n" in made.text
    assert made.open[-1] == "card.evaluation: the task and the dataset that metrics.json was measured on"


@pytest.mark.parametrize(
    ("file", "content"),
    [
        ("eval_config.json", {"batch_size": 8, "limit": 3}),
        ("metrics.json", {"accuracy": "high"}),
        ("metrics.json", [{**INDEX, "task": {}}]),
        ("metrics.json", []),
        ("metrics.json", b"\x00\xff"),
        ("metrics.json", '{"accuracy": NaN}'),
        ("results.csv", "epoch,accuracy\n1,0.5\n2,0.9\n"),
        ("weights.json", PLAIN),
        ("data/metrics.json", PLAIN),
        ("other/metrics.json", PLAIN),
        (".eval_results/gsm8k.yaml", "accuracy: 0.91\n"),
        ("broken.eval", b"PK\x03\x04"),
        ("results/__home__ada__tiny/results_2026-01-31T10-00-00.json", LM_EVAL),
    ],
)
def test_other_files_are_not_results(file: str, content: Any, tmp_path: Path) -> None:
    made = drafted(tmp_path, {file: content})
    assert "evaluation:" not in made.text
    assert not [one for one in made.recognised if one.what == "evaluation results"]


def test_results_of_another_model_are_not_shown(tmp_path: Path) -> None:
    safetensors(tmp_path / "results-old" / "model.safetensors")
    made = drafted(tmp_path, {"results-old/metrics.json": {**PLAIN, "dataset": "imdb"}})
    assert "evaluation:" not in made.text


def test_the_same_metric_is_shown_once(tmp_path: Path) -> None:
    results = {"eval_accuracy": 0.91, "dataset": "imdb"}
    made = drafted(tmp_path, {"eval_results.json": results, "all_results.json": results, "metrics.json": results})
    assert [entry.file for entry in entries(made)] == ["eval_results.json"]


CURVE = "".join(f'{{"step": {step}, "loss": {1 / step}}}\n' for step in range(1, 6))
STATE = {"global_step": 5, "log_history": [{"step": step, "loss": 1 / step} for step in range(1, 6)]}


@pytest.mark.parametrize(
    ("file", "content", "left_out"),
    [
        ("training_log.jsonl", CURVE, None),
        ("history.json", {"loss": [0.9, 0.5, 0.25, 0.1]}, None),
        ("log.csv", "epoch,loss\n1,0.9\n2,0.5\n3,0.1\n", None),
        ("trainer_state.json", STATE, ("trainer_state.json", "not uploaded; the card draws its curves")),
        ("runs/log.csv", "epoch,loss\n1,0.9\n2,0.5\n3,0.1\n", ("runs/", "not uploaded; the card draws its curves")),
        ("logs/train.jsonl", CURVE, ("logs/", "logs; of logs/train.jsonl, the card draws its curves")),
    ],
)
def test_the_curves_of_a_log_are_in_the_card(
    file: str, content: Any, left_out: tuple[str, str] | None, tmp_path: Path
) -> None:
    made = drafted(tmp_path, {file: content})
    assert "figures/training.svg" in hublish.card(tmp_path / "hub.yaml")
    released = {one.path_in_repo for one in hublish.files(tmp_path / "hub.yaml").files}
    assert (file in released) == (left_out is None)
    assert [(one.path, one.why) for one in made.left_out] == ([left_out] if left_out else [])
    assert ("a training log", file) in [(one.what, one.evidence) for one in made.recognised]


@pytest.mark.parametrize(
    ("file", "content", "quoted"),
    [
        ("params.yaml", "lr: 0.5\n", "data.params.lr"),
        ("params.json", {"note": "x", "train": {"epochs": 3}}, "data.params.train.epochs"),
        ("hparams.yaml", "seed: 1\nlearning_rate: 0.1\n", "data.params.learning_rate"),
        ("params.yaml", "a-b: 1\n", ""),
        ("params.yaml", "lr: [\n", ""),
        ("params.yaml", "- 1\n", ""),
    ],
)
def test_parameters_can_be_quoted(file: str, content: Any, quoted: str, tmp_path: Path) -> None:
    made = drafted(tmp_path, {file: content})
    assert made.manifest.card is not None
    assert dict(made.manifest.card.data) == ({"params": file} if quoted else {})
    assert (f"{{{{ {quoted} }}}}" in made.text) == bool(quoted)


@pytest.mark.parametrize(
    ("file", "variable", "shown"),
    [
        ("confusion_matrix.png", "results", "![Confusion matrix](confusion_matrix.png)"),
        ("plots/confusion.png", "results", "![Confusion matrix](plots/confusion.png)"),
        ("figures/PR_curve.jpg", "results", "![PR curve](figures/PR_curve.jpg)"),
        ("figs/roc auc.webp", "results", "![ROC AUC](figs/roc%20auc.webp)"),
        ("plots/val_loss.svg", "training", "![Validation loss](plots/val_loss.svg)"),
        ("model-architecture.png", "model_specs", "![Model architecture](model-architecture.png)"),
        ("screenshot_loss.png", "", ""),
        ("plots/figure1.png", "", ""),
        ("plots/private_loss.png", "", ""),
        ("glossary.png", "", ""),
        ("plots/loss](x) ![y.png", "", ""),
        ("assets/deep/loss.png", "", ""),
        ("data/loss.png", "", ""),
        ("figures/training.svg", "", ""),
    ],
)
def test_a_figure_is_released_and_shown_if_its_name_says_what_it_is(
    file: str, variable: str, shown: str, tmp_path: Path
) -> None:
    png(tmp_path / file)
    made = drafted(tmp_path, {})
    card = made.manifest.card
    assert card is not None
    assert dict(card.variables) == ({variable: shown} if variable else {})
    if variable:
        assert shown in hublish.card(tmp_path / "hub.yaml")
        assert file in {one.path_in_repo for one in hublish.files(tmp_path / "hub.yaml").files}
        assert not [one for one in made.warnings if one.code == "card.missing_file"]
    else:
        assert [one.path for one in made.left_out] in ([file], [f"{file.split('/', maxsplit=1)[0]}/"])


def test_a_figure_outside_of_the_models_folder_is_shown_where_it_is_released(tmp_path: Path) -> None:
    safetensors(tmp_path / "runs" / "best" / "model.safetensors")
    for path in ("plots/loss.png", "runs/best/plots/roc.png"):
        png(tmp_path / path)
    made = hublish.init(tmp_path, repo_id="acme/tiny")
    assert made.manifest.card is not None
    assert dict(made.manifest.card.variables) == {"training": "![Loss](loss.png)", "results": "![ROC](plots/roc.png)"}
    assert {"loss.png", "plots/roc.png"} <= {one.path_in_repo for one in hublish.files(tmp_path / "hub.yaml").files}
    assert not [one for one in made.warnings if one.code == "card.missing_file"]


def test_a_published_readme_needs_none_of_it(tmp_path: Path) -> None:
    png(tmp_path / "loss.png")
    write(tmp_path / "README.md", "---\nlicense: mit\n---\n# Tiny\n")
    made = drafted(tmp_path, {"metrics.json": PLAIN, "params.yaml": "lr: 1\n", "training_log.jsonl": CURVE})
    assert made.manifest.card is None
    assert {one.path for one in made.left_out} == {"loss.png", "params.yaml", "training_log.jsonl"}


def test_a_dataset_has_its_size_and_its_figures(tmp_path: Path) -> None:
    for split, rows in (("train", 900), ("test", 200)):
        write(tmp_path / f"{split}.csv", "text,label\n" + "a,0\n" * rows)
    for name in ("plots/class_distribution.png", "plots/length_histogram.png", "me.png"):
        png(tmp_path / name)
    made = hublish.init(tmp_path, repo_id="acme/rows")
    card = made.manifest.card
    assert card is not None
    assert card.metadata["size_categories"] == "1K<n<10K"
    assert "structure" in card.variables
    assert "![Class distribution](plots/class_distribution.png)" in hublish.card(tmp_path / "hub.yaml")
    released = {one.path_in_repo for one in hublish.files(tmp_path / "hub.yaml").files}
    assert {"plots/class_distribution.png", "plots/length_histogram.png", "train.csv", "test.csv"} <= released
    assert [one.path for one in made.left_out] == ["me.png"]
    assert not [one for one in made.warnings if one.code == "card.missing_file"]


def test_a_dataset_whose_rows_are_not_counted_has_the_size_as_a_hint(tmp_path: Path) -> None:
    write(tmp_path / "train.parquet", b"PAR1 broken PAR1")
    made = hublish.init(tmp_path, repo_id="acme/rows")
    assert made.manifest.card is not None
    assert "size_categories" not in made.manifest.card.metadata
    assert "# size_categories: 1K<n<10K" in made.text


APP = """import gradio
model = AutoModel.from_pretrained("acme/base", revision="main")
classify = pipeline("image-classification", model="acme/digits")
rows = load_dataset("acme/rows", split="train")
mine = AutoModel.from_pretrained("models/mine")
data = hf_hub_download("acme/files", "a.json", repo_type="dataset")
"""


def test_a_space_names_what_its_app_loads_and_its_license(tmp_path: Path) -> None:
    write(tmp_path / "app.py", APP)
    mit(tmp_path)
    made = hublish.init(tmp_path, repo_id="acme/demo")
    assert made.manifest.card is not None
    metadata = made.manifest.card.metadata
    assert (metadata["models"], metadata["datasets"], metadata["license"]) == (
        ["acme/base", "acme/digits"],
        ["acme/rows"],
        "mit",
    )
    assert "acme/digits" in hublish.card(tmp_path / "hub.yaml")
