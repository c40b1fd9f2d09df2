"""One server's use of a root: what a killed one left half done is removed when nobody else is there."""

import fcntl
import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

MULTIPART_AGE = 24 * 3600
"""Seconds after which an upload in parts that never ended is given up."""


@contextmanager
def session(root: Path) -> Iterator[None]:
    """Use `root` for the length of a `with` block.

    Whoever comes alone cleans up first. Temporary files of other running servers are never touched: each of
    them holds the lock, shared, and the kernel drops it with the process.
    """
    root.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(root / "session.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    try:
        with suppress(BlockingIOError):
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            _clean(root)
        fcntl.flock(descriptor, fcntl.LOCK_SH)
        yield
    finally:
        os.close(descriptor)


def _clean(root: Path) -> None:
    for left in [*root.glob("incoming/*"), *root.glob("repos/*/*/*.git/hub/scratch/*")]:
        shutil.rmtree(left) if left.is_dir() else left.unlink()
    for part in root.glob("multipart/*"):
        if part.stat().st_mtime < time.time() - MULTIPART_AGE:
            part.unlink()
