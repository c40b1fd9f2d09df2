"""Duration, best and last values, and curves, from the logs that libraries write."""

from pathlib import Path
from typing import Any

import pytest

from tests.hublish.cards.facts.releases import Files, derived, value_of
from tests.hublish.formats.test_tensorboard_events import event, event_file

HISTORY: list[dict[str, Any]] = [
    {"epoch": 0.5, "step": 50, "loss": 2.0, "learning_rate": 5e-05, "grad_norm": float("nan")},
    {"epoch": 1.0, "step": 100, "eval_loss": 1.5, "eval_accuracy": 0.8, "eval_runtime": 3.0},
    {"epoch": 1.5, "step": 150, "loss": 1.0, "learning_rate": 2e-05},
    {"epoch": 2.0, "step": 200, "eval_loss": 1.2, "eval_accuracy": 0.9, "eval_runtime": 3.1},
    {"epoch": 2.0, "step": 200, "total_flos": 1e15, "train_loss": 1.4, "train_runtime": 321.5},
]
STATE: dict[str, Any] = {
    "best_metric": 0.9,
    "best_global_step": 200,
    "best_model_checkpoint": "/home/alice/out/checkpoint-200",
    "epoch": 2.0,
    "global_step": 200,
    "total_flos": 1.5e15,
    "num_train_epochs": 2,
    "train_batch_size": 16,
    "log_history": HISTORY,
}
BEST = {"metric": "eval_accuracy", "value": 0.9, "step": 200}
CURVE = {"name": "loss", "x": "step", "points": [[50, 2.0], [150, 1.0]]}


def curve(name: str, files: Files) -> list[list[float]] | None:
    """Return the points of a metric."""
    found = [one["points"] for one in value_of("training.log", files) or [] if one["name"] == name]
    return found[0] if found else None


def test_reads_the_state_of_a_trainer() -> None:
    facts = derived({"trainer_state.json": STATE})
    named = {name: (facts[f"training.{name}"].value, facts[f"training.{name}"].key) for name in ("steps", "epochs")}
    assert named == {"steps": (200, "global_step"), "epochs": (2.0, "epoch")}
    assert (facts["training.seconds"].value, facts["training.seconds"].key) == (321.5, "log_history[4].train_runtime")
    best = facts["training.best"]
    assert (best.value, best.key) == (BEST, "log_history[3].eval_accuracy")
    assert facts["training.log"].value[0] == CURVE
    assert [one["name"] for one in facts["training.log"].value] == [
        "loss",
        "learning_rate",
        "eval_loss",
        "eval_accuracy",
    ]
    assert facts["training.last"].value["eval_loss"] == 1.2
    assert facts["training.last"].value["train_loss"] == 1.4
    assert facts["training.hyperparameters.train_batch_size"].value == 16
    assert {fact.file for name, fact in facts.items() if name.startswith("training.")} == {"trainer_state.json"}


@pytest.mark.parametrize(
    ("changed", "name", "value"),
    [
        ({"global_step": 201}, "training.steps", 201),
        ({"epoch": 3}, "training.epochs", 3),
        ({}, "training.operations", 1.5e15),
        ({"total_flos": float("inf")}, "training.operations", None),
        ({"total_flos": 0}, "training.operations", None),
        ({"best_metric": 0.8, "best_global_step": 100}, "training.best", {**BEST, "value": 0.8, "step": 100}),
        ({"best_global_step": None}, "training.best", BEST),
        ({"best_metric": 0.7}, "training.best", None),
        ({"best_metric": None}, "training.best", None),
        ({"best_metric": float("nan")}, "training.best", None),
        ({"log_history": HISTORY[:4]}, "training.seconds", None),
        ({"log_history": []}, "training.log", None),
        ({"log_history": None}, "training.log", None),
        ({"log_history": [3, None, "x"]}, "training.log", None),
        ({"log_history": HISTORY[:1]}, "training.log", None),
        ({"global_step": float("inf")}, "training.steps", None),
        ({"global_step": -1}, "training.steps", None),
        ({"global_step": 10**400}, "training.steps", None),
        ({"global_step": True}, "training.steps", None),
        ({"epoch": "2"}, "training.epochs", None),
    ],
)
def test_follows_the_state(changed: dict[str, Any], name: str, value: Any) -> None:
    assert value_of(name, {"trainer_state.json": {**STATE, **changed}}) == value


