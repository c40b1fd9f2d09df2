"""Write small real files of every kind that a draft inspects."""

import json
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import h5py
import numpy as np
from safetensors.numpy import save_file
from tokenizers import Tokenizer, models, pre_tokenizers

from tests.hublish.formats.protobuf import message, number, text
from tests.hublish.formats.tensors.pytorch import assembling

HERE = Path(__file__).parent
CHECKPOINTS = HERE.parents[2] / "hublish" / "formats" / "tensors" / "pytorch" / "checkpoints"
ROOT = HERE.parents[3]
ARRAY = np.arange(12, dtype=np.float32).reshape(3, 4)


@dataclass(frozen=True)
class Shape:
    """A realistic folder, and the files that its author would release."""

    build: Callable[[Path], None]
    released: tuple[str, ...]
    """Every path in the repo, listed by hand, without the pictures of the card."""
    name: str = "digits"
    """The name of the folder."""
    warned: tuple[str, ...] = ()
    """The messages of the warnings from `check`."""
    drawn: tuple[str, ...] = ()
    """The pictures of the card."""

    @property
    def paths(self) -> set[str]:
        """Every path in the repo."""
        pictures = (f"figures/{name}{suffix}.svg" for name in self.drawn for suffix in ("", "-dark"))
        return {*self.released, *pictures}


def write(path: Path, content: str | bytes | object) -> None:
    """Write bytes, a string, or any other value as JSON."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        path.write_text(content if isinstance(content, str) else json.dumps(content, indent=2) + "\n")


def apache(folder: Path) -> None:
    write(folder / "LICENSE", (ROOT / "LICENSE").read_text())


def mit(folder: Path) -> None:
    top = "MIT License\n\nCopyright (c) 2026 Ada\n\nPermission is hereby granted, free of charge, to any person"
    write(folder / "LICENSE", f"{top}\nobtaining a copy of this software and associated documentation files.\n")


def safetensors(path: Path, *names: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(dict.fromkeys(names or ("weight",), ARRAY), path, {"format": "pt"})


def npz(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    np.savez(path, weight=ARRAY)


def checkpoint(path: Path, *names: str) -> None:
    """Write a state dict as torch writes it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    entries = {name: assembling.tensor() for name in names or ("weight",)}
    assembling.checkpoint(path, assembling.pickled(assembling.dict_of(entries)))


def training(path: Path) -> None:
    """Write a checkpoint to resume training from: the weights, their average, and more."""
    path.parent.mkdir(parents=True, exist_ok=True)
    state = assembling.dict_of({"weight": assembling.tensor()})
    whole = {"model": state, "ema_model": state, "epoch": assembling.number(3)}
    assembling.checkpoint(path, assembling.pickled(assembling.dict_of(whole)))


def torch_file(path: Path, name: str) -> None:
    """Copy a checkpoint that torch wrote."""
    write(path, (CHECKPOINTS / name).read_bytes())


def pickled(path: Path) -> None:
    write(path, pickle.dumps({"coef": [0.5, 1.5]}))


def tokenizer(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    made = Tokenizer(models.WordLevel({"[UNK]": 0, "a": 1, "b": 2}, unk_token="[UNK]"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.save(str(folder / "tokenizer.json"))
    write(folder / "tokenizer_config.json", {"tokenizer_class": "PreTrainedTokenizerFast"})
    write(folder / "special_tokens_map.json", {"unk_token": "[UNK]"})


def onnx(path: Path, location: str | None = None) -> None:
    """Write a model with one weight, in the model or in another file."""
    about = number(1, 3) + number(1, 4) + number(2, 1) + text(8, "weight")
    if location is None:
        weight = about + message(9, ARRAY.tobytes())
    else:
        weight = about + message(13, text(1, "location"), text(2, location)) + number(14, 1)
        write(path.parent / location, ARRAY.tobytes())
    write(path, number(1, 10) + message(7, text(2, "graph"), message(5, weight)) + message(8, number(2, 18)))


def gguf(path: Path) -> None:
    def words(value: str) -> bytes:
        return struct.pack("<Q", len(value)) + value.encode()

    keys = words("general.architecture") + struct.pack("<I", 8) + words("llama")
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + keys
    header += words("weight") + struct.pack("<I2QIQ", 2, 32, 2, 0, 0)
    write(path, header + b"\0" * (-len(header) % 32) + np.zeros((2, 32), "<f4").tobytes())


def hdf5(path: Path) -> None:
    """Write weights as Keras does in `.weights.h5`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with h5py.File(path, "w") as file:
        file.create_dataset("layers/dense/vars/0", data=ARRAY)


def keras(path: Path) -> None:
    hdf5(path.with_suffix(".h5"))
    layers = [{"class_name": "Dense", "config": {"units": 4, "activation": "relu"}}]
    config = {"class_name": "Sequential", "config": {"layers": layers}}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("metadata.json", json.dumps({"keras_version": "3.15.1", "date_saved": "2026-01-31"}))
        archive.writestr("config.json", json.dumps(config))
        archive.write(path.with_suffix(".h5"), "model.weights.h5")
    path.with_suffix(".h5").unlink()


def skops(path: Path) -> None:
    """Write a number as skops does."""
    schema = {"__class__": "int", "__loader__": "JsonNode", "content": "3", "protocol": 2, "_skops_version": "0.16"}
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))


def png(path: Path) -> None:
    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">2I5B", 1, 1, 8, 0, 0, 0, 0)
    rows = zlib.compress(b"\0\x80")
    write(path, b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))


def parquet(path: Path) -> None:
    """Copy a file with two rows of text and label that pyarrow wrote."""
    write(path, (HERE / "tiny.parquet").read_bytes())


def arrow(path: Path) -> None:
    write(path, (HERE / "tiny.arrow").read_bytes())
