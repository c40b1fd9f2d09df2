"""Read metrics without a task and a dataset: plain mappings, results of transformers' Trainer, reports of scikit-learn.

| form | recognized by |
|---|---|
| `{"accuracy": 0.93}`, also nested, also as YAML | a mapping with a number in it |
| `all_results.json`, `eval_results.json` of transformers | the same, with prefixes: `eval_accuracy` |
| `classification_report(output_dict=True)` | the averages, mappings with `f1-score` |
| csv with the columns `metric` and `value` | its header |
| csv with a column for each metric, and one row | any other header |
"""

import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any, Final

from hublish.cards.results.metric_names import measures_quality, metric_id
from hublish.cards.results.result import MOST_VALUES, Result, Score, is_numeric
from hublish.schemas.diagnose.problems import format_path

MOST_ROWS: Final = 10_000
"""The rows of a csv that are read."""

# Levels of mappings below each other; a deeper mapping is a configuration.
_DEEPEST: Final = 4
# The prefixes of the data that transformers, Lightning and Keras measure on.
_PART: Final = re.compile(r"(eval|test|predict|val|valid|validation|dev)[_/](?=.)")
_AVERAGES: Final = {
    "micro avg": "micro",
    "macro avg": "macro",
    "weighted avg": "weighted",
    "samples avg": "samples",
}
_OF_A_CLASS: Final = {"precision": "precision", "recall": "recall", "f1-score": "f1"}
_SHOWN: Final = {"precision": "Precision", "recall": "Recall", "f1": "F1"}
_NUMBER: Final = re.compile(r"[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_WHOLE: Final = re.compile(r"[-+]?\d{1,18}")
_NOT_FINITE: Final = re.compile(r"[-+]?(?:nan|inf|infinity)", re.IGNORECASE)
_NAMES: Final = frozenset(["metric", "metrics", "name", "metric_name"])
_VALUES: Final = frozenset(["value", "values", "score", "result"])


def read_report(value: Mapping[str, Any], file: str) -> Result | None:
    """Return the scores of a `classification_report`; None if the mapping has another form.

    The accuracy and the averages are published; those of one class only if the manifest selects them by their name,
    `setosa.f1-score`.
    """
    if not any(isinstance(each := value.get(name), Mapping) and "f1-score" in each for name in _AVERAGES):
        return None
    return Result(file, tuple(_report_scores(value)))


def _report_scores(report: Mapping[str, Any]) -> Iterator[Score]:
    for name, inner in report.items():
        if is_numeric(inner):
            yield Score(name, inner, format_path((name,)), metric_id(name))
        for key, kind in _OF_A_CLASS.items() if isinstance(inner, Mapping) else ():
            if not is_numeric(inner.get(key)):
                continue
            average = _AVERAGES.get(name)
            yield Score(
                name=f"{name}.{key}",
                value=inner[key],
                key=format_path((name, key)),
                type=kind,
                label=f"{_SHOWN[kind]} ({average or name})",
                args={"average": average} if average else {},
                optional=average is None,
            )


def read_plain(value: Mapping[str, Any], file: str) -> Result:
    """Return every number and every text in a mapping as a score; selecting drops those that are not metrics."""
    return Result(file, tuple(islice(_scores(value, ()), MOST_VALUES + 1)))


def _scores(value: Mapping[str, Any], above: tuple[str, ...]) -> Iterator[Score]:
    for key, inner in value.items():
        path = (*above, key)
        if isinstance(inner, Mapping) and len(path) < _DEEPEST:
            yield from _scores(inner, path)
        elif isinstance(inner, bool | int | float | str):
            yield plain_score(path, inner)


def plain_score(path: tuple[str, ...], value: Any) -> Score:
    """Return the score with a name in a file: `eval_accuracy`, or `validation.f1` in a nested mapping."""
    name, last = ".".join(path), path[-1]
    part = _PART.match(last)
    bare = last[part.end() :] if part else last
    kind = metric_id(bare)
    label = ".".join((*path[:-1], bare))
    return Score(
        name=name,
        value=value,
        key=format_path(path),
        type=kind,
        label=label if label != kind else "",
        part=part[1] if part else "",
        also=(bare,),
        optional=not is_numeric(value) or not measures_quality(name),
    )


def read_table(text: str, file: str) -> Result | str:
    """Return the scores in a csv, or the reason why it has none."""
    import csv  # most results are JSON

    header, _, _ = text.partition("\n")
    delimiter = max(",;\t", key=header.count)
    try:
        read = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = [*islice((row for row in read if any(row)), MOST_ROWS + 1)]
    except csv.Error as error:
        return f"it is not a csv: {error}"
    if len(rows) < 2:
        return "it has no row below its header"
    if len(rows) > MOST_ROWS:
        return f"it has more than {MOST_ROWS} rows"
    names, *below = [[cell.strip() for cell in row] for row in rows]
    if any(len(row) != len(names) for row in below):
        return "its rows differ in their number of columns"
    folded = [name.casefold() for name in names]
    named = next((index for index, name in enumerate(folded) if name in _NAMES), None)
    valued = next((index for index, name in enumerate(folded) if name in _VALUES), None)
    if named is not None and valued is not None:
        cells = [(row[named], row[valued], f"row {number}") for number, row in enumerate(below, 2)]
    elif len(below) == 1:
        cells = [
            (name, cell, f"column {number}") for number, (name, cell) in enumerate(zip(names, below[0], strict=True), 1)
        ]
    else:
        return f"it has {len(below)} rows, and results have one, or the columns metric and value"
    return Result(file, tuple(_cell_score(*cell) for cell in cells if cell[0]))


def _cell_score(name: str, cell: str, key: str) -> Score:
    return replace(plain_score((name,), _cell_value(cell)), key=key)


def _cell_value(cell: str) -> Any:
    if _WHOLE.fullmatch(cell):
        return int(cell)
    # `float` also reads `1_000`.
    return float(cell) if _NUMBER.fullmatch(cell) or _NOT_FINITE.fullmatch(cell) else cell
