"""What a format is: a name, its options, `dump` and `load` facing each other."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Protocol, runtime_checkable

from hublish.base.progress import Progress
from hublish.schemas.documents.document import Document


@dataclass(frozen=True, slots=True)
class Written:
    """A file a serializer made, or the source itself when nothing had to be converted."""

    path_in_repo: str
    path: Path


class Format(Protocol):
    """What a manifest can say of a format. Known without the machinery that reads and writes it."""

    name: ClassVar[str]
    """As written in the manifest: `safetensors`."""
    suffix: ClassVar[str]
    """The ending its files get when the manifest names none: `.safetensors`; empty keeps the source's."""
    options: ClassVar[type[Document]]
    """The model of the artifact's `options`; unknown keys are refused."""


class Serializer(Format, Protocol):
    """One format, done. Stateless; registered by name in `registry.py` or through the entry-point group."""

    version: ClassVar[int]
    """Raised whenever the same input would give other bytes; recorded in the lock."""

    def dump(
        self, source: Any, path_in_repo: str, workspace: Path, options: Any, progress: Progress
    ) -> tuple[Written, ...]:
        """Write `source` in this format.

        Args:
            source: the path of a file, or an in-memory value of the kind the format holds.
            path_in_repo: where the result goes; a format that makes several files derives their names from it.
            workspace: a folder of this dump's own, which it makes when it writes anything.
            options: an instance of `self.options`.
            progress: told in bytes of input.

        Raises:
            SerializationError: when the source cannot be held by this format.
            MissingDependencyError: when a package is needed that is not installed.
        """

    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Read the arrays that `dump` wrote, by name; they are read when touched, and no code is run.

        Args:
            files: every file of the load plan, by path_in_repo; those of other formats are passed over.

        Raises:
            LoadError: when no file is in this format, or it holds no arrays.
        """


@dataclass(frozen=True, slots=True)
class Trust:
    """What whoever loads permits beyond reading data. The default permits nothing."""

    pickle: bool = False
    """Unpickle, which runs whatever code the publisher chose."""
    code: bool = False
    """Run code of the publisher's: import the load plan's target, rebuild functions that are stored as code, such as
    the lambdas of a Keras model."""
    types: tuple[str, ...] = ()
    """Types, by their full names, that may be built though the format does not know them to be harmless."""


DISTRUST = Trust()
"""Data is read, and nothing else."""


@runtime_checkable
class Rebuilding(Protocol):
    """A serializer that also gives back what its framework works with, rather than arrays alone."""

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> Any:
        """Read what `dump` wrote as the framework's own value: an estimator, a model, a tree of its arrays.

        Args:
            files: every file of the load plan, by path_in_repo; those of other formats are passed over.
            trust: what is permitted; nothing else is done.

        Raises:
            LoadError: when no file is in this format, or it asks for more trust than there is.
            MissingDependencyError: when the framework is not installed.
        """
