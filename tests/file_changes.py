"""Ways to change or replace a file behind the back of a release."""

import os
import shutil
from pathlib import Path


def grow(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"more")


def truncate(path: Path) -> None:
    os.truncate(path, 3)


def rewrite_with_mtime_restored(path: Path) -> None:
    status = path.stat()
    path.write_bytes(b"X" * status.st_size)
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def replace_by_copy(path: Path) -> None:
    shutil.copy2(path, path.with_suffix(".copy"))
    path.with_suffix(".copy").replace(path)


def replace_by_link(path: Path) -> None:
    path.rename(path.with_suffix(".moved"))
    path.symlink_to(path.with_suffix(".moved"))


def replace_parent_by_link(path: Path) -> None:
    shutil.copytree(path.parent, path.parent.with_name("elsewhere"))
    path.parent.rename(path.parent.with_name("moved"))
    path.parent.symlink_to(path.parent.with_name("elsewhere"))


def replace_by_fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)
