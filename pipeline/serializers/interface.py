"""What a format is: a name, its options, `dump` and `load` facing each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol

from hublish.pipeline.progress import Progress
from hublish.schemas.base import Document


@dataclass(frozen=True, slots=True)
class Written:
    """A file a serializer made, or the source itself when nothing had to be converted."""

    path_in_repo: str
    path: Path


class Serializer(Protocol):
    """One format. Stateless; registered by name in `registry.py` or through the entry-point group."""

    name: ClassVar[str]
    """As written in the manifest: `safetensors`."""
    version: ClassVar[int]
    """Raised whenever the same input would give other bytes; recorded in the lock."""
    suffix: ClassVar[str]
    """The ending its files get when the manifest names none: `.safetensors`; empty keeps the source's."""
    options: ClassVar[type[Document]]
    """The model of the artifact's `options`; unknown keys are refused."""

    def dump(
        self, source: Path | Mapping[str, Any], path_in_repo: str, workspace: Path, options: Any, progress: Progress
    ) -> tuple[Written, ...]:
        """Write `source` in this format.

        Args:
            source: a file, or an in-memory value of the kind the format holds.
            path_in_repo: where the result goes; a format that makes several files derives their names from it.
            workspace: a folder of this dump's own, which it makes when it writes anything.
            options: an instance of `self.options`.
            progress: told in bytes of input.

        Raises:
            SerializationError: when the source cannot be held by this format.
            MissingDependencyError: when a package is needed that is not installed.
        """

    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Read what `dump` wrote: `files` by path_in_repo; arrays by name, read when touched.

        Raises:
            LoadError: when the files are not in this format.
        """
