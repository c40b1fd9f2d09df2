import errno
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from hublish.formats.input_files import InvalidFileError
from hublish.formats.tensors import safetensors_writer
from hublish.formats.tensors.dtypes import DTYPES
from hublish.formats.tensors.safetensors_writer import Output, PlannedFile, replacing, write_planned
from hublish.formats.tensors.tensor import BLOCK_SIZE, Tensor
from hublish.formats.tensors.tensor_data import InMemoryArray


def tensor(name: str, kind: str = "U8", count: int = 3) -> Tensor:
    dtype = DTYPES[kind]
    return Tensor(name, dtype, (count,), InMemoryArray(np.zeros(count, dtype.numpy), dtype))


def test_wide_elements_come_first_and_names_decide_among_equals() -> None:
    planned = PlannedFile.of([tensor("é"), tensor("b"), tensor("z", "F64"), tensor("a", "BF16"), tensor("Z")], {})
    assert [held.name for held in planned.tensors] == ["z", "a", "Z", "b", "é"]


def test_the_size_is_known_before_anything_is_written(tmp_path: Path) -> None:
    planned = PlannedFile.of([tensor("a"), tensor("b", "F32")], {"format": "pt"})
    counted: list[int] = []
    write_planned(tmp_path / "m", planned, counted.append)
    assert (tmp_path / "m").stat().st_size == planned.size == sum(counted)


def test_a_source_that_yields_too_few_bytes_leaves_no_file(tmp_path: Path) -> None:
    liar = Tensor("a", DTYPES["U8"], (4,), tensor("a").content)
    with pytest.raises(InvalidFileError, match="tensor 'a' yielded 3 bytes, not 4"):
        write_planned(tmp_path / "m", PlannedFile.of([liar], {}), lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_the_library_rejects_leaves_no_file(tmp_path: Path) -> None:
    planned = PlannedFile.of([tensor("a")], {})
    wrong = PlannedFile(planned.header.replace(b"[0,3]", b"[1,4]"), planned.tensors)
    with pytest.raises(InvalidFileError, match=r"^m: the file is cut short: the header describes 4 bytes of data"):
        write_planned(tmp_path / "m", wrong, lambda _: None)
    assert list(tmp_path.iterdir()) == []


def test_an_error_keeps_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"old")
    with pytest.raises(TypeError), replacing(tmp_path / "m") as file:
        file.writelines([b"new", "not bytes"])  # type: ignore[list-item] # the error
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"m": b"old"}


def test_a_killed_writer_leaves_the_old_file(tmp_path: Path) -> None:
    (tmp_path / "m").write_bytes(b"old")
    script = (
        "import pathlib, time\n"
        "from hublish.formats.tensors.safetensors_writer import replacing\n"
        f"with replacing(pathlib.Path({str(tmp_path / 'm')!r})) as file:\n"
        "    file.write(b'new')\n"
        "    print('written', flush=True)\n"
        "    time.sleep(600)\n"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"written\n"
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / "m").read_bytes() == b"old"
    with replacing(tmp_path / "m") as file:
        file.write(b"newer")
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == {"m": b"newer"}


# -------------------------------------------------------------------------------------------------- output

DATA = bytes(range(256)) * (BLOCK_SIZE // 100)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").write_bytes(DATA)
    return tmp_path / "source"


def test_blocks_and_ranges_are_appended_and_counted(tmp_path: Path, source: Path) -> None:
    counted: list[int] = []
    with source.open("rb") as read, (tmp_path / "target").open("wb") as target:
        out = Output(target.fileno(), counted.append)
        out.write(DATA)
        assert out.copy(read.fileno(), 10, 1000) == 1000
        out.write(memoryview(b"end"))
    assert (tmp_path / "target").read_bytes() == DATA + DATA[10:1010] + b"end"
    assert out.written == sum(counted) == len(DATA) + 1003


@pytest.mark.parametrize("error", [errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP])
def test_bytes_pass_through_memory_where_the_kernel_cannot_copy(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(error, "no range copy")

    monkeypatch.setattr(safetensors_writer, "_copy_range", refuse)
    with source.open("rb") as read, (tmp_path / "target").open("wb") as target:
        assert Output(target.fileno(), lambda _: None).copy(read.fileno(), 0, len(DATA)) == len(DATA)
    assert (tmp_path / "target").read_bytes() == DATA


def test_a_full_disk_is_an_error_and_not_a_reason_to_copy_through_memory(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(safetensors_writer, "_copy_range", refuse)
    with source.open("rb") as read, (tmp_path / "target").open("wb") as target, pytest.raises(OSError, match="full"):
        Output(target.fileno(), lambda _: None).copy(read.fileno(), 0, len(DATA))


def test_a_range_past_the_end_is_copied_up_to_the_end(tmp_path: Path, source: Path) -> None:
    with source.open("rb") as read, (tmp_path / "target").open("wb") as target:
        assert Output(target.fileno(), lambda _: None).copy(read.fileno(), len(DATA) - 5, 100) == 5
