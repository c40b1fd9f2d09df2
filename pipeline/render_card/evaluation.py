"""Evaluation results for the card, read from a file in the form of the Hub's `model-index`."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hublish.base.errors import CardError
from hublish.pipeline.render_card.card_files import read_inside
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.json_documents import read_json_value

# The largest evaluation file, in bytes; all its results go into the front matter of the card.
EVALUATION_LIMIT: Final = 1 << 20

# Each with `task`, `dataset` and `metrics`.
Results = list[dict[str, Any]]


def read_evaluation(name: str, folder: Path) -> Results:
    """Return evaluation results from a JSON file: a list of them, or an object with the list as `results`.

    Args:
        name: the file, relative to `folder`.
        folder: the manifest's folder.

    Raises:
        CardError: when the file is missing, not strict JSON, or has another form.
    """
    data = read_inside(folder, name, "card.evaluation", EVALUATION_LIMIT, "name a JSON file with evaluation results")
    msg = "the evaluation results cannot be read"
    try:
        value = read_json_value(data, name, family="card", max_bytes=EVALUATION_LIMIT)
    except InvalidDocumentError as error:
        raise CardError(msg, problems=error.problems) from None
    results = value.get("results") if isinstance(value, dict) else value
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        hint = "write a list of {task, dataset, metrics}, as in a card's model-index"
        problem = Problem("card.evaluation", f"{name} contains no list of results", hint, "card.evaluation")
        raise CardError(msg, problems=[problem])
    return results


def model_index(name: str, results: Results) -> list[Mapping[str, Any]]:
    """Return the `model-index` of the front matter, for a model called `name`."""
    return [{"name": name, "results": results}]
