"""Load offline what was loaded from the Hub before."""

from typing import Any

import datasets
import timm
from sentence_transformers import SentenceTransformer
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from tests.frameworks.libraries.steps import tensors


def transformers() -> Any:
    """A model with its tokenizer, and the same of a tag."""
    repo_id = "acme/classifier"
    load = AutoModelForSequenceClassification.from_pretrained
    words = AutoTokenizer.from_pretrained(repo_id)
    return [
        [tensors(load(repo_id)), words(["a b", "b c d e"])["input_ids"]],
        tensors(load("acme/bert-revisions", revision="v1")),
    ]


def sentence_transformers() -> Any:
    """A model of several modules."""
    model = SentenceTransformer("acme/embedder", device="cpu")
    return [tensors(model), model.encode(["a b", "b c a"]).tolist()]


def images() -> Any:
    """A classifier of timm."""
    return tensors(timm.create_model("hf-hub:acme/animals", pretrained=True))


def rows() -> Any:
    """Datasets by their names, and one of two configurations."""
    splits = datasets.load_dataset("acme/splits")
    return [
        {name: list(rows) for name, rows in splits.items()},
        list(datasets.load_dataset("acme/configs", "de")["train"]),
    ]


def unknown() -> Any:
    """A model that was never loaded."""
    try:
        AutoTokenizer.from_pretrained("acme/image-processor")
    except OSError as error:
        return str(error)
