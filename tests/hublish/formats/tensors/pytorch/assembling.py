"""Checkpoints assembled by hand: pickles from opcodes, and the archives around them."""

import struct
import zipfile
from collections.abc import Mapping
from pathlib import Path

FLOAT = "torch.FloatStorage"
END = b"."


def text(value: str) -> bytes:
    """A string."""
    raw = value.encode("utf-8", "surrogatepass")
    return b"X" + struct.pack("<I", len(raw)) + raw


def number(value: int) -> bytes:
    """An integer of any size."""
    if -(2**31) <= value < 2**31:
        return b"J" + struct.pack("<i", value)
    raw = value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)
    return b"\x8a" + bytes([len(raw)]) + raw


def named(name: str) -> bytes:
    """The object of a dotted name."""
    module, _, attribute = name.rpartition(".")
    return f"c{module}\n{attribute}\n".encode()


def tuple_of(*items: bytes) -> bytes:
    """A tuple."""
    return b"(" + b"".join(items) + b"t"


def list_of(*items: bytes) -> bytes:
    """A list."""
    return b"](" + b"".join(items) + b"e"


def numbers(values: tuple[int, ...]) -> bytes:
    """A tuple of integers."""
    return tuple_of(*map(number, values))


def call(function: str, *arguments: bytes) -> bytes:
    """A call by REDUCE."""
    return named(function) + tuple_of(*arguments) + b"R"


def dict_of(entries: Mapping[str, bytes]) -> bytes:
    """A dictionary."""
    return b"}(" + b"".join(text(key) + value for key, value in entries.items()) + b"u"


def storage(kind: str = FLOAT, key: str = "0", count: int = 4) -> bytes:
    """A reference to a storage."""
    return tuple_of(text("storage"), named(kind), text(key), text("cpu"), number(count)) + b"Q"


def tensor(
    shape: tuple[int, ...] = (4,), strides: tuple[int, ...] = (1,), offset: int = 0, held: bytes | None = None
) -> bytes:
    """A tensor of `_rebuild_tensor_v2`, by default with four numbers in storage 0."""
    hooks = call("collections.OrderedDict")
    place = (number(offset), numbers(shape), numbers(strides))
    return call("torch._utils._rebuild_tensor_v2", held or storage(), *place, b"\x89", hooks)


def typed_tensor(dtype: str, count: int, key: str = "0") -> bytes:
    """A tensor of `_rebuild_tensor_v3`: its type beside an untyped storage of `count` bytes."""
    held = storage("torch.storage.UntypedStorage", key, count)
    rest = (number(0), numbers((1,)), numbers((1,)), b"\x89", call("collections.OrderedDict"), named(dtype))
    return call("torch._utils._rebuild_tensor_v3", held, *rest)


def pickled(body: bytes, protocol: int = 2) -> bytes:
    """A complete pickle."""
    return b"\x80" + bytes([protocol]) + body + END


def state(body: bytes | None = None) -> bytes:
    """A pickle of a state dict with one tensor `a`."""
    return pickled(dict_of({"a": body or tensor()}))


FOUR = struct.pack("<4f", 0, 1, 2, 3)
"""The bytes of storage 0 by default."""


def members(pickle: bytes, storages: Mapping[str, bytes] | None = None, order: bytes = b"little") -> dict[str, bytes]:
    """The members of an archive, in torch's order."""
    held = {"0": FOUR} if storages is None else storages
    data = {f"m/data/{key}": value for key, value in held.items()}
    return {"m/data.pkl": pickle, "m/byteorder": order, **data, "m/version": b"3\n"}


def write_zip(path: Path, files: Mapping[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    """Write an archive with reproducible bytes."""
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in files.items():
            archive.writestr(zipfile.ZipInfo(name), content, method)
    return path


def checkpoint(path: Path, pickle: bytes, storages: Mapping[str, bytes] | None = None) -> Path:
    """Write a checkpoint in the zip format."""
    return write_zip(path, members(pickle, storages))


LEGACY_MAGIC = pickled(b"\x8a\n" + 0x1950A86A20F9469CFC6C.to_bytes(10, "little"))


def legacy(pickle: bytes, storages: Mapping[str, bytes], width: int = 4, *, little_endian: bool = True) -> bytes:
    """The bytes of a checkpoint in the format before 1.6."""
    facts = pickled(dict_of({"little_endian": b"\x88" if little_endian else b"\x89"}))
    keys = pickled(list_of(*map(text, storages)))
    data = b"".join(struct.pack("<q", len(raw) // width) + raw for raw in storages.values())
    return LEGACY_MAGIC + pickled(number(1001)) + facts + pickle + keys + data
