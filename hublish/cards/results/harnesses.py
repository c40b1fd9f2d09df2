"""Read the results of evaluation harnesses, which name their benchmarks: lm-evaluation-harness, lighteval, inspect-ai.

Read from their code: lm-evaluation-harness 0.4.13 (`result_schema.py`), lighteval 0.13.0 (`evaluation_tracker.py`) and
inspect-ai 0.3.285 (`EvalLog`). Keys that are missing in older versions are optional.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, Final

from hublish.cards.results.metric_names import metric_id
from hublish.cards.results.result import Result, Score, is_number, is_numeric
from hublish.schemas.diagnose.problems import format_path

# The task on the Hub of the models that these harnesses evaluate.
TASK: Final[Mapping[str, Any]] = {"type": "text-generation"}

_STDERR: Final = "_stderr"
# Counts that lm-evaluation-harness writes beside the metrics of a task.
_COUNTS: Final = frozenset(["sample_len", "sample_count"])
# lighteval replaces `|` by `:` when it saves results; the suite before the task is from older versions.
_LIGHTEVAL_TASK: Final = re.compile(
    r"(?:(?:lighteval|leaderboard|helm|bigbench|harness|original|community|extended|custom|test)[|:])?"
    r"(?P<name>.+)[|:](?P<shots>\d{1,4})",
    re.DOTALL,
)
_AVERAGE: Final = ":_average"
_LATEST: Final = 253402300799  # the last second of the year 9999, in which datetime ends


def read_harness(value: Mapping[str, Any], file: str) -> tuple[Result, ...] | None:
    """Return the results in the JSON of a harness; None if it is not of one."""
    if _has(value, "eval", "version") and isinstance(value["eval"].get("task"), str):
        return (_inspect_result(value, file),) if _has(value, "results") else ()
    if not _has(value, "results") or not all(isinstance(one, Mapping) for one in value["results"].values()):
        return None
    if _has(value, "config_general"):
        return tuple(_lighteval(value, file))
    return tuple(_lm_eval(value, file)) if "versions" in value or _has(value, "configs") else None


def _has(value: Mapping[str, Any], *keys: str) -> bool:
    """Return whether a document has these keys, the first with a mapping."""
    return isinstance(value.get(keys[0]), Mapping) and all(key in value for key in keys)


def _under(value: Mapping[str, Any], *keys: str) -> Mapping[str, Any]:
    """Return the mapping at a place; an empty one where it is missing."""
    for key in keys:
        inner = value.get(key)
        value = inner if isinstance(inner, Mapping) else {}
    return value


def _text(value: object) -> str:
    return value.strip() if isinstance(value, str) else ""


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def _lm_eval(value: Mapping[str, Any], file: str) -> Iterator[Result]:
    covered = _covered(value)
    seconds = value.get("date")
    date = ""
    if is_number(seconds) and 0 < seconds <= _LATEST:
        date = datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    for name, measured in value["results"].items():
        scores = tuple(_paired_scores(measured, ("results", name), _filtered))
        if not scores:  # a group without a value of its own
            continue
        yield Result(
            file=file,
            scores=scores,
            key=format_path(("results", name)),
            benchmark=name,
            task=TASK,
            dataset=_lm_eval_dataset(value, name),
            shots=_whole(_under(value, "n-shot").get(name)),
            date=date,
            optional=name in covered,
            caution=_lm_eval_caution(value, name),
        )


def _covered(value: Mapping[str, Any]) -> set[str]:
    """Return the members, at every depth, of the groups that have a value of their own."""
    members = {
        name: [each for each in inner if isinstance(each, str)]
        for name, inner in _under(value, "group_subtasks").items()
        if isinstance(inner, list)
    }
    waiting = [
        name
        for name in value["results"]
        if members.get(name) and any(_paired_scores(value["results"][name], (), _filtered))
    ]
    found = set[str]()
    while waiting:
        inner = [each for each in members.get(waiting.pop(), ()) if each not in found]
        found.update(inner)
        waiting += inner
    return found


def _lm_eval_dataset(value: Mapping[str, Any], name: str) -> dict[str, Any]:
    config = _under(value, "configs", name)
    path, subset = _text(config.get("dataset_path")), _text(config.get("dataset_name"))
    # Files on the author's machine have a loader for their path.
    dataset = {
        "type": path if path and path not in _LOADERS else name,
        "name": _text(_under(value, "results", name).get("alias")).lstrip("- ") or name,
    }
    if subset:
        dataset["config"] = subset
    if split := _text(config.get("test_split")) or _text(config.get("validation_split")):
        dataset["split"] = split
    return dataset


_LOADERS: Final = frozenset(["json", "csv", "parquet", "text", "arrow", "pandas"])


def _filtered(key: str) -> tuple[str, str]:
    """Return the metric and the filter of `exact_match,strict-match`; the filter `none` is the identity."""
    metric, _, chosen = key.partition(",")
    return metric, "" if chosen == "none" else chosen


def _unfiltered(key: str) -> tuple[str, str]:
    return key, ""


def _paired_scores(
    measured: Mapping[str, Any], place: tuple[str, ...], parsed: Callable[[str], tuple[str, str]]
) -> Iterator[Score]:
    """Yield the metrics of a task with their standard errors, which have a name of their own."""
    for key, value in measured.items():
        metric, chosen = parsed(key)
        # Text is an alias or a name.
        if metric.endswith(_STDERR) or key in _COUNTS or not metric.strip() or not is_numeric(value):
            continue
        error = measured.get(key.replace(metric, metric + _STDERR, 1))
        kind = metric_id(metric)
        yield Score(
            name=key,
            value=value,
            key=format_path((*place, key)),
            type=kind,
            label=f"{metric} ({chosen})" if chosen else metric if metric != kind else "",
            stderr=error if is_number(error) else None,
            also=(metric,),
        )


def _lm_eval_caution(value: Mapping[str, Any], name: str) -> str:
    counts = _under(value, "n-samples", name)
    effective, original = _whole(counts.get("effective")), _whole(counts.get("original"))
    if effective is not None and original is not None:
        return f"measured on {effective} of {original} examples" if effective < original else ""
    # Groups have no counts of their own, and older versions none at all. A limit below 1 is a fraction.
    limit = _under(value, "config").get("limit")
    return f"measured with a limit of {limit} on the examples" if is_number(limit) else ""


def _lighteval(value: Mapping[str, Any], file: str) -> Iterator[Result]:
    names = [_lighteval_name(key)[0] for key in value["results"]]
    averages = {name.removesuffix(_AVERAGE) for name in names if name.endswith(_AVERAGE)}
    configs = _lighteval_configs(value)
    limit = _whole(_under(value, "config_general").get("max_samples"))
    for key, measured in value["results"].items():
        name, shots = _lighteval_name(key)
        scores = tuple(_paired_scores(measured, ("results", key), _unfiltered))
        if not scores:
            continue
        shown = name.removesuffix(_AVERAGE)
        yield Result(
            file=file,
            scores=scores,
            key=format_path(("results", key)),
            benchmark=shown,
            task=TASK,
            dataset=_lighteval_dataset(configs, shown, average=shown != name),
            shots=shots,
            # `all` is the mean over benchmarks with different metrics.
            optional=key == "all" or (shown == name and name.partition(":")[0] in averages),
            caution=f"measured with a limit of {limit} on the examples" if limit is not None else "",
        )


def _lighteval_name(key: str) -> tuple[str, int | None]:
    """Return the task and the number of shots in `lighteval|gsm8k|5`, `lighteval:gsm8k:5` or `gsm8k:5`."""
    found = _LIGHTEVAL_TASK.fullmatch(key)
    return (found["name"], int(found["shots"])) if found else (key, None)


def _lighteval_configs(value: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """Return the configurations by the names of their tasks, and the first one of each group by its name with a `:`."""
    found: dict[str, Mapping[str, Any]] = {}
    for key, config in _under(value, "config_tasks").items():
        if isinstance(config, Mapping):
            # The key has the number of shots, or only the suite.
            name = _lighteval_name(key if key[-1:].isdigit() else f"{key}:0")[0]
            found[name] = config
            found.setdefault(f"{name.partition(':')[0]}:", config)
    return found


def _lighteval_dataset(configs: Mapping[str, Mapping[str, Any]], name: str, *, average: bool) -> dict[str, Any]:
    # The members of an average have the same repo, and configurations of their own.
    config = configs.get(f"{name}:" if average else name, {})
    dataset = {"type": _text(config.get("hf_repo")) or name, "name": name}
    if not average and (subset := _text(config.get("hf_subset"))):
        dataset["config"] = subset
    splits = config.get("evaluation_splits")
    if isinstance(splits, list) and len(splits) == 1 and _text(splits[0]):
        dataset["split"] = _text(splits[0])
    return dataset


def _inspect_result(value: Mapping[str, Any], file: str) -> Result:
    about, results = value["eval"], value["results"]
    source = _under(about, "dataset")
    name = _text(about["task"])
    location = _text(source.get("location"))
    # A location that is not an id is a path or a URL.
    dataset = {
        "type": location if _HUB_ID.fullmatch(location) else _text(source.get("name")) or name,
        "name": name.rpartition("/")[2],
    }
    status, limit = _text(value.get("status")), _under(about, "config").get("limit")
    caution = f"the evaluation has the status {status}" if status not in ("", "success") else ""
    if not caution and limit is not None:
        caution = f"measured on {results.get('completed_samples', 'a part')} of the examples"
    return Result(
        file=file,
        scores=_headline_first(tuple(_inspect_scores(results)), results),
        key="results",
        benchmark=name,
        task=TASK,
        dataset=dataset,
        date=_text(about.get("created")),
        caution=caution,
    )


_HUB_ID: Final = re.compile(r"[\w.-]+/[\w.-]+")


def _inspect_scores(results: Mapping[str, Any]) -> Iterator[Score]:
    scorers = (
        [each for each in results["scores"] if isinstance(each, Mapping)]
        if isinstance(results.get("scores"), list)
        else []
    )
    for number, scorer in enumerate(scorers):
        metrics = _under(scorer, "metrics")
        scorer_name = _text(scorer.get("name")) or _text(scorer.get("scorer"))
        error = _under(metrics, "stderr").get("value")
        for metric, about in metrics.items():
            value = about.get("value") if isinstance(about, Mapping) else None
            if not is_numeric(value) or metric in _SPREADS:
                continue
            kind = metric_id(metric)
            several = len(scorers) > 1
            yield Score(
                name=f"{scorer_name}.{metric}",
                value=value,
                key=format_path(("results", "scores", number, "metrics", metric, "value")),
                type=kind,
                label=f"{metric} ({scorer_name})" if several else metric if metric != kind else "",
                # inspect-ai computes one error for the scores of a scorer, whose mean both of these are.
                stderr=error if is_number(error) and metric in ("accuracy", "mean") else None,
                also=(metric,),
            )


_SPREADS: Final = frozenset(["stderr", "std", "var", "bootstrap_stderr"])


def _headline_first(scores: tuple[Score, ...], results: Mapping[str, Any]) -> tuple[Score, ...]:
    headline = _under(results, "headline")
    first = f"{_text(headline.get('score'))}.{_text(headline.get('metric'))}"
    return tuple(sorted(scores, key=lambda score: score.name != first))
