"""The formats of evaluation tools: recognized by their content, and read as their tools wrote them."""

import json
import zlib
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hublish.cards.results.recognition import log_header, read_results
from hublish.cards.results.result import Result
from hublish.formats.blob import MemoryBlob
from hublish.schemas.diagnose.problems import InvalidDocumentError
from tests.hublish.cards.results.harness_files import INSPECT, zip_of, zstd_compressed


def read(content: Any) -> tuple[Result, ...] | None:
    data = content if isinstance(content, bytes) else content.encode() if isinstance(content, str) else None
    return read_results(json.dumps(content).encode() if data is None else data, "m.txt", "card.evaluation[0].file")


def published(results: tuple[Result, ...] | None) -> dict[str, Any]:
    """Return the values that are published without a choice, by their names in the file."""
    assert results is not None
    parts = {score.part for result in results for score in result.scores if score.part}
    assert len(parts) < 2
    chosen = (score for result in results if not result.optional for score in result.scores if not score.optional)
    return {score.name: score.value for score in chosen}


TRAINER = {
    "epoch": 3.0,
    "eval_accuracy": 0.8921568627450981,
    "eval_f1": 0.9247863247863248,
    "eval_loss": 0.3738,
    "eval_runtime": 2.1115,
    "eval_samples": 408,
    "eval_samples_per_second": 193.226,
    "eval_steps_per_second": 24.153,
    "total_flos": 723818513295360.0,
    "train_loss": 0.31,
    "train_runtime": 103.1,
    "train_samples": 3668,
    "train_steps_per_second": 13.3,
}
REPORT = {
    "setosa": {"precision": 1.0, "recall": 0.5, "f1-score": 0.6667, "support": 2.0},
    "virginica": {"precision": 0.75, "recall": 1.0, "f1-score": 0.8571, "support": 3.0},
    "accuracy": 0.8,
    "macro avg": {"precision": 0.875, "recall": 0.75, "f1-score": 0.7619, "support": 5.0},
    "weighted avg": {"precision": 0.85, "recall": 0.8, "f1-score": 0.781, "support": 5.0},
}
ENTRY = {
    "task": {"type": "image-classification"},
    "dataset": {"type": "mnist", "name": "MNIST"},
    "metrics": [{"type": "accuracy", "value": 0.93}],
}
INDEX = [{"name": "digits", "results": [ENTRY]}]
FLAT = {
    "one metric": ({"accuracy": 0.93}, {"accuracy": 0.93}),
    "a byte order mark": (b"\xef\xbb\xbfaccuracy: 0.93\n", {"accuracy": 0.93}),
    "settings beside it": ({"f1": 1, "seed": 42, "epochs": 10, "lr": 1e-3, "model": "resnet"}, {"f1": 1}),
    "nested": ({"clean": {"wer": 3.1}, "other": {"wer": 7.5}}, {"clean.wer": 3.1, "other.wer": 7.5}),
    "YAML": ("# the best run\naccuracy: 0.93\nval: {f1: 0.9}\n", {"accuracy": 0.93, "val.f1": 0.9}),
    "Trainer": (TRAINER, {"eval_accuracy": 0.8921568627450981, "eval_f1": 0.9247863247863248, "eval_loss": 0.3738}),
    "scikit-learn": (
        REPORT,
        {
            "accuracy": 0.8,
            "macro avg.precision": 0.875,
            "macro avg.recall": 0.75,
            "macro avg.f1-score": 0.7619,
            "weighted avg.precision": 0.85,
            "weighted avg.recall": 0.8,
            "weighted avg.f1-score": 0.781,
        },
    ),
    "csv with a row for each metric": ("metric,value\naccuracy,0.930\nf1, 1\n", {"accuracy": 0.93, "f1": 1}),
    "csv with a column for each metric": ("model;accuracy;f1\r\nresnet;0.93;1e-1\r\n", {"accuracy": 0.93, "f1": 0.1}),
    "tabs and more columns": ("name\tvalue\tnote\nwer\t3.1\tclean\n", {"wer": 3.1}),
    "a list of results": ([ENTRY], {"accuracy": 0.93}),
    "results": ({"results": [ENTRY]}, {"accuracy": 0.93}),
    "model-index": (INDEX, {"accuracy": 0.93}),
    "model-index below its key": ({"model-index": INDEX, "license": "mit"}, {"accuracy": 0.93}),
    "a README": (f"---\nlicense: mit\nmodel-index: {json.dumps(INDEX)}\n---\n\n# Mine\n", {"accuracy": 0.93}),
}


@pytest.mark.parametrize(("content", "values"), FLAT.values(), ids=FLAT)
def test_the_content_of_a_file_decides_on_its_format(content: Any, values: dict[str, Any]) -> None:
    found = published(read(content))
    assert found == values
    assert [type(value) for value in found.values()] == [type(value) for value in values.values()]


UNKNOWN: dict[str, Any] = {
    "an empty mapping": {},
    "a list of numbers": [1, 2],
    "a number": 3,
    "mappings below each other": {"a": {"b": {"c": {"d": {"e": 1}}}}},
}


@pytest.mark.parametrize("content", UNKNOWN.values(), ids=UNKNOWN)
def test_another_format_is_not_guessed(content: Any) -> None:
    assert read(content) is None


