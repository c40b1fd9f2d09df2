"""LocalRelease (checked) -> Loaded: arrays by name, mapped from the files."""

from dataclasses import dataclass, field
from typing import ClassVar

from hublish.pipeline.restoring.filling import cast
from hublish.pipeline.restoring.wanted import Wanted
from hublish.pipeline.restoring.weights import Weights
from hublish.pipeline.values import Loaded, LocalRelease


@dataclass(frozen=True)
class Restore:
    """Open the weights with the serializer of the load plan; nothing is read until it is touched.

    Raises (from `run`):
        LoadError: no weights among the files, or not in the format.
        UsageError: a device or a type that arrays cannot have.
    """

    wanted: Wanted = field(default_factory=Wanted)
    title: ClassVar[str] = "opening the weights"

    def run(self, release: LocalRelease) -> Loaded:
        """Return the arrays."""
        return Loaded(release, cast(Weights.of(release).arrays(), self.wanted))
