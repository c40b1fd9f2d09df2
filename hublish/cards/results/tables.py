"""Results as rows of a table.

A value prints as in the file, so that readers can compare both: a fraction is not turned into a percentage. Only digits
after the fourth decimal are rounded off, or after the fourth significant digit of a value below 0.001.
"""

from collections.abc import Iterable
from typing import Any, Final

from hublish.cards.results.model_index import index_entry, index_metric
from hublish.cards.results.result import Result, Score, is_number

_DECIMALS: Final = 4
_SMALL: Final = 0.001
_LARGE: Final = 1e15


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