def test_reads_the_latest_of_the_checkpoints() -> None:
    early, late = {**STATE, "global_step": 900}, {**STATE, "global_step": 1000}
    files = {"checkpoint-900/trainer_state.json": early, "checkpoint-1000/trainer_state.json": late}
    assert value_of("training.steps", files) == 1000
    assert value_of("training.steps", {**files, "trainer_state.json": {**STATE, "global_step": 7}}) == 7


def test_a_released_log_comes_before_another_one() -> None:
    facts = derived({}, beside={"runs/trainer_state.json": STATE})
    assert (facts["training.steps"].value, facts["training.steps"].released) == (200, False)
    facts = derived({"trainer_state.json": {"global_step": 5}}, beside={"trainer_state.json": STATE})
    assert (facts["training.steps"].value, facts["training.steps"].released) == (5, True)
    assert "training.log" not in facts


def test_results_without_a_log_are_completed_by_one_beside_the_release() -> None:
    facts = derived({"all_results.json": {"train_runtime": 5}}, beside={"trainer_state.json": STATE})
    assert (facts["training.seconds"].value, facts["training.steps"].value) == (5, 200)


CSV_LOGS = {
    "Lightning": (
        "metrics.csv",
        "epoch,step,train_loss,val_loss\n0,9,2.5,\n0,10,,2.0\n1,19,1.5,\n1,20,,1.0\n",
        {"train_loss": [[9, 2.5], [19, 1.5]], "val_loss": [[10, 2.0], [20, 1.0]]},
    ),
    "Keras' CSVLogger": (
        "training.csv",
        "epoch,accuracy,loss\n0,0.5,2\n1,0.75,1\n",
        {"accuracy": [[0, 0.5], [1, 0.75]], "loss": [[0, 2], [1, 1]]},
    ),
    "padded, as of ultralytics": (
        "results.csv",
        "                  epoch,      train/box_loss\n          1,    1.5\n          2,    1.25\n",
        {"train/box_loss": [[1, 1.5], [2, 1.25]]},
    ),
    "JSON Lines": ("log.jsonl", '{"step": 1, "loss": 3}\n{"step": 2, "loss": 2.5}\n', {"loss": [[1, 3], [2, 2.5]]}),
    "damaged lines": (
        "log.jsonl",
        '{"step": 1, "loss": 3}\nnoise\n[1]\n{"step": 2, "loss": NaN}\n{"step": 3, "loss": 2}\n{"step": 4, "lo',
        {"loss": [[1, 3], [3, 2]]},
    ),
    "a resumed run": (
        "log.jsonl",
        '{"step": 1, "loss": 3}\n{"step": 2, "loss": 2}\n{"step": 2, "loss": 1.5}\n{"step": 3, "loss": 1}\n',
        {"loss": [[1, 3], [2, 1.5], [3, 1]]},
    ),
    "tabs": ("progress.tsv", "iter\tloss\n1\t3\n2\t2\n", {"loss": [[1, 3], [2, 2]]}),
    "infinity and text": ("log.csv", "step,loss,note\n1,inf,a\n2,1,b\n3,2,c\n", {"loss": [[2, 1], [3, 2]]}),
    "a table without steps": ("metrics.csv", "name,accuracy\na,1\nb,2\n", None),
    "one row": ("metrics.csv", "step,loss\n1,2\n", None),
    "another name": ("prices.csv", "step,loss\n1,2\n2,1\n", None),
    "a zero byte": ("log.csv", "step,loss\n1,\0\n2,1\n", None),
    "a long field": ("log.csv", "step,loss\n1," + "9" * 200_000 + "\n2,1\n", None),
}


@pytest.mark.parametrize("case", CSV_LOGS)
def test_reads_logs_as_text(case: str) -> None:
    path, data, curves = CSV_LOGS[case]
    fact = derived({path: data}).get("training.log")
    assert (fact and {one["name"]: one["points"] for one in fact.value}) == curves
    assert fact is None or fact.file == path


def test_reads_the_history_of_keras() -> None:
    facts = derived({"history.json": {"loss": [3.0, 2.0], "val_loss": [4.0], "note": "x"}})
    assert facts["training.log"].value == [
        {"name": "loss", "x": "epoch", "points": [[1, 3.0], [2, 2.0]]},
        {"name": "val_loss", "x": "epoch", "points": [[1, 4.0]]},
    ]
    assert facts["training.epochs"].value == 2


