"""Loose objects and small packs, merged into larger packs, so that a reader looks into few files.

Each commit adds loose objects or a pack. As with `git repack --geometric`, packs are merged so that each has at least
twice the objects of the next smaller one: an object is copied a few times, and packs stay few. Every object is kept,
also those that no ref reaches. The new pack is complete and durable before the old files are removed: whenever the
process dies, no object is missing.
"""

import fcntl
import os
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate
from pathlib import Path

from dulwich.errors import NotGitRepository
from dulwich.pack import PackFileDisappeared

from hublish.hub.server.git.repository import GitRepository

# Packs, and loose objects in one of 256 folders, that a repository may have before they are merged.
MAX_PACKS = 20
MAX_LOOSE_IN_FOLDER = 8

# Objects and bytes of a pack that is not merged any more.
FULL_OBJECTS = 50_000
FULL_BYTES = 128 << 20

# Objects that are merged at once; the writer of a pack keeps their ids in memory, 25 MB.
MAX_OBJECTS = 100_000

# Bytes of an index before its ids: a header, and a table of which the last number is that of the objects.
_TABLE = 8 + 256 * 4

# The folder that is counted: ids are evenly distributed.
_SAMPLE = "17"


@dataclass(frozen=True, order=True, slots=True)
class _Pack:
    """One pack that may be merged."""

    objects: int
    name: str  # without its suffix


def is_due(repository: Path) -> bool:
    """Return whether a repository has many small files; looks at two folders."""
    packs = repository / "objects" / "pack"
    has_packs = sum(name.endswith(".idx") for name in _names(packs)) > MAX_PACKS and len(_packs(packs)) > MAX_PACKS
    return has_packs or len(_names(repository / "objects" / _SAMPLE)) > MAX_LOOSE_IN_FOLDER


def consolidate(repository: Path, locked: Callable[[], AbstractContextManager[object]]) -> bool:
    """Merge small packs and loose objects of a repository; return whether it did.

    `locked` holds the lock of the repository, under which it is changed, moved or deleted. It is held only while
    complete files are put in place.
    """
    objects = repository / "objects"
    with _opened(repository) as identity, _alone(repository / "hub" / "consolidation.lock") as is_alone:
        if not is_alone:
            return False
        folders = (name for name in _names(objects) if len(name) == 2)
        loose = [name + rest for name in folders for rest in _names(objects / name) if len(rest) == 38][:MAX_OBJECTS]
        packs = _small(_packs(objects / "pack"))
        with GitRepository(repository) as git, git.writer(packed=True) as writer:
            for sha in [*loose, *(sha for pack in packs for sha in _ids(objects / "pack" / f"{pack.name}.idx"))]:
                writer.add(*git.raw(sha))
            with locked():
                # Another repository may have taken the place of this one.
                if repository.stat().st_ino != identity or not (loose or packs):
                    return False
                made = writer.finish()
                _remove(objects, loose, [pack.name for pack in packs if pack.name != made])
    return True


@contextmanager
def _opened(folder: Path) -> Iterator[int]:
    """Yield the number of a folder, which no other one has as long as it is open."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield os.fstat(descriptor).st_ino
    finally:
        os.close(descriptor)


def _names(folder: Path) -> list[str]:
    try:
        return os.listdir(folder)  # noqa: PTH208 - names alone, fast
    except (FileNotFoundError, NotADirectoryError):
        return []


@contextmanager
def _alone(path: Path) -> Iterator[bool]:
    """Try to hold the lock named by a file: of several processes, one does the work."""
    path.parent.mkdir(exist_ok=True)
    with os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True


def _packs(folder: Path) -> list[_Pack]:
    names = set(_names(folder))
    found = []
    for name in (name.removesuffix(".idx") for name in names if name.endswith(".idx")):
        # A pack with other files beside it was made by git, on purpose.
        if f"{name}.pack" in names and not names & {f"{name}.{kind}" for kind in ("keep", "bitmap", "promisor")}:
            objects = ((folder / f"{name}.idx").stat().st_size - _TABLE - 40) // 28
            if objects < FULL_OBJECTS and (folder / f"{name}.pack").stat().st_size < FULL_BYTES:
                found.append(_Pack(objects, name))
    return sorted(found)


def _small(packs: list[_Pack]) -> list[_Pack]:
    """Return the packs to merge, so that those which stay have twice the objects of the next smaller one."""
    end = len(packs)
    while end > 1 and packs[end - 1].objects >= 2 * packs[end - 2].objects:
        end -= 1
    end = end if end > 1 else 0
    total = sum(pack.objects for pack in packs[:end])
    while 0 < end < len(packs) and packs[end].objects < 2 * total:
        total += packs[end].objects
        end += 1
    sizes = accumulate(pack.objects for pack in packs[:end])
    few = sum(size <= MAX_OBJECTS for size in sizes)
    return packs[:few] if few > 1 else []


def _ids(index: Path) -> list[str]:
    # Version 2 (gitformat-pack(5)): ids, then checksums, then positions in the pack.
    data = index.read_bytes()
    count = int.from_bytes(data[_TABLE - 4 : _TABLE], "big")
    positions = struct.unpack_from(f">{count}L", data, _TABLE + 24 * count)
    # In the order of the pack, which is then read once from its beginning to its end.
    return [data[_TABLE + 20 * at :][:20].hex() for at in sorted(range(count), key=positions.__getitem__)]


def _remove(objects: Path, loose: list[str], packs: list[str]) -> None:
    # The index first: without one, git ignores a pack. A pack without one is what a killed process left.
    names = set(_names(objects / "pack"))
    orphans = {name for name in names if name.endswith(".pack") and f"{name.removesuffix('.pack')}.idx" not in names}
    removed = [f"{pack}{suffix}" for suffix in (".idx", ".rev", ".pack") for pack in packs]
    for name in [*(name for name in removed if name in names), *orphans]:
        (objects / "pack" / name).unlink(missing_ok=True)
    for sha in loose:
        (objects / sha[:2] / sha[2:]).unlink(missing_ok=True)


class Consolidation:
    """Consolidates repositories in one thread, after changes."""

    def __init__(self) -> None:
        self._executor: ThreadPoolExecutor | None = None
        self._waiting: set[Path] = set()
        self._lock = threading.Lock()

    def request(self, repository: Path, locked: Callable[[], AbstractContextManager[object]]) -> None:
        """Consolidate a repository soon, when it is due."""
        if not is_due(repository):
            return
        with self._lock:
            if repository in self._waiting:
                return
            self._waiting.add(repository)
            self._executor = self._executor or ThreadPoolExecutor(1, "hub-consolidation")
            self._executor.submit(self._run, repository, locked)

    def _run(self, repository: Path, locked: Callable[[], AbstractContextManager[object]]) -> None:
        with self._lock:
            self._waiting.discard(repository)
        # Moved, deleted or changed by git meanwhile: the next change requests it again.
        with suppress(OSError, KeyError, PackFileDisappeared, NotGitRepository):
            if is_due(repository):
                consolidate(repository, locked)

    def close(self) -> None:
        """Wait for the repository in work."""
        with self._lock:
            executor, self._executor = self._executor, None
        if executor:
            executor.shutdown(cancel_futures=True)
