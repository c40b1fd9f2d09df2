"""Thousands of damaged checkpoints and safetensors files are refused or read: no crash, nothing executed.

`HUBLISH_FUZZ=100000 pytest` runs that many.
"""

import importlib
import os
import random
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save

from hublish.formats.blob import MemoryBlob
from hublish.formats.input_files import InvalidFileError
from hublish.formats.pickle_reader import PickleReader
from hublish.formats.tensors.pytorch.pickle_machine import run
from hublish.formats.tensors.pytorch.torch_objects import look_up
from hublish.formats.tensors.pytorch.torch_storages import read_storage
from hublish.formats.tensors.tensor_source import open_source
from tests.hublish.formats.tensors.pytorch.assembling import (
    FOUR,
    dict_of,
    legacy,
    members,
    pickled,
    state,
    tensor,
    text,
    typed_tensor,
    write_zip,
)

COUNT = int(os.environ.get("HUBLISH_FUZZ", "10000"))
CHECKPOINTS = Path(__file__).parent / "checkpoints"
EXECUTING = frozenset({"compile", "os.system", "os.exec", "os.posix_spawn", "subprocess.Popen", "pickle.find_class"})
MANY = pickled(dict_of({"a": tensor(), "b": typed_tensor("torch.uint16", 16), "c": text("x")}))
OPCODES = bytes(range(0x28, 0x98))
PIECES = (b"cos\nsystem\n", b"R", b"Q", b"b", b"\x81", b"h\x00", b"(", b"t.")


class Watch:
    """Records executions while it is active; an audit hook cannot be removed, so there is one."""

    def __init__(self) -> None:
        self.looking = False
        self.seen: list[str] = []
        sys.addaudithook(self._hear)

    def _hear(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.looking and event in EXECUTING:
            self.seen.append(event)


@pytest.fixture(scope="module")
def watch() -> Watch:
    """Record executions."""
    # Imported when the first checkpoint is read, which would count as an execution.
    importlib.import_module("hublish.formats.tensors.pytorch.torch_file")
    return Watch()


@pytest.fixture
def nothing_executed(watch: Watch) -> Iterator[None]:
    """Fail when anything is executed."""
    watch.looking = True
    yield
    watch.looking = False
    assert watch.seen == []


class Nowhere:
    """A sink that keeps nothing."""

    def write(self, data: bytes | memoryview) -> None:
        """Drop it."""

    def copy(self, source: int, offset: int, length: int) -> int:
        """Pass over it, as long as it is there."""
        return min(length, max(0, os.fstat(source).st_size - offset))


def mutated(seed: bytes, chance: random.Random) -> bytes:
    """Return the bytes with a few places changed, cut out, repeated or made opcodes."""
    content = bytearray(seed)
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        place = chance.randrange(len(content) + 1)
        match chance.randrange(6):
            case 0:
                content[place : place + 1] = bytes([chance.randrange(256)])
            case 1:
                content[place : place + 1] = bytes([chance.choice(OPCODES)])
            case 2:
                del content[place : place + chance.choice((1, 2, 4, 16, len(content)))]
            case 3:
                content[place:place] = content[place : place + chance.choice((1, 4, 16, 64))]
            case 4:
                content[place : place + 4] = chance.choice((b"\xff\xff\xff\xff", b"\x00\x00\x00\x80", bytes(4)))
            case _:
                content[place:place] = chance.choice(
                    (b"cos\nsystem\n", b"R", b"Q", b"b", b"\x81", b"h\x00", b"(", b"t.")
                )
    return bytes(content)


def read(path: Path) -> None:
    with open_source(path, path.parent) as found:
        for item in found.tensors:
            if item.nbytes < 1 << 20:
                item.content.write_to(Nowhere())


def files(tmp_path: Path) -> dict[str, list[bytes]]:
    zipped = [write_zip(tmp_path / "seed.pt", members(pickle)).read_bytes() for pickle in (state(), MANY)]
    golden = [(CHECKPOINTS / name).read_bytes() for name in ("layouts.pt", "legacy.pt", "script.pt", "nested.ckpt")]
    held = save({"a": np.arange(4, dtype="f4"), "b": np.ones((2, 3), "u1")}, {"format": "pt", "c": "a"})
    return {"m.pt": [*zipped, *golden, legacy(state(), {"0": FOUR})], "m.safetensors": [held]}


@pytest.mark.usefixtures("nothing_executed")
def test_damaged_files_are_read_or_refused(tmp_path: Path) -> None:
    chance = random.Random(1)
    seeds = [(name, seed) for name, found in files(tmp_path).items() for seed in found]
    for _ in range(COUNT // 4):
        name, seed = chance.choice(seeds)
        path = tmp_path / name
        path.unlink(missing_ok=True)  # cutting a file to nothing waits for the disk
        path.write_bytes(mutated(seed, chance))
        with suppress(InvalidFileError):
            read(path)


@pytest.mark.usefixtures("nothing_executed")
def test_damaged_pickles_are_read_or_refused() -> None:
    chance = random.Random(2)
    seeds = [state(), MANY, pickled(dict_of({"state_dict": dict_of({"a": tensor()})}), 4)]
    for _ in range(COUNT - COUNT // 4):
        content = mutated(chance.choice(seeds), chance)
        with suppress(InvalidFileError):
            run(PickleReader(MemoryBlob(content)), look_up, read_storage)
