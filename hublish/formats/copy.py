"""Serializer `copy`: the bytes as they are."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

from hublish.base.errors import LoadError, SerializationError
from hublish.base.progress import Progress
from hublish.formats.catalogue import BuiltIn
from hublish.formats.format_options import CopyOptions
from hublish.formats.interface import Written
from hublish.formats.release_files import output_path


class Copy(BuiltIn, row="copy"):
    """The source itself, whatever it is; a file is not copied on this machine."""

    version: ClassVar[int] = 1

    def dump(
        self,
        source: Any,
        path_in_repo: str,
        workspace: Path,
        options: CopyOptions,  # noqa: ARG002 - the protocol's
        progress: Progress,  # noqa: ARG002 - the protocol's
    ) -> tuple[Written, ...]:
        """Pass a file on; write bytes into one.

        Raises:
            SerializationError: when the source is any other value in memory.
        """
        if isinstance(source, bytes):
            target = output_path(workspace, path_in_repo)
            target.write_bytes(source)
            return (Written(path_in_repo, target),)
        if not isinstance(source, Path):
            msg = f"{path_in_repo} comes from a {type(source).__name__} in memory, which has no bytes to copy"
            raise SerializationError(msg, hint="name a serializer that writes it, such as safetensors")
        return (Written(path_in_repo, source),)

    def load(self, files: Mapping[str, Path]) -> Mapping[str, Any]:
        """Refuse: bytes of no known format hold no arrays.

        Raises:
            LoadError: always.
        """
        msg = f"serializer copy cannot read arrays out of {', '.join(sorted(files)) or 'no files'}"
        raise LoadError(msg, hint="name the format in load.serializer, such as safetensors")
