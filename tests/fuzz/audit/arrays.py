"""Array files around a pickle: .npy, .npz, HDF5, safetensors and joblib.

Each builder takes `odd`: without it, the file is one that ordinary tools write.
"""

import io
import json
import struct
from collections.abc import Callable
from random import Random
from typing import Any

import h5py
import joblib
import numpy as np

from tests.fuzz.audit.marker import Mark
from tests.fuzz.audit.zips import in_zip

# Spellings of types that contain objects; numpy reads the body of each as a pickle.
_OBJECTS = (
    *(
        "'|O'",
        "'O'",
        "'O8'",
        "'object'",
        "'>O'",
        "'=O'",
        "('O', (2,))",
        "'2O'",
        "'i4,O'",
        "'O,i4'",
        "'i4, O'",
        "'i4,(2,)O'",
    ),
    *(
        "[('a', 'O')]",
        "[('a', '<i4'), ('b', '|O')]",
        "[('a', [('b', 'O')])]",
        "[('a', 'O', (2,))]",
        "[(('title', 'a'), 'O')]",
    ),
    *(
        "{'names': ['a'], 'formats': ['O']}",
        "{'a': ('O', 0)}",
        "{'names': ('x', 'y'), 'formats': ('f4', 'O')}",
        "'\\x4f'",
        "'|' 'O'",
    ),
    *(
        "b'O'",
        "('i4,O', (1,))",
        "'object_'",
        "'object0'",
        "['O']",
        "[('', 'O')]",
        "'O' ''",
        "u'O'",
        "r'O'",
        "'\\117'",
        '"O"',
        "'''O'''",
    ),
)
_PLAIN = ("'<f4'", "'|b1'", "'<i8'", "[('a', '<i4'), ('O', '<f4')]", "'|S4'", "'<U3'", "'<M8[s]'", "'V8'")
_SHAPES = ("(1,)", "()", "(1, 1)", "(1L,)", "(2,)", "(True,)", "(1,) + ()", "[1]", "1", "(0x1,)", "(1_0,)", "(0,)")


def npy(rng: Random, body: bytes, descr: str, shape: str, odd: bool) -> bytes:
    """Write an .npy file; its header is a Python literal (NEP 1)."""
    pairs = [("descr", descr), ("fortran_order", "False"), ("shape", shape)]
    version = b"\x01\x00"
    padding = b""
    if odd:
        rng.shuffle(pairs)
        version = rng.choice([b"\x01\x00", b"\x01\x00", b"\x02\x00", b"\x03\x00", b"\x01\x01", b"\x04\x00"])
        padding = rng.choice([b"", b"", b" ", b" " * 5000, b" " * 9000, b"\t"])
    text = b"{" + b", ".join(f"{_key(rng, key, odd)}: {value}".encode() for key, value in pairs)
    if odd and rng.random() < 0.15:
        text += rng.choice([b", 'descr': '<f4'", b", # comment", b", 'extra': 1", b", **{}"])
    header = text + b", }" + padding
    wide = version[:1] != b"\x01"
    length = len(header) + 1 + (-(len(header) + 11 + 2 * wide) % 64)
    return (
        b"\x93NUMPY" + version + struct.pack("<I" if wide else "<H", length) + header.ljust(length - 1) + b"\n" + body
    )


def _key(rng: Random, key: str, odd: bool) -> str:
    return (
        rng.choice([f"'{key}'", f'"{key}"', f"'{key[:2]}' '{key[2:]}'", f"'\\x{ord(key[0]):02x}{key[1:]}'"])
        if odd and rng.random() < 0.2
        else f"'{key}'"
    )


def plain_npy(rng: Random) -> bytes:
    """Return an array of numbers."""
    target = io.BytesIO()
    np.save(target, rng.choice([np.arange(9), np.zeros((2, 3), "f4"), np.array(["a", "b"]), np.ones(2000)]))
    return target.getvalue()


def in_npy(rng: Random, data: bytes, odd: bool) -> bytes:
    """Write an array of objects, or put the pickle after arrays of numbers in the same file."""
    objects = npy(
        rng,
        data,
        rng.choice(_OBJECTS) if odd else "'|O'",
        rng.choice(_SHAPES) if odd and rng.random() < 0.3 else "(1,)",
        odd,
    )
    if odd and rng.random() < 0.25:
        return b"".join(plain_npy(rng) for _ in range(rng.choice([1, 1, 2, 40]))) + rng.choice([objects, data])
    return objects


def clean_npy(rng: Random) -> bytes:
    """Write an array without objects."""
    return plain_npy(rng) if rng.random() < 0.5 else npy(rng, bytes(64), rng.choice(_PLAIN), "(1,)", odd=False)


def in_npz(rng: Random, data: bytes, odd: bool) -> bytes:
    """Write a zip of arrays."""
    return in_zip(
        rng,
        in_npy(rng, data, odd and rng.random() < 0.5),
        odd,
        rng.choice(["arr_0.npy", "weights.npy", "x.npy", "scalar.bin"]),
    )


def in_safetensors(rng: Random, data: bytes, odd: bool) -> bytes:
    """Write a safetensors file whose tensor, or whose header, has these bytes."""
    header: dict[str, object] = {"w": {"dtype": "U8", "shape": [len(data)], "data_offsets": [0, len(data)]}}
    if odd and rng.random() < 0.5:
        header["__metadata__"] = {"note": data.decode("latin-1")}
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    length = struct.pack("<Q", len(text))
    if odd and rng.random() < 0.5:
        # A pickle whose first instruction takes the rest of the header as a string.
        length = rng.choice(
            [
                b"X" + struct.pack("<I", len(text) + 3) + bytes(3),
                b"\x8e" + length[:7],
                b"U\x06" + length[:6],
                b"\x8a\x06" + length[:6],
            ]
        )
    return length + text + data


