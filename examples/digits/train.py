"""Train the classifier, and write weights, configuration, metrics and the training log to runs/best.

    python train.py [FOLDER]

The same run gives the same bytes on every machine: it computes in float64 from a fixed seed, and rounds the weights to
multiples of 1/4096, which is far coarser than the differences between linear algebra libraries.
"""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from dataset import Split
from digits_mlp import DigitsMLP, Floats
from numpy.typing import NDArray

SEED, HIDDEN, EPOCHS, BATCH = 0, 32, 60, 32
LEARNING_RATE, MOMENTUM, WEIGHT_DECAY = 0.1, 0.9, 1e-4
GRAIN = 4096

Arrays = dict[str, Floats]


def initial(random: np.random.Generator) -> Arrays:
    """Return random weights by He's rule, and biases of zero."""
    return {
        "hidden.weight": random.normal(0, np.sqrt(2 / 64), (64, HIDDEN)),
        "hidden.bias": np.zeros(HIDDEN),
        "output.weight": random.normal(0, np.sqrt(2 / HIDDEN), (HIDDEN, 10)),
        "output.bias": np.zeros(10),
    }


def softmax(scores: Floats) -> Floats:
    """Return the probabilities (n, 10) for scores (n, 10)."""
    exponentials = np.exp(scores - scores.max(axis=1, keepdims=True))
    probabilities: Floats = exponentials / exponentials.sum(axis=1, keepdims=True)
    return probabilities


def cross_entropy(model: DigitsMLP, split: Split) -> float:
    """Return the mean cross entropy in nats."""
    probabilities = softmax(model.logits(split.images))
    return float(-np.log(probabilities[np.arange(len(split.digits)), split.digits]).mean())


def gradients(arrays: Arrays, images: NDArray[np.uint8], digits: NDArray[np.uint8]) -> Arrays:
    """Return the gradients of the cross entropy for one batch."""
    pixels = images.reshape(len(images), 64) / 16
    hidden = np.maximum(pixels @ arrays["hidden.weight"] + arrays["hidden.bias"], 0)
    scores = hidden @ arrays["output.weight"] + arrays["output.bias"]
    at_scores = (softmax(scores) - np.eye(10)[digits]) / len(images)
    at_hidden = (at_scores @ arrays["output.weight"].T) * (hidden > 0)
    return {
        "hidden.weight": pixels.T @ at_hidden + WEIGHT_DECAY * arrays["hidden.weight"],
        "hidden.bias": at_hidden.sum(axis=0),
        "output.weight": hidden.T @ at_scores + WEIGHT_DECAY * arrays["output.weight"],
        "output.bias": at_scores.sum(axis=0),
    }


def epochs(train: Split) -> Iterator[DigitsMLP]:
    """Train by stochastic gradient descent with momentum, and yield the model after each epoch."""
    random = np.random.default_rng(SEED)
    arrays = initial(random)
    speeds = {name: np.zeros_like(array) for name, array in arrays.items()}
    for epoch in range(EPOCHS):
        rate = LEARNING_RATE * (1 + np.cos(np.pi * epoch / EPOCHS)) / 2
        order = random.permutation(len(train.images))
        for batch in np.split(order, range(BATCH, len(order), BATCH)):
            slopes = gradients(arrays, train.images[batch], train.digits[batch])
            speeds = {name: MOMENTUM * speeds[name] - rate * slopes[name] for name in arrays}
            arrays = {name: arrays[name] + speeds[name] for name in arrays}
        yield DigitsMLP({name: (np.round(array * GRAIN) / GRAIN).astype(np.float32) for name, array in arrays.items()})


def measure(epoch: int, model: DigitsMLP, train: Split, validation: Split) -> dict[str, float]:
    """Return one line of the training log."""
    return {
        "epoch": epoch,
        "train_loss": round(cross_entropy(model, train), 6),
        "validation_loss": round(cross_entropy(model, validation), 6),
        "validation_accuracy": round(validation.accuracy(model.predict(validation.images)), 6),
    }


def results(model: DigitsMLP, test: Split) -> list[dict[str, Any]]:
    """Return the results on the test set in the form of the Hub's `model-index`."""
    accuracy = round(test.accuracy(model.predict(test.images)), 6)
    entropy = round(cross_entropy(model, test), 6)
    return [
        {
            "task": {"type": "image-classification", "name": "Image classification"},
            "dataset": {"type": "digits", "name": "Digits (scikit-learn)", "split": "test"},
            "metrics": [
                {"type": "accuracy", "name": "Accuracy", "value": accuracy},
                {"type": "cross_entropy", "name": "Cross entropy (nats)", "value": entropy},
            ],
        }
    ]


def configuration(best_epoch: float) -> dict[str, Any]:
    """Return the configuration of the model and of its training."""
    return {
        "architecture": "DigitsMLP",
        "image_size": [8, 8],
        "pixel_range": [0, 16],
        "hidden_size": HIDDEN,
        "labels": [str(digit) for digit in range(10)],
        "training": {
            "seed": SEED,
            "epochs": EPOCHS,
            "best_epoch": best_epoch,
            "batch_size": BATCH,
            "optimizer": "sgd",
            "learning_rate": LEARNING_RATE,
            "schedule": "cosine",
            "momentum": MOMENTUM,
            "weight_decay": WEIGHT_DECAY,
        },
    }


def write(folder: Path, model: DigitsMLP, log: list[dict[str, float]], best: dict[str, float], test: Split) -> None:
    """Write the files that hub.yaml releases."""
    folder.mkdir(parents=True, exist_ok=True)
    arrays: dict[str, Any] = dict(model.arrays)
    np.savez(folder / "model.npz", **arrays)
    (folder / "config.json").write_text(json.dumps(configuration(best["epoch"]), indent=2) + "\n")
    (folder / "metrics.json").write_text(json.dumps(results(model, test), indent=2) + "\n")
    (folder / "training_log.jsonl").write_text("".join(json.dumps(line) + "\n" for line in log))


def main(folder: Path) -> None:
    """Train, choose the epoch with the smallest validation loss, and evaluate it on the test set."""
    train, validation, test = map(Split.read, ("train", "validation", "test"))
    models = list(epochs(train))
    log = [measure(epoch, model, train, validation) for epoch, model in enumerate(models, start=1)]
    best = min(log, key=lambda line: line["validation_loss"])
    model = models[int(best["epoch"]) - 1]
    write(folder, model, log, best, test)
    print(f"epoch {best['epoch']}: test accuracy {test.accuracy(model.predict(test.images)):.4f}")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if sys.argv[1:] else Path(__file__).parent / "runs" / "best")
