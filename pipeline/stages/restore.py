"""LocalRelease (checked) -> Loaded: arrays by name, mapped from the files."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from hublish.pipeline.errors import LoadError
from hublish.pipeline.serializers import registry
from hublish.pipeline.values import Loaded, LocalRelease

_BY_ENDING = {".safetensors": "safetensors"}
"""Formats that are recognised when the load plan names none."""


@dataclass(frozen=True)
class Restore:
    """Open the weights with the serializer of the load plan; nothing is read until it is touched.

    Raises (from `run`):
        LoadError: no weights among the files, or not in the format.
    """

    title: ClassVar[str] = "opening the weights"

    def run(self, release: LocalRelease) -> Loaded:
        """Return the arrays."""
        if not release.checked:
            msg = "files are loaded only after every digest was checked"
            raise LoadError(msg)
        files = {file.promised.path_in_repo: file.path for file in release.files}
        name = release.plan.release.load.serializer or _recognised(files)
        serializer = registry.get(name)
        return Loaded(release, serializer.load(files))


def _recognised(files: dict[str, Path]) -> str:
    for ending, name in _BY_ENDING.items():
        if any(path.endswith(ending) for path in files):
            return name
    msg = "no weights in a format hublish can load"
    raise LoadError(msg, hint="`hublish pull` gives the files themselves")
