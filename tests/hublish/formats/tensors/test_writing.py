import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors.dtypes import DTYPES
from hublish.formats.tensors.tensor import Tensor
from hublish.formats.tensors.tensor_data import InMemoryArray
from hublish.formats.tensors.writing import PlannedFile, replacing, write_planned


def tensor(name: str, kind: str = "U8", count: int = 3) -> Tensor:
    dtype = DTYPES[kind]
    return Tensor(name, dtype, (count,), InMemoryArray(np.zeros(count, dtype.numpy), dtype))


def test_wide_elements_come_first_and_names_decide_among_equals() -> None:
    planned = PlannedFile.of([tensor("é"), tensor("b"), tensor("z", "F64"), tensor("a", "BF16"), tensor("Z")], {})
    assert [held.name for held in planned.tensors] == ["z", "a", "Z", "b", "é"]


def test_the_size_is_known_before_anything_is_written(tmp_path: Path) -> None:
    planned = PlannedFile.of([tensor("a"), tensor("b", "F32")], {"format": "pt"})
    told: list[int] = []
    write_planned(tmp_path / "m", planned, told.append)
    assert (tmp_path / "m").stat().st_size == planned.size == sum(told)


def test_a_source_that_gives_other_than_it_said_leaves_nothing(tmp_path: Path) -> None:
    liar = Tensor("a", DTYPES["U8"], (4,), tensor("a").content)
    with pytest.raises(InvalidFileError, match="tensor 'a' gave 3 bytes, not 4"):
        write_planned(tmp_path / "m", PlannedFile.of([liar], {}), lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_an_error_keeps_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"old")
    with pytest.raises(TypeError), replacing(tmp_path / "m") as descriptor:
        os.writev(descriptor, [b"new", "no bytes"])  # type: ignore[list-item] # the error
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"m": b"old"}


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"old")
    script = (
        "import os, pathlib, time\n"
        "from hublish.formats.tensors.writing import replacing\n"
        f"with replacing(pathlib.Path({str(tmp_path / 'm')!r})) as descriptor:\n"
        "    os.write(descriptor, b'new')\n"
        "    print('written', flush=True)\n"
        "    time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / "m").read_bytes() == b"old"
    with replacing(tmp_path / "m") as descriptor:
        os.write(descriptor, b"newer")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"m": b"newer"}
