"""The results that a manifest chooses from a file, and the reasons for which a card cannot publish them."""

import json
from dataclasses import replace
from typing import Any

import pytest

from hublish.cards.results.model_index import index_entry
from hublish.cards.results.recognition import read_results
from hublish.cards.results.result import Selected
from hublish.cards.results.selection import duplicates, select, too_many
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.card_evaluation import EvaluationFile
from tests.hublish.cards.results.test_recognition import INDEX, REPORT, TRAINER

MNIST: dict[str, Any] = {"task": "image-classification", "dataset": {"type": "mnist", "split": "test"}}
PLACE = "card.evaluation[0]"


def chosen(content: Any, **entry: Any) -> Selected:
    # Python's json writes NaN, as the tools do.
    results = read_results(json.dumps(content).encode(), "m.json", f"{PLACE}.file")
    assert results is not None
    return select(results, EvaluationFile(file="m.json", **entry), PLACE)


def problems(content: Any, **entry: Any) -> tuple[Problem, ...]:
    with pytest.raises(InvalidDocumentError) as caught:
        chosen(content, **entry)
    return caught.value.problems


def metrics(selected: Selected) -> list[tuple[str, Any]]:
    return [
        (metric["type"], metric["value"]) for result in selected.results for metric in index_entry(result)["metrics"]
    ]


def test_the_manifest_names_the_task_and_the_dataset() -> None:
    dataset = {"type": "acme/digits", "name": "Digits", "config": "en", "split": "test", "revision": "main"}
    source = {"url": "https://example.org", "name": "Logs", "org": "acme"}
    (result,) = chosen({"accuracy": 0.93}, task="image-classification", dataset=dataset, source=source).results
    assert index_entry(result) == {
        "task": {"type": "image-classification"},
        "dataset": dataset,
        "metrics": [{"type": "accuracy", "value": 0.93}],
        "source": {"name": "Logs", "url": "https://example.org"},
    }


CHOICES: dict[str, tuple[Any, Any, list[tuple[str, Any]]]] = {
    "all by default": ({"accuracy": 0.9, "f1": 0.8}, (), [("accuracy", 0.9), ("f1", 0.8)]),
    "some, in the order of the manifest": ({"a": 1, "b": 2, "c": 3}, ["c", "a"], [("c", 3), ("a", 1)]),
    "with ids": ({"top1": 0.9, "loss": 1}, {"top1": "accuracy"}, [("accuracy", 0.9)]),
    "by the id of the metric": ({"eval_acc": 0.9}, ["accuracy"], [("accuracy", 0.9)]),
    "without the prefix": (TRAINER, ["f1"], [("f1", 0.9247863247863248)]),
    "a setting": ({"accuracy": 0.9, "num_parameters": 5}, ["num_parameters"], [("num_parameters", 5)]),
    "a class of a report": (REPORT, ["setosa.recall"], [("recall", 0.5)]),
    "an average of a report": (REPORT, ["macro avg.f1-score"], [("f1", 0.7619)]),
    "of a model-index": (INDEX, ["accuracy"], [("accuracy", 0.93)]),
    "of a model-index with another id": (INDEX, {"accuracy": "top1"}, [("top1", 0.93)]),
}


@pytest.mark.parametrize(("content", "names", "found"), CHOICES.values(), ids=CHOICES)
def test_the_manifest_chooses_metrics(content: Any, names: Any, found: list[tuple[str, Any]]) -> None:
    about = {} if content is INDEX else MNIST
    assert metrics(chosen(content, metrics=names, **about)) == found


SPLITS = {"test_acc": 0.7, "val_acc": 0.8, "train_acc": 0.9}


@pytest.mark.parametrize(
    ("split", "value"),
    [("test", 0.7), ("validation", 0.8), ("Validation", 0.8), ("dev", 0.8), ("other", 0.7), (None, 0.7)],
)
def test_of_several_parts_of_the_data_the_split_of_the_manifest_is_published(split: str | None, value: float) -> None:
    about = {"task": "x", "dataset": {"type": "mnist", "split": split}}
    assert metrics(chosen(SPLITS, **about)) == [("accuracy", value)]
    assert metrics(chosen(SPLITS, metrics=["accuracy"], **about)) == [("accuracy", value)]
    assert metrics(chosen(SPLITS, metrics=["train_acc"], **about)) == [("train_acc", 0.9)]


