"""A release has pictures of the data that are worth one, with the data in words."""

from hublish.cards.charts.release_charts import evaluation_chart, splits_chart, tensors_chart, training_chart


def test_training_is_told_by_its_first_and_last_values() -> None:
    log = [
        {"name": "loss", "x": "step", "points": [[0, 2.31], [1500, 0.4], [3000, 0.08]]},
        {"name": "eval_loss", "x": "step", "points": [[1500, 0.5], [3000, 0.31]]},
        {"name": "learning_rate", "x": "step", "points": [[0, 1e-3], [1500, 5e-4], [3000, 0.0]]},
    ]
    drawing = training_chart(log)
    assert drawing is not None
    assert drawing.alt == (
        "Training loss from 2.31 at step 0 to 0.08 at step 3,000; "
        "eval loss from 0.5 at step 1,500 to 0.31 at step 3,000"
    )


def test_scores_are_told_by_dataset() -> None:
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


def test_splits_are_told_by_their_rows() -> None:
    splits = [{"name": "train", "rows": 60_000}, {"name": "test", "rows": 10_000}]
    drawing = splits_chart([{"config_name": "default", "splits": splits}])
    assert drawing is not None
    assert drawing.alt == "Rows by split: train 60,000, test 10,000"
