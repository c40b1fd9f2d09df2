"""Choose the results of a file that a card publishes, by the task, dataset, benchmarks and metrics of a manifest."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from math import isnan
from typing import Any, Final

from hublish.cards.results.metric_names import is_known
from hublish.cards.results.model_index import index_metric
from hublish.cards.results.recognition import CODE
from hublish.cards.results.result import Result, Score, Selected, is_number
from hublish.schemas.diagnose.problems import (
    MAX_PROBLEMS,
    InvalidDocumentError,
    Problem,
    errors_in,
    format_path,
    shortened,
)
from hublish.schemas.diagnose.suggestions import nearest
from hublish.schemas.documents.card_evaluation import EvaluationFile
from hublish.schemas.documents.model_index import model_index_findings
from hublish.schemas.documents.path_rules import character_problems

MOST_SCORES: Final = 1_000
"""The values that a card publishes. A reader compares a handful, and the front matter has all of them."""

_LONGEST_NAME: Final = 200
_LONGEST_KEY: Final = 120
# Comparing a name with more names for a suggestion would take seconds.
_MOST_COMPARED: Final = 500
_SHOWN: Final = 8
# The order of preference among the parts of the data in one file, if the manifest names no split.
_PARTS: Final = ("eval", "test", "predict", "validation", "valid", "val", "dev")
_SPLIT_PARTS: Final[Mapping[str, tuple[str, ...]]] = {
    "test": ("test", "predict"),
    **dict.fromkeys(("validation", "valid", "val", "dev", "eval"), ("validation", "valid", "val", "dev", "eval")),
}


def select(results: tuple[Result, ...], entry: EvaluationFile, path: str) -> Selected:
    """Return the results that an entry of `card.evaluation` publishes.

    Args:
        results: all results of the file.
        entry: the entry.
        path: its place in the manifest: `card.evaluation[0]`.

    Raises:
        InvalidDocumentError: with every reason why the card cannot publish them.
    """
    selection = _Selection(entry, path)
    chosen = [selection.completed(result) for result in selection.of_benchmarks(results)]
    problems = [*islice(selection.missing_metrics(chosen), MAX_PROBLEMS), *selection.conflicts(chosen)]
    scored = []
    for result in chosen:
        scores = tuple(selection.scores(result))
        problems += islice(selection.value_problems(result, scores), max(0, MAX_PROBLEMS - len(problems)))
        if result.written is not None and not entry.metrics:
            scored.append(result)
        elif scores:
            written = result.written and {**result.written, "metrics": [index_metric(score) for score in scores]}
            scored.append(replace(result, scores=scores, written=written))
    if not scored and not errors_in(problems):
        problems.append(selection.problem(f"{entry.file} contains no metrics", "list their names under `metrics`"))
    problems += [problem for result in scored for problem in selection.form_problems(result)]
    problems += selection.advice(results, scored)
    if errors_in(problems):
        raise InvalidDocumentError(tuple(problems[:MAX_PROBLEMS]))
    return Selected(tuple(scored), tuple(problems[:MAX_PROBLEMS]))


@dataclass(frozen=True, slots=True)
class _Selection:
    entry: EvaluationFile
    path: str

    def problem(self, message: str, hint: str, key: str = "file", *, warning: bool = False) -> Problem:
        # A manifest may give the path of the file alone.
        place = f"{self.path}.{key}" if self.path.endswith("]") else self.path
        return Problem(CODE, message, hint, place, severity="warning" if warning else "error")

    def of_benchmarks(self, results: tuple[Result, ...]) -> list[Result]:
        """Return the results of the benchmarks that are named; without names, those that are not optional."""
        if not self.entry.benchmarks:
            # A file with nothing but a mean over benchmarks still has this one.
            return [result for result in results if not result.optional] or [*results]
        if problems := (*islice(self._missing_benchmarks(results), MAX_PROBLEMS),):
            raise InvalidDocumentError(problems)
        order = {name: index for index, name in enumerate(self.entry.benchmarks)}
        named = [result for result in results if result.benchmark in order]
        return sorted(named, key=lambda result: order[result.benchmark])

    def _missing_benchmarks(self, results: tuple[Result, ...]) -> Iterator[Problem]:
        known = dict.fromkeys(result.benchmark for result in results if result.benchmark)
        for index, name in enumerate(self.entry.benchmarks):
            if name not in known:
                hint = _choice(name, known) if known else "remove `benchmarks`: only files of a harness have them"
                message = f"{self.entry.file} has no benchmark with this name"
                yield self.problem(message, hint, f"benchmarks[{index}]")

    def completed(self, result: Result) -> Result:
        """Return a result with the values of the manifest."""
        entry, named = self.entry, self.entry.dataset
        task = {"type": entry.task} if entry.task else result.task
        dataset: Mapping[str, Any] = result.dataset
        if named is not None:
            given = named.model_dump(exclude_none=True, exclude={"task_id"})
            # The split and the configuration in the file are those of the dataset in the file.
            same = result.dataset.get("type") == named.type
            kept = result.dataset if same else {"name": result.dataset.get("name") or named.type}
            dataset = {"type": named.type, **kept, **given}
        if result.shots is not None:
            dataset = {**dataset, "args": {**(dataset.get("args") or {}), "num_few_shot": result.shots}}
        source = entry.source.model_dump(exclude_none=True) if entry.source else result.source
        task_id = (named.task_id or "") if named else ""
        date, notes = entry.date or result.date, entry.notes or ""
        completed = replace(
            result, place=self.path, task=task, dataset=dataset, source=source, task_id=task_id, date=date, notes=notes
        )
        if result.written is not None and entry.source is not None:
            written = {**result.written, "source": {key: source[key] for key in ("name", "url") if key in source}}
            return replace(completed, written=written)
        return completed

    def conflicts(self, results: list[Result]) -> Iterator[Problem]:
        """Yield the errors of a task and a dataset that are missing, or given for too many results."""
        entry = self.entry
        if any(result.written is not None for result in results):
            for key in ("task", "dataset"):
                if getattr(entry, key) is not None:
                    yield self.problem(f"{entry.file} names the {key} of each result", f"remove `{key}`", key)
            return
        if len(results) > 1 and entry.dataset is not None:
            names = [result.benchmark for result in results]
            message = f"{entry.file} has results of {len(results)} benchmarks, and one dataset is named"
            hint = f"choose one with `benchmarks`: {_listed(names)}; or remove `dataset`"
            yield self.problem(message, hint, "dataset")
        for result in results if entry.dataset and entry.dataset.task_id and not entry.metrics else ():
            published = [score.name for score in self.scores(result)]
            if len(published) > 1:
                message = f"a leaderboard has one value for each task, and {entry.file} has {_listed(published)}"
                hint = "list the metrics to publish under `metrics`, that of the leaderboard first"
                yield self.problem(message, hint, "dataset.task_id")
        for result in results[:1]:
            if not result.task:
                hint = "add `task`, such as `task: image-classification`"
                yield self.problem(f"{entry.file} does not name the task of its results", hint)
            if not result.dataset:
                hint = "add `dataset`, such as `dataset: {type: mnist, split: test}`"
                yield self.problem(f"{entry.file} does not name the dataset of its results", hint)

    def scores(self, result: Result) -> Iterator[Score]:
        """Yield the scores of a result that are published, in the order of the manifest."""
        metrics = self.entry.metrics
        if not metrics:
            part = self._part(result)
            yield from (score for score in result.scores if not score.optional and score.part in ("", part))
            return
        named, part = _by_name(result), self._part(result)
        seen = set[int]()
        for name in metrics:
            for score in _of_part(named[name], part) if name in named else ():
                kind = metrics[name] if isinstance(metrics, dict) else score.type
                # Two names may mean the same metric.
                if id(score) not in seen or kind != score.type:
                    yield _retyped(score, kind)
                seen.add(id(score))

    def _part(self, result: Result) -> str:
        known = {score.part for score in result.scores if score.part and not score.optional}
        split = str(result.dataset.get("split") or "").casefold()
        order = (*_SPLIT_PARTS.get(split, ()), *_PARTS)
        return next((part for part in order if part in known), "")

    def missing_metrics(self, results: list[Result]) -> Iterator[Problem]:
        """Yield an error for each metric that no result has."""
        if not self.entry.metrics:
            return
        known = list(dict.fromkeys(score.name for result in results for score in result.scores))
        accepted = {name for result in results for score in result.scores for name in score.names}
        for index, name in enumerate(self.entry.metrics):
            if name not in accepted:
                step = name if isinstance(self.entry.metrics, dict) else index
                place = format_path(("metrics", step))
                yield self.problem(f"{self.entry.file} has no metric '{_short(name)}'", _choice(name, known), place)

    def value_problems(self, result: Result, scores: tuple[Score, ...]) -> Iterator[Problem]:
        """Yield the errors of values and names that the Hub and readers cannot use."""
        if why := _unreadable(result.benchmark, *map(str, result.dataset.values())):
            message = f"{self.entry.file}: {_short(result.key, _LONGEST_KEY)}: {why}"
            yield self.problem(message, "rename it in the file, or choose others with `benchmarks`")
        for score in scores:
            if not is_number(score.value) and not (score.written is not None and isinstance(score.value, str)):
                hint = "evaluate again, or list the other metrics under `metrics`"
                yield self.problem(f"{self._where(score)} is {_kind(score.value)}, and a metric needs a number", hint)
            if why := _unreadable(score.name, score.label):
                yield self.problem(f"{self._where(score)}: {why}", "list metrics with other names under `metrics`")

    def _where(self, score: Score) -> str:
        return f"{self.entry.file}: {_short(score.key, _LONGEST_KEY)}"

    def form_problems(self, result: Result) -> Iterator[Problem]:
        """Yield what the Hub would reject in an entry of a model-index."""
        if result.written is None:
            return
        for finding in model_index_findings([{"name": "model", "results": [result.written]}]):
            place = finding.place.replace("model-index[0].results[0]", result.key)
            yield self.problem(f"{self.entry.file}: {place}: {finding.message}", finding.hint)

    def advice(self, results: tuple[Result, ...], chosen: list[Result]) -> Iterator[Problem]:
        """Yield warnings about results that mislead, and about values that look like metrics and are not numbers."""
        cautions: dict[str, list[str]] = {}
        for result in chosen:
            cautions.setdefault(result.caution, []).append(result.benchmark)
        for caution, names in cautions.items():
            if caution:
                message = f"{self.entry.file}: {_listed(names)}: {caution}"
                yield self.problem(message, "evaluate on all of them, or say so in the card", warning=True)
        if not self.entry.metrics:
            odd = [score.key for result in results for score in result.scores if _is_odd(score)]
            if odd:
                hint = "write them as numbers, without quotes and units"
                yield self.problem(
                    f"{self.entry.file}: {_listed(odd)} cannot be published as a metric", hint, warning=True
                )


def _by_name(result: Result) -> dict[str, list[Score]]:
    """Return the scores by the names that select them; the name in the file comes before others."""
    exact: dict[str, list[Score]] = {}
    others: dict[str, list[Score]] = {}
    for score in result.scores:
        exact.setdefault(score.name, []).append(score)
        for name in score.names:
            others.setdefault(name, []).append(score)
    return others | exact


def _of_part(scores: Sequence[Score], part: str) -> Sequence[Score]:
    """Return the scores of one part of the data, if they are of several."""
    parts = {score.part for score in scores}
    return [score for score in scores if score.part == part] if len(parts) > 1 and part in parts else scores


def _retyped(score: Score, kind: str) -> Score:
    """Return a score with another id of its metric, and its name in the file for readers."""
    if kind == score.type:
        return score
    label = score.label or score.name
    written = score.written and {**score.written, "type": kind, "name": label}
    return replace(score, type=kind, label=label, written=written)


def too_many(results: Iterable[Result]) -> Iterator[Problem]:
    """Yield the error that a card publishes more values than a reader can use, at the entry with the most."""
    counts = Counter[str]()
    for result in results:
        counts[result.place] += len(result.scores)
    if counts.total() > MOST_SCORES:
        path, number = counts.most_common(1)[0]
        message = f"{number} values for the card; all results together may have {MOST_SCORES}"
        yield Problem(CODE, message, "choose the results to publish with `benchmarks` or `metrics`", f"{path}.file")


def duplicates(results: Iterable[Result]) -> Iterator[Problem]:
    """Yield an error for each value that is published twice for the same task, dataset and metric."""
    first: dict[tuple[object, ...], tuple[str, Score]] = {}
    for result in results:
        about = result.dataset
        where = tuple(str(about.get(key)) for key in ("type", "name", "config", "split", "revision", "args"))
        for score in result.scores:
            key = (str(result.task.get("type")), *where, score.type, score.label, str(score.args))
            file, known = first.setdefault(key, (result.file, score))
            if known is not score:
                one, other = (_short(each.key, _LONGEST_KEY) for each in (score, known))
                message = f"{result.file}: {one} is the same metric of the same dataset as {file}: {other}"
                hint = "remove one of them, or name the split or config of each dataset"
                yield Problem(CODE, message, hint, f"{result.place}.file")


def _unreadable(*names: str) -> str:
    """Return why readers cannot read the names of a result; empty if they can."""
    if (longest := max(map(len, names))) > _LONGEST_NAME:
        return f"a name of {longest} characters"
    # A bidirectional control would change the order of the text after it.
    return next((f"{'; '.join(found)}" for name in names if (found := character_problems(name))), "")


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return "NaN" if isinstance(value, float) and isnan(value) else "infinite or too large"
    return "text" if isinstance(value, str) else "missing" if value is None else "not a single value"


def _is_odd(score: Score) -> bool:
    """Return whether a score looks like a metric, and its value is not a number."""
    if not score.optional or is_number(score.value):
        return False
    return is_known(score.type) or _resembles_number(score.value)


def _resembles_number(value: object) -> bool:
    """Return whether a text begins like a number: `0.93`, `93 %`."""
    return (
        isinstance(value, str)
        and value.strip()[:1].isdigit()
        and len(value) < 20
        and value.strip().rstrip(" %").replace(".", "", 1).isdigit()
    )


def _short(text: str, length: int = 60) -> str:
    # Cut before, because searching a name of megabytes for credentials takes seconds.
    return shortened(text[:1000], length)


def _choice(name: str, known: Iterable[str]) -> str:
    names = [*known]
    near = nearest(name, names[:_MOST_COMPARED])
    return f"did you mean '{_short(near)}'?" if near else f"it has {_listed(names)}" if names else "it has none"


def _listed(names: list[str]) -> str:
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(f"'{_short(name)}'" for name in names[:_SHOWN]) + more
