"""A full disk is recognized behind any exception, and named with its path. The errors here are of the system."""

import errno
import resource
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hublish.base import durable
from hublish.base.content import InMemory, copy
from hublish.base.errors import disk_full

LIMIT = 200_000


@contextmanager
def limited_files(size: int = LIMIT) -> Iterator[None]:
    """Let the system refuse to make any file larger, as a file system without room does."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def refused(path: Path) -> OSError:
    with pytest.raises(OSError) as caught, path.open("wb", buffering=0) as file:  # noqa: PT011 - any of the system
        file.write(b"x")
    return caught.value


def test_the_system_reports_it(tmp_path: Path) -> None:
    full = disk_full(refused(Path("/dev/full")), tmp_path / "new" / "file")
    assert full is not None
    assert full.code == "system.disk_full"
    assert full.message.startswith(f"the disk is full: {tmp_path}/new/file, with ")
    assert full.message.endswith(" left")


def test_an_error_that_led_to_it_counts_and_its_own_path_comes_first(tmp_path: Path) -> None:
    try:
        try:
            raise OSError(errno.EDQUOT, "Disk quota exceeded", str(tmp_path / "a"))
        except OSError as error:
            raise RuntimeError("wrapped") from error
    except RuntimeError as error:
        full = disk_full(error, Path("/elsewhere"))
    assert full is not None
    assert full.message.startswith(f"the disk quota is used up: {tmp_path}/a, with ")


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (RuntimeError("I/O error: No space left on device (os error 28)"), True),
        (RuntimeError("I/O error: Disk quota exceeded (os error 122)"), True),
        (RuntimeError("I/O error: Permission denied (os error 13)"), False),
        (sqlite3.OperationalError("database or disk is full"), True),
        (sqlite3.OperationalError("database is locked"), False),
        (OSError(errno.EACCES, "Permission denied"), False),
        (OSError("without a number"), False),
        (ValueError("x"), False),
    ],
)
def test_libraries_report_it_in_their_own_ways(error: Exception, expected: bool) -> None:
    assert (disk_full(error) is not None) is expected


def test_files_that_hublish_writes_are_named(tmp_path: Path) -> None:
    with limited_files():
        for write in (
            lambda path: durable.write(path, bytes(2 * LIMIT)),
            lambda path: durable.require_writable(path, 2 * LIMIT),
            lambda path: copy(InMemory(bytes(2 * LIMIT)), path),
        ):
            with pytest.raises(OSError) as caught:  # noqa: PT011 - the number is compared below
                write(tmp_path / "file")
            assert caught.value.errno == errno.EFBIG
    with limited_files(), pytest.raises(OSError) as caught:  # noqa: PT011 - the number is compared above
        durable.write(tmp_path / "lock", bytes(2 * LIMIT))
    assert caught.value.filename == str(tmp_path / "lock")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]  # what `copy` leaves to its caller
