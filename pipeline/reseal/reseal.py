"""FormerRelease -> Release: the tree of an earlier release becomes a sealed release again."""

import hashlib
from collections.abc import Collection, Iterator, Mapping, Sequence, Set
from concurrent.futures import Executor
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import ClassVar

from hublish.audit.audit_files import audit_files
from hublish.audit.fingerprint import Fingerprint, Interest
from hublish.audit.path_audit import download_problems
from hublish.audit.read_files import FileReader, Unread
from hublish.base.content import Content, InMemory
from hublish.base.digests import each_sealed, sealed_bytes
from hublish.base.errors import IntegrityError, PolicyError
from hublish.base.progress import SILENT, Progress
from hublish.base.values import Head, Origin, Project, Release, ReleaseFile, RemoteFile, StagedFile, Target, Verdict
from hublish.base.values.attested import Attestation, SignedBy
from hublish.base.values.remote_tree import FormerRelease
from hublish.base.values.sealed_release import Waived
from hublish.base.workers import workers
from hublish.hub.client.hub import Hub
from hublish.hub.client.remote_content import OnHub, ReadBudget
from hublish.pipeline.reseal.fetched_files import fetched
from hublish.schemas.diagnose.problems import InvalidDocumentError, Problem, counted, errors_in, warnings_in
from hublish.schemas.documents.file_names import CARD_FILE, MANIFEST_FILE
from hublish.schemas.documents.lock import Lock, LockedFile
from hublish.schemas.documents.manifest import Load
from hublish.schemas.documents.manifest_yaml import read_load
from hublish.schemas.documents.sizes import plural
from hublish.schemas.yaml.reader import MAX_BYTES

# The key of a recorded file: its path in the repo and the digest that the Hub lists.
Recorded = Mapping[tuple[str, str], LockedFile]


@dataclass(frozen=True)
class Reseal:
    """Give every file of an earlier release its digests, and audit those that no lock records.

    A lock is written only after an audit: a file that one records passed the policy of its release, waivers included,
    and is restored as that policy permitted it. Its digests are known, so that only the small files that change are
    downloaded. Any other file may be the work of others, and so may the hub.yaml beside it: it is downloaded, hashed,
    and audited by the policy of the manifest here, which refuses pickles and secrets by default.

    Raises (from `run`):
        PolicyError: a file that no lock records violates the policy.
        IntegrityError: the Hub sent other bytes than it lists.
        RemoteError: the Hub rejects a request or cannot be reached.
    """

    project: Project
    hub: Hub
    target: Target
    head: Head
    recorded: Recorded = field(repr=False)
    """The files of all releases that are recorded here."""
    reader: FileReader
    executor: Executor = field(default_factory=workers)
    progress: Progress = SILENT
    reads_large: bool = True
    """Whether large files that no lock records are downloaded and audited; otherwise the listing of the Hub counts."""
    title: ClassVar[str] = "reading the former release"

    def run(self, former: FormerRelease) -> Release:
        """Return the release, whose files are on the Hub."""
        wanted = list(_wanted(former, self.head))
        known = {file.path_in_repo: locked for file in wanted if (locked := self._record_of(file)) is not None}
        unknown = [file for file in wanted if file.path_in_repo not in known]
        listed = {} if self.reads_large else {file.path_in_repo: file for file in unknown if file.sha256 is not None}
        unknown = [file for file in unknown if file.path_in_repo not in listed]
        contents = self._contents(former, wanted, {*known, *listed})
        sealed, waived, warnings = self._audited(former, unknown, contents)
        sealed |= {path: _listed(former, file, contents[path]) for path, file in listed.items()}
        for file in wanted:
            if (locked := known.get(file.path_in_repo)) is not None:
                sealed[file.path_in_repo] = _restored(former, locked, contents[file.path_in_repo])
        files = tuple(sealed[path] for path in sorted(sealed))
        project = self.project if former.lock else _as_released(self.project, files)
        return Release(
            project,
            files,
            warnings=(*warnings, *_unread(listed)),
            waived=(*_waived(former.lock), *waived),
            former=former,
            attestation=_attested(former.lock),
        )

    def _record_of(self, file: RemoteFile) -> LockedFile | None:
        return self.recorded.get((file.path_in_repo, file.sha256 or file.blob_id))

    def _contents(self, former: FormerRelease, wanted: Sequence[RemoteFile], known: Set[str]) -> Mapping[str, Content]:
        """Return the content of each file: those that are sent or audited are read now, the others stay on the Hub."""
        budget = ReadBudget()
        contents: dict[str, Content] = {
            file.path_in_repo: OnHub(self.hub, self.target, former.commit, file, budget) for file in wanted
        }
        read = [file for file in wanted if file.path_in_repo not in known or self._is_sent(file)]
        if problems := tuple(download_problems([file.path_in_repo for file in read])):
            msg = f"{former.name} has files that cannot be restored"
            raise PolicyError(msg, hint="restore the others by hand, or publish a new release", problems=problems)
        found = fetched(self.hub, self.target, former.commit, read, self.executor, self.progress)
        return contents | {file.path_in_repo: content for file, content in zip(read, found, strict=True)}

    def _is_sent(self, file: RemoteFile) -> bool:
        # Large files are on the Hub already.
        return file.sha256 is None and self.head.files.get(file.path_in_repo) != file

    def _audited(
        self, former: FormerRelease, files: Sequence[RemoteFile], contents: Mapping[str, Content]
    ) -> tuple[dict[str, ReleaseFile], tuple[Waived, ...], tuple[Problem, ...]]:
        """Return the files that no lock records, hashed and audited, with their waived findings and warnings."""
        if not files:
            return {}, (), ()
        policy = self.project.manifest.policy
        origins = {file.path_in_repo: _origin(former, file.path_in_repo) for file in files}
        staged = [StagedFile(path, contents[path], origin) for path, origin in origins.items()]

        def read(readable: list[StagedFile]) -> Sequence[Fingerprint | Unread]:
            return self.reader.fingerprints(readable, Interest.of(policy))

        audited = audit_files(staged, policy, read)
        # A waiver of the manifest may be for a file of the next release.
        found = [problem for problem in audited.problems if problem.code != "policy.unused_waiver"]
        found += [Problem("source.unreadable", one.reason, path=one.path_in_repo) for one in audited.unread]
        if errors := errors_in(found):
            msg = f"files of {former.name} that no lock records break the policy: {counted(errors)}"
            hint = "nothing was changed; permit what was meant under `policy`, or restore the lock of that release"
            raise PolicyError(msg, hint=hint, problems=found)
        sealed = {
            file.path_in_repo: _sealed(file, print_) for file, print_ in zip(audited.read, audited.prints, strict=True)
        }
        return sealed, audited.waived, tuple(warnings_in(found))


