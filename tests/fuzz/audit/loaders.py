"""The real loaders of each format, which execute the pickles that they find; call them in a process of their own.

`run_everything` follows data into every container that a loader opens. Loaders raise for most inputs: only the
imports of marked names decide whether a pickle ran.
"""

import bz2
import copyreg
import gzip
import io
import lzma
import pickle
import sys
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any, Protocol

import h5py
import joblib
import lz4.frame
import numpy as np

from tests.fuzz.audit.marker import Imports

if sys.version_info >= (3, 14):
    from compression import zstd
else:
    from backports import zstd

# Bytes that are taken from one stream, and contents that are followed in one input.
_MOST = 4 << 20
_CONTENTS = 40
_DEPTH = 6
_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_HDF5 = b"\x89HDF\r\n\x1a\n"


class _Framework(pickle._Unpickler):
    """Accepts persistent ids, as the loaders of frameworks do; `pickle.load` raises."""

    def persistent_load(self, key: object) -> object:
        """Return the id."""
        return key


# ------------------------------------------------------------------------------------------------------- unpicklers


def _loop(load: Callable[[io.BytesIO], object]) -> Callable[[bytes], None]:
    """Read objects from a stream until one fails, or nothing is consumed."""

    def run(data: bytes) -> None:
        stream = io.BytesIO(data)
        while stream.tell() < len(data):
            before = stream.tell()
            load(stream)
            if stream.tell() == before:
                return

    return run


def _arrays(stream: io.BytesIO) -> object:
    return np.load(stream, allow_pickle=True, max_header_size=1 << 20)


def _npz(data: bytes) -> None:
    with np.load(io.BytesIO(data), allow_pickle=True) as found:
        for name in found.files:
            with suppress(Exception):
                found[name]


def _arrays_then_pickles(data: bytes) -> None:
    stream = io.BytesIO(data)
    while data.startswith(b"\x93NUMPY", stream.tell()):
        _arrays(stream)
    pickle.load(stream)


def _hdf5_objects(data: bytes) -> None:
    """Unpickle every attribute and every row of objects.

    PyTables does so for strings that end with a period and for rows whose `PSEUDOATOM` is `object`. It uses the same
    library as h5py, which reads them here.
    """
    with h5py.File(io.BytesIO(data), "r") as file:

        def visit(_name: object, node: h5py.Group | h5py.Dataset) -> None:
            for name in node.attrs:
                with suppress(Exception):
                    _unpickled(node.attrs[name])
            if isinstance(node, h5py.Dataset) and h5py.check_vlen_dtype(node.dtype):
                with suppress(Exception):
                    for row in node[:_CONTENTS]:
                        _unpickled(row)

        visit("/", file)
        file.visititems(visit)


def _unpickled(value: Any) -> None:
    for encoding in ("ASCII", "latin1"):
        with suppress(Exception):
            pickle.loads(value if isinstance(value, bytes) else np.asarray(value).tobytes(), encoding=encoding)


def _joblib(data: bytes) -> None:
    # Of gzip and zlib, joblib reads the first stream, as `_zlib` does; on bytes after it, its reader never returns.
    if not data.startswith((b"\x1f\x8b", b"x")):
        joblib.load(io.BytesIO(data))


_UNPICKLERS: dict[str, Callable[[bytes], None]] = {
    "pickle.load": _loop(pickle.load),
    "pickle.load in latin-1": _loop(lambda stream: pickle.load(stream, encoding="latin1")),
    "pickle.load in bytes": _loop(lambda stream: pickle.load(stream, encoding="bytes")),
    "pickle in Python": _loop(lambda stream: _Framework(stream).load()),
    "numpy.load": _loop(_arrays),
    "joblib.load": _joblib,
}

# ------------------------------------------------------------------------------------------------------- containers