def in_joblib(rng: Random, data: bytes, odd: bool) -> bytes:
    """Write joblib's format, a pickle with the bytes of arrays between its instructions; `data` is not used."""
    target = io.BytesIO()
    array = np.arange(rng.choice([1, 30, 3000]), dtype=rng.choice(["f4", "i8", "u1"]))
    value = rng.choice([[array, Mark()], {"array": array, "mark": Mark()}, np.array([Mark()], dtype=object)])
    joblib.dump(value, target, protocol=rng.choice([2, 3, 4, 5]))
    return target.getvalue()


# ----------------------------------------------------------------------------------------------------------- HDF5


def in_hdf5(rng: Random, data: bytes, odd: bool) -> bytes:
    """Write an HDF5 file with the pickle where PyTables unpickles: an attribute, or a row of objects."""
    if rng.random() < 0.8:
        # PyTables unpickles an attribute that ends with a period; HDF5 takes up to 64 KiB.
        data = data[: data.rfind(b".", 0, 60_000) + 1] or data
    target = io.BytesIO()
    options: dict[str, Any] = {}
    if odd:
        options["libver"] = rng.choice(["earliest", "latest", ("v108", "latest")])
        options["userblock_size"] = rng.choice([0, 0, 512, 1024, 4096])
        options["track_order"] = rng.random() < 0.3
    with h5py.File(target, "w", **options) as file:
        place = rng.choice(_PLACES)(rng, file) if odd else file
        if odd and rng.random() < 0.3:
            _write_objects(rng, file, data)
        else:
            _write_attribute(rng, place, data, odd)
    made = target.getvalue()
    if odd and options["userblock_size"] and rng.random() < 0.5:
        front = rng.choice([b"#!/bin/sh\n", b"text\n" * 9, b"\x93NUMPY", b"PK\x03\x04"])
        made = front + made[len(front) :]
    return made


def _group(rng: Random, file: "h5py.File") -> "h5py.Group":
    return file.create_group("model/" * rng.randint(1, 4) + "g")


def _dataset(rng: Random, file: "h5py.File") -> "h5py.Dataset":
    options: dict[str, Any] = rng.choice(
        [{}, {"chunks": True, "compression": "gzip"}, {"chunks": True, "shuffle": True}]
    )
    return file.create_dataset("weights", data=np.arange(200.0), **options)


def _named_type(rng: Random, file: "h5py.File") -> "h5py.Datatype":
    file["type"] = np.dtype("f8")
    return file["type"]


_PLACES: tuple[Callable[[Random, "h5py.File"], "h5py.HLObject"], ...] = (
    lambda _, file: file,
    _group,
    _dataset,
    _named_type,
)


def _write_attribute(rng: Random, place: "h5py.HLObject", data: bytes, odd: bool) -> None:
    for number in range(rng.choice([0, 0, 1, 30]) if odd else 1):
        place.attrs[f"other{number}"] = rng.choice(["text.", 5, np.arange(3), "x" * 300])
    name = rng.choice(["thing", "FILTERS", "TITLE", "FIELD_0_FILL", "VERSION"]) if odd else "thing"
    # Larger ones need the newest version of the format.
    value = data[:60_000]
    if not odd or rng.random() < 0.6:
        place.attrs.create(name, np.bytes_(value))
    elif rng.random() < 0.3:
        place.attrs.create(name, value.replace(b"\0", b""), dtype=h5py.string_dtype(rng.choice(["ascii", "utf-8"])))
    else:
        _write_padded(rng, place, name, value)


def _write_padded(rng: Random, place: "h5py.HLObject", name: str, value: bytes) -> None:
    """Write a string with any padding and character set."""
    kind = h5py.h5t.C_S1.copy()
    kind.set_size(max(1, len(value) + rng.choice([0, 1, 40])))
    kind.set_strpad(rng.choice([h5py.h5t.STR_NULLTERM, h5py.h5t.STR_NULLPAD, h5py.h5t.STR_SPACEPAD]))
    kind.set_cset(rng.choice([h5py.h5t.CSET_ASCII, h5py.h5t.CSET_UTF8]))
    shape = rng.choice([h5py.h5s.create(h5py.h5s.SCALAR), h5py.h5s.create_simple((1,))])
    attribute = h5py.h5a.create(place.id, name.encode(), kind, shape)
    attribute.write(np.array([value.ljust(kind.get_size(), b"\0")], dtype=f"S{kind.get_size()}"), mtype=kind)


def _write_objects(rng: Random, file: "h5py.File", data: bytes) -> None:
    """Write the array that PyTables' ObjectAtom makes: rows of bytes, each a pickle."""
    options: dict[str, Any] = rng.choice(
        [{"chunks": (1,)}, {"chunks": (8,), "compression": "gzip"}, {"chunks": (1,), "shuffle": True}]
    )
    rows = file.create_dataset("rows", (1,), h5py.vlen_dtype(np.uint8), maxshape=(None,), **options)
    rows[0] = np.frombuffer(data, np.uint8)
    for name, value in (("CLASS", "VLARRAY"), ("PSEUDOATOM", "object"), ("VERSION", "1.4"), ("TITLE", "")):
        rows.attrs.create(name, np.bytes_(value))