WRONG: dict[str, tuple[Any, dict[str, Any], str, str, str]] = {
    "no task": ({"f1": 1}, {"dataset": {"type": "x"}}, "file", "does not name the task", "add `task`"),
    "no dataset": ({"f1": 1}, {"task": "x"}, "file", "does not name the dataset", "add `dataset`"),
    "a missing metric": (
        {"accuracy": 1},
        {**MNIST, "metrics": ["acuracy"]},
        "metrics[0]",
        "no metric 'acuracy'",
        "'accuracy'?",
    ),
    "a missing id": (
        {"f1": 1},
        {**MNIST, "metrics": {"top-1": "x"}},
        "metrics.top-1",
        "no metric 'top-1'",
        "it has 'f1'",
    ),
    "NaN": ({"f1": float("nan")}, MNIST, "file", "f1 is NaN", "list the other metrics"),
    "infinite": ({"f1": float("inf")}, MNIST, "file", "f1 is infinite", "list the other metrics"),
    "too large for a float": ({"f1": 10**400}, MNIST, "file", "f1 is infinite or too large", "list the other metrics"),
    "NaN that is named": ({"a": 1, "f1": float("nan")}, {**MNIST, "metrics": ["f1"]}, "file", "f1 is NaN", "list"),
    "a boolean": ({"a": 1, "ok": True}, {**MNIST, "metrics": ["ok"]}, "file", "ok is true", "list"),
    "a text": ({"a": 1, "f1": "0.9"}, {**MNIST, "metrics": ["f1"]}, "file", "f1 is text", "list"),
    "only settings": ({"seed": 1, "epoch": 3}, MNIST, "file", "contains no metrics", "under `metrics`"),
    "a long name": ({"x" * 201: 1}, MNIST, "file", "a name of 201 characters", "other names"),
    "a name on two lines": ({"a\nb": 1}, MNIST, "file", "control character in the name", "other names"),
    "a name that turns the text": ({"a\u202eb": 1}, MNIST, "file", "bidi control character", "other names"),
    "benchmarks of a plain file": (
        {"f1": 1},
        {**MNIST, "benchmarks": ["a"]},
        "benchmarks[0]",
        "no benchmark",
        "remove",
    ),
    "a task beside an index": (INDEX, {"task": "x"}, "task", "names the task of each result", "remove `task`"),
    "a dataset beside an index": (INDEX, {"dataset": {"type": "x"}}, "dataset", "names the dataset of each", "remove"),
    "an index without a task": ([{"metrics": []}], {}, "file", "[0].task: expected a mapping", "type: ..."),
}


@pytest.mark.parametrize(("content", "entry", "key", "message", "hint"), WRONG.values(), ids=WRONG)
def test_a_mistake_has_its_place_and_its_fix(content: Any, entry: Any, key: str, message: str, hint: str) -> None:
    found = problems(content, **entry)
    assert all(problem.code == "card.evaluation" and problem.hint for problem in found)
    assert [problem.path for problem in found if message in problem.message] == [f"{PLACE}.{key}"]
    assert any(hint in problem.hint for problem in found)


def test_values_that_look_like_metrics_are_warnings() -> None:
    selected = chosen({"f1": 0.9, "accuracy": "0.93", "wer": True, "top5": "99.1 %", "model": "v2"}, **MNIST)
    (warning,) = selected.warnings
    assert warning.severity == "warning"
    assert "'accuracy', 'wer', 'top5' cannot be published" in warning.message
    assert metrics(selected) == [("f1", 0.9)]


def test_a_card_with_more_values_than_a_reader_can_use_is_refused() -> None:
    results = chosen({f"m{number}": number for number in range(1_001)}, **MNIST).results
    (problem,) = too_many(results)
    assert "1001 values" in problem.message
    assert "benchmarks" in problem.hint
    assert not [*too_many(chosen({"f1": 1}, **MNIST).results)]


def test_a_value_that_is_published_twice_is_refused() -> None:
    one, other = (chosen({name: 0.9}, **MNIST).results[0] for name in ("acc", "acc"))
    (problem,) = duplicates([one, replace(other, place="card.evaluation[1]")])
    assert problem.path == "card.evaluation[1].file"
    assert "m.json: acc is the same metric of the same dataset as m.json: acc" in problem.message
    elsewhere = chosen({"acc": 0.8}, task="image-classification", dataset={"type": "mnist", "split": "train"}).results[
        0
    ]
    assert not [*duplicates([one, elsewhere])]
