"""Keep converted files across runs: the same source, options and serializer give the same bytes again.

Each conversion has a folder, whose name is a digest of everything that the result depends on. A folder is written under
another name and renamed, so that a killed process leaves no half of one. While a process uses a folder, it holds a lock
on it; folders that are in use are not removed to make room.
"""

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, cast

from hublish._version import __version__
from hublish.audit import fingerprint_cache
from hublish.audit.fingerprint import Inspection, Interest
from hublish.audit.fingerprint_cache import FingerprintCache, Known, Place
from hublish.base.content import Content, Identity
from hublish.base.durable import make_private
from hublish.formats.catalogue import SHARD_INDEX_SUFFIX
from hublish.formats.interface import Written

# Serializers that read the source alone: nothing beside it, and no file that it names.
_ONE_FILE: Final = frozenset(["safetensors"])
# Bytes of all folders together; those that were used last stay.
_MOST_BYTES: Final = 20 << 30
# A conversion takes place here only where a multiple of its source fits on the disk.
_ROOM: Final = 4

_RESULT: Final = "result.json"
_NEW: Final = ".new-"
# Written files reach the disk some time after the rename. A machine that stopped in between does not know its own files
# any more: with another boot, all names are others.
_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class ConversionCache:
    """Finds results of earlier runs, and keeps those of this one, for the length of a `with` block.

    Args:
        folder: contains the results; None keeps nothing.
        fingerprints: knows the digests of unchanged sources.
        most_bytes: the size of all results together.
    """

    def __init__(self, folder: Path | None, fingerprints: FingerprintCache, most_bytes: int = _MOST_BYTES) -> None:
        self._folder, self._fingerprints, self._most_bytes = folder, fingerprints, most_bytes
        self._open = ExitStack()
        self._digests: dict[Content, str] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._open.close()

    @property
    def place(self) -> Path | None:
        """The folder that contains the results, or where it will be created; None when nothing is kept."""
        folder = self._folder
        return None if folder is None else next(each for each in (folder, *folder.parents) if each.exists())

    def converted(
        self,
        source: Content | None,
        what: Mapping[str, Any],
        workspace: Path,
        convert: Callable[[Path], tuple[Written, ...]],
    ) -> tuple[Written, ...]:
        """Return the files of a conversion, which takes place unless an earlier one had the same result.

        Args:
            source: the file that is converted; None for a value in memory.
            what: everything else that the result depends on, as JSON: at least `serializer`.
            workspace: a folder for a result that cannot be kept.
            convert: writes the files into a folder.
        """
        if self._folder is None or source is None or not self._can_keep(source, what["serializer"]):
            return convert(workspace)
        if not make_private(self._folder):
            return convert(workspace)
        kept = self._folder / self._name(source, what)
        return self._found(kept) or self._made(kept, convert)

    def holds(self, source: Content, what: Mapping[str, Any]) -> bool:
        """Return whether an earlier run has converted a file, which is not read; see `converted`."""
        if self._folder is None or what["serializer"] not in _ONE_FILE:
            return False
        (known,) = self._fingerprints.find([Place.of(source)])
        # Without a digest, the name of the result would have to be computed from the bytes.
        return known is not None and known.sha256 is not None and (self._folder / self._name(source, what)).is_dir()

    def digest(self, source: Content | None) -> str | None:
        """Return the SHA-256 of the source of a conversion; None where that is not known, as it is not read for it."""
        if source is None:
            return None
        if source not in self._digests:
            (known,) = self._fingerprints.find([Place.of(source)])
            return known.sha256 if known else None
        return self._digests[source]

    def _can_keep(self, source: Content, serializer: str) -> bool:
        if serializer not in _ONE_FILE or str(source.local_path).endswith(SHARD_INDEX_SUFFIX):
            return False
        if self._folder is None or not source.size < self._most_bytes // _ROOM:
            return False
        return shutil.disk_usage(self.place or self._folder).free > _ROOM * source.size

    def _name(self, source: Content, what: Mapping[str, Any]) -> str:
        boot = ""
        with suppress(OSError):
            boot = _BOOT.read_text()
        # A single array is named after its file.
        named = None if source.local_path is None else source.local_path.name
        parts = [__version__, boot, named, self._digest(source), what]
        return hashlib.sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()

    def _digest(self, source: Content) -> str:
        # Remembered: a file that changed a moment ago is not kept below, and two artifacts may share a source.
        digest = self.digest(source) or self._hashed(source)
        self._digests[source] = digest
        return digest

    def _hashed(self, source: Content) -> str:
        place = Place.of(source)
        began = self._fingerprints.now()
        with source.open() as stream:
            # A stream of any kind, although the annotation asks for more methods than are called.
            digest = hashlib.file_digest(cast(Any, stream), "sha256").hexdigest()
        if place is not None:
            unsearched = Interest(pickles=False, secrets=False)
            self._fingerprints.keep([(place, Known(digest, None, 1, Inspection(), unsearched), began)])
        return digest

    def _found(self, kept: Path) -> tuple[Written, ...] | None:
        """Return an earlier result whose files are as they were written; None without one."""
        with ExitStack() as held, suppress(OSError, ValueError, TypeError):
            _hold(kept, held)
            files = [(path, kept / name, Identity(*identity)) for path, name, identity in _read(kept / _RESULT)]
            if files and all(identity == Identity.of(file.lstat()) for _, file, identity in files):
                os.utime(kept)
                self._open.enter_context(held.pop_all())
                return tuple(Written(path, file) for path, file, _ in files)
        return None

    def _made(self, kept: Path, convert: Callable[[Path], tuple[Written, ...]]) -> tuple[Written, ...]:
        new = self._new(kept.parent)
        written = convert(new)
        names = {each.path.name for each in written}
        # A source in the right format is passed on, and is not a file of ours.
        if not written or any(each.path.parent != new for each in written):
            return written
        for path in [path for path in new.iterdir() if path.name not in names]:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        files = [(each.path_in_repo, each.path.name, Identity.of(each.path.lstat())) for each in written]
        (new / _RESULT).write_text(json.dumps(files))
        self._make_room(kept.parent)
        _remove(kept)  # a result whose files have changed since
        with suppress(OSError):  # another process was faster, and uses its own
            new.rename(kept)
            return tuple(Written(each.path_in_repo, kept / each.path.name) for each in written)
        return written

    def _new(self, parent: Path) -> Path:
        """Return a new folder, which is removed at the end unless it was renamed."""
        while True:
            new = Path(tempfile.mkdtemp(prefix=_NEW, dir=parent))
            self._open.callback(shutil.rmtree, new, ignore_errors=True)
            # Another process may take it for a leftover before it is locked.
            if os.fstat(_hold(new, self._open)).st_nlink:
                return new

    def _make_room(self, folder: Path) -> None:
        """Remove the entries that were used least recently, and the files that killed processes have left."""
        found = sorted((_used(path), path) for path in folder.iterdir())
        sizes = {path: _size(path) for _, path in found}
        total = sum(sizes.values())
        for path, size in sizes.items():
            if (path.name.startswith(_NEW) or total > self._most_bytes) and _remove(path):
                total -= size


FORGETFUL: Final = ConversionCache(None, fingerprint_cache.FORGETFUL)
"""Knows nothing and keeps nothing."""


def _hold(folder: Path, stack: ExitStack) -> int:
    """Keep other processes from removing a folder until `stack` is closed; return its descriptor.

    Raises:
        OSError: it does not exist.
    """
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    stack.callback(os.close, descriptor)
    fcntl.flock(descriptor, fcntl.LOCK_SH)
    return descriptor


def _remove(folder: Path) -> bool:
    """Remove a folder that no process holds, and return whether it is gone."""
    with ExitStack() as held, suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
        held.callback(os.close, descriptor)
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        shutil.rmtree(folder)
        return True
    return False


def _read(path: Path) -> Any:
    return json.loads(path.read_bytes())


def _used(folder: Path) -> float:
    with suppress(OSError):
        return folder.lstat().st_mtime
    return 0.0


def _size(folder: Path) -> int:
    with suppress(OSError):
        return sum(path.lstat().st_size for path in folder.iterdir())
    return 0
