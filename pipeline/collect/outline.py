"""Collection -> Staged: the files by their names, nothing converted. Enough to check a card."""

from dataclasses import dataclass
from typing import ClassVar

from hublish.base.content import InMemory
from hublish.base.values import Collection, Origin, Staged, StagedFile


@dataclass(frozen=True)
class Outline:
    """Stand in for `Serialize` where no byte of a weight may be read: `hublish check` runs in pre-commit hooks."""

    title: ClassVar[str] = "listing what would be serialized"

    def run(self, collection: Collection) -> Staged:
        """Return every included file with its own bytes, whatever its serializer."""
        files = tuple(
            StagedFile(
                candidate.path_in_repo,
                candidate.content or InMemory(b""),
                Origin(candidate.artifact, candidate.source, "copy", verdict=candidate.verdict),
            )
            for candidate in collection.included
        )
        return Staged(collection, files, collection.warnings)
