"""Staged -> Release: hash and audit every file in one pass; from here on, only hashed bytes are read."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass, field
from threading import Lock
from typing import ClassVar

from hublish.audit.audit_files import audit_files
from hublish.audit.fingerprint import Fingerprint, Interest
from hublish.audit.fingerprint_cache import FORGETFUL, FingerprintCache
from hublish.audit.fingerprint_processes import process_count
from hublish.audit.policy import commit_problems
from hublish.audit.read_files import FileReader, Unread
from hublish.audit.waivers import is_readable
from hublish.base.content import Content
from hublish.base.errors import HublishError, PolicyError, SourceChangedError, SourceError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Project, Release, ReleaseFile, Staged, StagedFile
from hublish.base.workers import workers
from hublish.schemas.diagnose.problems import Problem, counted, errors_in, warnings_in
from hublish.schemas.documents.manifest import Policy


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
        readable = [file for file in files if is_readable(policy, file.path_in_repo, file.content.size)]
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
        audited = audit_files(staged.files, manifest.policy, lambda files: self._fingerprints(files, manifest.policy))
        found = [*audited.problems, *commit_problems(manifest)]
        if errors := errors_in(found):
            msg = f"the release breaks its policy: {counted(errors)}; nothing was published"
            raise PolicyError(msg, problems=(*errors, *dict.fromkeys([*staged.warnings, *warnings_in(found)])))
        kept = self._read.memory(self.kept).bytes_of(audited.read)
        return Release(
            project=staged.collection.project,
            files=tuple(map(_sealed, audited.read, audited.prints, kept)),
            excluded=tuple(one for one in staged.collection.candidates if not one.verdict.included),
            # Earlier stages may have passed on the warnings of the collection.
            warnings=tuple(dict.fromkeys([*staged.collection.warnings, *staged.warnings, *warnings_in(found)])),
            waived=audited.waived,
            facts=staged.facts,
        )

    def _fingerprints(self, files: list[StagedFile], policy: Policy) -> list[Fingerprint]:
        before = self._read.prints
        missing = [file for file in files if file.content not in before] if before else files
        reader = FileReader(self.progress, self.executor, self.cache, self.processes)
        outcomes = reader.fingerprints(missing, Interest.of(policy), self._read.memory(self.kept))
        if failures := [one for one in outcomes if isinstance(one, Unread)]:
            raise _failed(failures)
        read = [one for one in outcomes if isinstance(one, Fingerprint)]
        if not before:
            return read
        now = dict(zip((file.content for file in missing), read, strict=True))
        return [now[file.content] if file.content in now else before[file.content] for file in files]


def _failed(failures: list[Unread]) -> HublishError:
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


def _sealed(file: StagedFile, print_: Fingerprint, data: bytes | None) -> ReleaseFile:
    return ReleaseFile(file.path_in_repo, print_.size, print_.sha256, print_.blob_id, file.content, file.origin, data)
