"""The tensors of a file by name, type and shape, from its header; the place of the values, which are not read."""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, NamedTuple

from hublish.base.content import Content
from hublish.diffs.limited_reads import LimitedBlob
from hublish.formats.blob import Blob, SliceBlob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.safetensors_header import described_tensors, header_metadata, read_header
from hublish.schemas.documents.sizes import plural

# Arrays of one .npz, each with a header of its own.
_MOST_ARRAYS: Final = 5000
# Bytes that are read of a file whose tensors are described beside their values.
_MOST_READ: Final = 256 << 20
# Characters of a value of the metadata.
_LONGEST: Final = 200


class Tensor(NamedTuple):
    """A tensor as a header describes it."""

    dtype: str
    shape: tuple[int, ...]
    values: Blob | None = None
    """Its elements in C order; None where they cannot be read in blocks."""
    numpy: str = ""
    """The type of the elements for numpy; empty for the type of safetensors that `dtype` names."""

    def __str__(self) -> str:
        return f"{self.dtype} [{', '.join(map(str, self.shape))}]"

    @property
    def elements(self) -> int:
        """Number of elements."""
        return math.prod(self.shape)


@dataclass(frozen=True, slots=True)
class TensorFile:
    """The tensors of a file, or of all shards of a checkpoint."""

    tensors: Mapping[str, Tensor]
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def described(self) -> str:
        """The number of tensors and of their elements."""
        elements = sum(tensor.elements for tensor in self.tensors.values())
        return f"{plural(len(self.tensors), 'tensor')}, {plural(elements, 'parameter')}"


def joined(files: Iterable[TensorFile]) -> TensorFile:
    """Return the tensors of all shards together.

    Raises:
        InvalidFileError: two shards have a tensor of the same name.
    """
    tensors: dict[str, Tensor] = {}
    metadata: dict[str, str] = {}
    for file in files:
        if same := tensors.keys() & file.tensors.keys():
            raise InvalidFileError(f"two shards have the tensor {ascii(min(same))[:80]}")
        tensors |= file.tensors
        metadata |= file.metadata
    return TensorFile(tensors, metadata)


def reader_of(path_in_repo: str) -> Callable[[Content], TensorFile] | None:
    """Return the function that reads the header of a file with tensors; None for another file."""
    suffix = path_in_repo.rpartition("/")[2].rpartition(".")[2].lower()
    return _READERS.get(suffix)


def _safetensors(content: Content) -> TensorFile:
    header = read_header(content, content.size)
    start = 8 + len(header)
    tensors = {
        one.name: Tensor(one.dtype, one.shape, SliceBlob(content, start + one.offset, one.nbytes))
        for one in described_tensors(header)
    }
    return TensorFile(tensors, header_metadata(header))


def _gguf(content: Content) -> TensorFile:
    # Imported here: it needs numpy, as the other formats below do.
    from hublish.formats.gguf_header import read_gguf_header

    header = read_gguf_header(content, content.size)
    tensors = {
        one.name: Tensor(one.type.name, one.shape, SliceBlob(content, one.offset, one.nbytes)) for one in header.tensors
    }
    return TensorFile(tensors, {key: _described(value) for key, value in header.metadata.items()})


def _described(value: Any) -> str:
    """Return a value of the metadata as a text; of a vocabulary, the length and a digest."""
    if isinstance(value, str):
        return value if len(value) <= _LONGEST else f"{value[:_LONGEST]}… ({_digest(value.encode())})"
    if isinstance(value, bool | int | float):
        return str(value)
    items = value.tolist() if hasattr(value, "tolist") else value
    return f"list of {len(items):,} ({_digest(repr(items).encode('utf-8', 'backslashreplace'))})"


def _digest(data: bytes) -> str:
    # Imported here: most files have no such values.
    import hashlib

    return f"sha256 {hashlib.sha256(data).hexdigest()[:12]}"


def _onnx(content: Content) -> TensorFile:
    from hublish.formats.onnx_tensors import read_onnx_tensors

    model = read_onnx_tensors(LimitedBlob(content, _MOST_READ), content.size)
    tensors: dict[str, Tensor] = {}
    for number, one in enumerate(model.tensors):
        # The values of nodes have no names.
        name = one.name or f"(constant {number})"
        tensors[name if name not in tensors else f"{name} ({number})"] = Tensor(one.dtype, one.shape)
    return TensorFile(tensors, {"producer": f"{model.producer} {model.producer_version}".strip()})


def _npy(content: Content) -> TensorFile:
    import io

    from hublish.formats.tensors.npy import MOST_HEADER, read_npy_header

    header = read_npy_header(io.BytesIO(content.read_at(0, MOST_HEADER)), content.size)
    return TensorFile({"(the array)": _array(header, content)})


def _npz(content: Content) -> TensorFile:
    from hublish.formats.tensors.npy import SUFFIX, read_member_header
    from hublish.formats.zip_reader import content_of, read_zip

    archive = read_zip(content)
    if len(archive.members) > _MOST_ARRAYS:
        raise InvalidFileError("it has too many arrays")
    return TensorFile(
        {
            member.name.removesuffix(SUFFIX): _array(
                read_member_header(archive, member), content_of(archive.blob, member)
            )
            for member in archive.members
        }
    )


def _array(header: Any, blob: Blob) -> Tensor:
    stored = header.stored
    try:
        dtype = header.dtype().name
    except InvalidFileError:
        # A type that safetensors lacks, such as a text.
        return Tensor(str(stored), header.shape)
    values = None if header.fortran else SliceBlob(blob, header.size, header.nbytes)
    return Tensor(dtype, header.shape, values, stored.str)


_READERS: Final[Mapping[str, Callable[[Content], TensorFile]]] = {
    "safetensors": _safetensors,
    "gguf": _gguf,
    "onnx": _onnx,
    "npy": _npy,
    "npz": _npz,
}
