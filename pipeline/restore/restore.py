"""LocalRelease (checked) -> Loaded or Restored: arrays by name, or an object with the weights in it."""

from dataclasses import dataclass, field, replace
from typing import ClassVar

from hublish.base.values import Loaded, LocalRelease, Restored
from hublish.pipeline.restore.filling import Wanted, cast, restored
from hublish.pipeline.restore.target_class import import_target
from hublish.pipeline.restore.weights import Weights


@dataclass(frozen=True)
class Restore:
    """Open the weights with the serializer of the load plan; the arrays are read on access.

    Raises (from `run`):
        LoadError: the files contain no weights, or not in the format.
        UsageError: a device or a type that arrays cannot have.
    """

    wanted: Wanted = field(default_factory=Wanted)
    title: ClassVar[str] = "opening the weights"

    def run(self, release: LocalRelease) -> Loaded:
        """Return the arrays."""
        return Loaded(release, cast(Weights.of(release).arrays(), self.wanted))


@dataclass(frozen=True)
class Rebuild:
    """Load into the caller's object or class; without one, and with trusted code, into the load plan's target.

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
