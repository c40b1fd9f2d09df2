import os
from pathlib import Path

import pytest

from hublish.base.content import Identity
from hublish.base.errors import SourceChangedError
from hublish.formats.input_files import InvalidFileError, opened, unchanged


@pytest.fixture
def source(tmp_path: Path) -> Path:
    (tmp_path / "source").write_bytes(b"0123456789")
    return tmp_path / "source"


def test_another_file_at_the_same_path_is_rejected(tmp_path: Path, source: Path) -> None:
    identity = Identity.of(source.stat())
    (tmp_path / "other").write_bytes(b"0123456789")
    (tmp_path / "other").replace(source)
    with pytest.raises(SourceChangedError, match="changed while it was read"), unchanged(source, identity):
        pytest.fail("it was opened")


def test_a_rewrite_that_restores_the_old_time_is_detected(source: Path) -> None:
    status = source.stat()
    source.write_bytes(b"9876543210")
    os.utime(source, ns=(status.st_atime_ns, status.st_mtime_ns))
    with pytest.raises(SourceChangedError), unchanged(source, Identity.of(status)):
        pytest.fail("it was opened")


def test_a_change_during_the_read_is_rejected(source: Path) -> None:
    with pytest.raises(SourceChangedError), unchanged(source, Identity.of(source.stat())), source.open("ab") as file:
        file.write(b"more")


@pytest.mark.parametrize(
    ("path", "problem"),
    [("absent", "cannot be read: No such file"), (".", "not a regular file"), ("/dev/zero", "not a regular file")],
)
def test_only_regular_files_are_opened(tmp_path: Path, path: str, problem: str) -> None:
    with pytest.raises(InvalidFileError, match=problem), opened(tmp_path / path):
        pytest.fail("it was opened")
