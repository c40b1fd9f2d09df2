"""Write `.eval_results/*.yaml`, from which the Hub makes the leaderboards of benchmarks.

The form: https://github.com/huggingface/hub-docs/blob/main/eval_results.yaml, in 2026. A result is written only if the
manifest names the task in the `eval.yaml` of the benchmark (`task_id`): no evaluation tool knows these ids, and a wrong
one puts a model on the wrong leaderboard. A leaderboard has one value for each task, which is the first metric.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from hublish.cards.results.result import Result
from hublish.schemas.diagnose.problems import Problem
from hublish.schemas.documents.card_evaluation import DATE
from hublish.schemas.documents.manifest_yaml import dump_yaml

FOLDER: Final = ".eval_results"


def leaderboard_path(dataset: str) -> str:
    """Return the path in the repo of the results on a benchmark: `.eval_results/cais_hle.yaml` for `cais/hle`.

    It depends on the benchmark alone: a release with one more benchmark leaves the other files where they are.
    """
    return f"{FOLDER}/{dataset.replace('/', '_')}.yaml"


def leaderboard_texts(results: Iterable[Result]) -> dict[str, str]:
    """Return the content of each file by its path in the repo."""
    entries: dict[str, list[dict[str, Any]]] = {}
    for result in _on_leaderboards(results):
        entries.setdefault(leaderboard_path(str(result.dataset["type"])), []).append(leaderboard_entry(result))
    return {path: dump_yaml(listed) for path, listed in entries.items()}


def leaderboard_entry(result: Result) -> dict[str, Any]:
    """Return a result as an entry of a file, with its keys in the order of the specification."""
    dataset = {"id": result.dataset["type"], "task_id": result.task_id}
    if revision := result.dataset.get("revision"):
        dataset["revision"] = revision
    entry: dict[str, Any] = {"dataset": dataset, "value": result.scores[0].value}
    # A file may have a time in another form.
    if re.fullmatch(DATE, result.date):
        entry["date"] = result.date
    if source := {key: result.source[key] for key in ("url", "name", "user", "org") if result.source.get(key)}:
        entry["source"] = source
    notes = result.notes or ("" if result.shots is None else f"{result.shots}-shot")
    if notes:
        entry["notes"] = notes
    return entry


def leaderboard_problems(results: Iterable[Result]) -> Iterator[Problem]:
    """Yield an error for each result that would be a second value of a task."""
    first: dict[tuple[str, str, str], Result] = {}
    for result in _on_leaderboards(results):
        key = (str(result.dataset["type"]), result.task_id, result.notes)
        if first.setdefault(key, result) is not result:
            message = f"the leaderboard of {key[0]} has one value for the task '{key[1]}', and this is the second"
            hint = "remove `task_id` from one of them, or describe the setup of each in `notes`"
            yield Problem("card.evaluation", message, hint, f"{result.place}.dataset.task_id")


def _on_leaderboards(results: Iterable[Result]) -> Iterator[Result]:
    return (result for result in results if result.task_id and result.scores)
