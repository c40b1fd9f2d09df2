"""Numbers that people attribute to facts in text of their own, after they have edited a published card."""

import re
import time

import pytest

from hublish.cards.record.false_facts import Now, false_facts
from hublish.cards.record.statements import find_statements
from hublish.schemas.documents.card_record import CardRecord, Stated

# A value in angle brackets is a fact: its name, its value, and its text.
TEMPLATE = """# Digits MLP

One hidden layer, 2,410 parameters, trained with NumPy alone.

## Model details

- **Model type:** DigitsMLP with hidden size <model.hidden_size;32;32>
- **Parameters:** <model.parameters;2410;2,410> (F32)
- **Memory:** <model.memory;9640;9.6 KB> to load the weights

## Training

- **Epochs:** <training.epochs;60;60>

| Hyperparameter | Value |
|---|---|
| batch_size | <training.hyperparameters.batch_size;32;32> |
| learning_rate | <training.hyperparameters.learning_rate;0.1;0.1> |

## Evaluation

Image classification on Digits (test):

| Metric | Value |
|---|---:|
| Accuracy | <evaluation[0].metrics["Accuracy"].text;0.972222;0.9722> |
| Cross entropy (nats) | <evaluation[0].metrics["Cross entropy (nats)"].text;0.093003;0.093> |
"""
PARAMETERS = "- **Parameters:** 2,410 (F32)"
MEMORY = "- **Memory:** 9.6 KB to load the weights"
EPOCHS = "- **Epochs:** 60"
SCORES = "| Accuracy | 0.9722 |\n| Cross entropy (nats) | 0.093 |"


def published() -> tuple[str, CardRecord]:
    text, spans, facts, end = "", [], {}, 0
    for found in re.finditer("<([^;>]*);([^;>]*);([^>]*)>", TEMPLATE):
        text += TEMPLATE[end : found.start()]
        name = found[1] if found[1].startswith("evaluation") else f"facts.{found[1]}"
        facts[name] = Stated(name=name, value=float(found[2]) if "." in found[2] else int(found[2]))
        spans.append((len(text), len(text) + len(found[3]), (name,)))
        text, end = text + found[3], found.end()
    text += TEMPLATE[end:]
    return text, CardRecord(statements=tuple(find_statements(text, 0, spans, facts)))


CARD, RECORD = published()


def found(text: str) -> list[tuple[str, str]]:
    """Return the name and the text of each fact that an edited card states and that does not hold."""
    facts = false_facts(RECORD, text.encode(), lambda fact: Now(fact.value, known=False), CARD.encode())
    return [(fact.name.removeprefix("facts."), fact.found) for fact in facts]


ADDED_FALSEHOODS = [
    ("This model has 7B parameters.", "model.parameters", "7B"),
    ("The model has 24,100 trainable parameters.", "model.parameters", "24,100"),
    ("Parameters: 24.1K", "model.parameters", "24.1K"),
    ("Accuracy: 0.99", 'evaluation[0].metrics["Accuracy"].text', "0.99"),
    ("- **Accuracy:** 99 %", 'evaluation[0].metrics["Accuracy"].text', "99 %"),
    ("| Accuracy | 0.99 |", 'evaluation[0].metrics["Accuracy"].text', "0.99"),
    ("The model reaches an accuracy of 99.1 %.", 'evaluation[0].metrics["Accuracy"].text', "99.1 %"),
    ("It reaches 99 % accuracy.", 'evaluation[0].metrics["Accuracy"].text', "99 %"),
    ("It was trained for 600 epochs.", "training.epochs", "600"),
    ("Trained with a learning rate of 0.5.", "training.hyperparameters.learning_rate", "0.5"),
    ("Our classifier has a hidden size of 512.", "model.hidden_size", "512"),
    ("Memory: 96 MB", "model.memory", "96 MB"),
]


@pytest.mark.parametrize(("text", "name", "shown"), ADDED_FALSEHOODS)
def test_a_false_number_that_people_add_is_named(text: str, name: str, shown: str) -> None:
    assert found(f"{CARD}\n## Notes\n\nSome words. And others.\n\n{text}\n") == [(name, shown)]


