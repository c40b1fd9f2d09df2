"""Files that carry a pickle, and files that do not: created here, never executed."""

import bz2
import gzip
import io
import lzma
import os
import pickle
import random
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from functools import partial
from typing import Any

import lz4.frame
import numpy as np
from safetensors.numpy import save as save_safetensors

NAMES = ("model.safetensors", "notes.txt", "config.json", "weights")
"""Names that a pickle hides under: weights, text, JSON, and no suffix."""


class Call:
    """Its pickle calls `os.system`; no test loads it."""

    def __reduce__(self) -> tuple[Any, ...]:
        return os.system, ("true",)


DATA = {"weights": [0.5, 1.5, 2.5], "epoch": 3, "name": "best"}


def call(protocol: int = 4) -> bytes:
    """Return a pickle with a call."""
    return pickle.dumps(Call(), protocol)


def zipped(members: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a zip archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data, compress_type=method)
    return buffer.getvalue()


def tarred(members: dict[str, bytes], form: int = tarfile.GNU_FORMAT) -> bytes:
    """Return a tar archive."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as archive:
        for name, data in members.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return buffer.getvalue()


def torch_zip(member: str = "archive/data.pkl", method: int = zipfile.ZIP_STORED) -> bytes:
    """Return a checkpoint of `torch.save`: a zip with a pickle and one member for each storage."""
    return zipped({member: call(2), "archive/data/0": bytes(64), "archive/version": b"3\n"}, method)


def with_bad_checksum(archive: bytes) -> bytes:
    """Return the archive with the first member's CRC wrong in both places."""
    directory = archive.index(b"PK\x01\x02")
    return archive[:14] + b"\1\2\3\4" + archive[18 : directory + 16] + b"\1\2\3\4" + archive[directory + 20 :]


def encrypted(archive: bytes) -> bytes:
    """Return the archive with every member's encryption flag set."""
    data = bytearray(archive)
    for signature, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        start = data.find(signature)
        while start >= 0:
            data[start + offset] |= 1
            start = data.find(signature, start + 1)
    return bytes(data)


def torch_legacy() -> bytes:
    """Return a checkpoint of `torch.save` before 1.6: five pickles in a row, then the storages."""
    magic, version, system = 0x1950A86A20F9469CFC6C, 1001, {"little_endian": True}
    parts = [pickle.dumps(part, 2) for part in (magic, version, system, Call(), ["0"])]
    return b"".join(parts) + struct.pack("<q", 16) + bytes(64)


