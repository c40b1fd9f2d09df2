"""LocalRelease (checked) -> Loaded: arrays by name, mapped from the files."""

from dataclasses import dataclass, field
from typing import ClassVar

from hublish.base.values import Loaded, LocalRelease
from hublish.pipeline.restore.filling import cast
from hublish.pipeline.restore.wanted import Wanted
from hublish.pipeline.restore.weights import Weights


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
