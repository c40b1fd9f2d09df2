"""A release has pictures of the data that are worth one, with the data in words."""

from typing import Any

import pytest

from hublish.cards.charts.release_charts import evaluation_chart, splits_chart, tensors_chart, training_chart


def test_training_is_described_by_its_first_and_last_values() -> None:
    log = [
        {"name": "loss", "x": "step", "points": [[0, 2.31], [1500, 0.4], [3000, 0.08]]},
        {"name": "eval_loss", "x": "step", "points": [[1500, 0.5], [3000, 0.31]]},
        {"name": "learning_rate", "x": "step", "points": [[0, 1e-3], [1500, 5e-4], [3000, 0.0]]},
    ]
    drawing = training_chart(log)
    assert drawing is not None
    assert drawing.alt == (
        "Training loss from 2.31 at step 0 to 0.08 at step 3,000; "
        "evaluation loss from 0.5 at step 1,500 to 0.31 at step 3,000"
    )


def test_scores_are_described_by_dataset() -> None:
    metrics = [{"type": "accuracy", "name": "Accuracy", "value": 0.93}, {"type": "f1", "value": 0.91}]
    metrics.append({"type": "recall", "value": 0.9})
    drawing = evaluation_chart([{"dataset": {"name": "Digits", "split": "test"}, "metrics": metrics}])
    assert drawing is not None
    assert drawing.title == "Evaluation on Digits (test)"
    assert drawing.alt == "Evaluation on Digits (test): Accuracy 0.93, f1 0.91, recall 0.9"


def test_tensors_are_added_up_by_module() -> None:
    layers = {f"model.layers.{index}.mlp.up.weight": 600 for index in range(10)}
    drawing = tensors_chart({"embed.weight": 3000, **layers, "head.weight": 1000})
    assert drawing is not None
    assert drawing.alt == "10.0 KB of tensors: model.layers.*.mlp 6.0 KB · 60%, embed 3.0 KB · 30%, head 1.0 KB · 10%"


def test_splits_are_described_by_their_rows() -> None:
    splits = [{"name": "train", "rows": 60_000}, {"name": "test", "rows": 10_000}]
    drawing = splits_chart([{"config_name": "default", "splits": splits}])
    assert drawing is not None
    assert drawing.alt == "Rows by split: train 60,000, test 10,000"


def curve(name: str, *values: float, x: str = "step") -> dict[str, Any]:
    return {"name": name, "x": x, "points": [[index, value] for index, value in enumerate(values)]}


NAN = float("nan")


@pytest.mark.parametrize(
    ("log", "alt"),
    [
        ([], None),
        ([curve("loss", 3, 2)], None),
        ([curve("loss", 3, NAN, 2)], None),
        ([curve("learning_rate", 3, 2, 1), curve("train/grad_norm", 1, 2, 3), curve("eval_runtime", 1, 2, 3)], None),
        ([curve("loss", 3, 2, 1)], "Training loss from 3 at step 0 to 1 at step 2"),
        ([curve("train/loss", 3, 2, 1, x="epoch")], "Training loss from 3 at epoch 0 to 1 at epoch 2"),
        (
            [curve("loss", 3, 2, 1), curve("val_loss", 4, 3, 2, x="epoch")],
            "Training loss from 3 at step 0 to 1 at step 2",
        ),
        (
            [curve("eval/f1", 0.1, 0.5, 0.75), curve("val_loss", 3, 2, 1)],
            "Validation loss from 3 at step 0 to 1 at step 2; evaluation f1 from 0.1 at step 0 to 0.75 at step 2",
        ),
    ],
)
def test_a_log_has_a_picture_from_three_points_on(log: list[Any], alt: str | None) -> None:
    drawing = training_chart(log)
    assert (drawing.alt if drawing else None) == alt


def result(name: str, *values: Any, **fields: Any) -> dict[str, Any]:
    metrics = [{"type": f"m{index}", "value": value, **fields} for index, value in enumerate(values)]
    return {"dataset": {"type": "d", "name": name}, "metrics": metrics}


@pytest.mark.parametrize(
    ("results", "alt"),
    [
        ([], None),
        ([result("A", 0.5, 0.25)], None),
        ([result("A", 0.5, 0.25, NAN, "0.5", True)], None),
        ([result("A", 0.5, 0.25, 1)], "Evaluation on A: m0 0.5, m1 0.25, m2 1"),
        ([result("", 0.5, 0.25, 1)], "Evaluation on d: m0 0.5, m1 0.25, m2 1"),
        ([result("A", 50, 25.5, 100)], "Evaluation on A: m0 50, m1 25.5, m2 100"),
        # A perplexity beside shares is left to the table, and so are all values if most do not fit on one scale.
        ([result("A", 0.5, 0.25, 1, 12.5)], "Evaluation on A: m0 0.5, m1 0.25, m2 1"),
        ([result("A", 0.5, 0.25, 1, -12.5, 1e3, 2e3, 3e3)], None),
        ([result("A", 0.5), result("B", 0.25), result("C", 1)], "M0: A 0.5, B 0.25, C 1"),
        ([result("A", 0.5, 0.25), result("B", 0.25, 1)], "A: m0 0.5, m1 0.25; B: m0 0.25, m1 1"),
        (
            [result("A", 0.5, 0.25, 1, text="0.50", stderr=0.01, stderr_text="0.01")],
            "Evaluation on A: m0 0.50 ± 0.01, m1 0.50 ± 0.01, m2 0.50 ± 0.01",
        ),
    ],
)
def test_scores_on_one_scale_have_a_picture(results: list[Any], alt: str | None) -> None:
    drawing = evaluation_chart(results)
    assert (drawing.alt if drawing else None) == alt


@pytest.mark.parametrize(
    ("sizes", "alt"),
    [
        ({}, None),
        ({"a.weight": 0, "b.weight": 0, "c.weight": 0}, None),
        ({"a.weight": 4, "a.bias": 4, "b.weight": 4}, None),
        ({"a": 1, "b.weight": 2, "c.0.weight": 997}, "1.0 KB of tensors: c.0 997 B · 100%, b 2 B · <1%, a 1 B · <1%"),
        (
            {"x.0.q.w": 300, "x.1.q.w": 300, "x.0.k.w": 200, "y.w": 200},
            "1.0 KB of tensors: x.*.q 600 B · 60%, x.*.k 200 B · 20%, y 200 B · 20%",
        ),
    ],
)
def test_three_modules_have_a_picture(sizes: dict[str, int], alt: str | None) -> None:
    drawing = tensors_chart(sizes)
    assert (drawing.alt if drawing else None) == alt


def test_many_modules_end_with_the_sum_of_the_others() -> None:
    drawing = tensors_chart({f"part{index:04}.weight": 5000 - index for index in range(3000)})
    assert drawing is not None
    assert "2,989 others" in drawing.light


@pytest.mark.parametrize(
    ("configs", "alt"),
    [
        ([], None),
        ([{"config_name": "default", "splits": [{"name": "train", "rows": 5}]}], None),
        ([{"config_name": "default", "splits": [{"name": "train", "rows": 5}, {"name": "test"}]}], None),
        (
            [
                {"config_name": name, "splits": [{"name": "train", "rows": rows}]}
                for name, rows in (("en", 5), ("fr", 0))
            ],
            "Rows by split: en: train 5; fr: train 0",
        ),
    ],
)
def test_two_splits_with_known_rows_have_a_picture(configs: list[Any], alt: str | None) -> None:
    drawing = splits_chart(configs)
    assert (drawing.alt if drawing else None) == alt
