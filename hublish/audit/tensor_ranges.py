"""The parts of large files that are numbers by their format: the tensors of safetensors and GGUF.

They contain no text, and searching them for secrets would take longer than hashing the file. Everything else of a file
is searched, and so are tensors of bytes, which may be text.
"""

import json
from collections.abc import Iterable
from typing import Any, Final

from hublish.formats.blob import Blob
from hublish.formats.input_files import InvalidFileError

# Smaller files are searched whole in less than a second.
LARGE: Final = 64 << 20
# Types of one byte, or less, in safetensors: they may be text.
_BYTES: Final = frozenset(["U8", "I8", "BOOL"])
_GGUF_BYTES: Final = "I8"
# Vocabularies take some 10 MB; of a longer header, the whole file is searched.
_GGUF_HEADER: Final = 32 << 20
# Padding between tensors that is joined with them.
_PADDING: Final = 64

Range = tuple[int, int]


def tensor_ranges(blob: Blob) -> tuple[Range, ...]:
    """Return the offsets `(start, end)` of numbers in a large file, in order; none when its header is damaged."""
    if blob.size is None or blob.size < LARGE:
        return ()
    try:
        found = _gguf(blob, blob.size) if blob.read_at(0, 4) == b"GGUF" else _safetensors(blob, blob.size)
    except (ValueError, TypeError, LookupError, RecursionError, InvalidFileError):
        # The serializers and the search for pickles report a damaged header; here, the file is searched whole.
        return ()
    return _joined(found)


def _safetensors(blob: Blob, size: int) -> list[Range]:
    from hublish.formats.tensors.safetensors_header import MAX_HEADER_SIZE

    length = int.from_bytes(blob.read_at(0, 8), "little")
    if not 2 <= length <= min(MAX_HEADER_SIZE, size - 8) or blob.read_at(8, 1) != b"{":
        return []
    header: dict[str, Any] = json.loads(blob.read_at(8, length))
    tensors = [entry for name, entry in header.items() if name != "__metadata__" and entry["dtype"] not in _BYTES]
    places = [entry["data_offsets"] for entry in tensors]
    return [(8 + length + int(first), 8 + length + int(last)) for first, last in places]


def _gguf(blob: Blob, size: int) -> list[Range]:
    from hublish.formats.gguf_header import parse_header

    header = parse_header(memoryview(blob.read_at(0, _GGUF_HEADER)), size)
    return [
        (tensor.offset, tensor.offset + tensor.nbytes) for tensor in header.tensors if tensor.type.name != _GGUF_BYTES
    ]


def _joined(ranges: Iterable[Range]) -> tuple[Range, ...]:
    joined: list[Range] = []
    for start, end in sorted(ranges):
        if joined and start <= joined[-1][1] + _PADDING:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return tuple(joined)
