"""Facts from the logs of a training run: how long it ran, its best and last values, and its curves.

The first log of these is read, in this order: the state of a Trainer, a JSON Lines or csv file, the history of Keras,
and event files of TensorBoard. Released logs come before others.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import islice
from posixpath import basename, dirname
from typing import Any, Final

from hublish.cards.facts.fact import Fact
from hublish.cards.facts.source_files import UNREADABLE, SourceFiles, count, number, parsed_json, text
from hublish.formats.tensorboard_events import MAX_FILE, LoggedValue, logged_values
from hublish.formats.text_tables import log_entries

STATE: Final = "trainer_state.json"
"""The state of a Trainer of transformers."""
RESULTS: Final = ("train_results.json", "all_results.json")
"""The results that the examples of transformers write."""
ENERGY: Final = "emissions.csv"
"""The measurements of CodeCarbon."""
LOG: Final = re.compile(
    r"(?:.*[-_.])?(?:logs?|history|metrics|progress|losses|loss|train(?:ing)?|results)(?:[-_.].*)?\.(?:csv|tsv|jsonl)",
    re.IGNORECASE,
)
"""Logs as text; a column of steps or epochs distinguishes them from other tables."""
HISTORY: Final = re.compile(r"(?:.*[-_.])?history(?:[-_.].*)?\.json", re.IGNORECASE)
"""`History.history` of Keras as JSON."""
EVENTS: Final = re.compile(r"events\.out\.tfevents\.[0-9]{1,12}(?:\..*)?")
"""Event files of TensorBoard; the number is the time at which a file was begun."""
PARAMETERS: Final = re.compile(
    r"(?:h(?:yper)?_?)?param(?:eter)?s\.(?:json|ya?ml)|(?:train(?:ing)?_)?args\.(?:json|ya?ml)"
)
"""Parameters of a run, by authors, DVC, Lightning and ultralytics."""

_STATE_LIMIT: Final = 16 << 20
_LOG_LIMIT: Final = 16 << 20
# Entries of a log that are read: 200,000 take half a second.
_MOST_ENTRIES: Final = 200_000
_FIRST_ROWS: Final = 1 << 14
_MOST_SERIES: Final = 50
# Files that may be the log, of one kind.
_MOST_FILES: Final = 50
_MOST_POINTS: Final = 3000
_STEPS: Final = ("step", "global_step", "steps", "iteration", "iter", "it")
_EPOCHS: Final = ("epoch", "epochs", "round")
# Values that are not about the model; a Trainer writes them beside each evaluation.
_SPEEDS: Final = re.compile(r"(?:.*_)?(?:runtime|samples_per_second|steps_per_second)|total_flos|(?:wall_)?time")
_CHECKPOINT: Final = re.compile(r".*checkpoint-(\d{1,15})[/\\]?")
# Folders into which Keras splits a run.
_PARTS: Final = ("train", "validation")
# Bytes of all files of one run that are read.
_BUDGET: Final = MAX_FILE
# The tag under which transformers logs the arguments of a Trainer.
_ARGUMENTS: Final = "args/text_summary"


def describes_run(name: str) -> bool:
    """Return whether a file with this name may describe a training run."""
    patterns = (LOG, HISTORY, EVENTS, PARAMETERS)
    return name in (STATE, ENERGY, *RESULTS) or any(pattern.fullmatch(name) for pattern in patterns)


@dataclass(slots=True)
class Curve:
    """The values of one metric, by step or epoch."""

    x: str
    points: dict[int | float, int | float] = field(default_factory=dict)
    """A run that was resumed repeats steps: the later value counts."""

    def as_plain(self, name: str) -> dict[str, Any]:
        """Return the curve for templates and charts.

        Of more than 3,000 points, those are kept whose positions divide the curve evenly, with the first and the last.
        """
        points = sorted(self.points.items())
        if len(points) > _MOST_POINTS:
            points = [points[index * (len(points) - 1) // (_MOST_POINTS - 1)] for index in range(_MOST_POINTS)]
        return {"name": name, "x": self.x, "points": [list(point) for point in points]}


def training_facts(sources: SourceFiles) -> Iterator[Fact]:
    """Yield the facts of the first log in the files, and of the results beside it."""
    for read in (_trainer_state, _text_log, _history, _events):
        facts = list(read(sources))
        yield from facts
        if any(fact.name == "training.log" for fact in facts):
            break
    for name in RESULTS:
        for path in sources.named(name)[:1]:
            if (seconds := number(sources.mapping(path).get("train_runtime"))) is not None:
                yield Fact("training.seconds", seconds, path, "train_runtime", sources.released)
    yield from _energy(sources)


def find_state(sources: SourceFiles) -> str | None:
    """Return the state of a Trainer: the one in the fewest folders, and of checkpoints the latest."""
    paths = sources.named(STATE)[:_MOST_FILES]
    least = min((path.count("/") for path in paths), default=0)
    found = [path for path in paths if path.count("/") == least]
    return max(found, key=lambda path: (_steps_of(sources, path), path), default=None)


def _steps_of(sources: SourceFiles, path: str) -> int:
    return count(sources.mapping(path, _STATE_LIMIT).get("global_step"), 0) or 0


def _trainer_state(sources: SourceFiles) -> Iterator[Fact]:
    path = find_state(sources)
    if path is None:
        return
    state, released = sources.mapping(path, _STATE_LIMIT), sources.released
    entries = state.get("log_history")
    history = [one for one in entries if isinstance(one, dict)] if isinstance(entries, list) else []
    if (steps := count(state.get("global_step"))) is not None:
        yield Fact("training.steps", steps, path, "global_step", released)
    for name, key in (("epochs", "epoch"), ("operations", "total_flos")):
        if (value := number(state.get(key))) is not None and value > 0:
            yield Fact(f"training.{name}", value, path, key, released)
    for index in range(len(history) - 1, -1, -1):
        if (seconds := number(history[index].get("train_runtime"))) is not None:
            yield Fact("training.seconds", seconds, path, f"log_history[{index}].train_runtime", released)
            break
    yield from _best(state, history, path, released)
    yield from _curves(history, path, "log_history", released)


def _energy(sources: SourceFiles) -> Iterator[Fact]:
    """Yield the energy in kWh and the emissions in kg that CodeCarbon measured, which appends a line for each run."""
    for path in sources.named(ENERGY)[:1]:
        runs = list(log_entries(path, sources.whole(path, _STATE_LIMIT) or b""))
        for name, key in (("energy", "energy_consumed"), ("emissions", "emissions")):
            value = number(runs[-1].get(key)) if runs else None
            if value is not None and value >= 0:
                yield Fact(f"training.{name}", value, path, f"[{len(runs) - 1}].{key}", sources.released)


def _best(state: Mapping[str, Any], history: Sequence[Mapping[str, Any]], path: str, released: bool) -> Iterator[Fact]:
    """Yield the best value of the metric that chose the checkpoint, whose name only the log has."""
    best, step = number(state.get("best_metric")), count(state.get("best_global_step"))
    named = _CHECKPOINT.fullmatch(str(state.get("best_model_checkpoint"))[:500])
    step = step if step is not None or named is None else int(named[1])
    for index, entry in enumerate(history if best is not None else ()):
        if step is not None and entry.get("step") != step:
            continue
        name = next((key for key, value in entry.items() if key.startswith("eval_") and number(value) == best), None)
        if name is not None and text(name):
            at = count(entry.get("step"), 0)
            value = {"metric": name, "value": best} | ({} if at is None else {"step": at})
            yield Fact("training.best", value, path, f"log_history[{index}].{name}", released)
            return


def _text_log(sources: SourceFiles) -> Iterator[Fact]:
    """Yield the curves of a csv or JSON Lines file that has a column of steps or epochs."""
    for path in sorted(sources.matching(LOG), key=_json_first)[:_MOST_FILES]:
        # Most tables are not logs, which the first rows show.
        if not any(map(_axis, log_entries(path, sources.start(path, _FIRST_ROWS)))):
            continue
        data = sources.whole(path, _LOG_LIMIT)
        facts = list(_curves(log_entries(path, data), path, "", sources.released)) if data else []
        if facts:
            yield from _ends(facts)
            yield from facts
            return


def _json_first(path: str) -> tuple[int, bool, str]:
    return path.count("/"), not path.endswith(".jsonl"), path


def _history(sources: SourceFiles) -> Iterator[Fact]:
    """Yield the curves of `History.history` of Keras: a list of values per epoch for each metric."""
    for path in sources.matching(HISTORY)[:_MOST_FILES]:
        columns = sources.mapping(path, _STATE_LIMIT)
        lists = {name: values for name, values in columns.items() if isinstance(values, list)}
        length = max(map(len, lists.values()), default=0)
        entries = (
            {"epoch": index + 1, **{name: values[index] for name, values in lists.items() if index < len(values)}}
            for index in range(length)
        )
        facts = list(_curves(entries, path, "", sources.released))
        if facts:
            yield from _ends(facts)
            yield from facts
            return


def _events(sources: SourceFiles) -> Iterator[Fact]:
    """Yield the curves of the event files of the latest run."""
    run = latest_run(sources)
    if run is None:
        return
    facts = list(_curves(run.entries, run.file, "", sources.released))
    yield from _ends(facts)
    yield from facts


def _ends(facts: Iterable[Fact]) -> Iterator[Fact]:
    """Yield the last step and epoch of curves."""
    for fact in facts:
        if fact.name != "training.log":
            continue
        for axis, name in (("step", "training.steps"), ("epoch", "training.epochs")):
            ends = [curve["points"][-1][0] for curve in fact.value if curve["x"] == axis]
            if ends:
                yield Fact(name, max(ends), fact.file, axis, fact.released)


def _curves(entries: Iterable[Mapping[str, Any]], path: str, key: str, released: bool) -> Iterator[Fact]:
    """Yield the curves, and the last value of each metric."""
    curves: dict[str, Curve] = {}
    last: dict[str, int | float] = {}
    for entry in islice(entries, _MOST_ENTRIES):
        axis = _axis(entry)
        for name, value in entry.items():
            found = number(value)
            if found is None or name in _STEPS or name in _EPOCHS or text(name) is None:
                continue
            if name in last or len(last) < _MOST_SERIES:
                last[name] = found
            # The last entry of a Trainer sums up the run.
            if axis is None or "train_runtime" in entry or _SPEEDS.fullmatch(name):
                continue
            if name not in curves and len(curves) < _MOST_SERIES:
                curves[name] = Curve(axis[0])
            # A metric has one axis; an entry without it has no place on the curve.
            if name in curves and curves[name].x == axis[0]:
                curves[name].points[axis[1]] = found
    # One value is not a curve, but a summary.
    if any(len(curve.points) > 1 for curve in curves.values()):
        yield Fact("training.last", last, path, key, released)
        yield Fact("training.log", [curve.as_plain(name) for name, curve in curves.items()], path, key, released)


def _axis(entry: Mapping[str, Any]) -> tuple[str, int | float] | None:
    for axis, names in (("step", _STEPS), ("epoch", _EPOCHS)):
        for name in names:
            if (found := number(entry.get(name))) is not None:
                return axis, found
    return None


# ---------------------------------------------------------------------------------------------- runs of TensorBoard


@dataclass(frozen=True, slots=True)
class EventRun:
    """The values of a run."""

    file: str
    """The largest file, which is named as the source."""
    entries: tuple[dict[str, Any], ...]
    """Each with a step or an epoch, and one value."""
    arguments: tuple[str, dict[str, Any]] | None
    """The arguments of a Trainer, and the file with them."""


def latest_run(sources: SourceFiles) -> EventRun | None:
    """Return the run whose files were begun last, by the time in their names; None without a readable one."""
    found: EventRun | None = sources.once("the latest run", lambda: _latest(sources))
    return found


def _latest(sources: SourceFiles) -> EventRun | None:
    runs: dict[str, list[str]] = {}
    begun: dict[str, int] = {}
    for path in sources.matching(EVENTS):
        folder = _run_of(path)
        runs.setdefault(folder, []).append(path)
        begun[folder] = max(begun.get(folder, 0), int(basename(path).split(".")[3]))
    for folder in sorted(runs, key=lambda name: (begun[name], name), reverse=True)[:10]:
        run = _read(sources, runs[folder])
        if run is not None:
            return run
    return None


def _run_of(path: str) -> str:
    folder = dirname(path)
    return dirname(folder) if basename(folder) in _PARTS else folder


def _read(sources: SourceFiles, paths: list[str]) -> EventRun | None:
    entries: list[dict[str, Any]] = []
    arguments: tuple[str, dict[str, Any]] | None = None
    budget = _BUDGET
    for path in paths:
        budget -= sources.size(path)
        if budget < 0:
            break
        part = basename(dirname(path))
        prefix = f"{part}/" if part in _PARTS else ""
        for logged in _values(sources, path):
            if isinstance(logged.value, str):
                found = parsed_json(logged.value.encode()) if logged.tag == _ARGUMENTS else None
                arguments = (path, found) if isinstance(found, dict) else arguments
            else:
                # Keras counts epochs, under tags of this form.
                axis = "epoch" if logged.tag.startswith("epoch_") else "step"
                entries.append({axis: logged.step, f"{prefix}{logged.tag}": logged.value})
    if not entries and arguments is None:
        return None
    largest = max(paths, key=lambda path: (sources.size(path), path))
    return EventRun(largest, tuple(entries), arguments)


def _values(sources: SourceFiles, path: str) -> list[LoggedValue]:
    """Return the values of a file; none of a damaged one."""
    try:
        return list(logged_values(sources.contents[path], sources.size(path)))
    except UNREADABLE:
        return []
