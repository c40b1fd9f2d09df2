"""One result of an evaluation, as a file states it, and as the card publishes it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, TypeGuard

from hublish.schemas.diagnose.problems import Problem

MOST_VALUES: Final = 20_000
"""The values of a file of results; a file with more is of another kind."""


@dataclass(frozen=True, slots=True)
class Score:
    """The value of one metric."""

    name: str
    """The metric as the file names it: `eval_accuracy`, `acc_norm,none`, `macro avg.f1-score`."""
    value: Any
    """A number; in a `model-index` also text, such as `20.0 ± 1.2`."""
    key: str
    """The place in the file: `results.hellaswag["acc_norm,none"]`."""
    type: str
    """The id of the metric on the Hub, where one is known; else its name."""
    label: str = ""
    """The name that readers see, if it differs from `type`."""
    args: Mapping[str, Any] = field(default_factory=dict)
    """The arguments of the metric, such as `{"average": "macro"}`."""
    stderr: float | None = None
    """The standard error of the value."""
    part: str = ""
    """The prefix for the data that it was measured on, where a file has several: `eval`, `test`."""
    also: tuple[str, ...] = ()
    """Other names by which a manifest may select it."""
    optional: bool = False
    """Whether it is published only if the manifest selects it."""
    written: Mapping[str, Any] | None = None
    """The whole metric of a `model-index`, which keeps keys that other formats lack."""

    @property
    def names(self) -> frozenset[str]:
        """The names by which a manifest may select it."""
        return frozenset((self.name, self.type, *self.also))


@dataclass(frozen=True, slots=True)
class Result:
    """The scores of one task on one dataset."""

    file: str
    """The file, relative to the manifest."""
    scores: tuple[Score, ...]
    key: str = ""
    """The place in the file; empty for the whole file."""
    place: str = ""
    """The entry of the manifest that chose it: `card.evaluation[0]`."""
    benchmark: str = ""
    """The name of the benchmark in the file of a harness: `hellaswag`."""
    task: Mapping[str, Any] = field(default_factory=dict)
    """`type` and `name`, as in a `model-index`; empty if the file does not name the task."""
    dataset: Mapping[str, Any] = field(default_factory=dict)
    """`type`, `name`, `config`, `split`, `revision` and `args`, as in a `model-index`; empty if the file names none."""
    source: Mapping[str, Any] = field(default_factory=dict)
    """`url`, `name`, `user` and `org`."""
    task_id: str = ""
    """The id of the task in the benchmark's `eval.yaml` on the Hub."""
    shots: int | None = None
    """The number of examples in each prompt."""
    date: str = ""
    """The date or time of the evaluation, in ISO 8601."""
    notes: str = ""
    optional: bool = False
    """Whether it is published only if the manifest selects it, such as a member of a group that has its own result."""
    caution: str = ""
    """Why the result may mislead, such as a limit on the number of examples."""
    written: Mapping[str, Any] | None = None
    """The whole entry of a `model-index`, which keeps keys that other formats lack."""


@dataclass(frozen=True, slots=True)
class Selected:
    """The results that a card publishes, and the warnings about them."""

    results: tuple[Result, ...] = ()
    warnings: tuple[Problem, ...] = ()


def is_number(value: object) -> TypeGuard[int | float]:
    """Return whether a value is a number that a card can show; a boolean is not one."""
    # An integer of many digits cannot become a float.
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def is_numeric(value: object) -> TypeGuard[int | float]:
    """Return whether a value is of a numeric type, perhaps infinite or not a number."""
    return isinstance(value, int | float) and not isinstance(value, bool)


_LARGEST = math.nextafter(math.inf, 0)