def _wanted(former: FormerRelease, head: Head) -> Iterator[RemoteFile]:
    """Yield the files of the release, and the others at its commit that have changed since."""
    locked = {file.path_in_repo for file in former.lock.files} if former.lock else former.files.keys()
    for path, file in former.files.items():
        if path in locked or head.files.get(path) != file:
            yield file


def _origin(former: FormerRelease, path: str, locked: LockedFile | None = None) -> Origin:
    verdict = Verdict(included=True, rule=f"part of {former.name}")
    if locked is None:
        return Origin(None, path, "copy", verdict=verdict)
    lock = former.lock if path == CARD_FILE else None
    card, facts = (lock.card, lock.facts) if lock else (None, None)
    return Origin(None, locked.source or path, locked.serializer, locked.parameters, verdict, facts, card)


def _sealed(file: StagedFile, print_: Fingerprint) -> ReleaseFile:
    path, origin, data = file.path_in_repo, file.origin, _data(file.content)
    return ReleaseFile(path, print_.size, print_.sha256, print_.blob_id, file.content, origin, data)


def _listed(former: FormerRelease, file: RemoteFile, content: Content) -> ReleaseFile:
    assert file.sha256 is not None
    origin = _origin(former, file.path_in_repo)
    return ReleaseFile(file.path_in_repo, file.size, file.sha256, file.blob_id, content, origin)


def _unread(listed: Collection[str]) -> Iterator[Problem]:
    if listed:
        count = plural(len(listed), "large file")
        message = f"{count} that no lock records: the digests are those that the Hub lists, and no content was audited"
        hint = "`hublish pull` downloads, compares and audits the files"
        yield Problem("sign.unread", message, hint, severity="warning")


def _restored(former: FormerRelease, locked: LockedFile, content: Content) -> ReleaseFile:
    path, data = locked.path_in_repo, _data(content)
    if data is not None and hashlib.sha256(data).hexdigest() != locked.sha256:
        raise IntegrityError(f"'{path}' at {former.commit} does not have the bytes that the lock records")
    return ReleaseFile(path, locked.size, locked.sha256, locked.blob_id, content, _origin(former, path, locked), data)


def _data(content: Content) -> bytes | None:
    return content.data if isinstance(content, InMemory) else None


def _waived(lock: Lock | None) -> Iterator[Waived]:
    for each in lock.waived if lock else ():
        message = f"{plural(each.findings, 'finding')} when it was released"
        yield Waived(Problem(each.rule, message, path=each.path_in_repo), each.reason, each.path_in_repo)


def _attested(lock: Lock | None) -> Attestation | None:
    """Return the signature that a release had: it is over the same files, and valid again with them."""
    if lock is None or lock.signature is None:
        return None
    one = lock.signature
    return Attestation(SignedBy.recorded(one), one.builder)


def _as_released(project: Project, files: Sequence[ReleaseFile]) -> Project:
    """Return the project with the text and the load plan of the restored hub.yaml, which the lock records."""
    load = Load()
    for text in each_sealed(filter(_is_manifest, files), sealed_bytes):
        project = replace(project, text=text)
        with suppress(InvalidDocumentError):  # another tool may have written it
            load = read_load(text, MANIFEST_FILE)
    return replace(project, manifest=project.manifest.model_copy(update={"load": load}))


def _is_manifest(file: ReleaseFile) -> bool:
    # A larger file is not one, and is not worth a download.
    return file.path_in_repo == MANIFEST_FILE and file.size <= MAX_BYTES
