"""The results of harnesses of language models, which name their benchmarks."""

import json
from typing import Any

import pytest

from hublish.cards.results.model_index import index_entry
from hublish.cards.results.recognition import read_results
from hublish.cards.results.result import Result, Selected
from hublish.cards.results.selection import select
from hublish.schemas.diagnose.problems import InvalidDocumentError, errors_in
from hublish.schemas.documents.card_evaluation import EvaluationFile
from tests.hublish.cards.results.harness_files import INSPECT, LIGHTEVAL, LM_EVAL, OLD_LM_EVAL, PLAIN_LIGHTEVAL


def read(content: Any) -> dict[str, Result]:
    found = read_results(json.dumps(content).encode(), "m.json", "card.evaluation[0].file")
    assert found is not None
    return {result.benchmark: result for result in found}


def chosen(content: Any, **entry: Any) -> Selected:
    return select(tuple(read(content).values()), EvaluationFile(file="m.json", **entry), "card.evaluation[0]")


def values(result: Result) -> list[tuple[str, Any, float | None]]:
    return [(score.type, score.value, score.stderr) for score in result.scores]


def names(selected: Selected) -> list[str]:
    return [result.benchmark for result in selected.results]


def test_every_value_of_lm_eval_has_its_metric_error_and_place() -> None:
    found = read(LM_EVAL)
    assert [(one.name, one.type, one.label, one.value, one.stderr, one.key) for one in found["hellaswag"].scores] == [
        *[("acc,none", "accuracy", "acc", 0.5723959370643298, 0.004937199759947679, "results.hellaswag.acc,none")],
        ("acc_norm,none", "acc_norm", "", 0.7508464449312886, None, "results.hellaswag.acc_norm,none"),
    ]
    assert [(one.type, one.label, one.stderr) for one in found["gsm8k"].scores] == [
        ("exact_match", "exact_match (strict-match)", 0.0132),
        ("exact_match", "exact_match (flexible-extract)", 0.0133),
    ]
    assert "leaderboard" not in found  # a group without a value of its own


def test_a_task_of_lm_eval_names_its_dataset_shots_and_date() -> None:
    (result,) = chosen(LM_EVAL, benchmarks=["gsm8k"]).results
    assert index_entry(result)["dataset"] == {
        "type": "openai/gsm8k",
        "name": "gsm8k",
        "config": "main",
        "split": "test",
        "args": {"num_few_shot": 5},
    }
    assert (result.task, result.shots, result.date) == ({"type": "text-generation"}, 5, "2026-01-01T00:00:00Z")


def test_a_loader_of_local_files_is_not_a_dataset() -> None:
    (result,) = chosen(LM_EVAL, benchmarks=["wikitext"]).results
    assert result.dataset["type"] == "wikitext"
    assert "/home/me" not in str(index_entry(result))


def test_a_group_with_a_value_replaces_its_members() -> None:
    assert names(chosen(LM_EVAL)) == ["hellaswag", "gsm8k", "mmlu", "leaderboard_bbh", "wikitext"]
    members = ["mmlu_philosophy", "mmlu"]
    assert names(chosen(LM_EVAL, benchmarks=members)) == members
    assert chosen(LM_EVAL, benchmarks=["mmlu_philosophy"]).results[0].dataset["name"] == "philosophy"


def test_a_limit_on_the_examples_is_a_warning() -> None:
    (warning,) = chosen(LM_EVAL, benchmarks=["gsm8k", "hellaswag"]).warnings
    assert warning.severity == "warning"
    assert "'gsm8k': measured on 50 of 1319 examples" in warning.message
    for content in (PLAIN_LIGHTEVAL, {**OLD_LM_EVAL, "config": {"limit": 1}}):
        assert "measured with a limit of 1 on the examples" in chosen(content).warnings[0].message


def test_results_of_lm_eval_before_04_are_read() -> None:
    (result,) = chosen(OLD_LM_EVAL).results
    assert [(one.type, one.value, one.stderr) for one in result.scores] == [
        ("accuracy", 0.5, 0.005),
        ("acc_norm", 0.7, 0.004),
    ]
    assert (result.dataset["type"], result.shots) == ("hellaswag", None)


def test_results_of_lighteval_with_the_suite_in_the_name_are_read() -> None:
    """As its leaderboard wrote them in 2024, and as its documentation shows them."""
    measured = {"acc": 0.5, "acc_stderr": 0.01, "acc_norm": 0.55, "acc_norm_stderr": 0.01}
    old = {
        "config_general": {"lighteval_sha": "494ee12", "max_samples": None, "model_size": "15.08 GB"},
        "results": {"harness|arc:challenge|25": measured, "lighteval|gsm8k|0": {"em": 0.1, "maj@8": 0.2}},
        "versions": {},
        "config_tasks": {"lighteval|gsm8k": {"hf_repo": "gsm8k", "hf_subset": "main", "evaluation_splits": ["test"]}},
    }
    found = read(old)
    assert {name: (one.shots, one.dataset["type"]) for name, one in found.items()} == {
        "arc:challenge": (25, "arc:challenge"),
        "gsm8k": (0, "gsm8k"),
    }
    assert [(one.name, one.stderr) for one in found["arc:challenge"].scores] == [("acc", 0.01), ("acc_norm", 0.01)]


