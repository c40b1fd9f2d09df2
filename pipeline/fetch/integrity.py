"""LocalRelease -> LocalRelease (checked): compare every byte with its digest, and refuse pickles; both are removed."""

from collections.abc import Sequence
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from io import FileIO
from pathlib import Path
from typing import ClassVar, Final

from hublish.audit.fingerprint import Inspection, Interest
from hublish.audit.fingerprint_cache import FORGETFUL, FingerprintCache, Known, Place
from hublish.base import digests
from hublish.base.errors import IntegrityError, PolicyError, TrustError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Digest, Finding, LocalFile, LocalRelease
from hublish.base.workers import SharedTask, run_each, workers
from hublish.formats.release_files import checkpoint_files
from hublish.pipeline.fetch.reading import inspect
from hublish.schemas.diagnose.problems import Problem, Severity, counted

_WARNING: Final = "loading it runs any code that the publisher chose"


@dataclass(frozen=True)
class Check:
    """Compare every digest before anything is loaded, as the client compares only sizes; and search for pickles.

    Files that were here before the download are read now, unless the cache knows them.
    The publisher's policy does not count here: whoever downloads runs the code.

    Args:
        allow_pickle: whether the caller permits pickles; they are then reported as warnings.
        as_data: whether hublish's own readers alone read the files. They unpickle nothing, so the checkpoints that
            they load are not refused.
        cache: knows files that earlier runs have read.

    Raises (from `run`):
        IntegrityError: naming every file whose bytes differ; each is removed, from the shared cache too.
        TrustError: naming every file that has other bytes than were signed, as its commit has; each is removed.
        PolicyError: naming every file that is or contains a pickle; each that this pull has written is removed.
    """

    progress: Progress = SILENT
    executor: Executor = field(default_factory=workers)
    allow_pickle: bool = False
    as_data: bool = False
    cache: FingerprintCache = FORGETFUL
    title: ClassVar[str] = "checking every digest"

    def run(self, release: LocalRelease) -> LocalRelease:
        """Return the release, checked."""
        found = list(zip(release.files, self._findings(release.files), strict=True))
        # Files with other bytes come first: searching them reveals nothing about the release.
        if broken := [(file, one.fault) for file, one in found if one.fault is not None]:
            _remove_and_refuse(broken)
        names = [file.promised.path_in_repo for file in release.files]
        is_data = checkpoint_files(names) if self.as_data else frozenset[str]()
        pickles = [
            (file, one.pickle)
            for file, one in found
            if one.pickle is not None and file.promised.path_in_repo not in is_data
        ]
        if pickles and not self.allow_pickle:
            _refuse_pickles(release, pickles)
        return replace(release, checked=True, warnings=tuple(_pickle_problem(*one, _WARNING) for one in pickles))

    def _findings(self, files: Sequence[LocalFile]) -> Sequence[Finding]:
        places = [Place.at(file.path) for file in files]
        arrived = list(map(_on_arrival, files, places))
        known = self.cache.find([None if one else place for one, place in zip(arrived, places, strict=True)])
        found = [one or _remembered(file, entry) for one, file, entry in zip(arrived, files, known, strict=True)]
        unread = [file for file, finding in zip(files, found, strict=True) if finding is None]
        with self.progress.task("checking", sum(file.promised.size for file in unread)) as task:
            advance = SharedTask(task).advance
            # Findings are values rather than exceptions, so that all such files are removed and named.
            read = run_each(self.executor, lambda file: inspect(file, advance, self.cache.now), unread)
        fresh = iter(read)
        findings = [finding or next(fresh) for finding in found]
        self.cache.keep(
            (Place(str(file.path), finding.identity), _known(file.promised.digest, finding), finding.began_ns)
            for file, finding in zip(files, findings, strict=True)
            if finding.identity is not None
        )
        return findings


def remove(path: Path) -> str:
    """Remove a downloaded file and return the result in words."""
    # In a cache the path is a link to a blob that other revisions may share: a broken blob breaks them as well.
    target = path.resolve()
    try:
        path.unlink(missing_ok=True)
        target.unlink(missing_ok=True)
    except OSError as error:
        return f"it cannot be removed ({error.strerror}): remove {target} yourself"
    return f"removed {target}"


