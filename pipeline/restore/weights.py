"""What an object is filled from: the checked files, read in the format of the load plan."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from hublish.base.errors import LoadError
from hublish.base.values import LocalRelease
from hublish.formats import registry
from hublish.formats.interface import Rebuilding, Serializer, Trust
from hublish.formats.release_files import CONFIG, loadable, serializer_for
from hublish.schemas.diagnose.problems import InvalidDocumentError
from hublish.schemas.yaml.json_reading import read_json

_STATE_DICTS: Final = ("safetensors", "torch")
"""Formats of one layout on disk: arrays by name, whatever library they are for."""


@dataclass(frozen=True)
class Weights:
    """The files of a release and the serializer that reads them."""

    files: Mapping[str, Path]
    """By path_in_repo."""
    serializer: Serializer

    @classmethod
    def of(cls, release: LocalRelease) -> "Weights":
        """Take the serializer of the load plan, or the one that the files' names tell.

        Raises:
            LoadError: when the files were not checked, or no format is known.
        """
        if not release.checked:
            msg = "files are loaded only after every digest was checked"
            raise LoadError(msg)
        files = {file.promised.path_in_repo: file.path for file in release.files}
        return cls(files, registry.get(release.plan.release.load.serializer or serializer_for(files)))

    @classmethod
    def in_folder(cls, folder: Path) -> "Weights":
        """Take a folder of the caller's own, such as `save_pretrained` wrote: nobody promised what is in it.

        Raises:
            LoadError: when no format is known.
        """
        found = {path.relative_to(folder).as_posix(): path for path in sorted(folder.rglob("*")) if path.is_file()}
        files = {path: found[path] for path in loadable(tuple(found))}
        return cls(files, registry.get(serializer_for(files)))

    @property
    def is_state_dict(self) -> bool:
        """Whether the files are safetensors: arrays that a torch module and a numpy object may both take."""
        return self.serializer.name in _STATE_DICTS

    def arrays(self) -> Mapping[str, Any]:
        """Return arrays by name, read when they are touched.

        Raises:
            LoadError: when the format holds no arrays, or a file is damaged.
        """
        return self.serializer.load(self.files)

    def value(self, trust: Trust) -> Any:
        """Return what the format's framework works with; arrays by name when the format knows no framework.

        Raises:
            LoadError: when it asks for more trust than there is.
            MissingDependencyError: the framework is not installed.
        """
        if isinstance(self.serializer, Rebuilding):
            return self.serializer.rebuild(self.files, trust)
        return self.arrays()

    def config(self) -> Mapping[str, Any]:
        """Return what config.json says; nothing when there is none among the files.

        Raises:
            LoadError: when it is no JSON object.
        """
        path = self.files.get(CONFIG)
        if path is None:
            return {}
        try:
            return read_json(path.read_bytes(), CONFIG, family="config", max_bytes=16 << 20)
        except InvalidDocumentError as error:
            msg = f"{CONFIG} cannot be read"
            raise LoadError(msg, problems=error.problems) from None
