"""Evaluation results: a JSON file in the form of `model-index` results, for the front matter and the template."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from hublish.base.errors import CardError
from hublish.pipeline.render_card.reading import read_inside
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem
from hublish.schemas.documents.json_documents import read_json_value

EVALUATION_LIMIT: Final = 1 << 20
"""Bytes of an evaluation file."""

Results = list[dict[str, Any]]
"""Each with `task`, `dataset` and `metrics`."""


def read_evaluation(name: str, folder: Path) -> Results:
    """Read results: a list of them, or an object that holds the list as `results`.

    Args:
        name: the file, relative to `folder`.
        folder: of the manifest.

    Raises:
        CardError: when the file is missing, no strict JSON, or of another form.
    """
    data = read_inside(folder, name, "card.evaluation", EVALUATION_LIMIT, "name a JSON file with evaluation results")
    try:
        value = read_json_value(data, name, family="card", max_bytes=EVALUATION_LIMIT)
    except InvalidDocumentError as error:
        msg = "the evaluation results cannot be read"
        raise CardError(msg, problems=error.problems) from None
    results = value.get("results") if isinstance(value, dict) else value
    if not isinstance(results, list) or not all(isinstance(result, dict) for result in results):
        hint = "write a list of {task, dataset, metrics}, as in a card's model-index"
        problem = Problem("card.evaluation", f"{name} holds no list of results", hint, "card.evaluation")
        msg = "the evaluation results cannot be read"
        raise CardError(msg, problems=[problem])
    return results


def model_index(name: str, results: Results) -> list[Mapping[str, Any]]:
    """Return the front matter's `model-index` for a model called `name`."""
    return [{"name": name, "results": results}]
