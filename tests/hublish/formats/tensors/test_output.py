import errno
from pathlib import Path

import pytest

from hublish.formats.tensors import output
from hublish.formats.tensors.output import BLOCK_SIZE, Output

DATA = bytes(range(256)) * (BLOCK_SIZE // 100)


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").write_bytes(DATA)
    return tmp_path / "source"


def test_blocks_and_ranges_are_appended_and_counted(tmp_path: Path, source: Path) -> None:
    told: list[int] = []
    with source.open("rb") as read, (tmp_path / "target").open("wb") as target:
        out = Output(target.fileno(), told.append)
        out.write(DATA)
        assert out.copy(read.fileno(), 10, 1000) == 1000
        out.write(memoryview(b"end"))
    assert (tmp_path / "target").read_bytes() == DATA + DATA[10:1010] + b"end"
    assert out.written == sum(told) == len(DATA) + 1003


@pytest.mark.parametrize("error", [errno.EXDEV, errno.ENOSYS, errno.EOPNOTSUPP])
def test_where_the_kernel_cannot_copy_it_is_done_by_hand(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch, error: int
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(error, "no range copy")

    monkeypatch.setattr(output, "_copy_range", refuse)
    with source.open("rb") as read, (tmp_path / "target").open("wb") as target:
        assert Output(target.fileno(), lambda _: None).copy(read.fileno(), 0, len(DATA)) == len(DATA)
    assert (tmp_path / "target").read_bytes() == DATA


def test_a_full_disk_is_an_error_and_not_a_reason_to_copy_by_hand(
    tmp_path: Path, source: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> int:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(output, "_copy_range", refuse)
    with source.open("rb") as read, (tmp_path / "target").open("wb") as target, pytest.raises(OSError, match="full"):
        Output(target.fileno(), lambda _: None).copy(read.fileno(), 0, len(DATA))


def test_a_range_past_the_end_gives_what_is_there(tmp_path: Path, source: Path) -> None:
    with source.open("rb") as read, (tmp_path / "target").open("wb") as target:
        assert Output(target.fileno(), lambda _: None).copy(read.fileno(), len(DATA) - 5, 100) == 5
