"""Alternative texts of pictures in other words agree with the data, or they do not."""

import pytest

from hublish.cards.record.alternative_texts import describes

CURVES = (
    "Training loss from 0.459 at epoch 1 to 0.00546 at epoch 60; validation loss from 0.437 at epoch 1 to 0.0754 at "
    "epoch 60; validation accuracy from 0.844 at epoch 1 to 0.976 at epoch 60"
)
SPLITS = "Rows by split: train 800, test 200"
SCORES = "Imdb (test): Accuracy 0.93, F1 0.91; sst2 (validation): Accuracy 0.88, F1 0.87"

RIGHT = [
    (CURVES, CURVES),
    (CURVES, "Training loss falls from 0.459 to 0.005, and validation accuracy rises from 0.84 to 0.98"),
    (CURVES, "Two panels with curves of loss and accuracy"),
    (CURVES, ""),
    (CURVES, "The losses drop over 60 epochs while the accuracy rises to 0.976."),
    (SPLITS, "800 rows to train and 200 to test"),
    (SPLITS, "200 test rows"),
    (SCORES, "On imdb the accuracy is 0.93"),
]
FALSE = [
    (CURVES, CURVES.replace("0.459", "9.459")),
    (CURVES, CURVES.replace("Training loss", "Training accuracy")),
    (CURVES, CURVES.replace("validation loss from 0.437", "validation loss from 0.459")),
    (CURVES, CURVES.replace("epoch 60", "epoch 600")),
    (CURVES, CURVES.replace("validation accuracy", "test accuracy")),
    (CURVES, "The training loss rises"),
    (CURVES, "Validation accuracy of 0.99"),
    (CURVES, "Training BLEU from 0.459 to 0.00546"),
    (CURVES, "Validation accuracy falls from 0.844 to 0.976"),
    (CURVES, "validation loss 0.976"),
    (SPLITS, "200 rows to train"),
    (SPLITS, "Rows by split: train 8,000, test 200"),
    (SPLITS, "Rows by split: train 200, test 800"),
    (SCORES, SCORES.replace("0.93", "0.95")),
    (SCORES, "On imdb the accuracy is 0.88"),
    (SCORES, "Imdb (test): F1 0.93"),
]


@pytest.mark.parametrize(("data", "text"), RIGHT)
def test_a_text_that_agrees_with_the_data_describes_it(data: str, text: str) -> None:
    assert describes(text, data)


@pytest.mark.parametrize(("data", "text"), FALSE)
def test_a_text_with_another_number_label_or_direction_does_not(data: str, text: str) -> None:
    assert not describes(text, data)


# Labels with commas, and results of one benchmark that are those of another as well.
HARNESS = "Hellaswag (validation, 10-shot): acc 0.57 ± 0.005, acc_norm 0.75; gsm8k (main, 5-shot): acc 0.57"


def test_data_whose_labels_are_not_clear_is_compared_by_its_numbers() -> None:
    assert describes(HARNESS, HARNESS)
    assert describes("A score of 0.57 on both", HARNESS)
    assert not describes(HARNESS.replace("0.75", "0.95"), HARNESS)