REWORDED_FALSEHOODS = [
    (PARAMETERS, "The net comprises 24,100 trainable weights in single precision.", ("model.parameters", "24,100")),
    (PARAMETERS, "About 24.1 thousand weights were enough.", ("model.parameters", "24.1 thousand")),
    (MEMORY, "Loading everything takes just 96 KB.", ("model.memory", "96 KB")),
    (EPOCHS, "We went through all of the images in 600 epochs.", ("training.epochs", "600")),
    (
        SCORES,
        "The classifier gets 99.2 % of unseen drawings right.",
        ('evaluation[0].metrics["Accuracy"].text', "99.2 %"),
    ),
    (
        "- **Model type:** DigitsMLP with hidden size 32",
        "A perceptron whose only inner stage has 64 hidden units.",
        ("model.hidden_size", "64"),
    ),
]


@pytest.mark.parametrize(("before", "after", "fact"), REWORDED_FALSEHOODS)
def test_a_sentence_in_other_words_hides_no_false_number(before: str, after: str, fact: tuple[str, str]) -> None:
    assert before in CARD
    assert found(CARD.replace(before, after)) == [fact]


HONEST = [
    "This model has about 2,400 parameters.",
    "This model has 2.4K parameters.",
    "Accuracy: 97 %",
    "The model reaches an accuracy of 97.2 %.",
    "| Accuracy | 0.972 |",
    "BERT-base has 110M parameters.",
    "The model was distilled from BERT with 110M parameters.",
    "Version 9 had 99 parameters and an accuracy of 0.5.",
    "Compared with this model, a linear model has 650 parameters and an accuracy of 0.93.",
    "The validation accuracy is 0.976.",
    "Top-5 accuracy of 0.999.",
    "We also tried a learning rate of 0.5, which diverged.",
    "Use a batch size of 64 for fine-tuning.",
    "The model reaches an accuracy of at least 0.95 on every digit.",
    "| Model | Accuracy |\n|---|---|\n| This | 0.972 |\n| BERT | 0.99 |",
    "Parameters: see config.json",
    "Training stops after 5 epochs without improvement.",
    "The layers: 64 input units, 32 hidden units and 10 outputs.",
    "On the previous data, Accuracy: 0.5",
    "Its 2,410 parameters fit in 9.6 KB.",
    "## Version history\n\nAccuracy: 0.5",
    "```\nAccuracy: 0.5\n```",
    "Released in 2024 by 13 people.",
    "Error rate: 2.8 %",
]


@pytest.mark.parametrize("text", HONEST)
def test_a_true_number_and_one_of_something_else_raise_no_alarm(text: str) -> None:
    assert found(f"{CARD}\n## Notes\n\n{text}\n") == []


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (PARAMETERS, "- **Parameters:** two thousand four hundred and ten"),
        (PARAMETERS, "The net comprises 2,410 trainable weights in single precision."),
        (PARAMETERS + "\n", ""),
        (MEMORY, "Runs on anything; the file takes 10 KB on disk."),
        (EPOCHS, "Released in 2024 by 13 people."),
        (SCORES, "It reads 97 % of unseen drawings, with a cross entropy of 0.09."),
    ],
)
def test_a_sentence_in_other_words_with_the_same_number_raises_no_alarm(before: str, after: str) -> None:
    assert before in CARD
    assert found(CARD.replace(before, after)) == []


def test_a_claim_is_compared_with_the_value_that_the_files_have_now() -> None:
    text = f"{CARD}\n## Notes\n\nThis model has 5,000 parameters.\n"

    def now(fact: Stated) -> Now:
        return Now(5000) if fact.name.endswith("parameters") else Now(fact.value)

    names = [fact.found for fact in false_facts(RECORD, text.encode(), now, CARD.encode())]
    assert names == ["2,410"]


@pytest.mark.parametrize(
    "text",
    [
        "accuracy " * 20_000,
        "Accuracy: 0.9 " * 10_000,
        "\n\n".join(["This model has an accuracy of of of of 0.97"] * 2_000),
        "1," * 100_000,
        "| | " * 20_000,
    ],
)
def test_a_long_text_takes_little_time(text: str) -> None:
    start = time.monotonic()
    found(f"{CARD}\n{text}\n")
    assert time.monotonic() - start < 60
