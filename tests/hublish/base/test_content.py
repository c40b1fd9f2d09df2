"""Content on disk and in memory: one protocol, and every change of a file is noticed."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hublish.base.content import Content, ContentChangedError, InMemory, OnDisk, copy, open_below, same_bytes
from tests.file_changes import grow, replace_by_copy, replace_by_fifo, rewrite_with_mtime_restored
from tests.pipeline.staging import wait_for_a_tick

DATA = bytes(range(256)) * 20


def on_disk(folder: Path) -> OnDisk:
    path = folder / "data" / "a.bin"
    path.parent.mkdir()
    path.write_bytes(DATA)
    return OnDisk.at(path)


@pytest.fixture(params=["on disk", "in memory"])
def content(request: pytest.FixtureRequest, tmp_path: Path) -> Content:
    return on_disk(tmp_path) if request.param == "on disk" else InMemory(DATA)


def test_every_kind_gives_the_same_bytes(content: Content) -> None:
    assert content.size == len(DATA)
    with content.open() as stream:
        assert stream.read(10) == DATA[:10]
        stream.seek(-5, os.SEEK_END)
        assert stream.read() == DATA[-5:]
    assert content.read() == DATA
    assert content.read_at(100, 50) == DATA[100:150]
    assert content.read_at(len(DATA) - 3, 50) == DATA[-3:]
    assert content.read_at(len(DATA), 50) == b""
    content.unchanged()


def test_every_kind_is_copied_and_compared(content: Content, tmp_path: Path) -> None:
    copied = tmp_path / "copy"
    copy(content, copied)
    assert copied.read_bytes() == DATA
    assert same_bytes(content, copied)
    copied.write_bytes(DATA[::-1])
    assert not same_bytes(content, copied)
    copied.write_bytes(DATA + b"more")
    assert not same_bytes(content, copied)
    with pytest.raises(FileExistsError):
        copy(content, copied)


def test_only_a_file_has_a_local_path(tmp_path: Path) -> None:
    assert on_disk(tmp_path).local_path == tmp_path / "data" / "a.bin"
    assert InMemory(DATA).local_path is None


def test_two_contents_share_an_identity_only_when_their_bytes_are_the_same(tmp_path: Path) -> None:
    content = on_disk(tmp_path)
    link = tmp_path / "link"
    link.hardlink_to(content.path)
    # A new name changes the ctime of the file.
    assert OnDisk.at(link).identity == OnDisk.at(content.path).identity
    shutil.copy2(content.path, tmp_path / "copy")
    assert OnDisk.at(tmp_path / "copy").identity != OnDisk.at(content.path).identity
    assert InMemory(b"a").identity == InMemory(b"a").identity != InMemory(b"b").identity


CHANGES = {
    grow: "changed since it was collected",
    rewrite_with_mtime_restored: "changed since it was collected",
    replace_by_copy: "changed since it was collected",
    replace_by_fifo: "is not a regular file any more",
    Path.unlink: "missing since it was collected",
}


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.__name__)
def test_a_changed_file_is_noticed(tmp_path: Path, change: Callable[[Path], object]) -> None:
    content = on_disk(tmp_path)
    wait_for_a_tick(tmp_path)
    change(content.path)
    with pytest.raises(ContentChangedError, match=CHANGES[change]):
        content.unchanged()
    with pytest.raises(ContentChangedError, match=CHANGES[change]), content.open():
        pass


def test_a_file_that_changes_while_it_is_open_is_noticed(tmp_path: Path) -> None:
    content = on_disk(tmp_path)
    wait_for_a_tick(tmp_path)

    def read() -> None:
        with content.open() as stream:
            grow(content.path)
            assert stream.read(len(DATA)) == DATA

    with pytest.raises(ContentChangedError, match="changed since it was collected"):
        read()


def test_a_link_that_replaced_the_file_is_not_followed(tmp_path: Path) -> None:
    content = on_disk(tmp_path)
    content.path.rename(tmp_path / "moved")
    content.path.symlink_to(tmp_path / "moved")
    for read in (content.open().__enter__, lambda: content.read_at(0, 1)):
        with pytest.raises(OSError, match="symbolic links"):
            read()


def test_reading_a_part_never_blocks_on_a_fifo(tmp_path: Path) -> None:
    content = on_disk(tmp_path)
    replace_by_fifo(content.path)
    with pytest.raises(ContentChangedError, match="is not a regular file any more"):
        content.read_at(0, 1)


def test_reading_a_part_leaves_the_check_to_the_caller(tmp_path: Path) -> None:
    content = on_disk(tmp_path)
    content.path.write_bytes(b"others")
    assert content.read_at(0, 100) == b"others"


def test_a_file_is_opened_below_a_folder_and_never_through_a_link(tmp_path: Path) -> None:
    on_disk(tmp_path)
    with open(open_below(tmp_path, "data/a.bin"), "rb") as stream:
        assert stream.read() == DATA
    (tmp_path / "link").symlink_to("data")
    (tmp_path / "data" / "link.bin").symlink_to("a.bin")
    for path in ("link/a.bin", "data/link.bin", "data/missing", "data/a.bin/x"):
        with pytest.raises(OSError, match=r"Not a directory|symbolic links|No such file"):
            open_below(tmp_path, path)