def test_keeps_3000_points_with_the_first_and_the_last() -> None:
    history = [{"step": step, "loss": step / 2} for step in range(10_000)]
    points = curve("loss", {"trainer_state.json": {"log_history": history}})
    assert points is not None
    assert (len(points), points[0], points[-1]) == (3000, [0, 0.0], [9999, 4999.5])
    assert [x for x, _ in points] == sorted({x for x, _ in points})
    assert len(curve("loss", {"trainer_state.json": {"log_history": history[:3000]}}) or []) == 3000


def test_bounds_the_number_of_metrics() -> None:
    history = [{"step": step, **{f"m{index}": 1 for index in range(500)}} for step in range(2)]
    facts = derived({"trainer_state.json": {"log_history": history}})
    assert (len(facts["training.log"].value), len(facts["training.last"].value)) == (50, 50)


def test_reads_the_results_beside_a_log() -> None:
    assert value_of("training.seconds", {"all_results.json": {"train_runtime": 12.5}}) == 12.5


ENERGY = "timestamp,duration,emissions,energy_consumed,country_name\n2026-01-01T00:00:00,9,0.1,0.5,X\n"


def test_reads_the_measurements_of_codecarbon() -> None:
    facts = derived({"emissions.csv": ENERGY + "2026-01-02T00:00:00,9,0.25,1.5,X\n"})
    assert (facts["training.energy"].value, facts["training.energy"].key) == (1.5, "[1].energy_consumed")
    assert facts["training.emissions"].value == 0.25
    assert value_of("training.energy", {"emissions.csv": ENERGY}) == 0.5
    for damaged in ("", "emissions\n", "energy_consumed\n-1\n", "energy_consumed\nnan\n", b"\xff"):
        assert value_of("training.energy", {"emissions.csv": damaged}) is None


RUN = "runs/Nov27/events.out.tfevents.1700000000.host.1.0"


def test_reads_event_files() -> None:
    data = event_file(event("train/loss", 10, 2.0), event("train/loss", 20, 1.0), event("eval/loss", 20, 1.5))
    facts = derived({}, beside={RUN: data})
    assert facts["training.log"].value == [
        {"name": "train/loss", "x": "step", "points": [[10, 2.0], [20, 1.0]]},
        {"name": "eval/loss", "x": "step", "points": [[20, 1.5]]},
    ]
    assert (facts["training.steps"].value, facts["training.steps"].file) == (20, RUN)
    assert not facts["training.log"].released


def test_reads_the_latest_run_and_all_its_files() -> None:
    def values(value: float) -> bytes:
        return event_file(event("loss", 1, 9.0), event("loss", 2, value))

    old, new = "a/events.out.tfevents.1600000000.h", "b/events.out.tfevents.1700000000.h"
    assert curve("loss", {old: values(2.0), new: values(3.0)}) == [[1, 9.0], [2, 3.0]]
    assert curve("loss", {old: values(2.0), new: b"noise"}) == [[1, 9.0], [2, 2.0]]
    more = {new: values(3.0), f"{new}.1.1": event_file(event("loss", 3, 1.0))}
    assert curve("loss", more) == [[1, 9.0], [2, 3.0], [3, 1.0]]


def test_reads_the_two_parts_of_a_keras_run() -> None:
    data = event_file(event("epoch_loss", 0, 2.0), event("epoch_loss", 1, 1.0))
    name = "events.out.tfevents.1700000000.h"
    facts = derived({f"logs/train/{name}": data, f"logs/validation/{name}": data})
    assert [(one["name"], one["x"]) for one in facts["training.log"].value] == [
        ("train/epoch_loss", "epoch"),
        ("validation/epoch_loss", "epoch"),
    ]
    assert facts["training.epochs"].value == 1


def test_the_state_of_a_trainer_comes_before_its_events() -> None:
    files = {"trainer_state.json": STATE, RUN: event_file(event("loss", 1, 9.0), event("loss", 2, 8.0))}
    assert derived(files)["training.log"].file == "trainer_state.json"


def test_arguments_in_event_files_are_hyperparameters() -> None:
    data = event_file(
        event("args/text_summary", 0, '{"learning_rate": 5e-05, "output_dir": "/home/alice", "seed": 42}')
    )
    facts = derived({RUN: data})
    assert facts["training.hyperparameters.learning_rate"].value == 5e-05
    assert [name for name in facts if "hyperparameters" in name] == [
        "training.hyperparameters.learning_rate",
        "training.hyperparameters.seed",
    ]


def test_a_path_outside_of_the_files_is_never_read(tmp_path: Path) -> None:
    (tmp_path / "trainer_state.json").write_text("{}")
    assert derived({str(tmp_path): b"{}"}).keys() == {"files.count", "files.largest", "files.size"}
