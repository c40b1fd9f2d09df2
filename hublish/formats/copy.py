"""Serializer `copy`: the bytes unchanged."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import CopyOptions
from hublish.formats.interface import Written
from hublish.formats.release_files import output_path


class Copy(BuiltIn, row="copy"):
    """The source unchanged; a file is uploaded from its place and not copied on this machine."""

    def dump(
        self, source: Any, path_in_repo: str, workspace: Path, options: CopyOptions, progress: Progress
    ) -> tuple[Written, ...]:
        """Pass a file on unchanged, or write bytes to one.

        Raises:
            SerializationError: the source is any other value in memory.
        """
        # For example the config.json that `push_to_hub` renders from an object.
        if isinstance(source, bytes):
            target = output_path(workspace, path_in_repo)
            target.write_bytes(source)
            return (Written(path_in_repo, target),)
        if not isinstance(source, Path):
            msg = f"{path_in_repo} comes from a {type(source).__name__} in memory, which has no bytes to copy"
            raise SerializationError(msg, hint="set a serializer that writes it, such as safetensors")
        return (Written(path_in_repo, source),)

    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Raise an error: the format of the bytes is unknown.

        Raises:
            LoadError: always.
        """
        msg = f"serializer copy cannot read arrays from {', '.join(sorted(files)) or 'no files'}"
        raise LoadError(msg, hint="set load.serializer to the format, such as safetensors")
