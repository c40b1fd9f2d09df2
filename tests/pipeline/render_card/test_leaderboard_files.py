"""The files of a release with results for leaderboards: published, explained, and shown by the real client."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml
from huggingface_hub import EvalResultEntry, HfApi, ModelCard, ModelCardData

import hublish
from hublish.base.errors import CardError
from hublish.base.values.explanation import Outcome
from hublish.hub.server import EmbeddedHub
from tests.pipeline.render_card.test_render_card import run_stage, stage_error

RESULTS = {
    "results": {
        "gpqa_diamond_zeroshot": {
            "alias": "gpqa_diamond_zeroshot",
            "acc,none": 0.3434343434343434,
            "acc_stderr,none": 0.0338,
            "acc_norm,none": 0.35,
            "acc_norm_stderr,none": 0.034,
        },
        "hle": {"alias": "hle", "exact_match,none": 0.05, "exact_match_stderr,none": "N/A"},
    },
    "group_subtasks": {"gpqa_diamond_zeroshot": [], "hle": []},
    "configs": {"hle": {"dataset_path": "cais/hle", "test_split": "test"}},
    "versions": {"gpqa_diamond_zeroshot": 1.0, "hle": 0},
    "n-shot": {"gpqa_diamond_zeroshot": 0, "hle": 0},
    "date": 1767225600.5,
}
GPQA = {"type": "Idavidrein/gpqa", "name": "GPQA", "config": "gpqa_diamond", "task_id": "gpqa_diamond"}
LISTED: list[dict[str, Any]] = [
    {"file": "lm.json", "benchmarks": ["gpqa_diamond_zeroshot"], "dataset": GPQA, "metrics": ["acc_norm", "acc"]},
    {"file": "lm.json", "benchmarks": ["hle"]},
]
CARD: dict[str, Any] = {"metadata": {"license": "mit"}, "evaluation": LISTED}
PATH = ".eval_results/Idavidrein_gpqa.yaml"


def made(folder: Path) -> Path:
    (folder / "config.json").write_text("{}")
    (folder / "lm.json").write_text(json.dumps(RESULTS))
    manifest = {"repo": {"repo_id": "acme/lm"}, "artifacts": [{"source": "config.json"}], "card": CARD}
    (folder / "hub.yaml").write_text(yaml.safe_dump(manifest))
    return folder / "hub.yaml"


def test_the_client_shows_the_results_of_a_published_release(tmp_path: Path, own_hub: EmbeddedHub) -> None:
    hub: Any = {"endpoint": own_hub.endpoint, "token": own_hub.token}
    manifest = made(tmp_path)
    assert not [problem for problem in hublish.check(manifest) if problem.severity == "error"]
    listed = [file.path_in_repo for file in hublish.files(manifest).files if "figures" not in file.path_in_repo]
    assert listed == [PATH, "README.md", "config.json", "hub.yaml"]
    assert hublish.publish(manifest, **hub).verified
    api = HfApi(**hub)
    assert api.model_info("acme/lm", expand=["evalResults"]).eval_results == [
        EvalResultEntry("Idavidrein/gpqa", "gpqa_diamond", 0.35, date="2026-01-01T00:00:00Z", notes="0-shot")
    ]
    data = ModelCard.load(api.hf_hub_download("acme/lm", "README.md")).data
    assert isinstance(data, ModelCardData)
    assert [(each.dataset_name, each.metric_type, each.metric_value) for each in data.eval_results or ()] == [
        ("GPQA", "acc_norm", 0.35),
        ("GPQA", "accuracy", 0.3434343434343434),
        ("hle", "exact_match", 0.05),
    ]


def test_the_file_is_explained_by_its_entry(tmp_path: Path) -> None:
    (fate,) = hublish.explain(made(tmp_path), PATH).explanations[0].fates
    assert fate.outcome is Outcome.IN
    assert fate.decisive.path == "card.evaluation[0].dataset.task_id"
    assert "gpqa_diamond, a task of the benchmark Idavidrein/gpqa" in fate.decisive.text


def test_the_lock_records_that_the_card_wrote_the_file(tmp_path: Path) -> None:
    (tmp_path / "lm.json").write_text(json.dumps(RESULTS))
    files = {file.path_in_repo: file for file in run_stage(tmp_path, {}, card=CARD).files}
    origin = files[PATH].origin
    assert (origin.artifact, origin.source, origin.serializer) == (None, "card.evaluation", "card")


def test_a_file_of_the_release_with_its_path_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lm.json").write_text(json.dumps(RESULTS))
    (problem,) = stage_error(tmp_path, {PATH: b"[]"}, card=CARD).problems
    assert problem.path == "artifacts[0].source"
    assert PATH in problem.message


def test_a_task_id_needs_one_metric(tmp_path: Path) -> None:
    (tmp_path / "lm.json").write_text(json.dumps(RESULTS))
    entry = {key: value for key, value in LISTED[0].items() if key != "metrics"}
    error = stage_error(tmp_path, {}, card={**CARD, "evaluation": [entry]})
    assert isinstance(error, CardError)
    (problem,) = error.problems
    assert problem.path == "card.evaluation[0].dataset.task_id"
    assert "acc_norm,none" in problem.message


@pytest.mark.parametrize("repo_type", ["dataset", "space"])
def test_other_repos_have_no_evaluation(tmp_path: Path, repo_type: str) -> None:
    (tmp_path / "lm.json").write_text(json.dumps(RESULTS))
    metadata = {"license": "mit", "title": "T", "sdk": "static"}
    card = {"template": repo_type, "metadata": metadata, "evaluation": LISTED}
    error = stage_error(tmp_path, {}, card=card, repo={"repo_type": repo_type})
    assert [problem.message for problem in error.problems if problem.severity == "error"] == [
        "only models have evaluation results"
    ]
