"""Read and write `model-index`, the list of results in the front matter of a model card, and show it to readers.

The form: https://github.com/huggingface/hub-docs/blob/main/modelcard.md. `model_index_findings` checks it by the Hub's
rules.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from hublish.cards.results.result import Result, Score, is_number
from hublish.schemas.diagnose.problems import format_path

INDEX = "model-index"

# A value prints as in the file, so that readers can compare both: a fraction is not turned into a percentage. Only
# digits after the fourth decimal are rounded off, or after the fourth significant digit of a small value.
_DECIMALS: Final = 4
_SMALL: Final = 0.001
_LARGE: Final = 1e15


def listed_results(value: object) -> list[tuple[str, Mapping[str, Any]]] | None:
    """Return the results in a document with their places; None if it has another form.

    Accepted are a list of results, an object with the list as `results`, and a whole `model-index`, also below its key.
    """
    at: tuple[str | int, ...] = ()
    if isinstance(value, Mapping):
        key = next((key for key in (INDEX, "results") if isinstance(value.get(key), list)), None)
        if key is None:
            return None
        at, value = (key,), value[key]
    if not isinstance(value, list) or not all(isinstance(each, Mapping) for each in value):
        return None
    models = value and all(isinstance(each.get("results"), list) and "metrics" not in each for each in value)
    found = (
        [
            ((*at, number, "results", index), each)
            for number, model in enumerate(value)
            for index, each in enumerate(model["results"])
        ]
        if models
        else [((*at, number), each) for number, each in enumerate(value)]
    )
    # Whoever writes a whole index means its results, so that an entry that is not one must not be dropped.
    return (
        [(format_path(place), each) for place, each in found]
        if all(isinstance(each, Mapping) for _, each in found)
        else None
    )


def read_index(value: object, file: str) -> tuple[Result, ...] | None:
    """Return the results in a document, each with its entry as it is written; None if it has another form."""
    found = listed_results(value)
    return None if found is None else tuple(_result(entry, place, file) for place, entry in found)


def _result(entry: Mapping[str, Any], place: str, file: str) -> Result:
    metrics = entry.get("metrics")
    scores = [
        Score(
            name=str(metric.get("name") or metric.get("type") or ""),
            value=metric.get("value"),
            key=f"{place}.metrics[{number}]",
            type=str(metric.get("type") or ""),
            label=str(metric.get("name") or ""),
            written=metric,
        )
        for number, metric in enumerate(metrics if isinstance(metrics, list) else ())
        if isinstance(metric, Mapping)
    ]
    task, dataset, source = (
        value if isinstance(value := entry.get(key), Mapping) else {} for key in ("task", "dataset", "source")
    )
    return Result(file, tuple(scores), place, task=task, dataset=dataset, source=source, written=entry)


def index_entry(result: Result) -> dict[str, Any]:
    """Return a result as an entry of a `model-index`."""
    if result.written is not None:
        return dict(result.written)
    entry: dict[str, Any] = {
        "task": dict(result.task),
        "dataset": dict(result.dataset),
        "metrics": [index_metric(score) for score in result.scores],
    }
    # A source has no other keys here than these two.
    if source := {key: result.source[key] for key in ("name", "url") if result.source.get(key)}:
        entry["source"] = source
    return entry


def index_metric(score: Score) -> dict[str, Any]:
    """Return a score as a metric of a `model-index`."""
    if score.written is not None:
        return dict(score.written)
    metric: dict[str, Any] = {"type": score.type, "value": score.value}
    if score.label and score.label != score.type:
        metric["name"] = score.label
    if score.args:
        metric["args"] = dict(score.args)
    return metric


def model_index(name: str, results: Iterable[Result]) -> list[dict[str, Any]]:
    """Return the `model-index` of the front matter, for a model called `name`."""
    return [{"name": name, "results": [index_entry(result) for result in results]}]


def shown_number(value: Any) -> str:
    """Return a value for readers: `0.9722`, `12.5`, `1,000` as 1000; text is returned as it is."""
    if not isinstance(value, float) or not is_number(value):
        return str(value)
    size = abs(value)
    if size >= _LARGE:
        return f"{value:.5g}"
    text = f"{value:.{_DECIMALS}f}" if size >= _SMALL or not value else f"{value:.{_DECIMALS}g}"
    # Rounding adds zeros: 0.93 has two decimals, and 12.0 is written with one.
    if "e" in text:
        return text
    short = text.rstrip("0")
    return f"{short}0" if short.endswith(".") else short


def shown_results(results: Iterable[Result]) -> list[dict[str, Any]]:
    """Return results as plain data for templates.

    Each is an entry of a `model-index` with `task`, `dataset` and `metrics`, and has `file`; where they are known also
    `shots`, `benchmark`, `date` and `notes`. Its metrics have `text`, the value for readers; `stderr` and `stderr_text`
    where the file has them.
    """
    return [_shown(result) for result in results]


def _shown(result: Result) -> dict[str, Any]:
    about = {name: getattr(result, name) for name in ("shots", "benchmark", "date", "notes")}
    return {
        **index_entry(result),
        "metrics": [_shown_score(score) for score in result.scores],
        "file": result.file,
        **{name: value for name, value in about.items() if value not in (None, "")},
    }


def _shown_score(score: Score) -> dict[str, Any]:
    error = {} if score.stderr is None else {"stderr": score.stderr, "stderr_text": shown_number(score.stderr)}
    return {**index_metric(score), "text": shown_number(score.value), **error}
