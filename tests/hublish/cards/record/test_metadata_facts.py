"""Recorded facts of front matter that people have edited."""

from typing import Any

import pytest

from hublish.cards.record.metadata_facts import find_metadata
from hublish.schemas.diagnose.problems import format_path
from hublish.schemas.documents.card_record import StatedInMetadata

RECORDED = {
    "license": "mit",
    "datasets[0]": "mnist",
    "datasets[1]": "svhn",
    "model-index[0].results[0].dataset.name": "MNIST",
    "model-index[0].results[0].metrics[0].value": 0.9,
    "model-index[0].results[0].metrics[0].type": "accuracy",
    "model-index[0].results[1].dataset.name": "SVHN",
    "model-index[0].results[1].metrics[0].value": 0.8,
    "model-index[0].results[1].metrics[0].type": "accuracy",
}
FACTS = [StatedInMetadata(name=path, value=value, path=path) for path, value in RECORDED.items()]


def test_a_card_without_recorded_metadata_contains_none_of_it() -> None:
    assert list(find_metadata([], {"license": "mit"})) == []


def result(name: str, value: float, kind: str = "accuracy") -> dict[str, Any]:
    return {"dataset": {"name": name}, "metrics": [{"type": kind, "value": value}]}


def index(*results: dict[str, Any]) -> dict[str, Any]:
    return {"model-index": [{"name": "x", "results": list(results)}]}


FIRST, SECOND = result("MNIST", 0.9), result("SVHN", 0.8)
CASES: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"license": "mit", "datasets": ["mnist", "svhn"], **index(FIRST, SECOND)}, {}),
    ({"license": ["mit"], "datasets": "mnist"}, {}),
    ({"license": "apache-2.0"}, {"license": "apache-2.0"}),
    ({"datasets": ["svhn", "mnist", "cifar10"]}, {}),
    ({"datasets": ["svhn", "cifar10"]}, {"datasets[1]": "cifar10"}),
    ({"datasets": []}, {}),
    (index(SECOND, FIRST), {}),
    (index(result("CIFAR", 0.5), FIRST, SECOND), {}),
    (index(SECOND), {}),
    (index(FIRST, result("SVHN", 0.99)), {"model-index[0].results[1].metrics[0].value": 0.99}),
    (index(SECOND, result("MNIST", 0.99)), {"model-index[0].results[1].metrics[0].value": 0.99}),
    (index(result("ImageNet", 0.9), SECOND), {"model-index[0].results[0].dataset.name": "ImageNet"}),
    ({"model-index": "none"}, {}),
    ({"license": None, "datasets": {"a": 1}}, {"datasets": {"a": 1}}),
]


@pytest.mark.parametrize(("metadata", "expected"), CASES)
def test_only_a_value_that_replaces_a_fact_is_found(metadata: dict[str, Any], expected: dict[str, Any]) -> None:
    found = {
        format_path(path): value for place, path, value in find_metadata(FACTS, metadata) if value != FACTS[place].value
    }
    assert found == expected
