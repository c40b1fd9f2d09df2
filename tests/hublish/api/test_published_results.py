"""Evaluation results on the Hub are compared with the files that they were read from, in every format."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.api.session import Session
from hublish.schemas.documents.manifest_yaml import dump_yaml
from tests.hublish.cards.results.harness_files import INSPECT, LIGHTEVAL, zip_of

INDEX = {"task": {"type": "t"}, "dataset": {"type": "a/b", "name": "B"}}
MNIST: dict[str, Any] = {"task": "image-classification", "dataset": {"type": "mnist"}}


def log(value: float) -> bytes:
    scores = INSPECT["results"]["scores"][0]
    metrics = {"accuracy": {"name": "accuracy", "value": value}}
    header = {**INSPECT, "results": {"scores": [{**scores, "metrics": metrics}]}}
    data = json.dumps(header).encode()
    # The audit refuses members that are compressed with Zstandard.
    return zip_of("header.json", data, 0, data)


# The content of each file with a value, and the keys of its entry.
FILES: dict[str, Any] = {
    "scores.csv": (lambda value: f"metric,value\naccuracy,{value}\n".encode(), MNIST),
    "all_results.json": (lambda value: json.dumps({"eval_f1": value, "epoch": 3.0}).encode(), MNIST),
    "lighteval.json": (
        lambda value: json.dumps(
            LIGHTEVAL | {"results": {"gsm8k:5": {"em": value, "em_stderr": float("nan")}}}
        ).encode(),
        {},
    ),
    "log.eval": (log, {}),
    "index.json": (lambda value: json.dumps([{**INDEX, "metrics": [{"type": "wer", "value": value}]}]).encode(), {}),
}


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[HfApi, Path]]:
    folder = tmp_path_factory.mktemp("results")
    for name, (content, _) in FILES.items():
        (folder / name).write_bytes(content(0.4321))
    (folder / "config.json").write_text("{}")
    listed = [{"file": name, **about} for name, (_, about) in FILES.items()]
    card = {"metadata": {"license": "mit"}, "evaluation": listed}
    artifacts = [{"source": name} for name in ("config.json", *FILES)]
    manifest = {"repo": {"repo_id": "acme/results", "endpoint": "embedded"}, "artifacts": artifacts, "card": card}
    (folder / "hub.yaml").write_text(dump_yaml(manifest))
    with Session(endpoint="embedded", folder=folder) as session:
        hublish.publish(folder / "hub.yaml", digest_cache=False)
        yield HfApi(endpoint=session.hub.endpoint, token=session.hub.token), folder


def test_results_of_a_release_hold(published: tuple[HfApi, Path]) -> None:
    assert hublish.verify(published[1] / "hub.yaml").facts == ()


@pytest.mark.parametrize("name", FILES)
def test_a_file_of_results_that_is_replaced_on_the_hub_is_named(published: tuple[HfApi, Path], name: str) -> None:
    api, folder = published
    content, _ = FILES[name]
    try:
        api.upload_file(path_or_fileobj=content(0.9876), path_in_repo=name, repo_id="acme/results")
        found = hublish.verify(folder / "hub.yaml").facts
    finally:
        api.upload_file(path_or_fileobj=content(0.4321), path_in_repo=name, repo_id="acme/results")
    assert found
    assert {(fact.file, fact.expected) for fact in found if fact.name.startswith("evaluation")} == {(name, 0.9876)}
