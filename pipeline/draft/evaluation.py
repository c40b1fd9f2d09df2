"""Which file holds evaluation results in the form that a card takes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from hublish.pipeline.draft.tree import Tree, name_of
from hublish.pipeline.render_card.evaluation import EVALUATION_LIMIT, Results, model_index
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.documents.model_index import model_index_findings
from hublish.schemas.yaml.json_reading import read_json_value

_NAMES: Final = re.compile(r"(?:.*[-_])?(?:metrics?|eval(?:uation)?|results?)(?:[-_].*)?\.json", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A file with results."""

    path: str
    task: str
    """Of the first result, as the Hub names it."""


def evaluation(tree: Tree, files: Iterable[str]) -> Evaluation | None:
    """Return the first file that a card could show as its evaluation results; None when there is none."""
    named = (path for path in files if _NAMES.fullmatch(name_of(path)) and tree.sizes[path] <= EVALUATION_LIMIT)
    read = ((path, _results(tree, path)) for path in named)
    return next((Evaluation(path, str(results[0]["task"]["type"])) for path, results in read if results), None)


def _results(tree: Tree, path: str) -> Results:
    try:
        data = tree.head(path, EVALUATION_LIMIT)
        found = read_json_value(data, path, family="card", max_bytes=EVALUATION_LIMIT)
    except InvalidDocumentError:
        return []
    results = found.get("results") if isinstance(found, dict) else found
    if not isinstance(results, list) or not all(isinstance(one, dict) for one in results):
        return []
    return [] if list(model_index_findings(model_index("model", results))) else results