def test_lighteval_names_tasks_in_three_ways() -> None:
    found = read(LIGHTEVAL)
    assert {name: (one.shots, one.dataset.get("type"), one.dataset.get("config")) for name, one in found.items()} == {
        "gsm8k": (5, "openai/gsm8k", "main"),
        "arc:challenge": (25, "ai2_arc", "ARC-Challenge"),
        "mmlu:abstract_algebra": (0, "cais/mmlu", "abstract_algebra"),
        "mmlu:anatomy": (0, "mmlu:anatomy", None),
        "mmlu": (0, "cais/mmlu", None),
        "all": (None, "all", None),
    }
    (result,) = chosen(PLAIN_LIGHTEVAL).results
    assert (result.benchmark, result.shots, result.dataset["type"]) == ("gsm8k", 0, "gsm8k")
    assert [(one.name, one.type) for one in result.scores] == [("em", "exact_match"), ("maj@8", "maj@8")]


def test_an_average_of_lighteval_replaces_its_members_and_the_mean_of_all_is_left_out() -> None:
    assert names(chosen(LIGHTEVAL)) == ["gsm8k", "arc:challenge", "mmlu"]
    assert names(chosen(LIGHTEVAL, benchmarks=["all", "mmlu:anatomy"])) == ["all", "mmlu:anatomy"]


def test_an_unknown_error_is_not_an_error_of_the_value() -> None:
    (result,) = chosen(LIGHTEVAL, benchmarks=["arc:challenge"]).results
    assert [(one.type, one.value, one.stderr) for one in result.scores] == [
        ("accuracy", 0.5, None),
        ("acc_norm", 0.52, None),
    ]


def test_the_headline_of_inspect_comes_first() -> None:
    (result,) = chosen(INSPECT).results
    assert [(one.name, one.label, one.value, one.stderr, one.key) for one in result.scores] == [
        ("includes.accuracy", "accuracy (includes)", 0.45, None, "results.scores[1].metrics.accuracy.value"),
        ("choice.accuracy", "accuracy (choice)", 0.4, 0.02, "results.scores[0].metrics.accuracy.value"),
    ]
    assert index_entry(result)["dataset"] == {"type": "Idavidrein/gpqa", "name": "gpqa_diamond"}
    assert result.date == "2026-11-27T08:20:27+00:00"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"status": "cancelled"}, "has the status cancelled"),
        ({"eval": {**INSPECT["eval"], "config": {"limit": 10}}}, "measured on 198 of the examples"),
    ],
)
def test_an_incomplete_log_of_inspect_is_a_warning(changes: dict[str, Any], words: str) -> None:
    (warning,) = chosen({**INSPECT, **changes}).warnings
    assert words in warning.message


def test_a_log_without_results_is_refused_with_its_status() -> None:
    log = {key: value for key, value in INSPECT.items() if key != "results"} | {"status": "error"}
    with pytest.raises(InvalidDocumentError, match="contains no results: the evaluation has the status error"):
        read(log)


WRONG: dict[str, tuple[Any, dict[str, Any], str, str]] = {
    "an unknown benchmark": (
        LM_EVAL,
        {"benchmarks": ["mmlu", "helaswag"]},
        "benchmarks[1]",
        "did you mean 'hellaswag'?",
    ),
    "one dataset for several": (LM_EVAL, {"dataset": {"type": "x"}}, "dataset", "choose one with `benchmarks`"),
    "a metric that none has": (LM_EVAL, {"metrics": ["bleu"]}, "metrics[0]", "it has 'acc,none'"),
    "a value that is not a number": (
        {**LIGHTEVAL, "results": {"gsm8k:0": {"em": float("nan")}}},
        *({}, "file", "list the other metrics"),
    ),
}


@pytest.mark.parametrize(("content", "entry", "key", "hint"), WRONG.values(), ids=WRONG)
def test_a_mistake_names_the_entry_and_the_fix(content: Any, entry: Any, key: str, hint: str) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        chosen(content, **entry)
    (problem,) = errors_in(caught.value.problems)
    assert (problem.path, problem.code) == (f"card.evaluation[0].{key}", "card.evaluation")
    assert hint in problem.hint


ODD: dict[str, Any] = {
    "results that are not mappings": {**LM_EVAL, "results": {"a": 1}},
    "no metrics": {**LM_EVAL, "results": {"a": {"alias": "a"}}},
    "metrics in a list": {**LIGHTEVAL, "results": {"a": [1]}},
    "scores in a mapping": {**INSPECT, "results": {"scores": {"a": 1}}},
    "scores of another form": {**INSPECT, "results": {"scores": [1, {"metrics": [1]}, {"metrics": {"a": 1, "b": {}}}]}},
    "a task that is not text": {**INSPECT, "eval": {"task": 1}},
    "groups that are not lists": {**LM_EVAL, "group_subtasks": {"mmlu": 1, "a": [1, {}]}},
    "a group within itself": {**LM_EVAL, "group_subtasks": {"mmlu": ["mmlu", "gsm8k"], "gsm8k": ["mmlu"]}},
    "configurations of another form": {**LM_EVAL, "configs": [1], "n-shot": 5, "n-samples": None, "date": 1e300},
    "tasks of another form": {
        **LIGHTEVAL,
        "config_tasks": {"lighteval:gsm8k": 1},
        "config_general": {"max_samples": "x"},
    },
    "empty": {"results": {}, "versions": {}, "config_general": {}},
}


@pytest.mark.parametrize("content", ODD.values(), ids=ODD)
def test_a_file_of_an_odd_form_is_read_or_refused(content: Any) -> None:
    try:
        selected = chosen(content)
    except (InvalidDocumentError, AssertionError):
        return
    assert all(result.scores for result in selected.results)
