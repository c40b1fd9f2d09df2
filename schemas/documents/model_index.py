"""Check the evaluation results in a model card's metadata, by the rules for which the Hub rejects a card."""

import math
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from hublish.schemas.diagnose.suggestions import misspelled
from hublish.schemas.documents.card_values import Finding
from hublish.schemas.vocabulary import vocabulary


def evaluation_findings(metadata: Mapping[str, Any]) -> Iterator[Finding]:
    """Yield the errors of a card's `model-index`, and warnings about names that are probably wrong."""
    if "model-index" in metadata:
        yield from model_index_findings(metadata["model-index"])
        yield from _likely_mistakes(metadata["model-index"])


def _likely_mistakes(models: object) -> Iterator[Finding]:
    """Yield names in evaluation results by which the Hub would not find their task or their metric."""
    for place, result in _entries(models, "model-index", "results"):
        task = result.get("task")
        kind = task.get("type") if isinstance(task, Mapping) else None
        known = vocabulary("tasks").ids
        if isinstance(kind, str) and kind not in known and (near := misspelled(kind, known)):
            yield Finding(f"{place}.task.type", "not a task of the Hub", f"did you mean '{near}'?", "warning")
    for place, metric in _entries(models, "model-index", "results", "metrics"):
        kind, value = metric.get("type"), metric.get("value")
        known = vocabulary("metrics").ids
        if isinstance(kind, str) and kind not in known and (near := misspelled(kind, known)):
            yield Finding(f"{place}.type", "not a metric of the Hub", f"did you mean '{near}'?", "warning")
        if isinstance(value, float) and not math.isfinite(value):
            yield Finding(f"{place}.value", "not a finite number", "remove the metric, or measure again", "warning")


def _entries(value: object, place: str, *keys: str) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield the mappings in nested lists, each with its place: `model-index[0].results[1]`."""
    for index, item in enumerate(value if isinstance(value, list | tuple) else ()):
        if isinstance(item, Mapping):
            if keys:
                yield from _entries(item.get(keys[0]), f"{place}[{index}].{keys[0]}", *keys[1:])
            else:
                yield f"{place}[{index}]", item


def model_index_findings(index: object) -> Iterator[Finding]:
    """Yield the errors for which the Hub would reject a `model-index`, the evaluation results of a model card."""
    yield from _each(index, "model-index", _model_findings)


def _model_findings(model: Mapping[str, Any], place: str) -> Iterator[Finding]:
    yield from _required(model, place, "name")
    yield from _each(model.get("results"), f"{place}.results", _result_findings)


def _result_findings(result: Mapping[str, Any], place: str) -> Iterator[Finding]:
    yield from _part_findings(result, place, "task", required=("type",))
    yield from _part_findings(result, place, "dataset", required=("type", "name"), text=("config", "split", "revision"))
    if "source" in result:
        yield from _part_findings(result, place, "source", required=("url",))
    yield from _each(result.get("metrics"), f"{place}.metrics", _metric_findings)


def _metric_findings(metric: Mapping[str, Any], place: str) -> Iterator[Finding]:
    yield from _required(metric, place, "type")
    if metric.get("value") is None:
        yield Finding(f"{place}.value", "a metric needs a value", "add `value: ...`")


def _part_findings(
    result: Mapping[str, Any], place: str, name: str, *, required: tuple[str, ...], text: tuple[str, ...] = ()
) -> Iterator[Finding]:
    part = result.get(name)
    if not isinstance(part, Mapping):
        yield Finding(f"{place}.{name}", "expected a mapping", f"write `{required[0]}: ...` below")
        return
    for key in required:
        yield from _required(part, f"{place}.{name}", key)
    for key in text:
        if key in part and not isinstance(part[key], str):
            yield Finding(f"{place}.{name}.{key}", "must be a string", "quote it")


def _required(part: Mapping[str, Any], place: str, key: str) -> Iterator[Finding]:
    if not isinstance(part.get(key), str):
        yield Finding(f"{place}.{key}", "a string is required", f"add `{key}: ...`")


def _each(
    items: object, place: str, findings: Callable[[Mapping[str, Any], str], Iterator[Finding]]
) -> Iterator[Finding]:
    if items is None:
        yield Finding(place, "a list is required", f"add `{place.rpartition('.')[2]}:` and its entries")
        return
    if not isinstance(items, list | tuple):
        yield Finding(place, "expected a list", "begin each entry with `- `")
        return
    for number, item in enumerate(items):
        if isinstance(item, Mapping):
            yield from findings(item, f"{place}[{number}]")
        else:
            yield Finding(f"{place}[{number}]", "expected a mapping", "write `key: value` lines")
