"""The pictures of a release, each drawn if the release has data that are worth one."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from hublish.cards.charts.bar_chart import Bar, Group, bar_chart
from hublish.cards.charts.drawing import COLORS, Drawing
from hublish.cards.charts.line_chart import Panel, Series, line_chart
from hublish.cards.charts.scales import finite, short
from hublish.cards.charts.text_widths import drawable
from hublish.schemas.documents.sizes import format_size

# Fewer values are read faster as text.
_LEAST_POINTS: Final = 3
_LEAST_BARS: Final = 3
_LEAST_PARTS: Final = 2
_MOST_PANELS: Final = 3
_MOST_MODULES: Final = 12

# Values that describe the run and not the model.
_BOOKKEEPING: Final = re.compile(
    r"epoch|step|runtime|time|per_second|flos|memory|mem_|grad_?norm|learning_rate|(?:^|[_/])lr(?:$|[_/-])|num_tokens"
    r"|num_input_tokens|samples|entropy_coef|momentum|weight_decay",
    re.IGNORECASE,
)
_PREFIX: Final = re.compile(
    r"(?P<of>train(?:ing)?|eval(?:uation)?|val(?:id(?:ation)?)?|test)[_/. -]+(?P<rest>.+)", re.IGNORECASE
)
_SHORT: Final = {"training": "train", "evaluation": "eval", "val": "validation", "valid": "validation"}
# A short legend is read beside its curve, and an alternative text alone.
_IN_WORDS: Final = {"train": "training", "eval": "evaluation"}
# Modules in an alternative text.
_MOST_NAMED: Final = 6


def training_chart(log: Sequence[Mapping[str, Any]]) -> Drawing | None:
    """Return the curves of a training log; None unless a series has at least 3 points.

    Args:
        log: series with `name`, `x` ("step" or "epoch") and `points`, as in `facts.training.log`.
    """
    series = [each for each in log if len(each["points"]) > 1 and not _BOOKKEEPING.search(each["name"])]
    if not any(_drawn(each) >= _LEAST_POINTS for each in series):
        return None
    # Steps and epochs do not share an axis.
    x_name = "step" if any(each["x"] == "step" for each in series) else "epoch"
    families: dict[str, list[Series]] = {}
    for each in series:
        if each["x"] == x_name and _drawn(each):
            of, quantity = _parts(each["name"])
            families.setdefault(quantity, []).append(Series(of, each["points"]))
    # The loss first: nearly every log has one, and the others are read against it.
    names = sorted(families, key=lambda name: "loss" not in name.lower())[:_MOST_PANELS]
    title = f"Training: {names[0]}" if len(names) == 1 else "Training"
    panels = [Panel(name if len(names) > 1 else "", tuple(families[name][:COLORS])) for name in names]
    alt = _alt("; ".join(_summary(name, each, x_name) for name in names for each in families[name][:COLORS]))
    return line_chart(title, panels, x_name, alt)


@dataclass(frozen=True, slots=True)
class _Score:
    """One metric of a model on one dataset."""

    dataset: str
    metric: str
    value: float
    text: str
    error: float | None

    def bar(self, name: str) -> Bar:
        """Return it as a bar, named by its metric or its dataset: the one in which it differs from those beside it."""
        return Bar(name, self.value, self.text, self.error)


def evaluation_chart(results: Sequence[Mapping[str, Any]]) -> Drawing | None:
    """Return the scores of evaluation results as bars; None for fewer than 3.

    Scores share an axis from 0 to 1, or from 0 to 100. Others, such as a perplexity, are left to the card's table, and
    so are all if these are the minority.

    Args:
        results: each with `dataset` and `metrics`, as in a card's model-index. A metric may have `text`, its value for
            readers, and `stderr`.
    """
    found = [*_found_scores(results)]
    full = 1.0 if sum(score.value <= 1 for score in found) * 2 >= len(found) else 100.0
    scores = [score for score in found if 0 <= score.value <= full]
    if len(scores) < _LEAST_BARS or len(scores) * 2 < len(found):
        return None
    datasets = {
        dataset: [score for score in scores if score.dataset == dataset] for dataset in _names(scores, "dataset")
    }
    metrics = _names(scores, "metric")
    if len(datasets) == 1:
        title = f"Evaluation on {scores[0].dataset}" if scores[0].dataset else "Evaluation"
        groups = [Group("", tuple(score.bar(score.metric) for score in scores))]
    elif len(metrics) == 1:
        title, groups = metrics[0], [Group("", tuple(score.bar(score.dataset) for score in scores))]
    else:
        title = "Evaluation"
        groups = [Group(name, tuple(score.bar(score.metric) for score in own)) for name, own in datasets.items()]
    alt = "; ".join(
        f"{group.name or title}: " + ", ".join(f"{bar.name} {bar.text}" for bar in group.bars) for group in groups
    )
    return bar_chart(title, groups, _alt(alt), full)


def tensors_chart(sizes: Mapping[str, int]) -> Drawing | None:
    """Return the sizes of a model's modules, the largest first; None for fewer than 3.

    Args:
        sizes: the bytes of each tensor, by its name.
    """
    parts = _modules(sizes)
    total = sum(parts.values())
    if len(parts) < _LEAST_BARS or not total:
        return None
    largest = sorted(parts.items(), key=lambda part: (-part[1], part[0]))
    if len(largest) > _MOST_MODULES:
        rest = largest[_MOST_MODULES - 1 :]
        largest = [*largest[: _MOST_MODULES - 1], (f"{len(rest):,} others", sum(size for _, size in rest))]
    bars = [Bar(name, size, f"{format_size(size)} · {_percent(size, total)}") for name, size in largest]
    named = bars if len(bars) <= _MOST_NAMED else bars[: _MOST_NAMED - 1]
    alt = f"{format_size(total)} of tensors: " + ", ".join(f"{each.name} {each.text}" for each in named)
    if more := len(parts) - len(named):
        alt += f", and {more} smaller modules"
    return bar_chart(f"{format_size(total)} of tensors by module", [Group("", tuple(bars))], _alt(alt))


def splits_chart(configs: Sequence[Mapping[str, Any]]) -> Drawing | None:
    """Return the rows of each split; None for fewer than 2 splits.

    Args:
        configs: each with `config_name` and `splits` (`name` and `rows`), as in `facts.data.configs`.
    """
    groups = list[Group]()
    for config in configs:
        known = [(each["name"], each["rows"]) for each in config["splits"] if finite(each.get("rows")) is not None]
        total = sum(rows for _, rows in known)
        bars = tuple(Bar(name, rows, f"{rows:,} · {_percent(rows, total)}") for name, rows in known)
        if bars:
            groups.append(Group(config["config_name"] if len(configs) > 1 else "", bars))
    every = [each for group in groups for each in group.bars]
    if len(every) < _LEAST_PARTS:
        return None
    total = sum(each.value for each in every)
    alt = "; ".join(
        f"{group.name + ': ' if group.name else ''}" + ", ".join(f"{each.name} {each.value:,}" for each in group.bars)
        for group in groups
    )
    return bar_chart(f"{total:,} rows by split", groups, _alt(f"Rows by split: {alt}"))


def _drawn(series: Mapping[str, Any]) -> int:
    return sum(finite(x) is not None and finite(y) is not None for x, y in series["points"])


def _parts(name: str) -> tuple[str, str]:
    """Return the data that a series was measured on, and the quantity: `eval_loss` is `("eval", "loss")`."""
    found = _PREFIX.fullmatch(name)
    if found:
        of = found["of"].lower()
        return _SHORT.get(of, of), found["rest"]
    # Trainers call the values of training batches by their quantity alone.
    return "train", name


def _summary(quantity: str, series: Series, x_name: str) -> str:
    """Return the first and the last value of a curve in words."""
    points = sorted(
        (x, y) for each in series.points if (x := finite(each[0])) is not None and (y := finite(each[1])) is not None
    )
    (first_x, first), (last_x, last) = points[0], points[-1]
    of = _IN_WORDS.get(series.name, series.name)
    start, end = (f"{short(y)} at {x_name} {_position(x)}" for x, y in ((first_x, first), (last_x, last)))
    return f"{of} {quantity} from {start} to {end}"


def _position(x: float) -> str:
    return f"{int(x):,}" if x == int(x) else short(x)


def _alt(text: str) -> str:
    """Return an alternative text: capitalized, and short enough to listen to."""
    return drawable(text[:1].upper() + text[1:])


def _names(scores: Iterable[_Score], field: str) -> list[str]:
    return [*dict.fromkeys(getattr(score, field) for score in scores)]


def _found_scores(results: Iterable[Mapping[str, Any]]) -> Iterator[_Score]:
    for result in results:
        dataset = result.get("dataset", {})
        name, split = str(dataset.get("name") or dataset.get("type") or ""), dataset.get("split")
        for metric in result.get("metrics", ()):
            value = finite(metric.get("value"))
            title = str(metric.get("name") or metric.get("type") or "")
            if value is not None:
                text = str(metric.get("text") or short(value))
                if error := metric.get("stderr_text"):
                    text += f" ± {error}"
                yield _Score(f"{name} ({split})" if split else name, title, value, text, finite(metric.get("stderr")))


def _percent(part: int, total: int) -> str:
    """Return a share in whole percent, computed in integers."""
    if not total:
        return "0%"
    share = (200 * part + total) // (2 * total)
    return f"{share}%" if share or not part else "<1%"


def _modules(sizes: Mapping[str, int]) -> dict[str, int]:
    """Return bytes by module, with the same module of all layers as one."""
    parts: dict[str, int] = {}
    for name in sorted(sizes):
        module = _module(name)
        parts[module] = parts.get(module, 0) + sizes[name]
    return parts


def _module(name: str) -> str:
    """Return the module of a tensor: `model.layers.7.mlp.up.weight` belongs to `model.layers.*.mlp`."""
    parts = name.split(".")
    index = next((index for index, part in enumerate(parts) if part.isdecimal()), None)
    if index is None or len(parts) < index + 3:
        return ".".join(parts[:-1]) or name
    return ".".join([*parts[:index], "*", parts[index + 1]])
