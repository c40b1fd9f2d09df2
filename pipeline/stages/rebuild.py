"""LocalRelease (checked) -> Restored: the object the caller wants, with the weights in it."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

from hublish.pipeline.restoring.filling import restored
from hublish.pipeline.restoring.targets import import_target
from hublish.pipeline.restoring.wanted import Wanted
from hublish.pipeline.restoring.weights import Weights
from hublish.pipeline.values import LocalRelease, Restored


@dataclass(frozen=True)
class Rebuild:
    """Load into what the caller gave; else, when code is trusted, into the load plan's target.

    Raises (from `run`):
        LoadError: the weights do not fit, or more trust is needed.
        MissingDependencyError: a framework is not installed.
    """

    wanted: Wanted = field(default_factory=Wanted)
    title: ClassVar[str] = "loading the weights"

    def run(self, release: LocalRelease) -> Restored:
        """Return the object."""
        weights, wanted = Weights.of(release), self.wanted
        target = release.plan.release.load.target
        if target is not None and wanted.by_target:
            wanted = replace(wanted, into=import_target(target, release))
        return Restored(release, restored(weights, wanted))
