"""Whether a refused file really is or contains a pickle: the standard library, numpy and h5py read it again.

Nothing is imported and nothing is called: every global of a pickle is replaced by a class that does nothing.
"""

import bz2
import gzip
import io
import lzma
import pickle
import re
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from importlib.util import find_spec
from typing import Any

import h5py
import numpy as np

# Containers within containers: a `.nemo` is a tar with a zip with a pickle.
_DEPTH = 5
# Consecutive pickles that are loaded: torch's old format begins with five.
_CHAIN = 64
_EXPANDERS: tuple[Callable[[bytes], bytes], ...] = (gzip.decompress, bz2.decompress, lzma.decompress, zlib.decompress)


class Inert:
    """Replaces everything that a pickle imports: it accepts every call, and does nothing."""

    def __new__(cls, *_: object, **__: object) -> "Inert":
        return object.__new__(cls)

    def __init__(self, *_: object, **__: object) -> None:
        pass

    def __call__(self, *_: object, **__: object) -> "Inert":
        return self

    def __setstate__(self, state: object) -> None:
        pass

    def append(self, item: object) -> None:
        pass

    def extend(self, items: object) -> None:
        pass

    def __setitem__(self, key: object, value: object) -> None:
        pass

    def __hash__(self) -> int:
        return id(self)


class Recorder(pickle.Unpickler):
    """Loads a pickle without its imports, and records their names."""

    def __init__(self, stream: io.BytesIO) -> None:
        super().__init__(stream)
        self.imports: list[str] = []

    def find_class(self, module: str, name: str) -> type[Inert]:
        self.imports.append(module)
        return Inert

    def persistent_load(self, key: object) -> Inert:
        return Inert()


def holds_a_pickle(data: bytes, depth: int = _DEPTH) -> bool:
    """Return whether a reader gets a pickle out of the bytes, or out of what they contain."""
    if _unpickles(data) or _object_array(data):
        return True
    return depth > 0 and any(holds_a_pickle(inside, depth - 1) for inside in _inside(data))


def _unpickles(data: bytes) -> bool:
    stream = io.BytesIO(data)
    for _ in range(_CHAIN):
        start, loader = stream.tell(), Recorder(stream)
        with suppress(Exception):
            loader.load()
            # A word such as `N.` is a complete pickle, too; prose goes on after it.
            if loader.imports or stream.tell() - start > 3:
                return True
            continue
        return any(map(_exists, loader.imports))
    return True


def _exists(module: str) -> bool:
    # A word list that begins with `cat` imports `at`, which no machine has.
    with suppress(ValueError, ImportError):
        return re.fullmatch(r"[\w.]+", module) is not None and find_spec(module.partition(".")[0]) is not None
    return False


def _object_array(data: bytes) -> bool:
    stream = io.BytesIO(data)
    with suppress(Exception):
        version = np.lib.format.read_magic(stream)
        read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        return bool(read(stream)[2].hasobject) and _unpickles(stream.read())
    return False


def _inside(data: bytes) -> Iterator[bytes]:
    # joblib before 0.10 wrote a length in front of zlib's bytes; how many characters it takes depends on the version.
    body = data[data.find(b"x", len(b"ZF0x")) :] if data.startswith(b"ZF0x") else data
    for expand in _EXPANDERS:
        with suppress(Exception):
            yield expand(body)
    with suppress(Exception), zipfile.ZipFile(io.BytesIO(data)) as archive:
        for info in archive.infolist():
            yield archive.read(info)
    with suppress(Exception), h5py.File(io.BytesIO(data)) as file:
        yield from _attributes(file)
    with suppress(Exception), tarfile.open(fileobj=io.BytesIO(data), mode="r:") as archive:
        for member in archive:
            if (content := archive.extractfile(member)) is not None:
                yield content.read()


def _attributes(file: Any) -> Iterator[bytes]:
    """Yield every attribute of an HDF5 file as PyTables gets it."""
    found: list[Any] = [file]
    file.visititems(lambda _, node: found.append(node))
    for node in found:
        for name in node.attrs:
            with suppress(Exception):
                value = node.attrs[name]
                yield value.encode("latin-1") if isinstance(value, str) else bytes(value)