def npy(array: np.ndarray[Any, Any]) -> bytes:
    """Return an array as a `.npy` file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def object_array() -> np.ndarray[Any, Any]:
    """Return an array whose elements are Python objects."""
    return np.array([DATA, None], dtype=object)


PICKLES: dict[str, Callable[[], bytes]] = {
    **{f"a call, protocol {number}": partial(call, number) for number in range(6)},
    **{f"plain data, protocol {number}": partial(pickle.dumps, DATA, number) for number in range(6)},
    "GLOBAL and REDUCE without header": lambda: b"cos\nsystem\n(S'true'\ntR.",
    "INST": lambda: b"(S'true'\nios\nsystem\n.",
    "OBJ": lambda: b"(cos\nsystem\nS'true'\no.",
    "STACK_GLOBAL without header": lambda: b"\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.",
    "NEWOBJ": lambda: b"\x80\x02cos\nsystem\n(X\x04\x00\x00\x00truet\x81.",
    "BUILD": lambda: b"\x80\x02cbuiltins\nobject\n)R}X\x01\x00\x00\x00aK\x01sb.",
    "a registered extension": lambda: b"\x80\x02\x82\x01X\x04\x00\x00\x00true\x85R.",
    "cut off behind the call, protocol 0": lambda: call(0)[:-1],
    "cut off behind the call, protocol 2": lambda: call(2)[:-1],
    "cut off behind the call, protocol 4": lambda: call(4)[:-1],
    "cut off in the middle of data": lambda: pickle.dumps(DATA, 4)[:30],
    "broken behind the call": lambda: call(2)[:-1] + b"\xff\xfe broken",
    "behind leading bytes": lambda: bytes(16) + call(4),
    "torch's legacy format": torch_legacy,
    "torch's zip": torch_zip,
    "torch's zip, deflated": lambda: torch_zip(method=zipfile.ZIP_DEFLATED),
    "torch's zip, member renamed": lambda: torch_zip("archive/readme.txt"),
    "torch's zip, wrong checksum": lambda: with_bad_checksum(torch_zip()),
    "torch's zip, encrypted": lambda: encrypted(torch_zip()),
    "an array of objects": lambda: npy(object_array()),
    "an array of objects in an .npz": lambda: zipped({"objects.npy": npy(object_array())}),
    "gzip": lambda: gzip.compress(call()),
    "bzip2": lambda: bz2.compress(call()),
    "xz": lambda: lzma.compress(call()),
    "lzma": lambda: lzma.compress(call(), lzma.FORMAT_ALONE),
    "joblib's zlib": lambda: zlib.compress(call()),
    "joblib's lz4": lambda: lz4.frame.compress(call()),
    "tar": lambda: tarred({"model/config.json": b"{}", "model/weights.bin": call()}),
    "a .nemo: tar, gzip, zip": lambda: gzip.compress(tarred({"model.yaml": b"a: 1\n", "model.ckpt": torch_zip()})),
}
"""The 41 payloads of the safety promise."""

_PROSE = b"The quick brown fox jumps over the lazy dog. It was the best of times.\n" * 40
_GGUF = b"GGUF" + struct.pack("<IQQ", 3, 0, 1) + struct.pack("<Q", 20) + b"general.architecture" + struct.pack("<I", 8)
_PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0) + bytes(4)

CLEAN: dict[str, Callable[[], bytes]] = {
    "an empty file": bytes,
    "prose": lambda: _PROSE,
    "prose in UTF-16": lambda: _PROSE.decode().encode("utf-16"),
    "a word list that begins like GLOBAL": lambda: b"cat\ndog\nrabbit\ntiger\n.hidden\n",
    "a word list of single letters": lambda: "\n".join("cNR(t.bKI01ljp]}").encode() + b"\n",
    "JSON": lambda: b'{"hidden_size": 384, "layers": [1, 2, 3]}\n',
    "a JSON list": lambda: b"[1, 2, 3]\n",
    "a JSON text": lambda: b'"text"\n',
    "a number": lambda: b"12345\n",
    "CSV": lambda: b"Name,Value\nIris,0.5\nIris,0.6\n",
    "code that quotes a pickle": lambda: b"PAYLOAD = b\"\\x80\\x04cos\\nsystem\\n(S'true'\\ntR.\"\n",
    "documentation that shows a pickle": lambda: b"# Pickles\n\n    cos\n    system\n    (S'true'\n    tR.\n",
    "safetensors": lambda: save_safetensors({"w": np.linspace(0, 1, 300, dtype=np.float32)}, {"format": "pt"}),
    "an array": lambda: npy(np.arange(1000, dtype=np.float64)),
    "a structured array": lambda: npy(np.zeros(3, dtype=[("Oxygen", "<f4"), ("name", "S8")])),
    "an .npz": lambda: zipped({"a.npy": npy(np.arange(9)), "b.npy": npy(np.ones(3))}, zipfile.ZIP_DEFLATED),
    "a zip of texts": lambda: zipped({"a.txt": _PROSE, "b.json": b"{}"}, zipfile.ZIP_DEFLATED),
    "an empty zip": lambda: zipped({}),
    "a tar of texts": lambda: tarred({"a.txt": _PROSE, "b/c.json": b"{}"}),
    "a pax tar": lambda: tarred({"a" * 150: _PROSE}, tarfile.PAX_FORMAT),
    "a tar.gz": lambda: gzip.compress(tarred({f"{number}.txt": _PROSE for number in range(50)})),
    "JSON lines, gzip": lambda: gzip.compress(b'{"text": "The"}\n' * 1000),
    "prose, gzip": lambda: gzip.compress(_PROSE),
    "prose, bzip2": lambda: bz2.compress(_PROSE),
    "prose, xz": lambda: lzma.compress(_PROSE),
    "prose that begins like bzip2": lambda: b"BZh91 is how a bzip2 file begins.\n",
    "prose that begins like zlib": lambda: b"x^2 + y^2 = z^2\n",
    "PNG": lambda: _PNG,
    "JPEG": lambda: b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(100),
    "GGUF": lambda: _GGUF + struct.pack("<Q", 5) + b"llama",
    "ONNX": lambda: b"\x08\x09\x12\x07pytorch\x1a\x052.1.0:\x80\x04\n\x10\n\x05input" + bytes(200),
    "a SentencePiece model": lambda: b"\n\x0e\n\x05<unk>\x15\x00\x00\x00\x00\x18\x02\n\x0c\n\x03<s>\x15" + bytes(100),
    "Parquet": lambda: b"PAR1\x15\x04\x15\x10" + bytes(100) + b"PAR1",
    "PDF": lambda: b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n",
    "WAV": lambda: b"RIFF\x24\x00\x00\x00WAVEfmt " + bytes(100),
    "raw float16 weights": lambda: np.random.default_rng(7).normal(size=5000).astype(np.float16).tobytes(),
    "raw float32 weights": lambda: np.random.default_rng(8).normal(size=5000).astype(np.float32).tobytes(),
    "random bytes": lambda: random.Random(9).randbytes(1 << 16),
}
"""Files of the kinds in repos, none of which is or carries a pickle."""
