"""Staged -> Release: hash and audit every file in one pass; from here on, only hashed bytes are read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from threading import Lock
from typing import ClassVar, Final

from hublish.audit.file_audit import audit_content
from hublish.audit.fingerprint import Fingerprint, Interest, fingerprint
from hublish.audit.fingerprint_cache import FORGETFUL, FingerprintCache, Known, Place
from hublish.audit.fingerprint_processes import Job, process_count, started_processes
from hublish.audit.path_audit import audit_paths
from hublish.audit.policy import text_problems
from hublish.audit.waivers import Waivers, largest_readable
from hublish.base.content import Content, ContentChangedError
from hublish.base.errors import HublishError, PolicyError, SourceChangedError, SourceError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Project, Release, ReleaseFile, Staged, StagedFile
from hublish.base.workers import SharedTask, run_cheap_here, workers
from hublish.schemas.diagnose.problems import Problem, counted, errors_in, warnings_in
from hublish.schemas.documents.manifest import Manifest, Policy

# Hashing larger files lets other threads run meanwhile.
_SMALL: Final = 64 << 10


@dataclass(slots=True)
class _Memory:
    """The bytes of small files that are kept, up to a total."""

    left: int
    _bytes: dict[str, bytes] = field(default_factory=dict)
    _lock: Lock = field(default_factory=Lock)

    def offer(self, path_in_repo: str, data: bytes) -> None:
        """Keep the bytes of a file if there is room for them."""
        with self._lock:
            if len(data) > self.left:
                return
            self.left -= len(data)
        self._bytes[path_in_repo] = data

    def bytes_of(self, files: Iterable[StagedFile]) -> Iterator[bytes | None]:
        """Yield the bytes of each file that were kept."""
        return (self._bytes.get(file.path_in_repo) for file in files)


@dataclass(slots=True)
class _AlreadyRead:
    """Files whose digests were needed before sealing."""

    prints: dict[Content, Fingerprint] = field(default_factory=dict)
    _memory: _Memory | None = None

    def memory(self, kept: int) -> _Memory:
        """Return the memory that all reading shares."""
        if self._memory is None:
            self._memory = _Memory(kept)
        return self._memory


@dataclass(frozen=True)
class Seal:
    """Hash and audit every file, and refuse all violations of the policy at once.

    Args:
        progress: receives the hashed bytes.
        executor: runs the work on each file.
        cache: knows files that earlier runs have read.
        kept: bytes of small files that stay in memory with the release, to be sent without reading them again.
        processes: returns the number of further processes for a number of small files.
    """

    progress: Progress = SILENT
    executor: Executor = field(default_factory=workers)
    cache: FingerprintCache = FORGETFUL
    kept: int = 0
    processes: Callable[[int], int] = process_count
    title: ClassVar[str] = "sealing the release"
    _read: "_AlreadyRead" = field(default_factory=_AlreadyRead, repr=False, compare=False)

    def digests(self, project: Project, files: Sequence[StagedFile]) -> Mapping[str, str]:
        """Return the SHA-256 of each file by its path, for a card that shows it; sealing does not read them again.

        Raises:
            SourceChangedError, SourceError: as `run` does.
        """
        # A file above the limit is refused when the release is sealed.
        policy = project.manifest.policy
        readable = [file for file in files if file.content.size <= largest_readable(policy, file.path_in_repo)]
        prints = self._fingerprints(readable, policy)
        self._read.prints.update(zip((file.content for file in readable), prints, strict=True))
        return {file.path_in_repo: print_.sha256 for file, print_ in zip(readable, prints, strict=True)}

    def run(self, staged: Staged) -> Release:
        """Return the sealed release.

        Raises:
            PolicyError: naming every file that must not be uploaded, and the rule.
            SourceChangedError: naming every file that changed since it was collected.
            SourceError: naming every file that cannot be read.
        """
        manifest = staged.collection.project.manifest
        waivers = Waivers(manifest.policy)
        found = [*_problems_before_reading(staged, manifest, waivers)]
        # Files above the limit are not read: a sparse file of 600 GB would take an hour.
        too_large = {problem.path for problem in errors_in(found) if problem.code == "policy.size"}
        files = sorted(staged.files, key=lambda file: file.path_in_repo)
        readable = [file for file in files if file.path_in_repo not in too_large]
        prints = self._fingerprints(readable, manifest.policy)
        for file, print_ in zip(readable, prints, strict=True):
            if print_.links == 1 and print_.inspection.is_clean:
                continue
            # Files that hublish makes, such as the card, have no source that a person could open at a line.
            source = file.path_in_repo if file.origin.artifact is None else file.origin.source
            problems = audit_content(file.path_in_repo, source, print_, manifest.policy)
            found += waivers.left_of_content(file.path_in_repo, problems)
        if waivers:
            names = {file.path_in_repo for file in files}
            found += waivers.unused(names, lambda _, path: path not in too_large)
        if errors := errors_in(found):
            msg = f"the release breaks its policy: {counted(errors)}; nothing was published"
            raise PolicyError(msg, problems=(*errors, *dict.fromkeys([*staged.warnings, *warnings_in(found)])))
        return Release(
            project=staged.collection.project,
            files=tuple(map(_sealed, readable, prints, self._read.memory(self.kept).bytes_of(readable))),
            excluded=tuple(one for one in staged.collection.candidates if not one.verdict.included),
            # Earlier stages may have passed on the warnings of the collection.
            warnings=tuple(dict.fromkeys([*staged.collection.warnings, *staged.warnings, *warnings_in(found)])),
            waived=waivers.waived,
        )

    def _fingerprints(self, files: list[StagedFile], policy: Policy) -> list[Fingerprint]:
        before = self._read.prints
        missing = [file for file in files if file.content not in before] if before else files
        read = self._fingerprints_of(missing, policy)
        if not before:
            return read
        now = dict(zip((file.content for file in missing), read, strict=True))
        return [now[file.content] if file.content in now else before[file.content] for file in files]

    def _fingerprints_of(self, files: list[StagedFile], policy: Policy) -> list[Fingerprint]:
        interest, memory = Interest.of(policy), self._read.memory(self.kept)
        known = self.cache.fingerprints([file.content for file in files], interest)
        unread = [file for file, print_ in zip(files, known, strict=True) if print_ is None]
        with self.progress.task("hashing", sum(file.content.size for file in unread)) as task:
            outcomes = self._outcomes(unread, interest, SharedTask(task), memory)
        # Failures are values rather than exceptions, so that all files are named and not only the first.
        failures = [one for _, one in outcomes if isinstance(one, _Failure)]
        if failures:
            raise _failed(failures)
        read = [(time, one) for time, one in outcomes if isinstance(one, Fingerprint)]
        self.cache.keep(_entries(unread, read, interest))
        prints = iter(read)
        return [next(prints)[1] if print_ is None else print_ for print_ in known]

    def _outcomes(
        self, files: list[StagedFile], interest: Interest, task: SharedTask, memory: "_Memory"
    ) -> tuple[tuple[int, "Fingerprint | _Failure"], ...]:
        job = Job(
            [file.content for file in files],
            interest,
            self.cache.now,
            task.advance,
            lambda: memory.left,
            lambda index, data: memory.offer(files[index].path_in_repo, data),
        )
        with started_processes(self.processes(sum(map(_is_small, files))), job) as helpers:
            return run_cheap_here(
                self.executor,
                lambda file: (self.cache.now(), _outcome(file, interest, task, self.executor, memory)),
                files,
                _is_small,
                helpers,
            )


@dataclass(frozen=True, slots=True)
class _Failure:
    """A file that changed since it was collected, or cannot be read."""

    path_in_repo: str
    reason: str
    changed: bool


def _is_small(file: StagedFile) -> bool:
    return file.content.size <= _SMALL


def _outcome(
    file: StagedFile, interest: Interest, task: SharedTask, executor: Executor, memory: _Memory
) -> Fingerprint | _Failure:
    try:
        return fingerprint(
            file.content, interest, task.advance, executor, lambda data: memory.offer(file.path_in_repo, data)
        )
    except ContentChangedError as error:
        return _Failure(file.path_in_repo, str(error), changed=True)
    except PermissionError:
        return _Failure(file.path_in_repo, "permission denied", changed=False)
    except OSError as error:
        # For instance ELOOP: a link replaced the file.
        return _Failure(file.path_in_repo, f"cannot be read any more: {error.strerror}", changed=True)


def _entries(
    files: list[StagedFile], read: list[tuple[int, Fingerprint]], interest: Interest
) -> Iterator[tuple[Place, Known, int]]:
    for file, (began, print_) in zip(files, read, strict=True):
        if place := Place.of(file.content):
            yield place, Known(print_.sha256, print_.blob_id, print_.links, print_.inspection, interest), began


def _failed(failures: list[_Failure]) -> HublishError:
    # One changed file is enough: the others may be unreadable because a writer is replacing the tree.
    changed = any(failure.changed for failure in failures)
    code = "source.changed" if changed else "source.unreadable"
    problems = [Problem(code, failure.reason, path=failure.path_in_repo) for failure in failures]
    if changed:
        return SourceChangedError(
            f"{counted(problems, 'file')} changed while the release was sealed; nothing was published",
            hint="wait until the files are complete, then run again",
            problems=problems,
        )
    return SourceError(f"{counted(problems, 'file')} cannot be read", hint="make them readable", problems=problems)


def _problems_before_reading(staged: Staged, manifest: Manifest, waivers: Waivers) -> Iterator[Problem]:
    # Names, counts and sizes come first: they need no reading, and decide which files are read at all.
    policy = manifest.policy
    sizes = [(file.path_in_repo, file.content.size) for file in staged.files]
    yield from waivers.left_of_names(audit_paths(sizes, policy), dict(sizes))
    yield from text_problems("repo.commit_message", manifest.repo.commit_message or "", policy)
    yield from text_problems("repo.commit_description", manifest.repo.commit_description, policy)


def _sealed(file: StagedFile, print_: Fingerprint, data: bytes | None) -> ReleaseFile:
    return ReleaseFile(file.path_in_repo, print_.size, print_.sha256, print_.blob_id, file.content, file.origin, data)