class _Readable(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _pieces(stream: _Readable) -> bytes:
    """Read as far as possible: a loader has executed what comes before an error."""
    found = bytearray()
    read = getattr(stream, "read1", stream.read)
    with suppress(Exception):
        while len(found) < _MOST and (piece := read(1 << 16)):
            found += piece
    return bytes(found)


def _gzip(data: bytes) -> Iterator[bytes]:
    yield _pieces(gzip.GzipFile(fileobj=io.BytesIO(data)))


def _bzip2(data: bytes) -> Iterator[bytes]:
    yield _pieces(bz2.BZ2File(io.BytesIO(data)))


def _lzma(data: bytes) -> Iterator[bytes]:
    with lzma.LZMAFile(io.BytesIO(data)) as stream:
        yield _pieces(stream)


def _zlib(data: bytes) -> Iterator[bytes]:
    # Unlike zlib.decompress, this keeps the data before a wrong checksum. Either header, as many programs accept.
    yield zlib.decompressobj(zlib.MAX_WBITS | 32).decompress(data, _MOST)


def _lz4(data: bytes) -> Iterator[bytes]:
    with lz4.frame.LZ4FrameFile(io.BytesIO(data)) as stream:
        yield _pieces(stream)


def _zstandard(data: bytes) -> Iterator[bytes]:
    with zstd.ZstdFile(io.BytesIO(data)) as stream:
        yield _pieces(stream)


def _zip(data: bytes) -> Iterator[bytes]:
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist()[:_CONTENTS]:
            with suppress(Exception), archive.open(info) as stream:
                yield _pieces(stream)


def _streamed_zip(data: bytes) -> Iterator[bytes]:
    """Follow the headers before the members, as readers of pipes do, which never see the directory."""
    offset = 0 if data.startswith(b"PK\x03\x04") else -1
    for _ in range(_CONTENTS):
        head = data[offset : offset + 30]
        if offset < 0 or len(head) < 30:
            return
        flags, method = int.from_bytes(head[6:8], "little"), int.from_bytes(head[8:10], "little")
        stored = int.from_bytes(head[18:22], "little")
        start = offset + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        end = start + stored
        if method == zipfile.ZIP_DEFLATED:
            packer = zlib.decompressobj(-15)
            yield packer.decompress(data[start:], _MOST)
            end = len(data) - len(packer.unused_data) if flags & 8 else end
        elif method == zipfile.ZIP_STORED:
            yield data[start:end]
        offset = data.find(b"PK\x03\x04", max(end, offset + 4))


def _tar(mode: str, **options: Any) -> Callable[[bytes], Iterator[bytes]]:
    def members(data: bytes) -> Iterator[bytes]:
        with tarfile.open(fileobj=io.BytesIO(data), mode=mode, **options) as archive:  # type: ignore[call-overload]
            for count, info in enumerate(archive):
                with suppress(tarfile.TarError, OSError, KeyError, ValueError, RecursionError):
                    if (stream := archive.extractfile(info)) is not None:
                        yield _pieces(stream)
                if count > _CONTENTS:
                    return

    return members


_CONTAINERS: dict[str, Callable[[bytes], Iterator[bytes]]] = {
    "gzip": _gzip,
    "bz2": _bzip2,
    "lzma": _lzma,
    "zlib": _zlib,
    "lz4": _lz4,
    "zstandard": _zstandard,
    "zipfile": _zip,
    "streamed zip": _streamed_zip,
    "tarfile": _tar("r:"),
    "tarfile, ignore_zeros": _tar("r:", ignore_zeros=True),
    "tarfile as a stream": _tar("r|"),
}

_COMPRESSED = ("gzip", "bz2", "lzma", "zlib", "lz4", "zstandard", "zipfile", "streamed zip")

# ----------------------------------------------------------------------------------------------------------- driver


def run_everything(data: bytes, imports: Imports, found: list[str]) -> None:
    """Give data to every loader, and the contents of containers as well.

    Args:
        data: a file.
        imports: counts the imports of the marker.
        found: receives the names of the loaders that imported it, after the containers that lead there.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _follow(data, (), imports, found, set())


def _follow(data: bytes, path: tuple[str, ...], imports: Imports, found: list[str], seen: set[bytes]) -> None:
    if data in seen or not data or len(seen) >= _CONTENTS:
        return
    seen.add(data)
    # A loader of compressed bytes detects an HDF5 file by its beginning: the library cannot read them.
    expanded = bool(path) and path[-1] in _COMPRESSED
    for name, load in _loaders_for(data, expanded):
        # An extension is imported once, and taken from here afterwards.
        copyreg.clear_extension_cache()
        before = imports.count
        with suppress(Exception):
            load(data)
        if imports.count > before:
            found.append(" > ".join([*path, name]))
    if len(path) < _DEPTH:
        for name, contents in _CONTAINERS.items():
            for content in _safely(contents, data):
                _follow(content, (*path, name), imports, found, seen)


def _loaders_for(data: bytes, expanded: bool) -> Iterator[tuple[str, Callable[[bytes], None]]]:
    yield from _UNPICKLERS.items()
    if data.startswith(b"\x93NUMPY"):
        yield "numpy.load, then pickle.load", _arrays_then_pickles
    if data.startswith(_ZIP):
        yield "numpy.load of an npz", _npz
    if data.startswith(_HDF5) or (_HDF5 in data and not expanded):
        yield "PyTables", _hdf5_objects


def _safely(contents: Callable[[bytes], Iterator[bytes]], data: bytes) -> Iterator[bytes]:
    """Yield the contents up to the first error."""
    with suppress(Exception):
        yield from contents(data)
