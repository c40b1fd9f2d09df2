"""Results of every form that a card reads: a release verifies, and a result that is changed on the Hub is named."""

import copy
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from huggingface_hub import HfApi

import hublish
from hublish.api.session import Session
from tests.hublish.cards.results.harness_files import INSPECT, LIGHTEVAL, LM_EVAL, zip_of, zstd_compressed

REPO = "acme/m"
TASK = ", task: text-classification, dataset: {type: imdb, name: IMDb, split: test}"
REPORT = {
    "cat": {"precision": 0.91, "recall": 0.9, "f1-score": 0.905, "support": 50},
    "accuracy": 0.8712,
    "macro avg": {"precision": 0.85, "recall": 0.87, "f1-score": 0.862, "support": 100},
}
TRAINER = {"epoch": 3.0, "eval_accuracy": 0.9312, "eval_loss": 0.21, "eval_runtime": 3.2, "train_loss": 0.3}
RESULTS = (
    "{task: {type: text-classification}, dataset: {type: imdb, name: IMDB}, metrics: [{type: accuracy, value: 0.9}]}"
)
INDEX = f"model-index: [{{name: m, results: [{RESULTS}]}}]\n"


def changed(value: Any, path: Sequence[Any], new: object) -> bytes:
    value = copy.deepcopy(value)
    inner = value
    for step in path[:-1]:
        inner = inner[step]
    inner[path[-1]] = new
    return json.dumps(value).encode()


def log(data: bytes) -> bytes:
    return zip_of("header.json", data, 93, zstd_compressed(data))


SCORE = ("results", "scores", 1, "metrics", "accuracy", "value")
STRICT = "exact_match,strict-match"
ERROR = "exact_match_stderr,strict-match"
# The file, its content, the changed one, the rest of the entry in the manifest, and the name of the value.
FORMS: dict[str, tuple[str, bytes, bytes, str, str]] = {
    "metrics": ("m.json", b'{"accuracy": 0.93}', b'{"accuracy": 0.83}', TASK, "accuracy"),
    "metrics in YAML": ("m.yaml", b"accuracy: 0.93\n", b"accuracy: 0.83\n", TASK, "accuracy"),
    "metrics in JSON Lines": ("m.jsonl", b'{"accuracy": 0.93}\n', b'{"accuracy": 0.83}\n', TASK, "accuracy"),
    "Trainer": (
        *("all_results.json", json.dumps(TRAINER).encode(), changed(TRAINER, ["eval_accuracy"], 0.83)),
        *(TASK, "eval_accuracy"),
    ),
    "lm-evaluation-harness": (
        *("results/acme__m/results_2026-01-01T00-00-00.json", json.dumps(LM_EVAL).encode()),
        *(changed(LM_EVAL, ["results", "gsm8k", STRICT], 0.99), "", f"results.gsm8k.{STRICT}"),
    ),
    "a standard error": (
        *("results.json", json.dumps(LM_EVAL).encode()),
        *(
            changed(LM_EVAL, ["results", "gsm8k", ERROR], 0.2),
            "",
            f"results.gsm8k.{STRICT}",
        ),
    ),
    "lighteval": (
        *("results.json", json.dumps(LIGHTEVAL).encode()),
        *(changed(LIGHTEVAL, ["results", "lighteval:gsm8k:5", "extractive_match"], 0.99), ""),
        "results.lighteval:gsm8k:5.extractive_match",
    ),
    "inspect-ai": (
        *("log.json", json.dumps(INSPECT).encode(), changed(INSPECT, SCORE, 0.99), ""),
        "results.scores[1].metrics.accuracy.value",
    ),
    "a log of inspect-ai": (
        *("log.eval", log(json.dumps(INSPECT).encode()), log(changed(INSPECT, SCORE, 0.99)), ""),
        "results.scores[1].metrics.accuracy.value",
    ),
    "classification_report": (
        *("r.json", json.dumps(REPORT).encode(), changed(REPORT, ["macro avg", "f1-score"], 0.99)),
        *(TASK, '["macro avg"].f1-score'),
    ),
    "csv": ("s.csv", b"metric,value\naccuracy,0.93\n", b"metric,value\naccuracy,0.83\n", TASK, "row 2"),
    "csv with a column for each": ("s.csv", b"accuracy,f1\n0.93,0.9\n", b"accuracy,f1\n0.83,0.9\n", TASK, "column 1"),
    "tsv": ("s.tsv", b"metric\tvalue\naccuracy\t0.93\n", b"metric\tvalue\naccuracy\t0.83\n", TASK, "row 2"),
    "model-index": (
        *("i.yaml", INDEX.encode(), INDEX.replace("0.9}", "0.8}").encode(), ""),
        "model-index[0].results[0].metrics[0]",
    ),
    "the model-index of a card": (
        *("OLD.md", f"---\n{INDEX}---\n# x\n".encode(), f"---\n{INDEX.replace('0.9}', '0.8}')}---\n# x\n".encode(), ""),
        "model-index[0].results[0].metrics[0]",
    ),
}


@pytest.fixture(params=FORMS, ids=str)
def form(request: pytest.FixtureRequest) -> tuple[str, bytes, bytes, str, str]:
    return FORMS[request.param]


@pytest.fixture
def published(form: tuple[str, bytes, bytes, str, str], tmp_path: Path) -> Iterator[tuple[HfApi, Path]]:
    """A published model whose card shows the results of one file."""
    name, content, _, more, _ = form
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_bytes(content)
    (tmp_path / "hub.yaml").write_text(
        f"schema_version: 1\nrepo: {{repo_id: {REPO}}}\nartifacts: [{{source: {name}}}]\n"
        f"card:\n  metadata: {{license: mit}}\n  evaluation:\n  - {{file: {name}{more}}}\n"
    )
    with Session(endpoint="embedded", folder=tmp_path) as session:
        hublish.publish(tmp_path / "hub.yaml", endpoint="embedded", digest_cache=False)
        yield HfApi(endpoint=session.hub.endpoint, token=session.hub.token), tmp_path / "hub.yaml"


def test_a_result_is_verified_with_the_file_on_the_hub(
    form: tuple[str, bytes, bytes, str, str], published: tuple[HfApi, Path]
) -> None:
    (name, _, other, _, key), (api, manifest) = form, published
    assert hublish.verify(manifest).ok
    path = Path(name).name
    api.upload_file(path_or_fileobj=other, path_in_repo=path, repo_id=REPO)
    found = [fact for fact in hublish.verify(manifest).facts if fact.name.startswith("evaluation")]
    assert {fact.key for fact in found} == {key}
    assert all(fact.changed and fact.file == path and fact.expected is not None for fact in found)
    api.delete_file(path, repo_id=REPO)
    gone = [fact for fact in hublish.verify(manifest).facts if fact.name.startswith("evaluation")]
    assert gone
    assert all(fact.expected is None and fact.file == path for fact in gone)
