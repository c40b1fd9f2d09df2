"""Evaluation results in metadata: the form that the Hub requires, and names that are probably wrong."""

from typing import Any

import pytest

from hublish.schemas.documents.model_index import evaluation_findings

RESULT = {
    "task": {"type": "image-classification", "name": "Digits"},
    "dataset": {"type": "digits", "name": "Digits", "config": "default", "split": "test", "args": {"a": 1}},
    "metrics": [{"type": "accuracy", "value": 0.9, "name": "Accuracy"}],
    "source": {"url": "https://example.org", "name": "Leaderboard"},
}


def places(*results: Any) -> list[tuple[str, str]]:
    index = [{"name": "digits", "results": [*results]}]
    return [
        (one.place.removeprefix("model-index[0]."), one.severity) for one in evaluation_findings({"model-index": index})
    ]


@pytest.mark.parametrize(
    "result",
    [
        RESULT,
        {**RESULT, "metrics": []},
        {**RESULT, "metrics": [{"type": "AI2 Reasoning Challenge (25-Shot)", "value": 64.59}]},
        {**RESULT, "metrics": [{"type": "wer", "value": "12 %"}, {"type": "confusion", "value": [[1, 0], [0, 1]]}]},
        {**RESULT, "task": {"type": "reward-modeling"}},
    ],
)
def test_results_as_the_hub_reads_them_are_accepted(result: dict[str, Any]) -> None:
    assert places(result) == []


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        ({**RESULT, "task": {"type": "image_classification"}}, [("results[0].task.type", "warning")]),
        ({**RESULT, "metrics": [{"type": "acuracy", "value": 1}]}, [("results[0].metrics[0].type", "warning")]),
        ({**RESULT, "metrics": [{"type": "f1", "value": float("nan")}]}, [("results[0].metrics[0].value", "warning")]),
        ({**RESULT, "dataset": {"type": "d", "name": "D", "split": 3}}, [("results[0].dataset.split", "error")]),
        ({**RESULT, "source": {}}, [("results[0].source.url", "error")]),
        ({}, [(f"results[0].{key}", "error") for key in ("task", "dataset", "metrics")]),
        ("accuracy", [("results[0]", "error")]),
    ],
)
def test_each_mistake_has_its_place(result: Any, expected: list[tuple[str, str]]) -> None:
    assert places(result) == expected


def test_a_card_without_results_has_no_findings() -> None:
    assert [*evaluation_findings({"license": "mit"})] == []
