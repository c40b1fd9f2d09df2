"""numpy's .npz: a zip of .npy arrays, each streamed out of the archive and checked against its CRC."""

import tempfile
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from hublish.formats.input_files import InvalidFileError, named, opened
from hublish.formats.tensors.npy import NpyHeader, read_npy_header
from hublish.formats.tensors.tensor import BLOCK_SIZE, Sink, Tensor
from hublish.formats.tensors.tensor_data import write_column_major, write_stream
from hublish.formats.tensors.zip_directory import check_directory, damage_named

_SUFFIX = ".npy"
_ENCRYPTED = 0x1


@contextmanager
def open_npz(path: Path, scratch: Path) -> Iterator[tuple[Tensor, ...]]:
    """Describe the arrays of an archive, in the order they were saved; they can be written until the context ends.

    Args:
        path: the archive.
        scratch: a folder for column-major arrays, which need random access that a zip cannot give.

    Raises:
        InvalidFileError: when the archive is damaged, or holds anything but arrays safetensors can hold.
    """
    with ExitStack() as stack:
        with named(path):
            descriptor, _ = stack.enter_context(opened(path))
            file = stack.enter_context(open(descriptor, "rb", closefd=False))
            check_directory(file)
            with damage_named():
                archive = stack.enter_context(zipfile.ZipFile(file))
        members = (_member(archive, info, path, scratch) for info in archive.infolist())
        yield tuple(_tensor(member) for member in members)


@dataclass(frozen=True, slots=True)
class _Member:
    """One array of an archive."""

    archive: zipfile.ZipFile
    info: zipfile.ZipInfo
    header: NpyHeader
    path: Path
    scratch: Path

    def write_to(self, output: Sink) -> None:
        """Write the elements in C order."""
        header = self.header
        with named(_place(self.path, self.info)), damage_named(), self.archive.open(self.info) as stream:
            stream.read(header.size)
            if not header.fortran:
                write_stream(stream, header.nbytes, header.stored, header.dtype, output)
                return
            with tempfile.TemporaryFile(dir=self.scratch) as copy:
                while block := stream.read(BLOCK_SIZE):
                    copy.write(block)
                copy.flush()
                write_column_major(copy.fileno(), 0, header.shape, header.stored, header.dtype, output)


def _place(path: Path, info: zipfile.ZipInfo) -> str:
    return f"{path}, member {ascii(info.filename)[:80]}"


def _tensor(member: _Member) -> Tensor:
    return Tensor(member.info.filename.removesuffix(_SUFFIX), member.header.dtype, member.header.shape, member)


def _member(archive: zipfile.ZipFile, info: zipfile.ZipInfo, path: Path, scratch: Path) -> _Member:
    with named(_place(path, info)), damage_named():
        if not info.filename.endswith(_SUFFIX):
            msg = "not an array: numpy names the members of a .npz with .npy"
            raise InvalidFileError(msg)
        if info.flag_bits & _ENCRYPTED:
            msg = "it is encrypted"
            raise InvalidFileError(msg)
        with archive.open(info) as stream:
            header = read_npy_header(stream, info.file_size)
    return _Member(archive, info, header, path, scratch)
