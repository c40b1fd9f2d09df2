"""The contract of a format: `dump` and `load` face each other, and loaded arrays describe themselves.

Distributions that add a serializer implement `Serializer`, and `Rebuilding` where a framework has a value of its own.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Generic, Protocol, TypeVar, runtime_checkable

from hublish.base.progress import Progress
from hublish.schemas.documents.field_types import Document

Stored = TypeVar("Stored")


@dataclass(frozen=True, slots=True)
class Written:
    """A file that a serializer wrote, or the source itself when it needed no conversion."""

    path_in_repo: str
    path: Path


# Properties, because both the class variables of a serializer and the fields of a catalogue row satisfy them.
class Format(Protocol):
    """The part of a format that a manifest refers to: known without reading or writing a file."""

    @property
    def name(self) -> str:
        """As written in the manifest: `safetensors`."""

    @property
    def suffix(self) -> str:
        """The suffix of a file without `path_in_repo`: `.safetensors`; empty keeps the source's."""

    @property
    def options(self) -> type[Document]:
        """The model of the artifact's `options`; unknown keys are rejected."""


# Stateless, so that one instance serves any number of releases at the same time.
class Serializer(Format, Protocol):
    """One format that reads and writes; registered in `catalogue.py` or through the entry-point group."""

    version: ClassVar[int]
    """Increased whenever the same input would give other bytes; recorded in the lock."""

    def dump(
        self, source: Any, path_in_repo: str, workspace: Path, options: Any, progress: Progress
    ) -> tuple[Written, ...]:
        """Write `source` in this format.

        Args:
            source: the path of a file, or an in-memory value of the kind the format holds.
            path_in_repo: the path of the result; a format that writes several files derives their paths from it.
            workspace: a folder for this dump alone, which it creates before it writes.
            options: an instance of `self.options`.
            progress: counts bytes of input.

        Raises:
            SerializationError: the format cannot hold the source.
            MissingDependencyError: a required package is not installed.
        """

    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Return the arrays that `dump` wrote, by name. They are read on access, and no code is run.

        Args:
            files: every file of the load plan, by path_in_repo; files of other formats are skipped.

        Raises:
            LoadError: no file is in this format, or it holds no arrays.
        """


@dataclass(frozen=True, slots=True)
class Trust:
    """The caller's permissions beyond reading data. The default permits nothing."""

    pickle: bool = False
    """Unpickle, which runs any code the publisher chose."""
    code: bool = False
    """Run the publisher's code: import the load plan's target, rebuild functions that are stored as code, such as
    the lambdas of a Keras model."""
    types: tuple[str, ...] = ()
    """Full names of types that may be built although the format does not know them to be harmless."""


DISTRUST = Trust()
"""No permission beyond reading data."""


# The optional parts of a serializer are protocols of their own, so that a plugin implements only those it can.
@runtime_checkable
class Rebuilding(Protocol):
    """A serializer that also returns its framework's own value, rather than arrays alone."""

    def rebuild(self, files: Mapping[str, Path], trust: Trust) -> Any:
        """Return the framework's value that `dump` wrote: an estimator, a model, a tree of its arrays.

        Args:
            files: every file of the load plan, by path_in_repo; files of other formats are skipped.
            trust: the permissions; the serializer does nothing beyond them.

        Raises:
            LoadError: no file is in this format, or it requires more trust than given.
            MissingDependencyError: the framework is not installed.
        """


@runtime_checkable
class Recognizing(Protocol):
    """A serializer that recognizes values in memory by their type."""

    def holds(self, value: Any) -> bool:
        """Return whether this is the format for `value`. Imports nothing."""


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """The description of one array."""

    name: str
    shape: tuple[int, ...]
    dtype: str
    """As the format spells it: `F32`; numpy's name for arrays that came from no file."""
    nbytes: int
    file: str | None
    """The path_in_repo of its file; None for an array in memory."""


@runtime_checkable
class Described(Protocol):
    """A collection of arrays that describes itself without reading them."""

    @property
    def tensors(self) -> tuple[TensorInfo, ...]:
        """The descriptions, in the order of the names."""


class LazyArrays(Mapping[str, Any], Generic[Stored]):
    """Arrays by name that are read on access; subclasses read one of them in `__getitem__`."""

    def __init__(self, stored: Mapping[str, Stored]) -> None:
        self._stored = stored

    def __iter__(self) -> Iterator[str]:
        return iter(self._stored)

    def __len__(self) -> int:
        return len(self._stored)

    def __contains__(self, name: object) -> bool:
        # Mapping's own would read the array.
        return name in self._stored


def describe(arrays: Mapping[str, Any]) -> tuple[TensorInfo, ...]:
    """Return the descriptions of arrays by name; arrays that are mapped from files stay unread."""
    if isinstance(arrays, Described):
        return arrays.tensors
    return tuple(
        TensorInfo(name, tuple(array.shape), str(array.dtype), int(array.nbytes), None)
        for name, array in arrays.items()
    )
