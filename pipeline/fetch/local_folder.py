"""DownloadPlan -> DownloadPlan: compare the files with the caller's folder, and overwrite only files of a pull."""

import fcntl
import hashlib
import os
import re
import stat
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from io import FileIO
from pathlib import Path, PurePosixPath
from typing import ClassVar, Final, Literal, NamedTuple

from hublish.audit.fingerprint_cache import FORGETFUL, FingerprintCache, Known, Place
from hublish.base import digests
from hublish.base.errors import OfflineError, OverwriteError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Digest, DownloadPlan, PromisedFile
from hublish.base.workers import SharedTask, run_each, workers
from hublish.hub.client.installed_client import cache_folder, cached
from hublish.pipeline.fetch.fetch import Destination
from hublish.schemas.diagnose.problems import MAX_PROBLEMS, Problem, counted

CLIENT_RECORDS: Final = Path(".cache", "huggingface", "download")
"""The client's records of a folder: one text file per download, with the commit, the ETag and the time."""
RECORD_SUFFIX: Final = ".metadata"
"""What the name of such a record ends with, after the path of the file."""
# A record has three short lines.
_MAX_RECORD_BYTES: Final = 1 << 12
_LINK: Final = "is a link there, which no pull makes"
_CHUNK: Final = 1 << 20


class _Found(NamedTuple):
    """The entry at the place of a file."""

    kind: Literal["nothing", "same", "pulled", "own", "blocked"]
    # For a file of the user's own, and for anything that no download can replace.
    message: str = ""


@dataclass(frozen=True)
class CompareFolder:
    """Find out which files are there already, and which an earlier pull left.

    A pull may replace a file that still has the bytes of an earlier pull, by this library or by `hf download`: the
    client records their digest. Any other file is the user's own, as is a pulled file that was edited.

    Raises (from `run`):
        OverwriteError: naming every file of the user's own that has other bytes than the release.
        OfflineError: the network is off, and the folder lacks a file.
    """

    destination: Destination
    progress: Progress = SILENT
    executor: Executor = field(default_factory=workers)
    cache: FingerprintCache = FORGETFUL
    title: ClassVar[str] = "comparing with the folder"

    def run(self, plan: DownloadPlan) -> DownloadPlan:
        """Return the plan with the files that need no download, those to replace, and those that are left over."""
        folder = self.destination.folder
        if folder is None:
            return plan
        sizes = sum(file.size for file in plan.files if _size(folder / file.path_in_repo) == file.size)
        places = [Place.at(folder / file.path_in_repo) for file in plan.files]
        known = dict(zip(plan.files, self.cache.find(places), strict=True))
        with self.progress.task("comparing", sizes) as task:
            look = _Look(folder, plan, self.destination.cache_dir, SharedTask(task).advance, known)
            found = dict(zip(plan.files, run_each(self.executor, look.at, plan.files), strict=True))
        self._refuse(folder, found)
        kinds = {file.path_in_repo: one.kind for file, one in found.items()}
        # `force_download` asks for every file again.
        same = frozenset(path for path, kind in kinds.items() if kind == "same" and not self.destination.force_download)
        if self.destination.local_files_only and (missing := sorted(kinds.keys() - same)):
            msg = f"{folder} lacks {counted(missing, 'file')} of {plan.release.reference.repo_id}: {missing[0]}"
            raise OfflineError(msg, hint="run once with the network")
        others = frozenset(path for path, kind in kinds.items() if kind in ("pulled", "own"))
        return replace(plan, present=same, replaced=others, leftovers=tuple(_leftovers(folder, plan)))

    def works_on(self, plan: DownloadPlan) -> bool:  # noqa: ARG002 - the engine's protocol
        """Return whether the files go to a folder that exists."""
        folder = self.destination.folder
        return folder is not None and folder.is_dir()

    def _refuse(self, folder: Path, found: dict[PromisedFile, _Found]) -> None:
        kinds = ("blocked",) if self.destination.force_download else ("blocked", "own")
        problems = [
            Problem("pull.would_overwrite", f"'{file.path_in_repo}' {one.message}")
            for file, one in found.items()
            if one.kind in kinds
        ]
        if not problems:
            return
        msg = f"{counted(problems, 'file')} in {folder} would be overwritten; nothing was downloaded"
        hint = "pull into another folder, or move what is in the way"
        if not any(one.kind == "blocked" for one in found.values()):
            hint += "; --force-download (force_download=True) overwrites it"
        raise OverwriteError(msg, hint=hint, problems=problems[:MAX_PROBLEMS])


@contextmanager
def exclusive(folder: Path | None) -> Iterator[None]:
    """Let one pull at a time write to a folder: two releases would be mixed. The others wait."""
    if folder is None:
        yield
        return
    # In the cache, as the folder may not exist yet, and stays untouched by a pull that is refused.
    name = hashlib.sha256(os.fsencode(folder)).hexdigest()
    descriptor = None
    with suppress(OSError):  # a read-only cache, or a file system without locks
        locks = cache_folder() / ".locks" / "hublish"
        locks.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(locks / f"{name}.lock", os.O_RDWR | os.O_CREAT, 0o666)
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    try:
        yield
    finally:
        if descriptor is not None:
            os.close(descriptor)


