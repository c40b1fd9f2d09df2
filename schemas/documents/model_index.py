"""The form of `model-index`, the evaluation results in a model card, as the Hub requires it."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Finding = tuple[str, str, str]
"""A path relative to the front matter, what is wrong there, and what to do."""


def model_index_findings(index: object) -> Iterator[Finding]:
    """Yield what the Hub would refuse in the value of `model-index`."""
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
        yield f"{place}.value", "a metric needs a value", "add `value: ...`"


def _part_findings(
    result: Mapping[str, Any], place: str, name: str, *, required: tuple[str, ...], text: tuple[str, ...] = ()
) -> Iterator[Finding]:
    part = result.get(name)
    if not isinstance(part, Mapping):
        yield f"{place}.{name}", "expected a mapping", f"write `{required[0]}: ...` below it"
        return
    for key in required:
        yield from _required(part, f"{place}.{name}", key)
    for key in text:
        if key in part and not isinstance(part[key], str):
            yield f"{place}.{name}.{key}", "must be a string", "quote it"


def _required(part: Mapping[str, Any], place: str, key: str) -> Iterator[Finding]:
    if not isinstance(part.get(key), str):
        yield f"{place}.{key}", "a text is required", f"add `{key}: ...`"


def _each(
    items: object, place: str, findings: Callable[[Mapping[str, Any], str], Iterator[Finding]]
) -> Iterator[Finding]:
    if items is None:
        yield place, "a list is required", f"add `{place.rpartition('.')[2]}:` and its entries"
        return
    if not isinstance(items, list | tuple):
        yield place, "expected a list", "begin every entry with `- `"
        return
    for number, item in enumerate(items):
        if isinstance(item, Mapping):
            yield from findings(item, f"{place}[{number}]")
        else:
            yield f"{place}[{number}]", "expected a mapping", "write `key: value` lines"
