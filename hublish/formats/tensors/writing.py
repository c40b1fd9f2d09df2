"""Safetensors files written whole or not at all, byte for byte as the safetensors library writes them."""

import os
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.header import render_header
from hublish.formats.tensors.output import Output
from hublish.formats.tensors.tensor import Tensor


@dataclass(frozen=True, slots=True)
class PlannedFile:
    """A file that is ready to be written: its header is made, its data still where it comes from."""

    header: bytes
    tensors: tuple[Tensor, ...]
    """In the order of their bytes."""

    @classmethod
    def of(cls, tensors: Iterable[Tensor], metadata: Mapping[str, str]) -> "PlannedFile":
        """Put the tensors in order: wide elements first, so that all of them are aligned, then by name.

        Raises:
            InvalidFileError: when the header would be too long.
        """
        # Code points sort as their UTF-8 does, which is what the library compares.
        ordered = tuple(sorted(tensors, key=lambda tensor: (-tensor.dtype.rank, tensor.name)))
        return cls(render_header(ordered, metadata), ordered)

    @property
    def size(self) -> int:
        """Bytes of the whole file."""
        return len(self.header) + sum(tensor.nbytes for tensor in self.tensors)


def write_planned(target: Path, planned: PlannedFile, advance: Callable[[int], None]) -> None:
    """Write a file.

    Args:
        target: the file to create or replace.
        planned: what goes into it.
        advance: told the bytes of every block.

    Raises:
        InvalidFileError: when a source does not hold what it said.
        SourceChangedError: when a source changed.
    """
    with replacing(target) as descriptor:
        output = Output(descriptor, advance)
        output.write(planned.header)
        for tensor in planned.tensors:
            before = output.written
            tensor.content.write_to(output)
            if output.written - before != tensor.nbytes:
                msg = f"tensor {tensor.name!r} gave {output.written - before} bytes, not {tensor.nbytes}"
                raise InvalidFileError(msg)


@contextmanager
def replacing(target: Path) -> Iterator[int]:
    """Open a file that takes the name `target` once everything in it is on disk; on any error it is removed."""
    temporary = target.with_name(f".{target.name}.partial")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        try:
            yield descriptor
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        temporary.replace(target)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(target.parent)


def _sync_folder(folder: Path) -> None:
    # A rename is lost in a crash until its folder is on disk too.
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
