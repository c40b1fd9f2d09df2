"""LocalRelease (checked) -> Restored: the object the caller wants, with the weights in it."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

from hublish.base.values import LocalRelease, Restored
from hublish.pipeline.restore.filling import restored
from hublish.pipeline.restore.targets import import_target
from hublish.pipeline.restore.wanted import Wanted
from hublish.pipeline.restore.weights import Weights


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