@dataclass(frozen=True)
class _Look:
    """Looks at the places of files in a folder."""

    folder: Path
    plan: DownloadPlan
    cache_dir: Path | None
    advance: Callable[[int], None]
    known: Mapping[PromisedFile, Known | None]

    def at(self, file: PromisedFile) -> _Found:
        """Return the state of a path in the folder. Only regular files are opened."""
        path = self.folder / file.path_in_repo
        for parent in reversed(PurePosixPath(file.path_in_repo).parents[:-1]):
            if os.path.lexists(self.folder / parent) and not (self.folder / parent).is_dir():
                return _Found("blocked", f"needs a folder in the place of the file '{parent}'")
        try:
            mode = path.lstat().st_mode
        except OSError:
            return _Found("nothing")
        if not (stat.S_ISREG(mode) or (stat.S_ISLNK(mode) and (path.is_file() or not path.exists()))):
            return _Found("blocked", "is a folder there" if path.is_dir() else "is not a regular file there")
        if not path.exists():
            return _Found("own", _LINK)
        try:
            with FileIO(path) as stream:
                return self._regular(file, stream, is_link=stat.S_ISLNK(mode))
        except OSError as error:
            return _Found("own", f"is there, and cannot be read: {error.strerror}")

    def _regular(self, file: PromisedFile, stream: FileIO, *, is_link: bool) -> _Found:
        known = self.known[file]
        if known is not None and known.is_promised(file.digest):
            return _Found("same")
        if digests.matches(stream, file.size, file.digest, self.advance):
            return _Found("same")
        if is_link:
            return _Found("own", _LINK)
        record = _Record.of(self.folder, file.path_in_repo)
        if record is not None and record.describes(stream):
            return _Found("pulled")
        if self._is_beginning(file, stream):
            return _Found("pulled")
        return _Found("own", "was not written by a pull" if record is None else "was changed after it was pulled")

    def _is_beginning(self, file: PromisedFile, stream: FileIO) -> bool:
        """Return whether all bytes are the beginning of the file in the cache.

        The client copies from there in place: a pull that was killed meanwhile leaves such a file. Replacing it loses
        no byte, whoever wrote it.
        """
        size = os.fstat(stream.fileno()).st_size
        release = self.plan.release
        whole_path = cached(release.reference, release.commit, file.path_in_repo, self.cache_dir)
        if whole_path is None or size >= file.size:
            return size == 0
        stream.seek(0)
        with FileIO(whole_path) as whole:
            while chunk := stream.read(_CHUNK):
                if whole.read(len(chunk)) != chunk:
                    return False
        return True


class _Record(NamedTuple):
    """The client's record of a download."""

    etag: str
    time: float

    @classmethod
    def of(cls, folder: Path, path_in_repo: str) -> "_Record | None":
        """Return the record of a file; None without one, or when it cannot be read."""
        try:
            with (folder / CLIENT_RECORDS / f"{path_in_repo}{RECORD_SUFFIX}").open("rb") as stream:
                _, etag, time = stream.read(_MAX_RECORD_BYTES).decode("ascii").split("\n")[:3]
            return cls(etag.strip(), float(time))
        except (OSError, ValueError):
            return None

    @property
    def digest(self) -> Digest | None:
        """The digest of the bytes that were written; None for an ETag of another form."""
        if re.fullmatch(r"[0-9a-f]{64}", self.etag):
            return Digest("sha256", self.etag)
        return Digest("git-blob", self.etag) if re.fullmatch(r"[0-9a-f]{40}", self.etag) else None

    def describes(self, stream: FileIO) -> bool:
        """Return whether an open file still has the bytes that were written."""
        status = os.fstat(stream.fileno())
        if self.digest is None:
            return status.st_mtime - 1 <= self.time  # the client's own rule
        stream.seek(0)
        return digests.matches(stream, status.st_size, self.digest, lambda _: None)


def _leftovers(folder: Path, plan: DownloadPlan) -> Iterator[str]:
    """Yield the files of earlier pulls that are not files of the release, sorted."""
    release = {file.path_in_repo: file for file in plan.release.files}
    wanted = {file.path_in_repo for file in plan.files}
    # On a file system without cases, a file may have been renamed to the same file.
    folded = {path.casefold(): path for path in wanted}
    for path in sorted(_recorded(folder / CLIENT_RECORDS)):
        there = folder / path
        if path in wanted or not there.is_file():
            continue
        alias = folded.get(path.casefold())
        if alias is not None and (folder / alias).exists() and there.samefile(folder / alias):
            continue
        if path not in release or not _is_same(there, release[path]):
            yield path


def _recorded(records: Path) -> Iterator[str]:
    for root, _, names in os.walk(records):
        inside = Path(root).relative_to(records)
        yield from (
            (inside / name.removesuffix(RECORD_SUFFIX)).as_posix() for name in names if name.endswith(RECORD_SUFFIX)
        )


def _is_same(path: Path, promised: PromisedFile) -> bool:
    try:
        with FileIO(path) as stream:
            return digests.matches(stream, promised.size, promised.digest, lambda _: None)
    except OSError:
        return False


def _size(path: Path) -> int | None:
    try:
        return path.stat().st_size
    except OSError:
        return None