REFUSED = {
    "no JSON": ("nothing", "not JSON"),
    "nothing": ("", "not JSON"),
    "UTF-16": (b"\xff\xfe{\x00}\x00", "not UTF-8"),
    "a key twice": ('{"f1": 1, "f1": 2}', "duplicate key 'f1'"),
    "a README without results": ("---\nlicense: mit\n---\n", "contains no list of results"),
    "a table without rows": ("metric,value\n", "no row below its header"),
    "a log of training": ("epoch,loss\n1,0.5\n2,0.4\n", "2 rows"),
    "a table with a hole": ("metric,value\nf1\n", "differ in their number of columns"),
    "a quote that does not end": ('metric,value\nf1,"0.9\n', "not a csv"),
    "a list in YAML": ("- accuracy: 0.9\n", "expected a mapping at top level, got a list"),
    "NaN in a model-index": ('[{"metrics": [{"value": NaN}]}]', "NaN is not a JSON number"),
    "NaN and nothing else": ("[NaN]", "NaN is not a JSON number"),
}


@pytest.mark.parametrize(("content", "message"), REFUSED.values(), ids=REFUSED)
def test_a_damaged_file_is_refused_with_a_reason(content: Any, message: str) -> None:
    with pytest.raises(InvalidDocumentError) as caught:
        read(content)
    assert message in str(caught.value)
    assert "m.txt" in str(caught.value)


def test_a_score_names_its_place_and_the_id_of_its_metric() -> None:
    (result,) = read({"val": {"acc": 0.9}, "test_f1_score": 0.8}) or ()
    assert [(score.key, score.type, score.label, score.part) for score in result.scores] == [
        ("val.acc", "accuracy", "val.acc", ""),
        ("test_f1_score", "f1", "f1_score", "test"),
    ]


def test_averages_and_classes_of_a_report_are_distinct() -> None:
    (result,) = read(REPORT) or ()
    found = {score.name: (score.type, score.label, dict(score.args), score.optional) for score in result.scores}
    assert found["macro avg.f1-score"] == ("f1", "F1 (macro)", {"average": "macro"}, False)
    assert found["setosa.recall"] == ("recall", "Recall (setosa)", {}, True)


LOG = json.dumps({key: value for key, value in INSPECT.items() if key != "samples"}).encode()


def deflated(content: bytes) -> bytes:
    return zlib.compress(content, wbits=-15)


ARCHIVES = {
    "stored": zip_of("header.json", LOG, 0, LOG),
    "deflated": zip_of("header.json", LOG, 8, deflated(LOG)),
    "Zstandard": zip_of("header.json", LOG, 93, zstd_compressed(LOG)),
}


@pytest.mark.parametrize("data", ARCHIVES.values(), ids=ARCHIVES)
def test_the_header_of_a_log_is_read_without_its_samples(data: bytes) -> None:
    header = log_header(MemoryBlob(data), "x.eval", "card.evaluation[0].file")
    assert header == LOG
    (result,) = read(header) or ()
    assert result.benchmark == "inspect_evals/gpqa_diamond"


BAD_ARCHIVES = {
    "cut short": (ARCHIVES["stored"][:-30], "its directory is missing"),
    "not an archive": (b"PK\x03\x04" + bytes(40), "its directory is missing"),
    "of something else": (zip_of("model.pkl", b"x", 0, b"x"), "an archive without header.json"),
    "with another content": (zip_of("header.json", LOG, 93, zstd_compressed(LOG[:-1] + b" ")), "the file is damaged"),
    "with a longer content": (zip_of("header.json", LOG[:-9], 93, zstd_compressed(LOG)), "the file is damaged"),
    "a bomb": (zip_of("header.json", bytes(9 << 20), 93, zstd_compressed(bytes(9 << 20))), "the limit is 8388608"),
    "a deflated bomb": (zip_of("header.json", bytes(9 << 20), 8, deflated(bytes(9 << 20))), "the limit is 8388608"),
    "not Zstandard": (zip_of("header.json", LOG, 93, b"x" * 50), "not only zstandard frames"),
    "another method": (zip_of("header.json", LOG, 14, LOG), "method 14"),
}


@pytest.mark.parametrize(("data", "message"), BAD_ARCHIVES.values(), ids=BAD_ARCHIVES)
def test_a_damaged_log_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(InvalidDocumentError, match=message) as caught:
        log_header(MemoryBlob(data), "x.eval", "card.evaluation[0].file")
    (problem,) = caught.value.problems
    assert problem.path == "card.evaluation[0].file"
    assert problem.hint


@given(st.binary(max_size=200) | st.sampled_from([LOG, *ARCHIVES.values()]).map(lambda data: data[:-7]))
def test_any_bytes_give_results_or_a_reason(data: bytes) -> None:
    with suppress(InvalidDocumentError):
        read(data)
    with suppress(InvalidDocumentError):
        log_header(MemoryBlob(data), "x.eval", "card.evaluation[0].file")


KEYS = st.sampled_from(
    [
        *("results", "versions", "configs", "config_general", "eval", "version", "task", "scores", "metrics", "alias"),
        *(
            "acc,none",
            "acc_stderr,none",
            "group_subtasks",
            "n-shot",
            "model-index",
            "macro avg",
            "f1-score",
            "value",
            "a",
        ),
    ]
)
TREES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=20,
)


@given(TREES)
def test_any_json_gives_results_or_a_reason(tree: Any) -> None:
    with suppress(InvalidDocumentError):
        for result in read(json.dumps(tree)) or ():
            assert result.file == "m.txt"
            assert all(isinstance(score.name, str) for score in result.scores)