def remove_new(file: LocalFile) -> str:
    """Remove what this pull has written of a file, and return the result in words."""
    # In a cache, the blob may be there already, for another revision or another library whose user wants it.
    new = [path for path in (file.path, file.path.resolve()) if _is_new(path, file.began_ns)]
    if not new:
        return "it was there before this pull, and stays"
    try:
        for path in new:
            path.unlink(missing_ok=True)
    except OSError as error:
        return f"it cannot be removed ({error.strerror}): remove {new[-1]} yourself"
    return f"removed {new[-1]}"


def _is_new(path: Path, began_ns: int) -> bool:
    # Moving a file to its place sets the time of its inode's last change, which no program can choose.
    try:
        return path.lstat().st_ctime_ns >= began_ns
    except OSError:
        return False


def _on_arrival(file: LocalFile, place: Place | None) -> Finding | None:
    """Return the result of reading a file when it arrived, unless the file has changed since."""
    # Two paths may share a file of the cache, and a forced download replaces it. Wrong bytes have no identity.
    found = file.finding
    return found if found is not None and place is not None and found.identity == place.identity else None


def _remembered(file: LocalFile, known: Known | None) -> Finding | None:
    """Return the result of reading a file, as an earlier run had it."""
    # Other bytes than promised are read again: that is an error, and deserves to be certain.
    if known is None or not known.searched.pickles or not known.is_promised(file.promised.digest):
        return None
    return Finding(pickle=known.inspection.pickle)


def _known(digest: Digest, finding: Finding) -> Known:
    sha256, blob_id = (digest.value, None) if digest.algorithm == "sha256" else (None, digest.value)
    # Secrets are not searched for in a download, and the number of its names is not counted.
    return Known(sha256, blob_id, 1, Inspection(finding.pickle), Interest(secrets=False))


def _is_listed(file: LocalFile) -> bool:
    """Return whether a file with other bytes than were signed has those that the Hub lists."""
    blob_id = file.promised.blob_id
    if blob_id is None:
        return False
    with suppress(OSError), FileIO(file.path) as stream:
        return digests.matches(stream, file.promised.size, Digest("git-blob", blob_id), lambda _: None)
    return False


def _refuse_unsigned(others: list[LocalFile]) -> None:
    problems = [
        Problem(
            "trust.files",
            f"'{file.promised.path_in_repo}' has other bytes than were signed",
            remove(file.path),
            file.promised.path_in_repo,
        )
        for file in others
    ]
    msg = f"{counted(others, 'file')} with other bytes than were signed; nothing was loaded"
    raise TrustError(msg, hint="do not use the release, and tell its publisher", problems=problems)


def _pickle_problem(file: LocalFile, pickle: str, hint: str, severity: Severity = "warning") -> Problem:
    message = f"'{file.promised.path_in_repo}': the content is {pickle}"
    return Problem("policy.pickle", message, hint, severity=severity)


def _refuse_pickles(release: LocalRelease, pickles: list[tuple[LocalFile, str]]) -> None:
    problems = [_pickle_problem(file, pickle, remove_new(file), "error") for file, pickle in pickles]
    reference = release.plan.release.reference
    msg = f"{counted(pickles, 'file')} of {reference.repo_id} may run code when loaded; nothing was loaded"
    hint = (
        "select other files, or ask the publisher for safetensors; if you trust the publisher, `--allow-pickle` or "
        "trust=hublish.Trust(pickle=True) permits them"
    )
    raise PolicyError(msg, hint=hint, problems=problems)


def _remove_and_refuse(broken: list[tuple[LocalFile, str]]) -> None:
    if others := [file for file, _ in broken if _is_listed(file)]:
        _refuse_unsigned(others)
    # Removed, as the client would otherwise serve the same bytes from the cache forever.
    problems = [
        Problem("integrity.digest", f"'{file.promised.path_in_repo}' {fault}", remove(file.path))
        for file, fault in broken
    ]
    msg = f"{counted(broken, 'file')} with other bytes than expected; nothing was loaded"
    raise IntegrityError(msg, hint="run again: removed files are downloaded anew", problems=problems)
