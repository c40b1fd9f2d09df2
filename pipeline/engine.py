"""The engine joins stages so that a wrong order is a type error, and reports and times each as it runs."""

import time
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar, cast, runtime_checkable

from hublish.base.progress import SILENT, Progress

In = TypeVar("In")
Out = TypeVar("Out")
Next = TypeVar("Next")
Takes_contra = TypeVar("Takes_contra", contravariant=True)
Gives_co = TypeVar("Gives_co", covariant=True)


class Stage(Protocol[Takes_contra, Gives_co]):
    """One step: a frozen class with a title and one `run`."""

    @property
    def title(self) -> str:
        """A present participle for people: `sealing the release`."""

    def run(self, value: Takes_contra, /) -> Gives_co:
        """Return the next value."""


@runtime_checkable
class Occasional(Protocol):
    """A stage that has nothing to do for some values; it is not announced for them."""

    def works_on(self, value: Any, /) -> bool:
        """Return whether the stage does anything for a value."""


@dataclass(frozen=True)
class Pipeline(Generic[In, Out]):
    """An ordered chain of stages from `In` to `Out`.

    Begin with `Pipeline.of(stage)` and continue with `.then(stage)`. mypy rejects a stage that does not accept the
    result of the stage before it (tests/pipeline/test_engine.py shows it).
    """

    stages: tuple[Stage[Any, Any], ...]

    @staticmethod
    def of(stage: Stage[In, Out]) -> "Pipeline[In, Out]":
        """Begin a chain."""
        return Pipeline((stage,))

    def then(self, stage: Stage[Out, Next]) -> "Pipeline[In, Next]":
        """Append a stage."""
        return Pipeline((*self.stages, stage))

    def run(self, value: In, progress: Progress = SILENT) -> Out:
        """Run every stage in order, and report and time each that works; errors pass through unchanged."""
        # Any: `then` has checked the types of neighbors, which a tuple of stages cannot express.
        current: Any = value
        for stage in self.stages:
            if isinstance(stage, Occasional) and not stage.works_on(current):
                current = stage.run(current)  # the value for the next stage
                continue
            progress.begin(stage.title)
            started = time.perf_counter()
            current = stage.run(current)
            progress.end(stage.title, time.perf_counter() - started)
        return cast("Out", current)
