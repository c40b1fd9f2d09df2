"""The walk follows no link, opens no file and never blocks."""

import os
import socket
from pathlib import Path

import pytest

from hublish.base.content import Identity
from hublish.base.values import Kind
from hublish.pipeline.collect.walking import look, walk


def test_it_lists_files_in_order_with_their_identity(tmp_path: Path) -> None:
    for name in ("b/2", "b/1", "a", "c"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    entries = list(walk(tmp_path))
    assert [entry.relative for entry in entries] == ["a", "b/1", "b/2", "c"]
    assert all(entry.identity == Identity.of((tmp_path / entry.relative).stat()) for entry in entries)


def test_it_lists_links_and_devices_without_opening_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # a socket's path is short
    os.mkfifo("pipe")
    Path("link").symlink_to("nowhere")
    Path("to_folder").symlink_to(".")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("socket")
        kinds = {entry.relative: entry.kind for entry in walk(tmp_path)}
    assert kinds == {"pipe": Kind.FIFO, "link": Kind.LINK, "to_folder": Kind.LINK, "socket": Kind.SOCKET}


def test_it_follows_no_link_on_the_path_to_its_start(tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "inner").symlink_to(tmp_path / "outside")
    with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
        list(walk(tmp_path / "root", "inner"))


def test_looking_up_a_name_gives_its_kind_or_none(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "folder").mkdir()
    kinds = {
        name: entry.kind if (entry := look(tmp_path, name)) else None for name in ("file", "folder", "file/x", "no")
    }
    assert kinds == {"file": Kind.FILE, "folder": Kind.FOLDER, "file/x": None, "no": None}


def test_a_tree_of_a_hundred_folders_is_walked_to_its_end(tmp_path: Path) -> None:
    deep = tmp_path.joinpath(*["d"] * 100)
    deep.mkdir(parents=True)
    (deep / "x").touch()
    assert [entry.relative.count("/") for entry in walk(tmp_path)] == [100]


def test_a_folder_that_is_not_entered_is_neither_listed_nor_opened(tmp_path: Path) -> None:
    for name in ("a/kept", "b/c/out", "b/kept"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).touch()
    asked: list[str] = []

    def enter(folder: str) -> bool:
        asked.append(folder)
        return folder != "b/c"

    assert [entry.relative for entry in walk(tmp_path, enter=enter)] == ["a/kept", "b/kept"]
    assert asked == ["a", "b", "b/c"]
